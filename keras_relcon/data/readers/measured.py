"""Tells rows that a device measured from those that it did not."""

import numbers
import warnings

import numpy as np

from keras_relcon.checks import check_one_of, message
from keras_relcon.data.at_rest import (
    MEAN_SECONDS,
    mean_magnitude,
    rest_magnitude,
    without_gravity_message,
)
from keras_relcon.data.large_arrays import chunks, copy
from keras_relcon.data.readers.timestamps import MAX_RATE_HZ
from keras_relcon.data.units import (
    G_PER_UNIT,
    UNIT_ADVICE,
    absurd_message,
    without_absurd,
)

# So many rows of zeros are no free fall: the software of ActiGraph fills the
# time with them while the device sleeps.
MIN_IDLE_ROWS = 3
ABOUT_1_G = (0.8, 1.2)
MAX_LOOKED_AT = 100_000  # rows


def mark_not_measured(acceleration, unit, path, may_be_zero=False):
    """Makes rows that the device did not measure missing, with a warning.

    These are values that no device measures, see `without_absurd`, and rows of
    exactly 0, 0, 0 that repeat.

    Args:
        acceleration: `(num_rows, 3)`, in `unit`.
        unit: str. `"g"` or `"m/s2"`.
        path: str or path. For the warning.
        may_be_zero: bool. Whether the signal is known to be without gravity:
            at rest it may be zero. Defaults to `False`.

    Returns:
        `(num_rows, 3)`, NaN in such rows.
    """
    check_one_of("unit", unit, sorted(G_PER_UNIT), UNIT_ADVICE)
    acceleration, is_absurd = without_absurd(acceleration, unit)
    if is_absurd is not None:
        text = absurd_message(is_absurd, f"path={str(path)!r}")
        warnings.warn(text, stacklevel=5)
    is_idle = _repeats_zeros(acceleration)
    if may_be_zero or not is_idle.any():
        return acceleration
    warnings.warn(
        message(
            "A device measures gravity in each row.",
            f"path={str(path)!r}, with {is_idle.sum()} of {len(is_idle)} rows "
            f"of 0, 0, 0 that repeat, the first at row "
            f"{np.argmax(is_idle)} (from 0). They are missing samples, as of "
            "a device that sleeps",
            "Export the file without filling idle time to be rid of them.",
        ),
        stacklevel=5,
    )
    acceleration = copy(acceleration)
    acceleration[is_idle] = np.nan
    return acceleration


def warn_without_gravity(acceleration, sample_rate_hz, path):
    """Warns of a signal that is near 0 at rest, or on the mean over time."""
    is_rate = isinstance(sample_rate_hz, numbers.Real)
    if not is_rate or not 0 < sample_rate_hz < MAX_RATE_HZ:
        return  # refused where the recording is made
    magnitude = rest_magnitude(acceleration, sample_rate_hz)
    where = "where it rests"
    if np.isnan(magnitude) and not _turns(acceleration):
        magnitude = mean_magnitude(acceleration, sample_rate_hz)
        where = f"of its means over {MEAN_SECONDS} s"
    text = without_gravity_message(
        magnitude,
        f"path={str(path)!r}",
        "Read the columns that are with gravity, or name those of gravity as "
        "`gravity_columns`; check the unit too.",
        where,
    )
    if text:
        warnings.warn(text, stacklevel=5)


def _turns(acceleration):
    """Whether most samples are of about 1 g: a device that turns, as a wheel.

    Then gravity is gone from the mean alone.
    """
    every = max(len(acceleration) // MAX_LOOKED_AT, 1)
    sizes = np.linalg.norm(acceleration[::every], axis=1)
    return bool(ABOUT_1_G[0] < np.nanmedian(sizes) < ABOUT_1_G[1])


def _repeats_zeros(acceleration):
    """`(num_rows,)`, whether a row is one of three or more zeros in turn."""
    is_zero = np.empty(len(acceleration), bool)
    for rows in chunks(acceleration):
        first, *others = acceleration[rows].T
        is_zero[rows] = first == 0
        if is_zero[rows].any():
            for channel in others:
                is_zero[rows] &= channel == 0
    if not is_zero.any():
        return is_zero
    edges = np.flatnonzero(np.diff(is_zero, prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    is_long = stops - starts >= MIN_IDLE_ROWS
    depth = np.zeros(len(is_zero) + 1, np.int8)
    depth[starts[is_long]] = 1
    depth[stops[is_long]] = -1
    return np.cumsum(depth[:-1], dtype=np.int8) > 0
