"""Turns timestamps into seconds, guesses their unit, and finds gaps."""

import re
import warnings
from datetime import datetime, timezone

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.clock_time import offset_name
from keras_relcon.data.large_arrays import chunks
from keras_relcon.data.readers.clock_changes import undo_put_back
from keras_relcon.data.readers.date_text import as_iso, parse_date
from keras_relcon.data.readers.file_clock import OWN_CLOCK, UNIX
from keras_relcon.data.readers.tables import read_head
from keras_relcon.data.readers.text_columns import as_arrow
from keras_relcon.data.readers.time_units import (
    MAX_RATE_HZ,
    MIN_RATE_HZ,
    SECONDS_PER_UNIT,
    TIMESTAMP_UNITS,
    guess_unit,
)
from keras_relcon.data.regularizing import steps_where

OFFSET = r"Z|[+-]\d\d(?::?\d\d)?"
HAS_OFFSET = re.compile(rf"({OFFSET})\s*$")
# Of these units one row in a second or more is an epoch, as no unit was
# mistaken for another.
EPOCH_UNITS = ("s", "iso")
# Numbers such as 100159, for 10:01:59, jump by so many seconds at the end of
# each minute. Below 10000 they may be elapsed.
MINUTE_JUMP = (39.5, 41.0)
FIRST_HOUR = 10_000.0


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
    seconds, zones = parse_times(values, unit)
    if unit == "iso" and not any(zones):
        seconds, _ = undo_put_back(seconds, max_gap_seconds)
    return seconds


def parse_times(values, unit):
    """Converts a block of timestamps; a clock that was put back is left.

    Args:
        values, unit: as of `to_seconds`.

    Returns:
        `(seconds, zones)`: `(num_samples,)` float64; and the time zones of
        the dates, `None` for dates without an offset from UTC, in their order
        and each once, see `file_clock`.
    """
    if unit != "iso":
        return values * SECONDS_PER_UNIT[unit], UNIX
    if getattr(values, "dtype", np.dtype(str)).kind == "M":
        return _since_1970(values), OWN_CLOCK
    parsed = _parse_alike(values)
    return _parse_each(values) if parsed is None else parsed


def _since_1970(dates):
    return (dates - np.datetime64(0, "s")) / np.timedelta64(1, "s")


def _parse_alike(values):
    """`(seconds, zones)` of dates of one common form, or `None`."""
    import pyarrow

    texts = as_iso(as_arrow(values))
    has_offset = bool(len(texts)) and HAS_OFFSET.search(str(texts[0]))
    kind = pyarrow.timestamp("us", "UTC" if has_offset else None)
    try:
        dates = texts.cast(kind)
    except pyarrow.ArrowInvalid:
        return None
    zones = _zones(texts, has_offset[1]) if has_offset else OWN_CLOCK
    return _since_1970(dates.to_numpy(zero_copy_only=False)), zones


def _zones(texts, first):
    """The time zones of dates that all have an offset; `first` is one."""
    import pyarrow.compute as compute

    offsets = [first]
    if not compute.all(compute.ends_with(texts, first)).as_py():
        found = compute.extract_regex(texts, f"(?P<offset>{OFFSET})$")
        offsets = compute.unique(compute.struct_field(found, "offset"))
        offsets = offsets.to_pylist()
    moments = [datetime.fromisoformat(f"2000-01-01T00{o}") for o in offsets]
    return _names(moments)


def _names(moments):
    offsets = (moment.utcoffset() for moment in moments)
    return tuple(dict.fromkeys(offset_name(offset) for offset in offsets))


def _parse_each(values):
    """An empty cell is a time that is missing, NaN."""
    texts = np.asarray(values).astype(str)
    is_known = np.char.strip(texts) != ""
    moments = [_parse_iso(text) for text in texts[is_known]]
    seconds = np.full(len(texts), np.nan)
    seconds[is_known] = utc_seconds(moments)
    return seconds, _names(moments) or OWN_CLOCK


def check_rate(rate_hz, unit, name=None):
    """Raises on a rate that no accelerometer has.

    Args:
        rate_hz: float.
        unit: str. That of the timestamps, or `None` for a rate that was given.
        name: str. The column of times. Defaults to `None`.
    """
    if MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        return
    where = "" if name is None else f" in column {name!r}"
    advice = f"Pass the unit of the timestamps, one of {list(TIMESTAMP_UNITS)}."
    if rate_hz < MIN_RATE_HZ and unit in (None, *EPOCH_UNITS):
        summaries = (
            f"Rows that are {1 / rate_hz:.4g} s apart are summaries of epochs, "
            "not raw samples: export the raw samples."
        )
        advice = f"{advice} {summaries}" if unit == "s" else summaries
    received = f"timestamp_unit={unit!r}{where}" if unit else "`sample_rate_hz`"
    raise ValueError(
        f"Timestamps must be from {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} per "
        f"second. Received: {rate_hz:.4g} per second with {received}. {advice}"
    )


def check_counts_on(seconds):
    """Raises on numbers that hold hours, minutes and seconds."""
    low, high = MINUTE_JUMP
    jumps = steps_where(seconds, lambda s: (s > low) & (s <= high))
    if not len(jumps) or seconds[0] < FIRST_HOUR:
        return
    is_minute = seconds[jumps] % 100 >= 59
    is_minute &= seconds[jumps + 1] % 100 < 1
    if not is_minute.all():
        return
    if any((seconds[rows] % 100 >= 60).any() for rows in chunks(seconds)):
        return
    raise ValueError(
        message(
            "Times must count seconds from row to row.",
            f"{len(jumps)} steps of 40 s, from {seconds[jumps[0]]:.2f} to "
            f"{seconds[jumps[0] + 1]:.2f} and so on, as of HHMMSS",
            "Convert the times to seconds, or to ISO 8601 dates.",
        )
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
    breaks = steps_where(
        seconds, lambda steps: (steps > max_gap_seconds) | (steps < 0)
    )
    breaks += 1
    edges = [0, *breaks.tolist(), len(seconds)]
    return [slice(*pair) for pair in zip(edges, edges[1:])]


def guess_timestamp_unit(path, name, delimiter):
    """Returns the unit in the name of a column, or that of its values."""
    return guess_unit(name, read_head(path, name, delimiter))


def utc_seconds(moments):
    """`(num_moments,)` Unix seconds; what has no offset is taken as UTC."""
    return np.array(
        [
            (m if m.tzinfo else m.replace(tzinfo=timezone.utc)).timestamp()
            for m in moments
        ]
    )


def _parse_iso(value):
    try:
        return parse_date(value)
    except ValueError:
        raise ValueError(
            "Timestamps must be ISO 8601 dates for timestamp_unit='iso'. "
            f"Received: {str(value)!r}. Pass another `timestamp_unit` for "
            "numbers."
        ) from None
