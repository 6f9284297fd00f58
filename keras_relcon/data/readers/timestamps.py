"""Turns timestamps into seconds, guesses their unit, and finds gaps."""

import numbers
import re
import warnings
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from keras_relcon.data.readers.tables import read_head
from keras_relcon.data.regularizing import MAX_CLOCK_CHANGES, usual_rate_hz

SECONDS_PER_UNIT = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
TIMESTAMP_UNITS = (*SECONDS_PER_UNIT, "iso")
HOUR = 3600.0
# Accelerometers record at rates within these; others mean a wrong unit.
MIN_RATE_HZ = 1.0
MAX_RATE_HZ = 10_000.0
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


def to_seconds(values, unit, max_gap_seconds=1.0):
    """Converts timestamps to Unix or elapsed seconds.

    Dates with an offset from UTC ("+02:00", "Z") are exact. Dates without one
    are taken as UTC; where such a local clock was put back by an hour at the
    end of daylight saving time, the hour is added to all that follows, with a
    warning, so that time goes on. That is seen by a step of minus one hour
    which is an ordinary step (not above `max_gap_seconds`) once the hour is
    added; other steps back are left for `regularize` to refuse. Where the
    clock was put forward, the step of an hour cannot be told from a gap, and is
    one.

    Args:
        values: `(num_samples,)`. Numbers; for `"iso"` str or datetime64.
        unit: str. `"s"`, `"ms"`, `"us"`, `"ns"` or `"iso"`.
        max_gap_seconds: float. Defaults to `1.0`.

    Returns:
        `(num_samples,)` float64, seconds.

    Raises:
        ValueError: if a value is not an ISO 8601 date, for `"iso"`.
    """
    if unit != "iso":
        return values * SECONDS_PER_UNIT[unit]
    if values.dtype.kind == "M":
        start = np.datetime64(0, "s")
        seconds = (values - start) / np.timedelta64(1, "s")
        return _undo_clock_change(seconds, max_gap_seconds)
    moments = [_parse_iso(value) for value in values]
    seconds = np.array(
        [
            (m if m.tzinfo else m.replace(tzinfo=timezone.utc)).timestamp()
            for m in moments
        ]
    )
    if any(moment.tzinfo for moment in moments):
        return seconds
    return _undo_clock_change(seconds, max_gap_seconds)


def check_rate(rate_hz, unit):
    """Raises on a rate that no accelerometer has."""
    if MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        return
    raise ValueError(
        f"Timestamps must be from {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} per "
        f"second. Received: {rate_hz:.4g} per second with "
        f"timestamp_unit={unit!r}. Pass the unit of the timestamps, one of "
        f"{list(TIMESTAMP_UNITS)}."
    )


def rows_by_time(seconds, is_shared=False):
    """Rows in order of time, none without a time.

    Args:
        seconds: `(num_rows,)`.
        is_shared: bool. Whether rows of the same time are different samples,
            in the order of the file; else the first of them is kept. Defaults
            to `False`.
    """
    if is_shared:
        kept = np.argsort(seconds, kind="stable")
        kept = kept[np.isfinite(seconds[kept])]
    else:
        times, kept = np.unique(seconds, return_index=True)
        kept = kept[np.isfinite(times)]
    num_dropped = len(seconds) - len(kept)
    if num_dropped or (np.diff(kept) < 0).any():
        warnings.warn(
            f"Rows were sorted by time, and {num_dropped} rows with a repeated "
            "or missing time were left out.",
            stacklevel=4,
        )
    return kept


def split_at_gaps(seconds, max_gap_seconds):
    """Slices of the rows between longer steps, and steps back."""
    steps = np.diff(seconds)
    breaks = np.flatnonzero((steps > max_gap_seconds) | (steps < 0)) + 1
    edges = [0, *breaks.tolist(), len(seconds)]
    return [slice(*pair) for pair in zip(edges, edges[1:])]


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


def _parse_iso(value):
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(
            "Timestamps must be ISO 8601 dates for timestamp_unit='iso'. "
            f"Received: {str(value)!r}. Pass another `timestamp_unit` for "
            "numbers."
        ) from None


def _undo_clock_change(seconds, max_gap_seconds):
    steps = np.diff(seconds)
    repaired = steps + HOUR
    is_change = (steps < 0) & (repaired > 0) & (repaired <= max_gap_seconds)
    changes = np.flatnonzero(is_change) + 1
    if not len(changes):
        return seconds
    warnings.warn(
        f"The clock goes back by an hour at row {changes[0]} (from 0): taken "
        "as the end of daylight saving time, and the hour is added to all "
        "later timestamps. Store times with their offset from UTC to avoid "
        "this.",
        stacklevel=5,
    )
    hours = np.zeros(len(seconds))
    hours[changes] = HOUR
    return seconds + np.cumsum(hours)


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
    values = values.astype(float)
    if np.sum(np.diff(values) < 0) > MAX_CLOCK_CHANGES * len(values):
        values = np.sort(values)
    steps = np.diff(values)
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
