import dataclasses
from pathlib import Path

import numpy as np
import pytest

from keras_relcon.data import (
    Interval,
    Recording,
    WindowStore,
    read_ipol_gait,
)
from keras_relcon.evaluation import (
    repeated_held_out,
)
from keras_relcon.evaluation.protocols.ipol_gait import (
    ipol_gait_folds,
    ipol_gait_windows,
)

REAL_DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
SPEED, STRIDE_TIME = "walking_speed_m_s", "stride_time_s"


def item(rng, name="1-1/left", subject="1", speed=1.2, rate=100):
    """A walk from 1 to 11 s, its strides from 2 to 10 s but for one gap."""
    rows = rng.normal(scale=0.2, size=(1200, 3))
    recording = Recording(rows, rate, subject, recording_id=name)
    times = [1.0, 1.2, 1.1, None, 1.3, 1.4]
    intervals = [Interval(1, 11, label="walking", targets={SPEED: speed})]
    start = 2.0
    for seconds in times:
        if seconds is not None:
            targets = {STRIDE_TIME: seconds}
            intervals.append(Interval(start, start + seconds, targets=targets))
        start += seconds or 2.0
    return recording, intervals


def test_windows_lie_inside_the_walk_with_its_speed(rng):
    recording, intervals = item(rng)
    windows = ipol_gait_windows([(recording, intervals)])
    expected = 1 + 1.28 * np.arange(6)
    np.testing.assert_allclose(windows.start_seconds, expected)
    for window, start in zip(windows.acceleration, windows.start_seconds):
        first = round(start * 100)
        rows = recording.acceleration[first : first + 256]
        np.testing.assert_array_equal(window, rows)
    assert windows.targets[SPEED].tolist() == [1.2] * 6
    assert len(ipol_gait_windows([(recording, intervals)], 200, 200)) == 5


def test_stride_time_is_the_mean_over_time_of_overlapped_strides(rng):
    recording, intervals = item(rng)
    # starts at 2.0, 3.0, 4.2; a gap from 5.3 to 7.3; 7.3, 8.6, to 10.0
    windows = ipol_gait_windows([(recording, intervals)], 250, 50)
    values = dict(
        zip(windows.start_seconds.tolist(), windows.targets[STRIDE_TIME])
    )
    assert values[2.0] == pytest.approx(
        (1.0 * 1.0 + 1.2 * 1.2 + 0.3 * 1.1) / 2.5
    )
    assert values[2.5] == pytest.approx(
        (0.5 * 1.0 + 1.2 * 1.2 + 0.8 * 1.1) / 2.5
    )
    assert values[7.5] == pytest.approx((1.1 * 1.3 + 1.4 * 1.4) / 2.5)
    known = {start for start, value in values.items() if np.isfinite(value)}
    assert known == {2.0, 2.5, 7.5}


def test_feet_are_not_mixed_and_a_store_gives_the_same(rng):
    items = [
        item(rng, f"{subject}-1/{foot}", str(subject), speed=subject / 2)
        for subject in (1, 2)
        for foot in ("left", "right")
    ]
    for stride in items[3][1][1:]:
        stride.targets[STRIDE_TIME] += 0.5
    windows = ipol_gait_windows(items)
    store = WindowStore.from_recordings(items, window_length=256)
    for name in (SPEED, STRIDE_TIME):
        expected = store.targets(windows, name)
        np.testing.assert_allclose(windows.targets[name], expected)
    by_name = [
        windows.targets[STRIDE_TIME][windows.recordings == r.recording_id]
        for r, _ in items
    ]
    np.testing.assert_allclose(by_name[3], by_name[2] + 0.5)


def test_items_without_a_walk_or_at_another_rate_are_refused(rng):
    recording, intervals = item(rng)
    with pytest.raises(ValueError, match="with 0 such intervals"):
        ipol_gait_windows([(recording, intervals[1:])])
    with pytest.raises(ValueError, match="at 100 Hz.*at 50 Hz"):
        ipol_gait_windows([item(rng, rate=50)])
    with pytest.raises(ValueError, match="at least one interval"):
        ipol_gait_windows([])


def test_recordings_are_told_apart_by_subject_and_name(rng):
    first, intervals = item(rng, "left", "1")
    slower = [
        dataclasses.replace(
            interval,
            targets={k: 2 * v for k, v in interval.targets.items()},
        )
        for interval in intervals
    ]
    second, _ = item(rng, "left", "2")
    windows = ipol_gait_windows([(first, intervals), (second, slower)])
    times = windows.targets[STRIDE_TIME]
    half = len(times) // 2
    np.testing.assert_allclose(times[half:], 2 * times[:half])
    for name in (None, "left"):
        twice = [item(rng, name), item(rng, name)]
        with pytest.raises(ValueError, match="`recording_id` of its own"):
            ipol_gait_windows(twice)


def test_folds_are_five_halves():
    subjects = [str(k) for k in range(30)]
    folds = ipol_gait_folds(subjects)
    assert folds == repeated_held_out(subjects, 0.5, 0.2, range(5))
    assert len(ipol_gait_folds(subjects, seeds=[3])) == 1


def test_real_archive_gives_windows_of_176_subjects():
    path = REAL_DATA / "ipol_gait.zip"
    if not path.exists():
        pytest.skip("the IPOL archive is not on this machine")
    windows = ipol_gait_windows(read_ipol_gait(path))
    assert windows.acceleration.shape == (6204, 256, 3)
    assert len(set(windows.subjects)) == 176 and windows.valid.all()
    assert np.isfinite(windows.targets[SPEED]).all()
    share = np.isfinite(windows.targets[STRIDE_TIME]).mean()
    assert share == pytest.approx(0.873, abs=0.001)
    assert 1.1 < np.nanmedian(windows.targets[STRIDE_TIME]) < 1.3
