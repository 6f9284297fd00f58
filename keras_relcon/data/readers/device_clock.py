"""The times of a device's samples, by the stamps of its blocks."""

import warnings

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.large_arrays import chunks, empty
from keras_relcon.data.regularizing import median_step, steps_where

# Clocks of devices are off by less than 2 %, and stamps by a sample or so. A
# block that is later than both allow is late because samples are missing.
MAX_CLOCK_ERROR = 0.02
MAX_STAMP_ERROR_SAMPLES = 1.5
# A rate further than this from the nominal one is not taken from the blocks.
MAX_RATE_ERROR = 0.2
# So many blocks that agree tell a rate that is off by more than a clock.
MIN_AGREEING_BLOCKS = 3


def stretch_blocks(seconds, block_samples=None):
    """Spreads the samples of each block evenly up to the one that follows.

    The device's own rate is the median over the blocks, where they agree with
    the nominal one to 2 %, which is more than clocks are off. Where they agree
    on a slower one, samples are missing behind each block, and the nominal
    rate holds; a faster one is followed, because so many samples were
    measured. A warning names both rates. A block is stretched to reach
    the next one if that takes less than 2 % of difference from this rate, or
    1.5 samples. Where it takes more, samples are missing: the block keeps the
    device's rate, and a gap is left behind it.

    Args:
        seconds: `(num_samples,)`, evenly spaced within each block.
        block_samples: int. Samples of a block, of which several may join
            without a seam. Defaults to `None`, for any number.

    Returns:
        `(num_samples,)`.
    """
    nominal = median_step(seconds)
    starts = _block_starts(seconds, nominal, block_samples)
    sizes = np.diff(np.append(starts, len(seconds)))
    stretch = np.ones(len(starts))
    stretch[:-1] = np.diff(seconds[starts]) / (sizes[:-1] * nominal)
    usual = _usual_stretch(stretch[:-1], sizes[:-1], 1 / nominal)
    is_early = (stretch < usual) & (stretch > 1 - MAX_RATE_ERROR)
    is_met = is_early | _is_near(stretch, usual, sizes)
    is_met[-1] = False  # nothing follows the last one
    stretch[~is_met] = usual
    first, steps = seconds[starts], nominal * stretch
    stretched = empty(len(seconds), np.float64)
    for rows in chunks(stretched):
        samples = np.arange(rows.start, rows.stop)
        block = np.searchsorted(starts, samples, side="right") - 1
        within = samples - starts[block]
        stretched[rows] = first[block] + within * steps[block]
    return stretched


def _block_starts(seconds, nominal, block_samples):
    """First rows of the blocks, a seam or `block_samples` from each other."""
    # A seam is where the step is not the nominal one to 0.1 %.
    seams = steps_where(
        seconds, lambda steps: np.abs(steps - nominal) > 1e-3 * nominal
    )
    seams = np.concatenate([[0], seams + 1])
    if block_samples is None:
        return seams
    edges = np.append(seams, len(seconds))
    # A last block of a sample or two more is no block of its own.
    return np.concatenate(
        [
            np.arange(
                first, max(last - block_samples // 2, first + 1), block_samples
            )
            for first, last in zip(edges, edges[1:])
        ]
    )


def _usual_stretch(stretch, sizes, nominal_hz):
    """By how much the device's step is longer than the nominal one."""
    is_clock = _is_near(stretch, 1.0, sizes)
    if 2 * is_clock.sum() >= len(stretch):
        return np.median(stretch[is_clock]) if len(stretch) else 1.0
    middle = np.median(stretch)
    num_agreeing = np.sum(np.abs(stretch - middle) <= MAX_CLOCK_ERROR)
    is_rate = abs(middle - 1) <= MAX_RATE_ERROR
    needed = max(MIN_AGREEING_BLOCKS, len(stretch) / 2)
    if not is_rate or num_agreeing < needed:
        return 1.0
    outcome = "The rate of the blocks is followed"
    if middle > 1:
        outcome = "The rate of the device holds, with missing samples between"
    warnings.warn(
        message(
            "Blocks must follow each other at the rate of the device, to "
            f"{100 * MAX_CLOCK_ERROR:g} % for its clock.",
            f"{nominal_hz:.4g} Hz by the device, and {nominal_hz / middle:.4g} "
            f"Hz by its blocks. {outcome}",
            "Export the file as .csv with the maker's software if that is "
            "another rate than it was set to.",
        ),
        stacklevel=7,
    )
    return min(middle, 1.0)


def _is_near(stretch, usual, sizes):
    difference = np.abs(stretch - usual)
    allowed = np.maximum(MAX_CLOCK_ERROR, MAX_STAMP_ERROR_SAMPLES / sizes)
    return difference <= allowed
