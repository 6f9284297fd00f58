import numpy as np
import pytest

from keras_relcon.data import resample
from keras_relcon.data.resampled_signal import ResampledSignal

RATES = [(50, 100), (100, 50), (20, 100), (64, 100), (31.25, 100), (99.7, 100)]


def _signal(num_samples, missing=()):
    generator = np.random.default_rng(0)
    signal = np.cumsum(generator.normal(0, 0.02, (num_samples, 3)), axis=0)
    signal = (signal + [0.0, 0.3, 0.9]).astype("float32")
    for first, last in missing:
        signal[first:last] = np.nan
    return signal


def _joined(signal, from_hz, to_hz, step):
    stream = ResampledSignal(signal, from_hz, to_hz)
    return np.concatenate(
        [
            stream.read(first, min(first + step, len(stream)))
            for first in range(0, len(stream), step)
        ]
    )


@pytest.mark.parametrize("from_hz, to_hz", RATES)
@pytest.mark.parametrize("step", [1000, 257])
def test_stretches_join_without_seams(from_hz, to_hz, step):
    signal = _signal(4000)
    whole = resample(signal, from_hz, to_hz)
    found = _joined(signal, from_hz, to_hz, step)
    assert found.dtype == np.float32
    assert found.shape == whole.shape
    np.testing.assert_allclose(found, whole, atol=2e-6)


@pytest.mark.parametrize(
    "missing",
    [
        [(300, 301)],
        [(0, 40), (990, 2100), (3995, 4000)],  # ends, and across stretches
        [(5, 3990)],
        [(first, first + 1) for first in range(0, 4000, 7)],
    ],
)
def test_missing_samples_are_bridged_as_in_the_whole(missing):
    signal = _signal(4000, missing)
    whole = resample(signal, 50, 100)
    found = _joined(signal, 50, 100, 500)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(whole))
    np.testing.assert_allclose(found, whole, atol=2e-6)


@pytest.mark.parametrize("num_samples", [2, 3, 10, 40, 49, 50])
def test_short_signals_are_reflected_as_often_as_in_the_whole(num_samples):
    signal = _signal(num_samples)
    for from_hz, to_hz in ((50, 100), (100, 50), (64, 100)):
        whole = resample(signal, from_hz, to_hz)
        np.testing.assert_allclose(
            _joined(signal, from_hz, to_hz, 7), whole, atol=1e-5
        )


def test_nothing_is_copied_at_the_same_rate():
    signal = _signal(100, [(3, 4)])
    stretch = ResampledSignal(signal, 100, 100).read(2, 50)
    assert np.shares_memory(stretch, signal)
    np.testing.assert_array_equal(stretch, signal[2:50])


def test_a_signal_without_samples_stays_missing():
    stream = ResampledSignal(_signal(30, [(0, 30)]), 50, 100)
    assert len(stream) == 60
    assert np.isnan(stream.read(0, 60)).all()


def test_errors_say_what_is_expected():
    stream = ResampledSignal(_signal(30), 50, 100)
    for start, stop in ((0, 61), (-1, 4), (5, 5)):
        with pytest.raises(IndexError, match="within 60 samples"):
            stream.read(start, stop)
    with pytest.raises(ValueError, match="above 0"):
        ResampledSignal(_signal(30), 0, 100)


@pytest.mark.parametrize("step", [7, 40, 1000])
def test_pieces_of_the_continued_signal_are_those_of_the_whole(step):
    """Also where a piece lies before or behind the signal."""
    signal = _signal(400)
    stream = ResampledSignal(signal, 50, 100)
    whole = np.pad(
        signal, ((90, 90), (0, 0)), mode="reflect", reflect_type="odd"
    )
    pieces = [
        stream._padded(first, min(first + step, 490))
        for first in range(-90, 490, step)
    ]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)
