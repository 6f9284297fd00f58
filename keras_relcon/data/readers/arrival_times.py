"""Spreads rows whose times are those of their arrival, in bursts."""

import warnings

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.readers.repeated_times import spread_evenly
from keras_relcon.data.regularizing import step_blocks

# In a burst rows come so fast, and so much faster than on the whole. Slower
# ones may be samples between which others are lost.
MIN_BURST_RATE_HZ = 200.0
MIN_RATE_RATIO = 2.5
# Bursts are no further apart, or it is a gap.
MAX_GAP_SECONDS = 1.0
# So many bursts are of one size, and follow each other in one time; what is
# lost at random is not.
MIN_ALIKE = 0.8
SIZE_TOLERANCE = 0.25
PERIOD_TOLERANCE = 0.5
MIN_BURSTS = 5


def spread_bursts(seconds, rate_hz):
    """Spreads rows evenly between bursts, with a warning; or returns `seconds`.

    Where an app writes when a packet came, not when it was measured, the rows
    of a packet lie within some ms, and then none comes for long.

    Args:
        seconds: `(num_rows,)`.
        rate_hz: float. Their usual rate.

    Returns:
        `(num_rows,)`.
    """
    if rate_hz < MIN_BURST_RATE_HZ:
        return seconds
    mean_step = _mean_step(seconds)
    if rate_hz * mean_step < MIN_RATE_RATIO:
        return seconds
    steps = np.diff(seconds)
    is_first = np.concatenate([[True], (steps > mean_step) | (steps < 0)])
    starts = np.flatnonzero(is_first)
    if not _are_regular(seconds[starts], np.diff(starts)):
        return seconds
    sizes = np.diff(np.append(starts, len(seconds)))
    warnings.warn(
        message(
            "Times must be those of the samples.",
            f"{len(seconds)} rows in {len(starts)} bursts of about "
            f"{np.median(sizes):g}, as of rows that arrive together",
            "The rows are spread evenly between the bursts: use the sensor's "
            "own times where the file has them; or pass `sample_rate_hz` and "
            "`timestamp_column=False` where the rate is known and the file "
            "has no gaps.",
        ),
        stacklevel=5,
    )
    return spread_evenly(np.repeat(seconds[starts], sizes))


def _mean_step(seconds):
    """The mean of the steps that are no gaps."""
    total, count = 0.0, 0
    for _, steps in step_blocks(seconds):
        is_short = (steps > 0) & (steps <= MAX_GAP_SECONDS)
        total += np.sum(steps[is_short])
        count += np.count_nonzero(is_short)
    return total / max(count, 1)


def _are_regular(starts, sizes):
    """Whether most bursts hold as many rows, and are as far apart."""
    periods = np.diff(starts)
    is_near = (periods > 0) & (periods <= 2 * MAX_GAP_SECONDS)
    periods, sizes = periods[is_near], sizes[is_near]
    if len(sizes) < MIN_BURSTS:
        return False
    size, period = np.median(sizes), np.median(periods)
    is_alike = abs(sizes - size) <= max(1, SIZE_TOLERANCE * size)
    is_in_turn = abs(periods - period) <= PERIOD_TOLERANCE * period
    return min(is_alike.mean(), is_in_turn.mean()) >= MIN_ALIKE
