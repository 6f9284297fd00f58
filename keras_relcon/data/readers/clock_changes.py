"""Local clocks that were changed for daylight saving time, in a file."""

import warnings

import numpy as np

from keras_relcon.data.clock_time import utc_offsets
from keras_relcon.data.regularizing import steps_where

HOUR = 3600.0
LEAST_CHANGE = 1500.0  # s: half an hour on Lord Howe


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


def undo_put_forward(seconds, time_zone, max_gap_seconds=1.0):
    """Takes off the time by which a local clock was put forward.

    That is seen by an ordinary step that is longer by what the clocks of the
    time zone are put forward by there, an hour but for a few.

    Args:
        seconds: `(num_samples,)`, of a local clock.
        time_zone: str.
        max_gap_seconds: float. As of `to_seconds`.
    """

    def may_be_change(steps):
        return (steps > LEAST_CHANGE) & (steps <= HOUR + max_gap_seconds)

    hours = np.zeros(len(seconds))
    for row in steps_where(seconds, may_be_change) + 1:
        with warnings.catch_warnings():  # before a change, it may be no time
            warnings.simplefilter("ignore")
            old, new = utc_offsets(seconds[[row - 1, row]], time_zone, "")
        step = seconds[row] - seconds[row - 1]
        if 0 < step - (new - old) <= max_gap_seconds:
            hours[row] = new - old
    return seconds - np.cumsum(hours) if hours.any() else seconds
