"""Calibrates a device by what it measures at rest, where gravity is 1 g."""

import numbers
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import message

# All from van Hees et al. (2014): windows of 10 s are still where the standard
# deviation of each axis is below 13 mg, and none of their means is beyond 2 g;
# the still ones cover the sphere where each axis reaches 0.3 g to both sides;
# what comes out is used where the error is below 10 mg.
STILL_SECONDS = 10
STILL_STD_G = 0.013
LARGEST_STILL_G = 2.0
SPHERE_G = 0.3
LARGEST_ERROR_G = 0.01
ROUNDING_G = 1e-5  # of a device that is right already
# Of the fit: windows off the sphere weigh less, never more than this.
MAX_WEIGHT = 100.0
MAX_ITERATIONS = 1000
TOLERANCE = 1e-10
# Six numbers are fitted, to 10 or more windows.
MIN_STILL_WINDOWS = 10


@dataclass(frozen=True)
class Calibration:
    """What `find_calibration` found: `(acceleration + offset_g) * gain`.

    Attributes:
        offset_g: `(3,)`, g. Added to the axes.
        gain: `(3,)`, unitless. Times the axes, behind the offset.
        error_before_g, error_after_g: float, g. Mean distance from 1 g of the
            still windows; of those that measure the same, one.
        num_still_windows: int. Of ten seconds.
        refusal: str, or `None` where the signal was calibrated. Says why it
            was left as it was: its gain is then 1, and its offset 0.
    """

    offset_g: np.ndarray
    gain: np.ndarray
    error_before_g: float
    error_after_g: float
    num_still_windows: int
    refusal: str | None = None

    def apply(self, acceleration: ArrayLike) -> np.ndarray:
        """Returns `(num_samples, 3)` float32 in g, calibrated."""
        acceleration = np.asarray(acceleration, np.float32)
        if self.refusal is not None:
            return acceleration
        offset = np.asarray(self.offset_g, np.float32)
        return (acceleration + offset) * np.asarray(self.gain, np.float32)


def find_calibration(
    acceleration: ArrayLike, sample_rate_hz: float
) -> Calibration:
    """Finds the offset and gain of a device by what it measures at rest.

    [Van Hees et al. (2014)](https://doi.org/10.1152/japplphysiol.00421.2014):
    the means of still windows of ten seconds lie on an ellipsoid, which must
    be the unit sphere. In each step every mean is compared with the nearest
    point of the sphere, and a straight line is fitted to each axis; windows
    far from the sphere weigh less. Windows that measure the same to 1 mg count
    once, so that a night in one posture does not outweigh the others.

    Args:
        acceleration: `(num_samples, 3)`, g. Not changed. Missing samples make
            the windows that hold them count as not still.
        sample_rate_hz: float.

    Returns:
        `Calibration`. Its `refusal` says why the signal should be left as it
        is: too few still windows, an axis that does not reach 0.3 g to both
        sides, or an error of more than 10 mg, or more than before.

    Raises:
        ValueError: if the shape or the rate is none of a signal.

    Differs from the paper: temperature is not compensated for.

    Example:

    >>> calibration = find_calibration(recording.acceleration, 100)
    >>> calibrated = calibration.apply(recording.acceleration)
    """
    acceleration = np.asarray(acceleration)
    _check(acceleration, sample_rate_hz)
    means = still_means(acceleration, sample_rate_hz)
    # Of a night in one posture one window.
    _, first = np.unique(np.round(means, 3), axis=0, return_index=True)
    distinct = means[np.sort(first)]
    before = _error(distinct) if len(means) else float("nan")
    refusal = _uncovered(means)
    if refusal is None:
        offset, gain = fit_sphere(distinct)
        after = _error((distinct + offset) * gain)
        if after < LARGEST_ERROR_G and after <= before + ROUNDING_G:
            return Calibration(offset, gain, before, after, len(means))
        refusal = (
            f"the error is {1000 * after:.1f} mg behind it, and "
            f"{1000 * before:.1f} mg before it"
        )
    unchanged = np.zeros(3), np.ones(3)
    return Calibration(*unchanged, before, before, len(means), refusal)


def still_means(acceleration, sample_rate_hz):
    """`(num_still_windows, 3)` float64, g: means of windows at rest."""
    length = max(round(STILL_SECONDS * sample_rate_hz), 2)
    count = len(acceleration) // length
    means = []
    for index in range(count):  # of any length, with little memory
        window = acceleration[index * length : (index + 1) * length]
        window = np.asarray(window, np.float64)
        mean, std = window.mean(axis=0), window.std(axis=0)
        is_still = (std < STILL_STD_G).all() and window.any()
        if is_still and (np.abs(mean) < LARGEST_STILL_G).all():
            means.append(mean)
    return np.array(means).reshape(-1, 3)


def fit_sphere(means):
    """Returns `(offset, gain)`, each `(3,)`, that bring means to 1 g.

    Args:
        means: `(num_windows, 3)`, g.
    """
    offset, gain = np.zeros(3), np.ones(3)
    weights, residual = np.ones(len(means)), np.inf
    for _ in range(MAX_ITERATIONS):
        found = (means + offset) * gain
        size = np.linalg.norm(found, axis=1, keepdims=True)
        nearest = found / size
        # A line for each axis: nearest = slope * found + shift.
        weight = weights / weights.sum()
        mean_found, mean_nearest = weight @ found, weight @ nearest
        centred = found - mean_found
        slope = weight @ (centred * (nearest - mean_nearest))
        slope /= weight @ centred**2
        shift = mean_nearest - slope * mean_found
        # (found * slope + shift) in terms of what was measured.
        offset, gain = offset + shift / (slope * gain), gain * slope
        last, residual = (
            residual,
            float(np.sqrt(weight @ np.sum((nearest - found) ** 2, axis=1))),
        )
        if abs(last - residual) < TOLERANCE:
            break
        distance = np.abs(size[:, 0] - 1)
        weights = np.minimum(1 / np.maximum(distance, 1e-12), MAX_WEIGHT)
    return offset, gain


def _error(means):
    return float(np.mean(np.abs(np.linalg.norm(means, axis=1) - 1)))


def _uncovered(means):
    """Why the still windows do not cover the sphere, or `None`."""
    if len(means) < MIN_STILL_WINDOWS:
        return (
            f"{len(means)} windows of {STILL_SECONDS} s are still, and "
            f"{MIN_STILL_WINDOWS} must be"
        )
    low, high = means.min(axis=0), means.max(axis=0)
    is_short = (low > -SPHERE_G) | (high < SPHERE_G)
    if not is_short.any():
        return None
    axes = ", ".join(
        f"{axis} from {low[k]:.2f} to {high[k]:.2f} g"
        for k, axis in enumerate("xyz")
        if is_short[k]
    )
    return (
        f"the still windows must reach {SPHERE_G:g} g to both sides of each "
        f"axis, and reach {axes}"
    )


def _check(acceleration, sample_rate_hz):
    is_signal = acceleration.ndim == 2 and acceleration.shape[1] == 3
    is_rate = isinstance(sample_rate_hz, numbers.Real) and sample_rate_hz > 0
    if not (is_signal and is_rate):
        raise ValueError(
            message(
                "A signal of shape (num_samples, 3) and its rate are needed.",
                f"the shape {acceleration.shape} and "
                f"sample_rate_hz={sample_rate_hz!r}",
                "Put time first and the axes x, y, z last.",
            )
        )
