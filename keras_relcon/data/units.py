"""Acceleration units: g everywhere inside, m/s2 only at the door."""

import re
import warnings

import numpy as np

from keras_relcon.checks import check_one_of, message, some_of
from keras_relcon.data.large_arrays import chunks, copy, empty, release

STANDARD_GRAVITY = 9.80665  # m/s2 in one g
G_PER_UNIT = {"g": 1.0, "m/s2": 1.0 / STANDARD_GRAVITY}
UNIT_ADVICE = "Convert the signal first if it is in another unit."

# A device at rest reads 1 g or 9.8 m/s2; no human motion has a median of 4 g.
LARGEST_MEDIAN_G = 4.0
# A median in this range, declared as m/s2, is far more likely to be in g.
SUSPICIOUS_MEDIAN_MS2 = (0.8, 1.3)

# Wearable accelerometers measure up to 16 g, those of impacts up to some more;
# what is beyond on one axis was not measured.
LARGEST_G = 100.0
# An Empatica E4 writes 64 for 1 g, as whole numbers.
E4_STEPS_PER_G = 64
E4_TOLERANCE = 0.1

# What names of columns state: a unit in brackets, or set apart at the end. A
# lone g counts behind an axis only: `x_g`, but neither `xg` nor `x without g`.
MS2 = r"m[/p\s]?s\W*[2²]"
STATED_UNIT = re.compile(
    rf"[(\[]\s*(m?g|{MS2})\s*[)\]]"
    rf"|[\s_.\-](mg|{MS2})$"
    r"|[xyz][\s_.\-](g)$"
)

# Of a longer signal each second, third, ... row tells its median.
MAX_MEDIAN_ROWS = 1 << 20


