import numpy as np
import pytest

from keras_relcon.evaluation import handmade_features
from keras_relcon.evaluation.features import _log_band_power


def _wave(hz, length=200, amplitude=0.5):
    time = np.arange(length) / 100
    wave = np.zeros((1, length, 3))
    wave[0, :, 0] = amplitude * np.sin(2 * np.pi * hz * time)
    return wave


def test_statistics_of_one_window_match_a_loop():
    generator = np.random.default_rng(1)
    window = generator.normal(size=(1, 50, 3))
    found = handmade_features(window)[0]
    magnitude = [np.sqrt(sum(v**2 for v in row)) for row in window[0]]
    signals = [window[0, :, 0], window[0, :, 1], window[0, :, 2], magnitude]
    expected = [np.mean(s) for s in signals] + [np.std(s) for s in signals]
    for q in (5, 25, 50, 75, 95):
        expected += [np.percentile(s, q) for s in signals]
    for s in signals:
        steps = [abs(b - a) for a, b in zip(s, s[1:])]
        expected.append(sum(steps) / len(steps))
    np.testing.assert_allclose(found[: len(expected)], expected, rtol=1e-4)
    correlations = np.corrcoef(window[0].T)[[0, 0, 1], [1, 2, 2]]
    np.testing.assert_allclose(found[-3:], correlations, rtol=1e-3)


def test_power_moves_to_higher_bands_with_frequency():
    peaks = []
    for hz in (1, 4, 16, 40):
        bands = _log_band_power(_wave(hz)).reshape(-1, 3)  # (bands, axes)
        peaks.append(int(bands[:, 0].argmax()))
    assert peaks == sorted(set(peaks))


def test_band_power_adds_up_to_half_the_variance():
    # one-sided spectrum: half of the variance, 0.5**2 / 2 / 2 g**2
    bands = np.exp(_log_band_power(_wave(10))).reshape(-1, 3)
    assert bands[:, 0].sum() == pytest.approx(0.5**2 / 4, rel=0.02)


def test_still_windows_have_finite_features():
    features = handmade_features(np.zeros((5, 200, 3)))
    assert features.shape == (5, 87)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def test_chunks_do_not_change_the_values(monkeypatch):
    windows = np.random.default_rng(0).normal(size=(7, 40, 3))
    whole = handmade_features(windows)
    monkeypatch.setattr("keras_relcon.evaluation.features._CHUNK", 3)
    np.testing.assert_array_equal(handmade_features(windows), whole)


def test_bad_inputs_say_what_is_expected():
    with pytest.raises(ValueError, match=r"\(windows, time, 3\)"):
        handmade_features(np.zeros((200, 3)))
    with pytest.raises(ValueError, match="at least 16 samples"):
        handmade_features(np.zeros((2, 8, 3)))
    windows = np.zeros((4, 32, 3))
    windows[2, 0, 0] = np.nan
    with pytest.raises(ValueError, match="1 of 4 windows"):
        handmade_features(windows)
