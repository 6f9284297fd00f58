"""How much a device moved in each window: ENMO, MAD and the envelope."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.data.large_arrays import CHUNK, release

_MG = 1000.0  # mg in a g
_SLACK = 1e-6  # of a sample: what rounding of times takes


@dataclass(frozen=True)
class Intensity:
    """What `measure_intensity` found in each window; NaN without samples.

    Attributes:
        enmo: `(num_windows,)` float32, mg.
        mad: `(num_windows,)` float32, mg.
        lowest, highest: `(num_windows,)` float32, g. Of the magnitude.
    """

    enmo: np.ndarray
    mad: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray


def measure_intensity(
    acceleration: np.ndarray,
    sample_rate_hz: float,
    start_seconds: ArrayLike,
    end_seconds: ArrayLike,
) -> Intensity:
    """Measures the movement in windows of a signal at its own rate.

    With the magnitude `r` of the acceleration in g:

    - ENMO, the Euclidean norm minus one, is the mean of `max(r - 1, 0)`
      ([van Hees et al., 2013](https://doi.org/10.1371/journal.pone.0061691)).
    - MAD, the mean amplitude deviation, is the mean of `|r - mean(r)|` in the
      window ([Vähä-Ypyä et al.,
      2015](https://doi.org/10.1111/cpf.12127)).
    - the envelope is the least and the largest `r`.

    A sample belongs to the window from whose start up to whose end, without
    it, its time lies. Missing samples are left out.

    Args:
        acceleration: `(num_samples, 3)`, g. May lie on disk.
        sample_rate_hz: float.
        start_seconds, end_seconds: `(num_windows,)` float64, from the first
            sample. In order and without overlap.

    Returns:
        `Intensity`.

    Differs from the papers: their epochs last some seconds, the same for all;
    here an epoch is a window.
    """
    rate = float(sample_rate_hz)
    edges = [
        np.ceil(np.asarray(seconds, np.float64) * rate - _SLACK)
        for seconds in (start_seconds, end_seconds)
    ]
    first, end = np.clip(edges, 0, len(acceleration)).astype(np.int64)
    found = np.full((4, len(first)), np.nan, np.float32)
    position = 0
    while position < len(first):
        limit = max(first[position] + CHUNK, end[position])
        after = position + max(
            int(np.searchsorted(end[position:], limit, side="right")), 1
        )
        windows = slice(position, after)
        found[:, windows] = _measure(acceleration, first[windows], end[windows])
        release(acceleration)
        position = after
    return Intensity(*found)


def _measure(acceleration, first, end):
    """`(4, num_windows)` of a few windows."""
    samples = np.asarray(acceleration[first[0] : end[-1]], np.float64)
    size = np.sqrt(np.einsum("ta,ta->t", samples, samples))
    is_finite = np.isfinite(size)
    # Between two windows there may be samples: of each pair of sums, the
    # second is theirs. The sample behind the last window ends its sum.
    edges = np.stack([first, end], axis=1).ravel() - first[0]

    def reduce(ufunc, values, filling):
        values = np.append(np.where(is_finite, values, filling), filling)
        return ufunc.reduceat(values, edges)[::2]

    count = reduce(np.add, np.ones(len(size)), 0.0)
    count[first == end] = 0  # else reduceat gives the next sample
    with np.errstate(invalid="ignore", divide="ignore"):
        enmo = reduce(np.add, np.maximum(size - 1, 0), 0.0) / count
        mean = reduce(np.add, size, 0.0) / count
        steps = np.append(np.diff(edges), len(size) - edges[-1])
        own_mean = np.repeat(np.repeat(mean, 2), steps)
        mad = reduce(np.add, np.abs(size - own_mean), 0.0) / count
    lowest = reduce(np.minimum, size, np.inf)
    highest = reduce(np.maximum, size, -np.inf)
    found = np.stack([enmo * _MG, mad * _MG, lowest, highest])
    found[:, count == 0] = np.nan
    return found
