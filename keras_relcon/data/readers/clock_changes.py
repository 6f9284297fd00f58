"""Local clocks that were changed for daylight saving time, in a file."""

import warnings

import numpy as np

from keras_relcon.data.clock_time import utc_offsets
from keras_relcon.data.regularizing import steps_where

HOUR = 3600.0


def undo_put_back(seconds, max_gap_seconds=1.0):
    """Adds an hour where a local clock was put back, see `to_seconds`.

    Returns:
        `(seconds, moments)`: `(num_samples,)`, and `(num_changes,)`: when on
        this clock, which runs on, the local one was put back.
    """

    def is_change(steps):
        repaired = steps + HOUR
        return (steps < 0) & (repaired > 0) & (repaired <= max_gap_seconds)

    changes = steps_where(seconds, is_change) + 1
    if not len(changes):
        return seconds, changes.astype(np.float64)
    warnings.warn(
        f"The clock goes back by an hour at row {changes[0]} (from 0): taken "
        "as the end of daylight saving time, and the hour is added to all "
        "later timestamps. Store times with their offset from UTC to avoid "
        "this.",
        stacklevel=5,
    )
    hours = np.zeros(len(seconds))
    hours[changes] = HOUR
    seconds = seconds + np.cumsum(hours)
    return seconds, seconds[changes]


def undo_put_forward(seconds, time_zone, what, max_gap_seconds=1.0):
    """Takes off the hour by which a local clock was put forward.

    That is seen by an ordinary step that is an hour too long, where the clocks
    of the time zone are put forward.

    Args:
        seconds: `(num_samples,)`, of a local clock.
        time_zone: str.
        what: str. What the times are of, for warnings.
        max_gap_seconds: float. As of `to_seconds`.
    """
    rows = steps_where(
        seconds,
        lambda steps: (steps > HOUR) & (steps <= HOUR + max_gap_seconds),
    )
    rows += 1
    offsets = [utc_offsets(seconds[[r - 1, r]], time_zone, what) for r in rows]
    changes = [r for r, (old, new) in zip(rows, offsets) if new - old == HOUR]
    if not changes:
        return seconds
    hours = np.zeros(len(seconds))
    hours[changes] = HOUR
    return seconds - np.cumsum(hours)
