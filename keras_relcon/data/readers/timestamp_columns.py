"""Looks at the first values of a column of timestamps."""

import numbers
import re
import warnings
from pathlib import Path

import numpy as np

from keras_relcon.data.readers.tables import read_head
from keras_relcon.data.regularizing import usual_rate_hz
from keras_relcon.data.timestamps import (
    MAX_RATE_HZ,
    MIN_RATE_HZ,
    SECONDS_PER_UNIT,
    to_seconds,
)

UNIT_IN_NAME = re.compile(
    r"[\s_\-.(\[](?:(?P<s>s|secs?|seconds?)|(?P<ms>ms|millis|milliseconds?)"
    r"|(?P<us>us|micros|microseconds?)|(?P<ns>ns|nanos|nanoseconds?))\W*$",
    re.IGNORECASE,
)
MAX_GUESSED_RATE_HZ = 1000 * MIN_RATE_HZ  # so that only one unit fits
# A clock of a device is off by less.
MAX_RATE_DIFFERENCE = 0.05
# Times that are rounded to whole seconds, or not in order, tell no rate.
MIN_INCREASING_SHARE = 0.95


def guess_timestamp_unit(path, name, delimiter):
    """Returns the unit in the name of a column, or that of its values."""
    return _guess_unit(name, read_head(path, name, delimiter))


def warn_of_other_rate(path, name, delimiter, sample_rate_hz):
    """Warns if a column of times that is not used has another rate.

    Args:
        path: str or path.
        name: str. The column.
        delimiter: str.
        sample_rate_hz: float. The rate that is used; what is no rate is told
            elsewhere.
    """
    if not isinstance(sample_rate_hz, numbers.Real) or not sample_rate_hz > 0:
        return
    found = _head_rate_hz(path, name, delimiter)
    allowed = MAX_RATE_DIFFERENCE * sample_rate_hz
    if found is None or abs(found - sample_rate_hz) <= allowed:
        return
    warnings.warn(
        f"{Path(path).name}: `sample_rate_hz` is {sample_rate_hz:g}, while the "
        f"times in column {name!r}, which are not used, have a rate of "
        f"{found:.4g} Hz. Leave the rate out to use them, or pass "
        "`timestamp_column=False` if it is right.",
        stacklevel=6,
    )


def _head_rate_hz(path, name, delimiter):
    """Usual rate of the first rows, or `None` where the times tell none."""
    try:
        values = read_head(path, name, delimiter)
        unit = _guess_unit(name, values)
        if unit != "iso" and values.dtype.kind in "US":
            values = _numbers(values)
        # No gap is short enough for a clock change, and none is warned of.
        seconds = to_seconds(values, unit, max_gap_seconds=0)
    except (ValueError, TypeError):  # of a kind that is no time
        return None
    seconds = seconds[np.isfinite(seconds)]
    is_later = np.diff(seconds) > 0
    if not len(is_later) or np.mean(is_later) < MIN_INCREASING_SHARE:
        return None
    rate_hz = usual_rate_hz(seconds)
    return rate_hz if MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ else None


def _guess_unit(name, values):
    if values.dtype.kind == "M":
        return "iso"
    if values.dtype.kind in "US":
        numbers = _numbers(values)
        if len(numbers) < len(values) / 2:
            return "iso"
        values = numbers
    in_name = UNIT_IN_NAME.search(name)
    if in_name:
        return in_name.lastgroup
    steps = np.diff(values.astype(float))
    steps = steps[steps > 0]
    if len(steps):
        rate_hz = 1 / np.median(steps)
        for unit, seconds in SECONDS_PER_UNIT.items():
            if MIN_RATE_HZ <= rate_hz / seconds < MAX_GUESSED_RATE_HZ:
                return unit
    return "s"


def _numbers(values):
    numbers = []
    for value in values:
        try:
            numbers.append(float(value))
        except ValueError:  # an empty cell, or a row that will be left out
            pass
    return np.array(numbers)
