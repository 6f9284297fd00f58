"""Spreads rows that share a timestamp."""

import warnings

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.regularizing import steps_where

# Where fewer rows than these share their timestamp, repeats are accidents.
MIN_SHARED_ROWS = 0.1
# Stamps of a clock with coarse ticks have one row or two, in turn: rows are
# spread over so many stamps that they hold as many rows as these.
MIN_GROUP_ROWS = 20
# A stamp lasts until the next one, if that comes within so many usual steps.
MAX_STAMP_STEPS = 1.5
# Of a sample that is written twice more pairs of rows than these are equal, and
# fewer than half as many rows that follow each other in time.
MIN_TWINS = 0.9


def spread_repeated(seconds):
    """Spreads rows evenly inside a timestamp that they share, and warns.

    Args:
        seconds: `(num_rows,)`, of which `shares_stamps`.

    Returns:
        `(num_rows,)`, as of `spread_evenly`.
    """
    spread = spread_evenly(seconds)
    if spread is seconds:
        return seconds
    num_stamps = 1 + np.count_nonzero(np.diff(seconds) != 0)
    warnings.warn(
        message(
            "Each row must have a time of its own.",
            f"{len(seconds)} rows with {num_stamps} timestamps, "
            f"{len(seconds) / num_stamps:.1f} rows in each",
            "The rows are spread evenly inside each; pass `sample_rate_hz` "
            "and `timestamp_column=False` where the rate is known and the "
            "file has no gaps.",
        ),
        stacklevel=5,
    )
    return spread


def spread_evenly(seconds):
    """Spreads rows evenly inside a timestamp that they share.

    Times of whole seconds, or of batches, are shared by many rows, in the
    order of the file. The rows of a stamp are spread evenly until the next
    one; stamps of few rows are taken together, to 20 rows and more. In the
    first stamp after a gap the rows end with it, and in the last one before a
    gap they begin with it, at the usual distance.

    Args:
        seconds: `(num_rows,)`.

    Returns:
        `(num_rows,)`; `seconds` where time runs back only.
    """
    starts = np.flatnonzero(np.diff(seconds) != 0) + 1
    starts = np.concatenate([[0], starts])
    sizes = np.diff(np.append(starts, len(seconds)))
    rows_each = np.mean(sizes)
    stamps = seconds[starts]
    steps = np.diff(stamps)
    if not (steps > 0).any():  # time runs back only
        return seconds
    usual = np.median(steps[steps > 0])
    follows = (steps > 0) & (steps <= MAX_STAMP_STEPS * usual)
    length = np.append(np.where(follows, steps, usual), usual)
    first_of = _groups(follows, int(np.ceil(MIN_GROUP_ROWS / rows_each)))
    starts, stamps = starts[first_of], stamps[first_of]
    sizes = np.add.reduceat(sizes, first_of)
    length = np.add.reduceat(length, first_of)
    goes_on = np.append(follows[first_of[1:] - 1], False)
    came_on = np.concatenate([[False], goes_on[:-1]])
    # As many rows as a stamp has that others stand before and behind.
    step = length / sizes
    is_whole = goes_on & came_on
    if is_whole.any():
        usual_step = np.median(step[is_whole])
        step[~is_whole] = np.minimum(step, usual_step)[~is_whole]
    is_after_gap = ~came_on & goes_on
    first = stamps + np.where(is_after_gap, length - sizes * step, 0.0)
    within = np.arange(len(seconds)) - np.repeat(starts, sizes)
    return np.repeat(first, sizes) + within * np.repeat(step, sizes)


def _groups(follows, size):
    """Every so many stamps, from each that does not follow the one before."""
    edges = np.concatenate(
        [[0], np.flatnonzero(~follows) + 1, [len(follows) + 1]]
    )
    return np.concatenate(
        [np.arange(*edge, size) for edge in zip(edges, edges[1:])]
    )


def shares_stamps(seconds, acceleration):
    """Whether many rows have the timestamp of the row before or behind.

    Not where each sample is written twice: its second row is no sample.
    """
    if not len(steps_where(seconds, lambda steps: ~(steps != 0))):
        return False
    is_same = seconds[1:] == seconds[:-1]
    if not is_same.any() or is_same.all():
        return False
    is_shared = np.append(is_same, False) | np.insert(is_same, 0, False)
    if is_shared.mean() < MIN_SHARED_ROWS:
        return False
    return not _are_twins(is_same, acceleration)


def _are_twins(is_same, acceleration):
    """Whether the rows of one timestamp are one sample, written twice.

    Pairs of equal samples; of a device at rest all samples are equal.
    """
    runs = np.diff(np.flatnonzero(~np.concatenate([[False], is_same, [False]])))
    if np.median(runs[runs > 1]) > 2:
        return False
    is_twin = (acceleration[1:] == acceleration[:-1]).all(axis=1)
    return is_twin[is_same].mean() > MIN_TWINS > 2 * is_twin[~is_same].mean()
