"""A stream in pieces gives what the whole recording gives."""

import keras
import numpy as np
import pytest

from keras_relcon.data import Recording
from keras_relcon.evaluation import StreamingEmbedder, embed
from keras_relcon.presets import PresetMetadata

LENGTH = 40


def samples_of_windows():
    """An encoder that gives all samples of a window as they are."""
    return keras.Sequential([keras.layers.Flatten()])


def signal(seconds, rate, rng):
    time = np.arange(round(seconds * rate)) / rate
    motion = np.sin(2 * np.pi * 1.7 * time)[:, None] * [0.5, 0.3, 0.1]
    noise = rng.normal(scale=0.05, size=(len(time), 3))
    return (motion + noise + [0, 0, 1]).astype("float32")


def in_pieces(samples, stream, rng, largest):
    found, first = [], 0
    while first < len(samples):
        count = int(rng.integers(0, largest + 1))
        found.append(stream.push(samples[first : first + count]))
        first += count
    return [*found, stream.finish()]


def joined(pieces):
    return [
        np.concatenate([getattr(piece, name) for piece in pieces])
        for name in ("start_seconds", "valid", "embeddings")
    ]


@pytest.mark.parametrize("largest", [1, 7, 300])
@pytest.mark.parametrize(
    ("rate", "stride"), [(20, 7), (32, 16), (50, None), (99.4, 16)]
)
def test_pieces_give_the_windows_of_the_whole(rng, rate, stride, largest):
    samples = signal(20, rate, rng)
    for first, count in ((33, 9), (80, 3), (130, 70), (260, 9), (310, 70)):
        samples[first : first + count] = np.nan
        # What is beside a gap depends on both of its ends.
        samples[first:] += rng.uniform(-0.4, 0.4, 3).astype("float32")
    settings = {
        "sample_rate_hz": 50,
        "window_length": LENGTH,
        "stride": stride,
    }
    model = samples_of_windows()
    whole = embed(
        model,
        Recording(samples, rate, "a"),
        without_gravity="accept",
        **settings,
    )
    stream = StreamingEmbedder(model, rate, **settings)
    pieces = in_pieces(samples, stream, rng, largest)
    start_seconds, valid, embeddings = joined(pieces)
    np.testing.assert_array_equal(start_seconds, whole.start_seconds)
    np.testing.assert_array_equal(valid, whole.valid)
    assert 0 < valid.sum() < len(valid)
    # The mean of the signal moves, and the filter goes around it.
    np.testing.assert_allclose(embeddings, whole.embeddings, atol=1e-4)


def test_a_window_comes_as_soon_as_it_can(rng):
    """Half of the filter's reach of 24 samples of the slower rate later."""
    samples = signal(10, 50, rng)
    stream = StreamingEmbedder(
        samples_of_windows(), 50, 100, window_length=LENGTH
    )
    when = []
    for number, sample in enumerate(samples, 1):
        when += [number] * len(stream.push(sample[None]))
    expected = np.arange(1, len(when) + 1) * LENGTH / 2
    delay = np.array(when) - expected
    assert (delay >= 0).all() and (delay <= 25).all()
    same = StreamingEmbedder(
        samples_of_windows(), 100, 100, window_length=LENGTH
    )
    assert [len(same.push(samples[:39])), len(same.push(samples[39:40]))] == [
        0,
        1,
    ]


def test_it_keeps_no_more_than_it_needs(rng):
    stream = StreamingEmbedder(
        samples_of_windows(), 50, 100, window_length=LENGTH
    )
    most = 0
    for _ in range(50):
        stream.push(signal(1, 50, rng))
        most = max(most, len(stream._samples))
    assert most < 50 + 3 * LENGTH
    stream.push(np.full((500, 3), np.nan))
    stream.push(signal(3, 50, rng))
    assert len(stream._samples) < 50 + 3 * LENGTH


def test_a_new_stream_begins_anew(rng):
    samples = signal(4, 50, rng)
    stream = StreamingEmbedder(
        samples_of_windows(), 50, 50, window_length=LENGTH
    )
    first = stream.push(samples)
    with pytest.raises(ValueError, match="before `finish`.*`reset`"):
        stream.finish()
        stream.push(samples)
    stream.reset()
    again = stream.push(samples)
    np.testing.assert_array_equal(again.embeddings, first.embeddings)
    assert again.start_seconds[0] == 0


def test_nothing_and_what_is_too_short_give_nothing():
    stream = StreamingEmbedder(
        samples_of_windows(), 32, 50, window_length=LENGTH
    )
    assert len(stream.push(np.empty((0, 3)))) == 0
    assert stream.push(np.ones((10, 3))).embeddings.shape == (0, 3 * LENGTH)
    assert len(stream.finish()) == 0
    stream.reset()
    stream.push(np.full((200, 3), np.nan))
    rest = stream.finish()
    assert len(rest) > 0 and not rest.valid.any()
    assert np.isnan(rest.embeddings).all()


def test_what_cannot_be_streamed_is_explained():
    model = samples_of_windows()
    stream = StreamingEmbedder(model, 50, 50, window_length=LENGTH)
    with pytest.raises(ValueError, match=r"`samples` must be.*shape=\(3,\)"):
        stream.push(np.zeros(3))
    with pytest.raises(ValueError, match="`recorded_hz`"):
        StreamingEmbedder(model, 0, 50)
    with pytest.raises(ValueError, match="`batch_size`"):
        StreamingEmbedder(model, 50, 50, batch_size=0)


@pytest.mark.parametrize("largest", [1, 50])
def test_a_spike_and_a_shaking_hand_are_as_in_the_whole(rng, largest):
    samples = signal(30, 50, rng)
    samples[333] = [500, 0, 0]
    shaken = slice(700, 1000)
    samples[shaken, 0] += 7 * np.sin(2 * np.pi * np.arange(300) / 10)
    model = keras.Sequential([keras.layers.Flatten()])
    model.preset_metadata = preset()
    settings = {"sample_rate_hz": 50, "window_length": LENGTH}
    with pytest.warns(UserWarning, match="within 100 g"):
        whole = embed(
            model,
            Recording(samples, 50, "a"),
            verbose=False,
            without_gravity="accept",
            **settings,
        )
    stream = StreamingEmbedder(model, 50, **settings)
    with pytest.warns(UserWarning, match="within 100 g"):
        pieces = in_pieces(samples, stream, rng, largest)
    _, valid, embeddings = joined(pieces)
    assert np.flatnonzero(~valid).tolist() == [333 // LENGTH]
    np.testing.assert_array_equal(valid, whole.valid)
    np.testing.assert_allclose(embeddings, whole.embeddings, atol=1e-5)


def test_a_stream_in_another_unit_is_told_once_it_is_known(rng):
    model = samples_of_windows()
    model.preset_metadata = preset()
    samples = 9.81 * signal(12, 50, rng)
    stream = StreamingEmbedder(
        model, 50, sample_rate_hz=50, window_length=LENGTH
    )
    stream.push(samples[:499])
    with pytest.raises(ValueError, match="must be in g.*Divide by 9.80665"):
        stream.push(samples[499:510])
    stream.reset()
    stream.push(samples[:100])
    with pytest.raises(ValueError, match="must be in g"):
        stream.finish()


def preset():
    return PresetMetadata(
        kind="encoder",
        sample_rate_hz=50.0,
        window_length=LENGTH,
        weights={},
    )
