"""Tells from the times of a file in which time zone they are."""

import warnings
from dataclasses import dataclass
from pathlib import Path

from keras_relcon.checks import message
from keras_relcon.data.clock_time import (
    check_time_zone,
    clock_texts,
    has_clock,
    utc_offsets,
)

# What readers find of times: the time zones that they state, in their order,
# without repeats; `None` is that of dates without an offset.
UNIX = ()
OWN_CLOCK = (None,)
# Smaller numbers are of years before 2001-09-09, or of another clock.
FIRST_LIKELY_SECOND = 1e9
SECONDS_TO_2000, SECONDS_TO_2001 = 946_684_800, 978_307_200


@dataclass(frozen=True)
class FileClock:
    """On which clock the times of a file are.

    Args:
        time_zone: str, or `None`. As of `Recording`.
        is_local: bool. Whether dates without an offset that are beside the
            file, such as those of labels, are in this zone. Not so of Unix
            times alone. Defaults to `False`.
        utc_offset: float. Seconds by which the times are ahead of UTC.
            Defaults to `0`.
        put_back: tuple of float. When, on a clock that runs on as the times
            do, the local clock of the file was put back by an hour. Defaults
            to `()`.
    """

    time_zone: str | None = None
    is_local: bool = False
    utc_offset: float = 0.0
    put_back: tuple[float, ...] = ()


def file_clock(start, zones, time_zone, path, put_back=()):
    """Returns the `FileClock` of a file.

    Args:
        start: float. The first time, seconds; or `None` without times.
        zones: sequence of str or `None`. The time zones that the times state,
            see `UNIX` and `OWN_CLOCK`.
        time_zone: str, or `None`. As of `read_recording`.
        path: str or path. For messages.
        put_back: sequence of float. As of `FileClock`. Defaults to `()`.

    Raises:
        ValueError: if there is a time zone, and the times are not of a clock.
    """
    check_time_zone(time_zone)
    if not has_clock(start):
        if time_zone is not None:
            raise ValueError(_without_clock(start, time_zone, path))
        return FileClock()
    if not zones:
        if start < FIRST_LIKELY_SECOND:
            warnings.warn(_may_be_of_another_start(start, path), stacklevel=5)
        return FileClock(time_zone or "UTC", is_local=time_zone is not None)
    stated = [zone for zone in zones if zone is not None]
    if stated:
        if len(stated) > 1 and time_zone is None:
            warnings.warn(_changes(stated, path), stacklevel=5)
        return FileClock(time_zone or stated[0], is_local=True)
    if time_zone is None:
        return FileClock(put_back=tuple(put_back))
    offset = utc_offsets([start], time_zone, f"the start of {Path(path).name}")
    return FileClock(time_zone, is_local=True, utc_offset=float(offset[0]))


def _without_clock(start, time_zone, path):
    found = "no times" if start is None else f"times from {start:g} s on"
    return message(
        "`time_zone` is for recordings with clock times.",
        f"time_zone={time_zone!r} for {str(path)!r}, which has {found}",
        "Leave it out: without a clock, times count from the first sample.",
    )


def _may_be_of_another_start(start, path):
    starts = [start, start + SECONDS_TO_2000, start + SECONDS_TO_2001]
    unix, polar, apple = (text[:10] for text in clock_texts(starts, None))
    return message(
        "Times must be in Unix time, which counts from 1970.",
        f"{Path(path).name}, which begins at {start:.0f} s: {unix} as Unix "
        f"time, which is taken; {polar} if it counts from 2000, as Polar does; "
        f"{apple} if from 2001, as Apple does",
        f"Add {SECONDS_TO_2000} s or {SECONDS_TO_2001} s to such times.",
    )


def _changes(stated, path):
    return message(
        "Dates must have one offset from UTC for clock times in it.",
        f"{Path(path).name} with dates in {', '.join(stated)}. The times are "
        f"right; all are shown in {stated[0]}, that of the first date",
        'Pass the name of the time zone, such as time_zone="Europe/Berlin", to '
        "have them shown as its clocks did.",
    )
