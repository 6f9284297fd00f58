import warnings
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import ops

from keras_relcon.data import Recording, make_windows
from keras_relcon.evaluation import embed, embed_windows
from keras_relcon.evaluation.embed_windows import map_batches

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


class MeanEncoder(keras.Model):
    """The mean over time."""

    def call(self, x):
        return ops.mean(x, axis=1)


def _windows(count, length=32):
    generator = np.random.default_rng(0)
    return generator.normal(size=(count, length, 3)).astype("float32")


@pytest.mark.parametrize("count", [1, 3, 4, 5, 11])
def test_ragged_batches_give_the_same_as_one_window_at_a_time(count):
    windows = _windows(count)
    found = embed_windows(MeanEncoder(), windows, batch_size=4)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, windows.mean(axis=1), atol=1e-6)


def test_every_batch_is_full():
    sizes = []

    def double(batch):
        sizes.append(len(batch))
        return 2 * batch

    rows = np.arange(11)
    np.testing.assert_array_equal(map_batches(double, rows, 4), 2 * rows)
    assert sizes == [4, 4, 4]
    map_batches(double, np.arange(3), 256)
    assert sizes[-1] == 4  # not 256: short inputs are not blown up


@pytest.mark.traced
def test_batch_norm_is_in_inference_mode():
    norm = keras.layers.BatchNormalization()
    encoder = keras.Sequential(
        [
            keras.layers.Input((32, 3)),
            norm,
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    windows = 5.0 + _windows(8)
    before = [np.array(w) for w in encoder.get_weights()]
    found = embed_windows(encoder, windows, batch_size=4)
    # moving mean 0 and variance 1: the windows pass unchanged
    np.testing.assert_allclose(found, windows.mean(axis=1), rtol=1e-2)
    for old, new in zip(before, encoder.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_a_bare_layer_is_an_encoder_too():
    windows = _windows(5)
    layer = keras.layers.GlobalAveragePooling1D()
    found = embed_windows(layer, windows)
    np.testing.assert_allclose(found, windows.mean(axis=1), atol=1e-6)


def test_recording_is_cut_without_overlap_by_default():
    signal = np.tile(np.arange(1000)[:, None] / 1000, (1, 3))
    recording = Recording(signal, sample_rate_hz=100, subject="s1")
    result = embed(MeanEncoder(), recording, window_length=256)
    assert len(result) == 3
    np.testing.assert_allclose(result.start_seconds, [0, 2.56, 5.12])
    expected = [signal[i : i + 256].mean() for i in (0, 256, 512)]
    np.testing.assert_allclose(result.embeddings[:, 0], expected, rtol=1e-5)
    assert result.subjects.tolist() == ["s1"] * 3


def test_recordings_are_resampled_and_keep_their_order():
    recordings = [
        Recording(
            np.full((200, 3), value),
            sample_rate_hz=50,
            subject=subject,
            recording_id=f"r-{subject}",
        )
        for value, subject in ((0.5, "b"), (0.25, "a"))
    ]
    result = embed(MeanEncoder(), recordings, window_length=200)
    assert result.subjects.tolist() == ["b", "b", "a", "a"]
    assert result.recordings.tolist() == ["r-b", "r-b", "r-a", "r-a"]


def test_invalid_windows_have_no_embedding(make_labelled_windows):
    windows = make_labelled_windows(invalid=[0, 7])
    result = embed(MeanEncoder(), windows)
    assert np.isnan(result.embeddings[[0, 7]]).all()
    assert np.isfinite(result.embeddings[result.valid]).all()
    assert result.valid.sum() == len(windows) - 2
    np.testing.assert_allclose(
        result.embeddings[1], windows.acceleration[1].mean(axis=0), atol=1e-5
    )


class LogEncoder(keras.Model):
    """Not a number for windows whose mean is negative."""

    def call(self, x):
        return ops.log(ops.mean(x, axis=1))


def test_embeddings_that_are_not_finite_are_counted():
    windows = np.ones((6, 32, 3))
    windows[[1, 4]] = -1.0
    with pytest.raises(ValueError, match="2 of 6 embeddings with NaN"):
        embed_windows(LogEncoder(), windows, batch_size=4)


@pytest.mark.parametrize("count", [4, 64])
def test_nan_is_found_although_a_relu_may_hide_it(make_encoder, count):
    # With 64 windows, JAX on CPU embeds all of these as 0.
    encoder, windows = make_encoder(), _windows(count, 64)
    windows[1, 0, 0] = np.nan
    with pytest.raises(ValueError, match=f"1 of {count} windows with NaN"):
        embed_windows(encoder, windows)
    encoder.set_weights([np.nan * w for w in encoder.get_weights()])
    with pytest.raises(ValueError, match="Every weight of the encoder"):
        embed_windows(encoder, _windows(count, 64))


def test_output_must_be_one_vector_per_window():
    with pytest.raises(ValueError, match=r"\(batch, dim\)"):
        embed_windows(keras.layers.Identity(), _windows(2))


def test_bad_inputs_say_what_is_expected(make_labelled_windows):
    with pytest.raises(ValueError, match=r"\(windows, time, 3\)"):
        embed_windows(MeanEncoder(), _windows(1)[0])
    with pytest.raises(ValueError, match="at least one window"):
        embed_windows(MeanEncoder(), _windows(0))
    with pytest.raises(ValueError, match="a whole number.*batch_size=16.0"):
        embed_windows(MeanEncoder(), _windows(2), batch_size=16.0)
    with pytest.raises(ValueError, match="`batch_size` must be .* least 1"):
        embed_windows(MeanEncoder(), _windows(2), batch_size=0)
    none_valid = make_labelled_windows(1, 1, invalid=[0, 1, 2])
    with pytest.raises(ValueError, match="at least one valid window"):
        embed(MeanEncoder(), none_valid)


def without_gravity():
    rng = np.random.default_rng(0)
    values = rng.normal(0.02, 0.005, (3000, 3))
    return Recording(values, 100, "s", recording_id="linear")


def test_a_signal_without_gravity_is_refused():
    with pytest.raises(ValueError, match="'linear'.*0.03 g where it rests"):
        embed(MeanEncoder(), without_gravity())
    result = embed(MeanEncoder(), without_gravity(), without_gravity="accept")
    assert result.valid.all()
    with pytest.raises(ValueError, match="`without_gravity` must be one of"):
        embed(MeanEncoder(), without_gravity(), without_gravity="ignore")


def test_windows_without_gravity_are_refused():
    windows = make_windows(without_gravity())
    with pytest.raises(ValueError, match="windows, with a median .*accept"):
        embed(MeanEncoder(), windows)
    result = embed(MeanEncoder(), windows, without_gravity="accept")
    assert result.valid.all()


@pytest.mark.parametrize("rate_hz", [5, 19])
def test_a_rate_too_low_for_motion_is_told_with_what_is_lost(rate_hz):
    still = Recording(np.tile([0.0, 0.6, 0.8], (400, 1)), rate_hz, "s")
    text = f"trained on 100 Hz.*at {rate_hz} Hz.*above {rate_hz / 2} Hz"
    with pytest.warns(UserWarning, match=text):
        embed(MeanEncoder(), still)


@pytest.mark.parametrize("rate_hz, trained_hz", [(20, 100), (32, 100), (5, 5)])
def test_a_rate_that_holds_motion_is_not(rate_hz, trained_hz):
    still = Recording(np.tile([0.0, 0.6, 0.8], (400, 1)), rate_hz, "s")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*encoder was trained on")
        embed(MeanEncoder(), still, sample_rate_hz=trained_hz)


@pytest.mark.once
def test_only_a_step_back_of_the_clock_splits_a_file(tmp_path):
    path = tmp_path / "walk.csv"
    first = [*(np.arange(200) / 100), *(300 + np.arange(200) / 100)]
    rows = [f"{t:.2f},0.0,0.6,0.8" for t in [*first, *first[:200]]]
    path.write_text("\n".join(["seconds,x,y,z", *rows]) + "\n")
    found = embed(
        MeanEncoder(),
        path,
        window_length=50,
        read_options={
            "timestamp_column": "seconds",
            "on_clock_change": "split",
        },
    )
    assert set(found.recordings) == {"walk_0", "walk_1"}


@pytest.mark.parametrize(
    "placement, is_told", [("hip", True), ("wrist", False)]
)
def test_a_place_that_a_preset_was_not_made_for_is_told(placement, is_told):
    encoder = MeanEncoder()
    encoder.preset_metadata = SimpleNamespace(
        sample_rate_hz=100, window_length=32, facts={"placements": ["wrist"]}
    )
    still = np.tile([0.0, 0.6, 0.8], (400, 1))
    recording = Recording(still, 100, "s", placement=placement)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        embed(encoder, recording)
    texts = [str(warning.message) for warning in caught]
    said = [text for text in texts if "devices at the wrist" in text]
    assert len(said) == is_told
    assert all("of a device at the hip" in text for text in said)


@pytest.mark.once
def test_windows_are_not_cut_again(make_labelled_windows):
    windows = make_labelled_windows(1, 1)
    same = embed(MeanEncoder(), windows, 100, 64)
    assert len(same) == len(windows)
    for argument in (
        {"sample_rate_hz": 25},
        {"window_length": 32},
        {"stride": 64},
    ):
        (name,) = argument
        text = f"64 samples at 100 Hz, are embedded as they are.*{name}="
        with pytest.raises(ValueError, match=text):
            embed(MeanEncoder(), windows, **argument)
    with pytest.raises(ValueError, match="`read_options` are for paths only"):
        embed(MeanEncoder(), windows, read_options={"unit": "m/s2"})