def median_magnitude(acceleration):
    """Median length of the finite rows of `(num_samples, 3)`, or NaN."""
    acceleration = np.asarray(acceleration)
    step = -(-len(acceleration) // MAX_MEDIAN_ROWS) or 1
    parts = [np.empty(0, np.float32)]
    for rows in chunks(acceleration):
        values = acceleration[rows][::step].astype(np.float64)
        squares = np.einsum("...c,...c->...", values, values)
        parts.append(np.sqrt(squares).astype(np.float32).ravel())
    magnitude = np.concatenate(parts)
    magnitude = magnitude[np.isfinite(magnitude)]
    if not len(magnitude):
        return float("nan")
    return float(np.median(magnitude, overwrite_input=True))


def check_windows_in_g(acceleration, advice):
    """Raises a ValueError if windows cannot be in g.

    Args:
        acceleration: `(windows, time, 3)`.
        advice: str. What to do where they are in no unit.
    """
    median = median_magnitude(acceleration)
    if median > LARGEST_MEDIAN_G:
        raise ValueError(
            message(
                "Windows must be in g (1 g = 9.80665 m/s2).",
                f"a median magnitude of {median:.2f}",
                f"Divide by 9.80665 if they are in m/s2{advice}.",
            )
        )


def without_absurd(acceleration, unit="g"):
    """Marks samples that no device measures as missing.

    A single such value, from a damaged row or a row of another kind, would
    reach its neighbours through splines and filters, and all windows through
    what is computed of the whole signal.

    Args:
        acceleration: `(num_samples, 3)`, in `unit`. Not changed.
        unit: str. `"g"` or `"m/s2"`. Defaults to `"g"`.

    Returns:
        `(acceleration, is_absurd)`: the signal with NaN on all axes of samples
        beyond 100 g on one, and `(num_samples,)` bool. `None` in place of the
        second where there are none, or so many that the unit is wrong: where
        the median magnitude is above 4 g.
    """
    limit = LARGEST_G / G_PER_UNIT[unit]
    is_absurd = np.zeros(len(acceleration), bool)
    for rows in chunks(acceleration):
        size = np.abs(acceleration[rows])
        # One number for most blocks: the maximum is much faster.
        if not size.max() <= limit:
            is_beyond = (size > limit) & (size < np.inf)
            is_absurd[rows] = is_beyond.any(axis=1)
    if not is_absurd.any():
        return acceleration, None
    median = median_magnitude(acceleration) * G_PER_UNIT[unit]
    if not median <= LARGEST_MEDIAN_G:
        return acceleration, None
    acceleration = copy(acceleration)
    acceleration[is_absurd] = np.nan
    return acceleration, is_absurd


def warn_absurd(acceleration: np.ndarray) -> np.ndarray:
    """Marks absurd samples of a signal in g or m/s2, with a warning.

    Args:
        acceleration: `(num_samples, channels)`. Other than of three axes it is
            no acceleration that is known, and left as it is.

    Returns:
        `(num_samples, channels)`, NaN on all axes of such samples.
    """
    if acceleration.ndim != 2 or acceleration.shape[1] != 3:
        return acceleration
    for unit in G_PER_UNIT:
        acceleration, is_absurd = without_absurd(acceleration, unit)
        if is_absurd is not None:
            text = absurd_message(is_absurd, "`acceleration`")
            warnings.warn(text, stacklevel=3)
            break
    return acceleration


def absurd_message(is_absurd, what):
    """Says which samples were marked, of a file or a subject."""
    rows = np.flatnonzero(is_absurd)
    return message(
        f"Acceleration must be within {LARGEST_G:g} g.",
        f"{what}, with {len(rows)} of {len(is_absurd)} samples beyond it "
        f"(from 0: {some_of(rows)}), which are missing samples",
        "Look at these rows of the file if they are many.",
    )


def to_g(acceleration, unit, check_unit=True, may_share=False):
    """Converts acceleration to g.

    Args:
        acceleration: `(num_samples, 3)`, in `unit`.
        unit: str. `"g"` or `"m/s2"`.
        check_unit: bool. Whether to refuse a signal whose median magnitude
            contradicts `unit`: above 4 for `"g"`, from 0.8 to 1.3 for
            `"m/s2"`. `False` lets a signal without gravity, in m/s2, pass.
            Defaults to `True`.
        may_share: bool. Whether a signal that is float32 in g already is
            returned as it is. Defaults to `False`.

    Returns:
        `(num_samples, 3)` float32, g.

    Raises:
        ValueError: if `unit` is unknown, or contradicts the data.
    """
    check_one_of("unit", unit, sorted(G_PER_UNIT), UNIT_ADVICE)
    if check_unit:
        _check_unit(acceleration, unit)
    acceleration = np.asarray(acceleration)
    if may_share and unit == "g" and acceleration.dtype == np.float32:
        return acceleration
    converted = empty(acceleration.shape, np.float32)
    for rows in chunks(acceleration):
        converted[rows] = acceleration[rows] * G_PER_UNIT[unit]
    release(converted)
    return converted


def check_stated_unit(names, unit):
    """Raises if the names of the axes state another unit.

    Args:
        names: three str, such as `Acceleration x (m/s^2)` or `acc_x_mg`.
        unit: str. What the axes are said to be in.

    Raises:
        ValueError: if all names state the same unit, and it is not `unit`.
    """
    stated = {_stated_unit(name) for name in names}
    if len(stated) > 1 or stated <= {None, unit}:
        return
    (found,) = stated
    advice = f'Pass unit="{found}"'
    if found not in G_PER_UNIT:
        advice = "Divide the axes by 1000 and rename them, for g"
    raise ValueError(
        "`unit` must be the unit that the names of the axes state. Received: "
        f"unit={unit!r} with the columns {list(names)}, in {found}. {advice}; "
        "if it is not what the names mean, rename them or pass "
        "check_unit=False."
    )


def _stated_unit(name):
    match = STATED_UNIT.search(name.strip().lower())
    if match is None:
        return None
    unit = match[match.lastindex]
    return unit if unit in ("g", "mg") else "m/s2"


def unit_advice(median, if_in_ms2):
    """What to do about a median magnitude that is not one in g."""
    if median < LARGEST_MEDIAN_G * STANDARD_GRAVITY:
        return if_in_ms2
    if abs(median / E4_STEPS_PER_G - 1) < E4_TOLERANCE:
        return (
            f"An Empatica E4 writes {E4_STEPS_PER_G} for 1 g: divide by "
            f"{E4_STEPS_PER_G}, or pass the file as the device exports it."
        )
    return (
        "It is too large for m/s2 too: divide raw counts by the counts of one "
        "g, and mg by 1000."
    )


def _check_unit(acceleration, unit):
    median = median_magnitude(acceleration)
    low, high = SUSPICIOUS_MEDIAN_MS2
    if unit == "g" and median > LARGEST_MEDIAN_G:
        advice = unit_advice(median, 'Pass unit="m/s2", or convert the signal.')
    elif unit == "m/s2" and low < median < high:
        advice = 'Pass unit="g", or check_unit=False if it is right.'
    else:
        return
    raise ValueError(
        "`unit` must be the unit of the data: a device at rest reads 1 in g "
        f"and {STANDARD_GRAVITY} in m/s2. Received: unit={unit!r} with a "
        f"median magnitude of {median:.2f}. {advice}"
    )
