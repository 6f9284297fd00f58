"""When the windows of a recording are, and which of them were worn."""

from typing import Literal, TypeAlias

import numpy as np

from keras_relcon.checks import check_one_of, message, some_of
from keras_relcon.timeline.non_wear import STEP_SECONDS, find_worn

Bin: TypeAlias = Literal["hour", "day", "recording"]
# Windows that are this part of their length apart, or inside each other, have
# one border: their times are multiples of a rate, and rounded.
_SAME_TIME = 1e-3


def window_ends(start_seconds, window_seconds, duration_seconds):
    """Where windows end: at the next start, where that is so by rounding."""
    slack = _SAME_TIME * window_seconds
    is_list = start_seconds.ndim == 1 and np.isfinite(start_seconds).all()
    start_seconds = np.atleast_1d(start_seconds)
    if not is_list or np.any(np.diff(start_seconds) < window_seconds - slack):
        raise ValueError(
            message(
                "`start_seconds` must be rising, and windows must not overlap.",
                "windows of "
                f"{window_seconds:g} s at {some_of(list(start_seconds))}",
                "Predict with a stride of one window.",
            )
        )
    ends = start_seconds + window_seconds
    if not len(ends):
        return ends
    if start_seconds[0] < 0 or start_seconds[-1] >= duration_seconds:
        raise ValueError(
            message(
                "Windows must lie inside of the recording.",
                f"windows from {start_seconds[0]:g} to {ends[-1]:g} s of a "
                f"recording of {duration_seconds:g} s",
                "Give times from the first sample of the same recording.",
            )
        )
    following = np.append(start_seconds[1:], duration_seconds)
    is_next = np.abs(following - ends) <= slack
    return np.where(is_next, following, np.minimum(ends, duration_seconds))


def worn_windows(recording, start_seconds, end_seconds):
    """`(num_windows,)` bool: whether the device was worn, by `find_worn`.

    The rule tells quarters of an hour apart; a window is as the one that its
    middle lies in.
    """
    quarters = find_worn(recording.acceleration, recording.sample_rate_hz)
    middle = (start_seconds + end_seconds) / 2
    at = np.minimum(middle // STEP_SECONDS, len(quarters) - 1).astype(int)
    return quarters[at]


def time_bins(timeline, by):
    """Edges in seconds, and the index of a table with a row for each bin.

    Args:
        timeline: with `clock`, `duration` and `name`.
        by: `"hour"`, `"day"` or `"recording"`.

    Raises:
        ValueError: if `by` is none of the three.
    """
    import pandas as pd

    check_one_of("by", by, ("hour", "day", "recording"))
    if by == "recording":
        edges = np.array([0.0, timeline.duration])
        return edges, pd.Index([timeline.name], name=by)
    clock = timeline.clock
    find = clock.hour_edges if by == "hour" else clock.day_edges
    edges = find(timeline.duration)
    return edges, clock.times(edges[:-1]).rename(by)


def window_array(name, values, shape, dtype):
    """Returns an array with a row for each window, or raises a ValueError."""
    values = np.asarray(values)
    if values.shape != shape:
        raise ValueError(
            message(
                f"`{name}` must have one row per window, shape {shape}.",
                f"{name}.shape={values.shape}",
                "Give `start_seconds`, `valid` and what was predicted of the "
                "same windows.",
            )
        )
    return values.astype(dtype)
