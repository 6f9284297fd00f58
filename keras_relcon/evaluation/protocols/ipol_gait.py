import dataclasses

import numpy as np

from keras_relcon.data.readers.ipol_gait import SPEED, STRIDE_TIME
from keras_relcon.data.store.intervals import spread_target, target_table
from keras_relcon.data.target_windows import cut_intervals
from keras_relcon.evaluation.protocols.splits import (
    repeated_held_out,
)

_SAMPLE_RATE_HZ = 100


def ipol_gait_windows(items, window_length=256, stride=128):
    """Cuts windows of the IPOL walks, each with a speed and a stride time.

    Windows lie inside the walk, from the first activity of a foot to the
    last one, with the turn. `walking_speed_m_s` is that of the walk.
    `stride_time_s` is the mean, weighted by time, of the strides of this foot
    that the window overlaps, as in `WindowStore.targets`. A window of 2.56 s
    has two or three strides, so the value follows the longer strides of the
    turn, which a value per walk would not. It is NaN for windows that reach
    beyond the strides of the foot, or that overlap a stride that was left out
    as an outlier.

    The licence is CC BY-NC-SA: use the data for evaluation only, never for
    weights that are distributed.

    Args:
        items: list of `(Recording, list of Interval)` of
            `keras_relcon.data.read_ipol_gait`.
        window_length: int. Samples at 100 Hz. Defaults to `256`, 2.56 s.
        stride: int. Samples from one window's start to the next. Defaults to
            `128`.

    Returns:
        `Windows` `(windows, window_length, 3)`, g without gravity, 100 Hz.

    Raises:
        ValueError: if a size is not positive; if an item has no walk, is not
            at 100 Hz or has no unique id; or if no walk is as long as a window.
    """
    items = list(items)
    ids = [(str(r.subject), r.recording_id) for r, _ in items]
    if len(set(ids)) < len(ids) or any(name is None for _, name in ids):
        raise ValueError(
            "Every recording of a subject must have a `recording_id` of its "
            f"own. Received: {ids}. Read the items with "
            "keras_relcon.data.read_ipol_gait."
        )
    walks = [
        (recording, _walks(recording, found)) for recording, found in items
    ]
    windows = cut_intervals(walks, _SAMPLE_RATE_HZ, window_length, stride)
    stride_times = np.full(len(windows), np.nan)
    for recording, intervals in items:
        mine = (windows.recordings == recording.recording_id) & (
            windows.subjects == str(recording.subject)
        )
        spread = spread_target(
            target_table(intervals, _SAMPLE_RATE_HZ, recording.num_samples),
            STRIDE_TIME,
            recording.num_samples,
        )
        starts = np.rint(windows.start_seconds[mine] * _SAMPLE_RATE_HZ)
        samples = starts.astype(int)[:, None] + np.arange(int(window_length))
        stride_times[mine] = spread[samples].mean(axis=1)
    targets = {**windows.targets, STRIDE_TIME: stride_times}
    return dataclasses.replace(windows, targets=targets)


def ipol_gait_folds(subjects, seeds=range(5)):
    """Makes one fold per seed: half of the subjects train, half are tested.

    Table 1 of the paper uses this protocol for gait, on a dataset that is not
    public.

    Args:
        subjects: sequence of str. May repeat, e.g. one per window.
        seeds: sequence of int. Defaults to `range(5)`.

    Returns:
        list of `Fold`, see `repeated_held_out`.

    Raises:
        ValueError: as `repeated_held_out`.
    """
    return repeated_held_out(subjects, seeds=seeds)


def _walks(recording, intervals):
    walks = [interval for interval in intervals if SPEED in interval.targets]
    is_at_rate = recording.sample_rate_hz == _SAMPLE_RATE_HZ
    if not walks or not is_at_rate:
        raise ValueError(
            f"Each item must be a recording at {_SAMPLE_RATE_HZ} Hz with an "
            f"interval that has {SPEED!r}. Received: "
            f"{recording.recording_id!r} at {recording.sample_rate_hz:g} Hz "
            f"with {len(walks)} such intervals. Read the items with "
            "keras_relcon.data.read_ipol_gait."
        )
    return walks
