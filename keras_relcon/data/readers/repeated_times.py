"""Spreads rows that share a timestamp."""

import warnings

import numpy as np

from keras_relcon.checks import message

# Where fewer rows than these share their timestamp, repeats are accidents.
MIN_SHARED_ROWS = 0.5
# A stamp lasts until the next one, if that comes within so many usual steps.
MAX_STAMP_STEPS = 1.5
# Of a sample that is written twice more pairs of rows than these are equal, and
# fewer than half as many rows that follow each other in time.
MIN_TWINS = 0.9


def spread_repeated(seconds):
    """Spreads rows evenly inside a timestamp that they share.

    Times of whole seconds, or of batches, are shared by many rows, in the
    order of the file. The rows of a stamp are spread evenly until the next
    one. In the first stamp after a gap the rows end with it, and in the last
    one before a gap they begin with it, at the usual distance.

    Args:
        seconds: `(num_rows,)`, of which `shares_stamps`.

    Returns:
        `(num_rows,)`.
    """
    starts = np.flatnonzero(np.diff(seconds) != 0) + 1
    starts = np.concatenate([[0], starts])
    sizes = np.diff(np.append(starts, len(seconds)))
    stamps = seconds[starts]
    steps = np.diff(stamps)
    if not (steps > 0).any():  # time runs back only
        return seconds
    usual = np.median(steps[steps > 0])
    follows = (steps > 0) & (steps <= MAX_STAMP_STEPS * usual)
    length = np.append(np.where(follows, steps, usual), usual)
    # As many rows as a stamp has that others stand before and behind.
    is_whole = np.append(follows, False) & np.insert(follows, 0, False)
    step = length / sizes
    if is_whole.any():
        usual_step = np.median(step[is_whole])
        step[~is_whole] = np.minimum(step, usual_step)[~is_whole]
    after_gap = ~np.insert(follows, 0, False) & np.append(follows, False)
    first = stamps + np.where(after_gap, length - sizes * step, 0.0)
    within = np.arange(len(seconds)) - np.repeat(starts, sizes)
    warnings.warn(
        message(
            "Each row must have a time of its own.",
            f"{len(seconds)} rows with {len(starts)} timestamps, "
            f"{np.median(sizes):g} rows in each",
            "The rows are spread evenly inside each; pass `sample_rate_hz` "
            "and `timestamp_column=False` where the rate is known and the "
            "file has no gaps.",
        ),
        stacklevel=5,
    )
    return np.repeat(first, sizes) + within * np.repeat(step, sizes)


def shares_stamps(seconds, acceleration):
    """Whether most rows have the timestamp of the row before or behind.

    Not where each sample is written twice: its second row is no sample.
    """
    is_same = seconds[1:] == seconds[:-1]
    if not is_same.any() or is_same.all() or not np.isfinite(seconds).all():
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
