import numpy as np
import pytest

from keras_relcon.timeline import intensity, measure_intensity


def by_hand(acceleration, rate, start, end):
    """`(4,)` of one window, from the definitions, in float64."""
    sizes = []
    for index, sample in enumerate(np.asarray(acceleration, np.float64)):
        is_inside = start - 1e-9 <= index / rate < end - 1e-9
        if is_inside and np.isfinite(sample).all():
            sizes.append(np.sqrt(np.sum(sample**2)))
    if not sizes:
        return [np.nan] * 4
    enmo = 1000 * sum(max(size - 1, 0) for size in sizes) / len(sizes)
    mean = sum(sizes) / len(sizes)
    mad = 1000 * sum(abs(size - mean) for size in sizes) / len(sizes)
    return [enmo, mad, min(sizes), max(sizes)]


def signal(number, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.3, (number, 3)) + [0.0, 0.6, 0.8]
    return values.astype(np.float32)


def check(acceleration, rate, start, end):
    found = measure_intensity(acceleration, rate, start, end)
    found = [found.enmo, found.mad, found.lowest, found.highest]
    expected = [by_hand(acceleration, rate, *w) for w in zip(start, end)]
    # The results are float32.
    np.testing.assert_allclose(np.transpose(found), expected, rtol=1e-6)


@pytest.mark.parametrize("rate", [20, 31.25, 100 / 3])
def test_windows_are_as_of_the_definitions(rate):
    start = np.arange(12) * 2.56
    check(signal(int(12 * 2.56 * rate)), rate, start, start + 2.56)


def test_windows_with_time_between_them_and_behind_them():
    start = np.array([0.0, 3.0, 3.5, 9.0])
    check(signal(300), 20, start, start + 0.5)


def test_missing_samples_are_left_out():
    acceleration = signal(200)
    acceleration[13, 1] = np.nan
    acceleration[40:60] = np.nan  # the whole of window 2
    acceleration[61] = np.inf
    start = np.arange(10.0)
    check(acceleration, 20, start, start + 1)


def test_windows_without_samples_are_nan():
    start = np.array([0.0, 1.0, 9.9, 20.0])
    found = measure_intensity(signal(5), 0.5, start, start + 1)
    assert np.isnan(found.enmo).tolist() == [False, True, True, True]


def test_long_signals_are_looked_at_in_parts(monkeypatch):
    acceleration, start = signal(4000), np.arange(80) * 2.5
    whole = measure_intensity(acceleration, 20, start, start + 2.5)
    monkeypatch.setattr(intensity, "CHUNK", 130)
    parts = measure_intensity(acceleration, 20, start, start + 2.5)
    monkeypatch.setattr(intensity, "CHUNK", 7)  # less than a window
    single = measure_intensity(acceleration, 20, start, start + 2.5)
    for name in ("enmo", "mad", "lowest", "highest"):
        values = [getattr(each, name) for each in (whole, parts, single)]
        np.testing.assert_array_equal(values[1], values[0])
        np.testing.assert_array_equal(values[2], values[0])


def test_a_device_at_rest_does_not_move():
    still = np.tile(np.float32([0.0, 0.0, 1.0]), (100, 1))
    found = measure_intensity(still, 50, [0.0, 1.0], [1.0, 2.0])
    assert found.enmo.tolist() == found.mad.tolist() == [0, 0]
    assert found.lowest.tolist() == found.highest.tolist() == [1, 1]
