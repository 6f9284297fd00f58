"""Tells the unit of numeric times, by the name of a column or its values."""

import re

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.regularizing import MAX_CLOCK_CHANGES

SECONDS_PER_UNIT = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
TIMESTAMP_UNITS = (*SECONDS_PER_UNIT, "iso")
# Those of labels, which may be long.
SECONDS_PER_LONG_UNIT = {**SECONDS_PER_UNIT, "min": 60.0, "h": 3600.0}
# Accelerometers record at rates within these; others mean a wrong unit.
MIN_RATE_HZ = 1.0
MAX_RATE_HZ = 10_000.0
MAX_GUESSED_RATE_HZ = 1000 * MIN_RATE_HZ  # so that only one unit fits
# Numbers in between are Unix seconds of the years 2001 to 2096, or else the
# milliseconds of a device that has run for 12 days and more.
UNIX_SECONDS = (1e9, 4e9)
# A unit stands after a sign or a bracket, as in `time_ms`, after small letters,
# as in `timeMs`, or behind `time`, as in `timestampms`, where an `s` alone is
# the plural. ELAN writes seconds as `ss.msec`.
BEFORE_UNIT = (
    r"(?:[\s_\-.(\[]|(?-i:(?<=[a-z])(?=[A-Z]))"
    r"|(?:(?<=time)|(?<=stamp))(?!s\W*$))"
)
UNIT_IN_NAME = re.compile(
    BEFORE_UNIT + r"(?:(?P<s>s|secs?|seconds?|ss\.ms(?:ec)?)"
    r"|(?P<ms>ms|msecs?|millis|milliseconds?)"
    r"|(?P<us>[uµμ]s|usecs?|micros|microseconds?)"
    r"|(?P<ns>ns|nsecs?|nanos|nanoseconds?))\W*$",
    re.IGNORECASE,
)
LONG_UNIT_IN_NAME = re.compile(
    BEFORE_UNIT + r"(?:(?P<min>mins?|minutes?)|(?P<h>h|hrs?|hours?))\W*$",
    re.IGNORECASE,
)
COUNT_IN_NAME = re.compile(
    BEFORE_UNIT + r"(?:d|days?|ticks?|samples?|frames?|rows?|idx|index)\W*$",
    re.IGNORECASE,
)


def guess_unit(name, values):
    """The unit in the name of a column, or that of its first values.

    Raises:
        ValueError: if the name states a unit that times are not read in, or
            numbers without a unit are in none.
    """
    if values.dtype.kind == "M":
        return "iso"
    if values.dtype.kind in "US":
        numbers = numbers_in(values)
        if len(numbers) < len(values) / 2:
            return "iso"
        values = numbers
    in_name = UNIT_IN_NAME.search(name)
    if in_name:
        return in_name.lastgroup
    check_unit_in_name(name)
    values = values.astype(float)
    if np.sum(np.diff(values) < 0) > MAX_CLOCK_CHANGES * len(values):
        values = np.sort(values)
    steps = np.diff(values)
    steps = steps[steps > 0]
    if not len(steps):
        return "s"
    return _unit_by_size(name, values[0], 1 / np.median(steps))


def check_unit_in_name(name):
    """Raises on a column of times in minutes, samples or so, by its name."""
    if LONG_UNIT_IN_NAME.search(name) or COUNT_IN_NAME.search(name):
        raise ValueError(
            message(
                "Times must be dates, or numbers in s, ms, us or ns.",
                f"the column {name!r}",
                "Convert it to seconds and rename it; pass `timestamp_unit` "
                "if that is not what its name means; or pass `sample_rate_hz` "
                "and `timestamp_column=False`.",
            )
        )


def _unit_by_size(name, start, rate_hz):
    is_unix = UNIX_SECONDS[0] <= start < UNIX_SECONDS[1]
    if is_unix and rate_hz < MIN_RATE_HZ:
        return "s"  # of epochs, which are refused
    for unit, seconds in SECONDS_PER_UNIT.items():
        is_unix = UNIX_SECONDS[0] <= start * seconds < UNIX_SECONDS[1]
        if is_unix and MIN_RATE_HZ <= rate_hz / seconds <= MAX_RATE_HZ:
            return unit
    for unit, seconds in SECONDS_PER_UNIT.items():
        if MIN_RATE_HZ <= rate_hz / seconds < MAX_GUESSED_RATE_HZ:
            if start * seconds >= UNIX_SECONDS[1]:
                raise ValueError(_of_no_clock(name, start))
            return unit
    return "s"


def _of_no_clock(name, start):
    return message(
        "Times without a unit must count from the start, or be Unix time in "
        "s, ms, us or ns.",
        f"the column {name!r} with {start:.0f}, which is neither",
        "Convert ticks of 100 ns (.NET, Windows) to seconds, and numbers such "
        "as yyyyMMddHHmmss to ISO 8601 dates; or pass `timestamp_unit`.",
    )


def numbers_in(values):
    """`(num_numbers,)`, without the cells that hold none."""
    numbers = []
    for value in values:
        try:
            numbers.append(float(value))
        except ValueError:  # an empty cell, or a row that will be left out
            pass
    return np.array(numbers)
