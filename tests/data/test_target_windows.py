import numpy as np
import pytest

from keras_relcon.data import Interval, Recording
from keras_relcon.data.target_windows import cut_intervals


def ramp(count=100, rate=10, name="r"):
    rows = np.zeros((count, 3))
    rows[:, 0] = np.arange(count) / 1000
    return Recording(rows, rate, "s1", recording_id=name)


def first_samples(windows):
    return np.rint(windows.acceleration[:, 0, 0] * 1000).astype(int).tolist()


def test_windows_lie_inside_one_interval_and_have_its_targets():
    laps = [
        Interval(1.0, 2.4, targets={"speed_m_s": 1.1}),
        Interval(2.4, 3.5, targets={"speed_m_s": 0.9, "time_s": 7}),
    ]
    windows = cut_intervals([(ramp(), laps)], 10, window_length=8, stride=3)
    # from sample 10 to 24, and from 24 to 35
    assert first_samples(windows) == [10, 13, 16, 24, 27]
    np.testing.assert_allclose(windows.start_seconds, [1, 1.3, 1.6, 2.4, 2.7])
    assert windows.targets["speed_m_s"].tolist() == [1.1] * 3 + [0.9] * 2
    np.testing.assert_array_equal(
        windows.targets["time_s"], [np.nan] * 3 + [7] * 2
    )
    assert set(windows.subjects) == {"s1"} and set(windows.recordings) == {"r"}
    assert windows.labels is None and windows.sample_rate_hz == 10
    assert windows.acceleration.shape == (5, 8, 3) and windows.valid.all()


def test_intervals_are_cut_after_resampling():
    lap = Interval(2.0, 6.0, targets={"speed_m_s": 1.0})
    windows = cut_intervals([(ramp(rate=10), [lap])], 20, 40, 20)
    assert windows.start_seconds.tolist() == [2.0, 3.0, 4.0]
    assert windows.acceleration.shape == (3, 40, 3)
    np.testing.assert_allclose(
        windows.acceleration[:, 0, 0], [0.02, 0.03, 0.04], atol=1e-4
    )


def test_intervals_are_found_at_a_rate_that_is_not_met():
    lap = Interval(300.0, 303.0, targets={"t": 1.0})
    windows = cut_intervals([(ramp(4000, 10.002), [lap])], 10, 10, 10)
    # 300 s are 3000.6 samples
    assert first_samples(windows) == [3001, 3011, 3021]
    np.testing.assert_allclose(
        windows.start_seconds, np.array([3001, 3011, 3021]) / 10.002
    )


def test_short_intervals_are_counted_in_a_warning():
    laps = [Interval(a, b, targets={"t": 1.0}) for a, b in ((0, 1), (2, 4))]
    with pytest.warns(UserWarning, match="1 of 2"):
        windows = cut_intervals([(ramp(), laps)], 10, 15, 5)
    assert first_samples(windows) == [20, 25]


def test_windows_over_missing_samples_are_invalid():
    rows = np.zeros((50, 3))
    rows[12] = np.nan
    with pytest.warns(UserWarning, match="not finite"):
        recording = Recording(rows, 10, "s1")
    lap = Interval(0, 5, targets={"t": 1.0})
    windows = cut_intervals([(recording, [lap])], 10, 10, 10)
    assert windows.valid.tolist() == [True, False, True, True, True]
    assert np.isfinite(windows.acceleration).all()


def test_errors_say_what_is_expected():
    lap = Interval(0, 1, targets={"t": 1.0})
    with pytest.raises(ValueError, match="at least one interval"):
        cut_intervals([(ramp(), [])], 10, 8, 4)
    with pytest.raises(ValueError, match="as long as a window"):
        cut_intervals([(ramp(), [lap])], 10, 11, 4)
    with pytest.raises(ValueError, match="`stride` must be a whole number"):
        cut_intervals([(ramp(), [lap])], 10, 8, 0)
    assert len(cut_intervals([(ramp(), [lap])], 10, 8.0, 4.0)) == 1
    with pytest.raises(ValueError, match="`window_length` must be"):
        cut_intervals([(ramp(), [lap])], 10, 1, 1)
