"""Time zones, and how clock times are shown and told from elapsed ones.

The start of a recording is in Unix seconds. Its time zone is

- an IANA name (`"Europe/Berlin"`), an offset (`"+02:00"`) or `"UTC"`: the start
  is true Unix time, and clock times are shown in that zone;
- `None`: the offset from UTC is not known. The start is what the recording's
  own clock showed, counted as if that were UTC, and is shown without an offset.
"""

import functools
import re
import warnings
import zoneinfo
from datetime import datetime, timedelta, timezone

import numpy as np

from keras_relcon.checks import message, nearest

# Seconds below count from some start, not of a calendar; those beyond are in
# another unit.
FIRST_UNIX_SECOND = 1e8  # 1973
LAST_UNIX_SECOND = 1e11  # 5138
OFFSET = re.compile(r"([+-])([01]\d|2[0-3]):([0-5]\d)")


def has_clock(seconds):
    """Whether seconds are of a calendar, not elapsed since some start."""
    return (
        seconds is not None and FIRST_UNIX_SECOND <= seconds < LAST_UNIX_SECOND
    )


def check_time_zone(time_zone):
    """Raises a ValueError unless it is a time zone, or `None`."""
    if time_zone is None:
        return
    if not isinstance(time_zone, str):
        raise ValueError(_no_time_zone(time_zone))
    tzinfo_of(time_zone)


@functools.lru_cache(maxsize=64)
def tzinfo_of(time_zone):
    """Returns the `datetime.tzinfo` of a time zone.

    Args:
        time_zone: str. An IANA name, an offset such as `"-05:30"`, or `"UTC"`.

    Raises:
        ValueError: if it is none of these.

    Example:

    >>> tzinfo_of("+02:00").utcoffset(None)
    datetime.timedelta(seconds=7200)
    """
    if time_zone == "UTC":
        return timezone.utc
    offset = OFFSET.fullmatch(time_zone)
    if offset:
        sign, hours, minutes = offset.groups()
        size = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-size if sign == "-" else size)
    try:
        return zoneinfo.ZoneInfo(time_zone)
    except (LookupError, ValueError, OSError):  # OSError: of a folder
        raise ValueError(_no_time_zone(time_zone)) from None


def offset_name(offset):
    """The time zone of an offset from UTC, `"+02:00"` or `"UTC"`.

    Args:
        offset: `timedelta`, or `None` where it is not known.

    Returns:
        str, or `None`. An offset that is not in whole minutes gives `"UTC"`.
    """
    if offset is None:
        return None
    minutes, rest = divmod(offset.total_seconds(), 60)
    if rest or not minutes:
        return "UTC"
    hours, minutes = divmod(abs(int(minutes)), 60)
    sign = "-" if offset < timedelta(0) else "+"
    return f"{sign}{hours:02d}:{minutes:02d}"


def clock_texts(unix_seconds, time_zone):
    """Writes times as ISO 8601 text, to the millisecond.

    Args:
        unix_seconds: `(num_times,)`. NaN, and seconds that are not of a
            calendar, give `""`.
        time_zone: str, or `None` for text without an offset; or
            `(num_times,)` of these, where `""` is `None` too.

    Returns:
        `(num_times,)` str, such as `"2024-05-01T12:00:00.000+02:00"`.

    Raises:
        ValueError: if a time zone is unknown.

    Example:

    >>> clock_texts([1_714_557_600], "Europe/Berlin")
    array(['2024-05-01T12:00:00.000+02:00'], dtype='<U29')
    """
    seconds = np.asarray(unix_seconds, dtype=np.float64)
    zones = np.broadcast_to(np.asarray(time_zone, dtype=object), seconds.shape)
    texts = [
        _moment(second, zone or None).isoformat(timespec="milliseconds")
        if has_clock(second)
        else ""
        for second, zone in zip(seconds.tolist(), zones.tolist())
    ]
    return np.array(texts, dtype=str)


def shown_start(start_time, time_zone):
    """`"from 2024-05-01 12:00:00 Europe/Berlin"`; nothing without a clock."""
    if not has_clock(start_time):
        return ""
    moment = _moment(start_time, time_zone)
    return f"from {moment:%Y-%m-%d %H:%M:%S} {time_zone or ''}".rstrip()


def utc_offsets(local_seconds, time_zone, what):
    """By how much clocks of a zone are ahead of UTC when they show a time.

    Of a time that a clock shows twice, or never, as it is put back or forward,
    the first reading is taken, with a warning.

    Args:
        local_seconds: `(num_times,)`, what a clock shows, as if it were UTC.
        time_zone: str.
        what: str. What the times are of, for the warning.

    Returns:
        `(num_times,)` float64, seconds.
    """
    zone = tzinfo_of(time_zone)
    seconds = np.asarray(local_seconds, dtype=np.float64)
    if isinstance(zone, timezone):
        return np.full(seconds.shape, zone.utcoffset(None).total_seconds())
    shown = [datetime.fromtimestamp(s, timezone.utc) for s in seconds.tolist()]
    offsets = np.array(
        [
            [
                moment.replace(tzinfo=zone, fold=fold)
                .utcoffset()
                .total_seconds()
                for fold in (0, 1)
            ]
            for moment in shown
        ]
    ).reshape(-1, 2)
    for row in np.flatnonzero(offsets[:, 0] != offsets[:, 1])[:1]:
        first, second = offsets[row]
        never = "twice" if first > second else "never"
        names = [offset_name(timedelta(seconds=s)) for s in (first, second)]
        warnings.warn(
            message(
                f"A clock of {time_zone} must show a time once.",
                f"{what} at {shown[row]:%Y-%m-%dT%H:%M:%S}, which it shows "
                f"{never}, as it is changed from {names[0]} to {names[1]}. "
                f"{names[0]} is taken",
                f'Pass time_zone="{names[1]}" if that is right, or write the '
                "times with their offset.",
            ),
            stacklevel=4,
        )
    return offsets[:, 0]


def _moment(seconds, time_zone):
    zone = timezone.utc if time_zone is None else tzinfo_of(time_zone)
    # To the millisecond here: `isoformat` cuts what is below.
    moment = datetime.fromtimestamp(round(seconds, 3), zone)
    return moment if time_zone is not None else moment.replace(tzinfo=None)


def _no_time_zone(time_zone):
    known = zoneinfo.available_timezones()
    advice = 'Use such as "Europe/Berlin", "+02:00" or "UTC".'
    if not known:
        advice = "Run `pip install tzdata` for the names of time zones."
    return message(
        "`time_zone` must be the IANA name of a time zone, an offset from UTC, "
        '"UTC", or None.',
        {"time_zone": time_zone},
        nearest(time_zone, known, advice),
    )
