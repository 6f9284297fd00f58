"""Where a device was not worn, by how little it moved for an hour."""

import numpy as np

from keras_relcon.data.large_arrays import release

# All from van Hees et al. (2013).
BLOCK_SECONDS = 3600
STEP_SECONDS = 900
STILL_STD_G = 0.013
STILL_RANGE_G = 0.05
MIN_STILL_AXES = 2


def find_worn(acceleration: np.ndarray, sample_rate_hz: float) -> np.ndarray:
    """Finds which quarters of an hour a device was worn.

    [Van Hees et al. (2011)](https://doi.org/10.1371/journal.pone.0022922),
    with the values of
    [van Hees et al. (2013)](https://doi.org/10.1371/journal.pone.0061691):
    blocks of 60 minutes, each 15 minutes behind the last. In a block the
    device was not worn where the standard deviation of at least two of the
    three axes is below 13 mg, or the range of at least two is below 50 mg.
    Every quarter of an hour inside such a block was not worn.

    A recording shorter than 60 minutes holds no block: all of it counts as
    worn. Missing samples are left out of a block; a block that has no others
    is not judged. The last minutes that fill no quarter of an hour are as the
    quarter before them.

    Args:
        acceleration: `(num_samples, 3)`, g. May lie on disk; a quarter of an
            hour is looked at at a time.
        sample_rate_hz: float.

    Returns:
        `(num_quarters,)` bool: whether the device was worn in each 15 minutes
        from the first sample. The last may be shorter.

    Differs from the paper: worn time between two long times without wear is
    not looked at again by its length.

    Example:

    >>> still = np.tile([0.0, 0.0, 1.0], (7200, 1))  # two hours
    >>> find_worn(still, sample_rate_hz=1).any()
    False
    """
    num_samples = len(acceleration)
    seconds = num_samples / sample_rate_hz
    num_whole = int(seconds / STEP_SECONDS + 1e-9)
    num_quarters = max(int(np.ceil(seconds / STEP_SECONDS - 1e-9)), 1)
    is_worn = np.ones(num_quarters, bool)
    per_block = BLOCK_SECONDS // STEP_SECONDS
    if num_whole < per_block:
        return is_worn
    edges = np.round(np.arange(num_whole + 1) * STEP_SECONDS * sample_rate_hz)
    edges = np.minimum(edges.astype(np.int64), num_samples)
    quarters = [_summary(acceleration, *ends) for ends in zip(edges, edges[1:])]
    count, total, squares, low, high = map(np.array, zip(*quarters))
    for first in range(num_whole - per_block + 1):
        block = slice(first, first + per_block)
        number = count[block].sum()
        if not number:
            continue
        mean = total[block].sum(axis=0) / number
        variance = squares[block].sum(axis=0) / number - mean**2
        std = np.sqrt(np.maximum(variance, 0))
        span = high[block].max(axis=0) - low[block].min(axis=0)
        if (
            np.sum(std < STILL_STD_G) >= MIN_STILL_AXES
            or np.sum(span < STILL_RANGE_G) >= MIN_STILL_AXES
        ):
            is_worn[block] = False
    is_worn[num_whole:] = is_worn[num_whole - 1]
    return is_worn


def _summary(acceleration, first, end):
    """Number, sum, sum of squares, least and largest of each axis."""
    # (3, samples): NumPy is fast along the last axis.
    part = np.asarray(acceleration[first:end]).T.astype(np.float64, order="C")
    release(acceleration)
    is_finite = np.isfinite(part)
    if not is_finite.all():
        part = np.ascontiguousarray(part[:, is_finite.all(axis=0)])
    squares = np.einsum("at,at->a", part, part)
    return (
        part.shape[1],
        part.sum(axis=1),
        squares,
        part.min(axis=1, initial=np.inf),
        part.max(axis=1, initial=-np.inf),
    )
