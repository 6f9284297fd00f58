"""Looks at a signal where the device rests: there it must measure gravity."""

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.large_arrays import release

# A device rests where the standard deviation of each axis over a second is
# below this; its noise is a tenth of it.
REST_STD_G = 0.03
# Fewer seconds of rest tell nothing.
MIN_REST_SECONDS = 3
# Near 0: without gravity, only noise and the device's offset are left.
MIN_REST_G = 0.3
# Over so many seconds motion comes and goes, and gravity is left.
MEAN_SECONDS = 10
MIN_MEANS = 6
# Of more than a day of seconds every second, third, ... one is looked at.
MAX_WINDOWS = 86_400
CHUNK_WINDOWS = 4096  # looked at at a time


def rest_magnitude(acceleration, sample_rate_hz):
    """Returns the median magnitude where the device rests, in g.

    Args:
        acceleration: `(num_samples, 3)`, g.
        sample_rate_hz: float.

    Returns:
        float; NaN where less than three seconds are at rest. Seconds of zeros,
        and those with missing samples, do not count.
    """
    length = max(int(round(sample_rate_hz)), 2)
    count = len(acceleration) // length
    seconds = np.asarray(acceleration[: count * length])
    return rest_magnitude_of_windows(seconds.reshape(count, length, 3))


def mean_magnitude(acceleration, sample_rate_hz):
    """Returns the median magnitude of the mean over ten seconds, in g.

    Unlike `rest_magnitude` it needs no rest, and it is small in any unit for a
    signal without gravity.

    Args:
        acceleration: `(num_samples, 3)`, g.
        sample_rate_hz: float.

    Returns:
        float; NaN where less than a minute is measured.
    """
    length = max(int(round(MEAN_SECONDS * sample_rate_hz)), 1)
    count = len(acceleration) // length
    windows = acceleration[: count * length].reshape(count, length, 3)
    means = [np.empty((0, 3))]
    for first in range(0, count, CHUNK_WINDOWS // MEAN_SECONDS):
        block = windows[first : first + CHUNK_WINDOWS // MEAN_SECONDS]
        means.append(np.asarray(block).mean(axis=1))
        release(acceleration)
    found = np.linalg.norm(np.concatenate(means), axis=1)
    found = found[np.isfinite(found)]
    return float(np.median(found)) if len(found) >= MIN_MEANS else np.nan


def rest_magnitude_of_windows(windows, min_windows=MIN_REST_SECONDS):
    """`rest_magnitude` of windows `(num_windows, time, 3)`, g."""
    found = []
    every = -(-len(windows) // MAX_WINDOWS) or 1
    for first in range(0, len(windows), CHUNK_WINDOWS):
        block = np.asarray(windows[first : first + CHUNK_WINDOWS : every])
        block = block[np.isfinite(block).all(axis=(1, 2))]
        is_rest = (block.std(axis=1) < REST_STD_G).all(axis=1)
        is_rest &= (block != 0).any(axis=(1, 2))
        means = block[is_rest].mean(axis=1)
        found.append(np.sqrt(np.sum(means * means, axis=1)))
        release(windows)
    found = np.concatenate(found) if found else np.empty(0)
    return float(np.median(found)) if len(found) >= min_windows else np.nan


def without_gravity_message(magnitude, what, advice, where="where it rests"):
    """What to say of a signal that is near 0 at rest, or `None`."""
    if not magnitude < MIN_REST_G:
        return None
    return message(
        "A device at rest must measure gravity, 1 g.",
        f"{what}, with a median magnitude of {magnitude:.2f} g {where}",
        f"This is acceleration without gravity. {advice}",
    )
