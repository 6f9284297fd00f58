import numpy as np
import pytest

from keras_relcon.timeline import find_worn

QUARTER = 900


def worn_by_the_paper(acceleration, rate):
    """Each hour, moved by a quarter, judged as van Hees et al. (2013)."""
    acceleration = np.asarray(acceleration, np.float64)
    num_quarters = int(len(acceleration) / rate) // QUARTER
    worn = np.ones(num_quarters, bool)
    for quarter in range(num_quarters - 3):
        first = quarter * QUARTER * rate
        block = acceleration[int(first) : int(first + 3600 * rate)]
        block = block[np.isfinite(block).all(axis=1)]
        if len(block) == 0:
            continue
        stds, ranges = [], []
        for axis in block.T:
            stds.append(np.sqrt(np.mean((axis - axis.mean()) ** 2)))
            ranges.append(axis.max() - axis.min())
        still_stds = sum(std < 0.013 for std in stds)
        still_ranges = sum(span < 0.050 for span in ranges)
        if still_stds >= 2 or still_ranges >= 2:
            worn[quarter : quarter + 4] = False
    return worn


def rough_day(seed, rate=2, hours=12):
    """Quarters of an hour, each with its own noise on each axis."""
    rng = np.random.default_rng(seed)
    noise = rng.choice([0.001, 0.008, 0.012, 0.0145, 0.1], (hours * 4, 1, 3))
    shape = (hours * 4, QUARTER * rate, 3)
    signal = noise * rng.standard_normal(shape) + [0.0, 0.0, 1.0]
    return signal.reshape(-1, 3).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
def test_every_quarter_is_as_of_the_oracle(seed):
    signal = rough_day(seed)
    expected = worn_by_the_paper(signal, 2)
    assert 0 < expected.sum() < len(expected)
    np.testing.assert_array_equal(find_worn(signal, 2), expected)


@pytest.mark.parametrize("seed", range(3))
def test_missing_samples_are_left_out_of_a_block(seed):
    signal = rough_day(seed + 10)
    rng = np.random.default_rng(seed)
    signal[rng.random(len(signal)) < 0.4, 1] = np.nan
    signal[3 * 7200 : 5 * 7200] = np.inf  # two hours without any sample
    expected = worn_by_the_paper(signal, 2)
    assert 0 < expected.sum() < len(expected)
    np.testing.assert_array_equal(find_worn(signal, 2), expected)


def hours(*standard_deviations, rate=1):
    """Hours of noise, each of three standard deviations in mg."""
    rng = np.random.default_rng(0)
    parts = []
    for stds in standard_deviations:
        noise = rng.standard_normal((3600 * rate, 3))
        noise -= noise.mean(axis=0)
        noise /= noise.std(axis=0)
        parts.append(noise * np.array(stds) / 1000 + [0.0, 0.0, 1.0])
    return np.concatenate(parts)


@pytest.mark.parametrize(
    ("stds", "is_worn"),
    [
        ((12.9, 12.9, 200), False),
        ((12.9, 200, 12.9), False),
        ((12.9, 200, 200), True),
        ((13.1, 13.1, 1), True),
        ((12.9, 13.1, 200), True),
    ],
)
def test_two_axes_below_13_mg_are_still(stds, is_worn):
    worn = find_worn(hours(stds), 1)
    np.testing.assert_array_equal(worn, [is_worn] * 4)


@pytest.mark.parametrize(("span", "is_worn"), [(0.049, False), (0.051, True)])
def test_two_axes_that_stay_within_50_mg_are_still(span, is_worn):
    # Two values that take turns: a standard deviation of half their distance.
    signal = np.zeros((3600, 3))
    signal[::2, :2] = span
    signal[:, 2] = np.arange(3600) % 2
    np.testing.assert_array_equal(find_worn(signal, 1), [is_worn] * 4)


def test_only_quarters_inside_of_a_still_hour_are_not_worn():
    # Still from 01:10 to 02:50: whole blocks fit from 01:15 to 02:45.
    signal = np.random.default_rng(1).normal(0, 0.2, (4 * 3600, 3))
    signal[70 * 60 : 170 * 60] = [0.0, 0.0, 1.0]
    worn = find_worn(signal, 1)
    assert np.flatnonzero(~worn).tolist() == list(range(5, 11))


def test_less_than_an_hour_is_not_judged():
    still = np.tile([0.0, 0.0, 1.0], (3599, 1))
    assert find_worn(still, 1).tolist() == [True] * 4
    assert not find_worn(np.tile([0.0, 0.0, 1.0], (3600, 1)), 1).any()
    assert find_worn(still[:10], 1).tolist() == [True]


def test_the_rest_is_as_the_quarter_before_it():
    signal = np.tile([0.0, 0.0, 1.0], (3700, 1))
    assert find_worn(signal, 1).tolist() == [False] * 5
    signal[2000:3600] += np.random.default_rng(0).normal(0, 1, (1600, 3))
    assert find_worn(signal, 1).tolist() == [True] * 5


def test_a_rate_that_is_no_whole_number():
    rate = 31.25 / 11
    signal = hours((5, 5, 5), (90, 90, 90), (5, 5, 5))
    index = (np.arange(int(np.ceil(3 * 3600 * rate))) / rate).astype(int)
    worn = find_worn(signal[index], rate)
    assert worn.tolist() == [False] * 4 + [True] * 4 + [False] * 5


def test_a_signal_on_disk_gives_the_same(tmp_path):
    signal = rough_day(3)
    on_disk = np.memmap(tmp_path / "signal", np.float32, "w+", 0, signal.shape)
    on_disk[:] = signal
    np.testing.assert_array_equal(find_worn(on_disk, 2), find_worn(signal, 2))
