import numpy as np
import pytest

from keras_relcon.data import large_arrays, regularize, regularizing
from keras_relcon.data.regularizing import usual_rate_hz


def test_rate_of_rounded_times_is_the_true_rate():
    times = np.floor(np.arange(5000) / 64 * 1000) / 1000  # steps 15, 16 ms
    assert 1 / np.median(np.diff(times)) == pytest.approx(62.5)
    assert usual_rate_hz(times) == pytest.approx(64, rel=1e-4)


def test_rate_is_not_changed_by_jitter_lost_samples_and_gaps():
    rng = np.random.default_rng(0)
    times = (np.arange(5000) + rng.uniform(-0.2, 0.2, 5000)) / 50
    times = np.delete(times, rng.choice(5000, 500, replace=False))
    times[2000:] += 1000
    assert usual_rate_hz(times) == pytest.approx(50, rel=2e-3)


def test_a_sample_on_the_grid_keeps_its_value():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(300, 3)).astype(np.float32)
    result, _, _ = regularize(np.arange(300) / 50, noise)
    np.testing.assert_allclose(result, noise, atol=1e-5)


def test_the_curve_stays_near_the_samples():
    # Two samples a thousandth of a step apart, with noise between them.
    times = np.sort(np.append(np.arange(100) / 50, 1.0 + 2e-5))
    values = np.zeros((101, 1))
    values[51:] = 0.1
    result, _, _ = regularize(times, values, 200.0)
    assert result.min() > -0.02 and result.max() < 0.12


def test_lost_samples_are_bridged_by_a_straight_line():
    times = np.delete(np.arange(100) / 50, slice(40, 60))  # 0.4 s
    wave = np.sin(2 * np.pi * times)[:, None]
    result, rate_hz, _ = regularize(times, wave)
    assert rate_hz == pytest.approx(50) and len(result) == 100
    line = np.interp(np.arange(100) / 50, times, wave[:, 0])
    np.testing.assert_allclose(result[40:60, 0], line[40:60], atol=1e-6)


def test_missing_samples_are_missing_on_the_grid():
    values = np.ones((50, 3))
    values[20] = np.nan
    result, _, _ = regularize(np.arange(50) / 50, values, 100.0)
    is_missing = np.isnan(result).all(axis=1)
    assert np.flatnonzero(is_missing).tolist() == [39, 40, 41]
    result, _, _ = regularize(np.arange(50) / 50, np.full((50, 3), np.nan))
    assert result.shape == (50, 3) and np.isnan(result).all()


def test_chunks_make_no_difference(monkeypatch):
    rng = np.random.default_rng(0)
    times = (np.arange(1000) + rng.uniform(-0.4, 0.4, 1000)) / 50
    values = rng.normal(size=(1000, 3))
    whole, _, _ = regularize(times, values)
    monkeypatch.setattr(large_arrays, "CHUNK", 37)
    monkeypatch.setattr(regularizing, "CHUNK", 37)
    parts, _, _ = regularize(times, values)
    np.testing.assert_array_equal(parts, whole)


@pytest.mark.parametrize("rate_hz", [0, -50, np.inf, np.nan])
def test_the_rate_of_the_grid_must_be_positive(rate_hz):
    with pytest.raises(ValueError, match="above 0.*Leave it out"):
        regularize(np.arange(10) / 50, np.ones((10, 3)), rate_hz)


def test_times_in_milliseconds_are_told():
    times = np.arange(100) * 20.0
    with pytest.raises(ValueError, match="steps of 20, .* 0.05 Hz.*by 1,000"):
        regularize(times, np.zeros((100, 3)))
    _, rate_hz, _ = regularize(times, np.zeros((100, 3)), sample_rate_hz=0.05)
    assert rate_hz == 0.05


@pytest.mark.parametrize(
    "acceleration, labels",
    [
        (np.ones(10), None),
        (np.ones((9, 3)), None),
        (np.ones((10, 3)), ["walking"] * 4),
    ],
)
def test_columns_must_be_of_one_length(acceleration, labels):
    with pytest.raises(ValueError, match="one value for each row"):
        regularize(np.arange(10) / 50, acceleration, labels=labels)


def test_a_grid_that_is_almost_all_gap_is_refused():
    times = np.append(np.arange(1000) / 50, 1e6)
    with pytest.raises(ValueError, match="almost all gaps.*read_recordings"):
        regularize(times, np.ones((1001, 3)))
