import sys
import tracemalloc
import types
import weakref

import keras
import numpy as np
import pytest
from keras import ops

from keras_relcon.data import Recording, make_windows
from keras_relcon.evaluation import embed

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


class MeanAndLast(keras.Model):
    """The mean over time, and the last sample: six numbers."""

    def call(self, x):
        return ops.concatenate([ops.mean(x, axis=1), x[:, -1]], axis=-1)


def _recording(num_samples, rate=50, missing=(), subject="s1", **kwargs):
    generator = np.random.default_rng(1)
    time = np.arange(num_samples)[:, None] / 50
    signal = 0.3 * np.sin(time * [1.0, 3.0, 7.0]) + [0.0, 0.2, 0.9]
    signal = signal + generator.normal(0, 0.02, (num_samples, 3))
    signal = signal.astype("float32")
    for first, last in missing:
        signal[first:last] = np.nan
    return Recording(signal, rate, subject, **kwargs)


def _whole(recordings, rate, length, stride):
    """The same by cutting everything first."""
    windows = make_windows(recordings, rate, length, stride)
    expected = np.full((len(windows), 6), np.nan)
    x = windows.acceleration[windows.valid]
    expected[windows.valid] = np.concatenate([x.mean(axis=1), x[:, -1]], 1)
    return windows, expected


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 8 windows, so that a short recording has many."""
    module = sys.modules["keras_relcon.evaluation.embed"]
    monkeypatch.setattr(module, "BLOCK_WINDOWS", 8)


@pytest.mark.filterwarnings("ignore:.*samples of subject")
@pytest.mark.parametrize(
    "rate, stride", [(50, 32), (50, 7), (100, 32), (64, 50)]
)
def test_blocks_give_what_the_whole_recording_gives(small_blocks, rate, stride):
    recording = _recording(2500, rate, missing=[(700, 720), (1500, 1900)])
    windows, expected = _whole(recording, 100, 32, stride)
    result = embed(
        MeanAndLast(), recording, 100, 32, stride=stride, batch_size=4
    )
    np.testing.assert_array_equal(result.valid, windows.valid)
    assert 0 < result.valid.sum() < len(result)
    np.testing.assert_allclose(result.embeddings, expected, atol=1e-5)
    np.testing.assert_allclose(result.start_seconds, windows.start_seconds)


def test_starts_are_right_at_a_rate_that_is_not_met(small_blocks):
    recording = _recording(3200, 100.02)
    result = embed(MeanAndLast(), recording, 100, 32, batch_size=4)
    expected = np.arange(100) * 32 / 100.02
    np.testing.assert_allclose(result.start_seconds, expected)


@pytest.mark.filterwarnings("ignore:.*samples of subject")
def test_several_recordings_stay_in_order(small_blocks):
    recordings = [
        _recording(400, 50, subject="b", recording_id="first"),
        _recording(300, 100, subject="a"),
        _recording(200, 50, subject="c", missing=[(0, 200)]),
    ]
    windows, expected = _whole(recordings, 100, 32, 32)
    result = embed(MeanAndLast(), recordings, window_length=32)
    np.testing.assert_allclose(result.embeddings, expected, atol=1e-5)
    np.testing.assert_array_equal(result.subjects, windows.subjects)
    np.testing.assert_array_equal(result.recordings, windows.recordings)
    # the third has no valid window, and keeps its place
    assert not result.valid[result.subjects == "c"].any()


def test_short_recordings_are_counted(small_blocks):
    recordings = [_recording(400), _recording(10)]
    with pytest.warns(UserWarning, match="1 of 2 recordings are shorter"):
        result = embed(MeanAndLast(), recordings, window_length=32)
    assert set(result.recordings) == {"recording_0"}
    with pytest.raises(ValueError, match="At least one recording must be"):
        embed(MeanAndLast(), recordings[1:], window_length=32)


def test_memory_does_not_grow_with_the_recording():
    encoder = MeanAndLast()
    embed(encoder, _recording(80_000, 50))
    peaks = []
    for num_samples in (250_000, 1_500_000):
        recording = _recording(num_samples, 50)
        tracemalloc.start()
        result = embed(encoder, recording)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(result) == 2 * num_samples // 256
    # The longer signal has 15 MB more, and at 100 Hz 30 MB more.
    assert peaks[1] - peaks[0] < 3e6, peaks


def test_every_batch_has_one_shape(small_blocks, monkeypatch):
    encoder, shapes = MeanAndLast(), set()
    predict = encoder.predict_on_batch

    def spy(batch):
        shapes.add(batch.shape)
        return predict(batch)

    monkeypatch.setattr(encoder, "predict_on_batch", spy)
    with pytest.warns(UserWarning, match="not finite"):
        recording = _recording(1700, missing=[(40, 41), (900, 960)])
    embed(encoder, recording, window_length=32, batch_size=4)
    assert shapes == {(4, 32, 3)}
    shapes.clear()
    embed(encoder, _recording(48), window_length=32)  # 3 windows
    assert shapes == {(4, 32, 3)}  # not 256: short inputs are not blown up


def test_a_file_is_read_once_its_turn_has_come(tmp_path):
    recording = _recording(400, rate=50)
    table = 9.80665 * recording.acceleration
    for name in ("walk", "run"):
        np.savez(
            tmp_path / f"{name}.npz",
            x=table[:, 0],
            y=table[:, 1],
            z=table[:, 2],
        )
    options = {"unit": "m/s2", "sample_rate_hz": 50}
    found = embed(
        MeanAndLast(),
        [tmp_path / "walk.npz", str(tmp_path / "run.npz")],
        window_length=32,
        read_options=options,
    )
    expected = embed(MeanAndLast(), recording, window_length=32)
    half = len(expected)
    np.testing.assert_allclose(
        found.embeddings[:half], expected.embeddings, atol=1e-5
    )
    assert set(found.subjects[:half]) == {"walk"}
    assert set(found.recordings[half:]) == {"run"}
    options["subject"] = "s7"
    found = embed(
        MeanAndLast(),
        tmp_path / "walk.npz",
        window_length=32,
        read_options=options,
    )
    assert set(found.subjects) == {"s7"}


def test_a_recording_is_let_go_before_the_next_is_read(monkeypatch):
    module = sys.modules["keras_relcon.evaluation.embed_input"]
    references = []

    def read(path, **options):
        assert not any(reference() for reference in references)
        recording = _recording(10 if path == "short.csv" else 400)
        references.append(weakref.ref(recording))
        return recording

    monkeypatch.setattr(module, "read_recording", read)
    paths = ["a.csv", "short.csv", "b.csv"]
    with pytest.warns(UserWarning, match="1 of 3 recordings are shorter"):
        embed(MeanAndLast(), paths, window_length=32)
    assert len(references) == 3


def test_labels_are_not_read(tmp_path):
    rows = ["x,y,z,activity,class"] + ["0.1,0.2,0.9,walking,1"] * 128
    (tmp_path / "a.csv").write_text("\n".join(rows))
    options = {"sample_rate_hz": 100}
    kwargs = {"window_length": 32, "read_options": options}
    assert len(embed(MeanAndLast(), tmp_path / "a.csv", **kwargs)) == 4
    options["label_column"] = None  # to be guessed: there are two
    with pytest.raises(ValueError, match="must look like the `label_column`"):
        embed(MeanAndLast(), tmp_path / "a.csv", **kwargs)


def test_progress_is_shown_when_asked_for(capsys):
    recording = _recording(640, rate=100)
    embed(MeanAndLast(), recording, window_length=32)
    assert "20/20" not in capsys.readouterr().out  # not a terminal
    embed(MeanAndLast(), recording, window_length=32, verbose=True)
    assert "20/20" in capsys.readouterr().out
    windows = make_windows(recording, window_length=32, stride=32)
    embed(MeanAndLast(), windows, verbose=True)
    assert "20/20" in capsys.readouterr().out
    with pytest.raises(ValueError, match="`verbose` must be"):
        embed(MeanAndLast(), recording, window_length=32, verbose="loud")


@pytest.fixture
def preset_encoder():
    encoder = MeanAndLast()
    encoder.preset_metadata = types.SimpleNamespace(
        facts={}, sample_rate_hz=50.0, window_length=40
    )
    return encoder


def test_the_preset_says_rate_and_length(preset_encoder):
    recording = _recording(800, rate=100)
    result = embed(preset_encoder, recording)
    np.testing.assert_allclose(np.diff(result.start_seconds), 0.8)
    assert len(result) == 10
    same = embed(preset_encoder, recording, 50, 40)
    np.testing.assert_array_equal(same.embeddings, result.embeddings)


def test_what_contradicts_the_preset_is_an_error(preset_encoder):
    recording = _recording(800, rate=100)
    with pytest.raises(ValueError, match="`sample_rate_hz` must be .* 50"):
        embed(preset_encoder, recording, sample_rate_hz=100)
    with pytest.raises(ValueError, match="`window_length` must be .* 40"):
        embed(preset_encoder, recording, window_length=256)
    at_100 = make_windows(recording, 100, 40, 40)
    with pytest.raises(ValueError, match="Received: sample_rate_hz=100"):
        embed(preset_encoder, at_100)
    long = make_windows(recording, 50, 80, 40)
    with pytest.raises(ValueError, match="Received: window_length=80"):
        embed(preset_encoder, long)
    right = make_windows(recording, 50, 40, 40)
    assert len(embed(preset_encoder, right)) == 10


def test_windows_in_another_unit_are_refused(preset_encoder):
    windows = make_windows(_recording(800, rate=100), 50, 40, 40)
    windows.acceleration[:] = [0.0, 0.0, 9.80665]
    with pytest.raises(ValueError, match="Windows must be in g"):
        embed(preset_encoder, windows)
    with pytest.raises(ValueError, match="Windows must be in g"):
        embed(MeanAndLast(), windows)


def test_bad_recordings_say_what_is_expected():
    recording = _recording(100)
    with pytest.raises(ValueError, match="at least one recording"):
        embed(MeanAndLast(), [])
    with pytest.raises(TypeError, match="item of type ndarray"):
        embed(MeanAndLast(), np.zeros((100, 3)))
    with pytest.raises(ValueError, match="`read_options` are for paths"):
        embed(MeanAndLast(), recording, read_options={"unit": "g"})
    with pytest.raises(ValueError, match="`stride` must be a whole number"):
        embed(MeanAndLast(), recording, window_length=32, stride=0)
    with pytest.raises(ValueError, match="`batch_size` must be .* least 1"):
        embed(MeanAndLast(), recording, window_length=32, batch_size=0)
    with pytest.raises(FileNotFoundError):
        embed(MeanAndLast(), "absent.csv", read_options={"sample_rate_hz": 50})
