"""Clock times, days and hours of a recording, in its time zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.clock_time import has_clock, tzinfo_of

DAY_SECONDS = 86_400
HOUR_SECONDS = 3600
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SLACK = 1e-6  # seconds: what rounding takes


@dataclass(frozen=True)
class ClockTimes:
    """Turns seconds from the first sample into times that a person reads.

    Args:
        start_time: float, Unix seconds of the first sample; or `None`, or a
            number of few seconds, for a recording without a clock: its times
            count from 0.
        time_zone: str. An IANA name, an offset such as `"+02:00"`, or `"UTC"`;
            or `None` where the clock's offset is not known: times are then
            shown without one.

    Raises:
        ValueError: if there is no such time zone, or one without a start.
    """

    start_time: float | None
    time_zone: str | None = None

    def __post_init__(self):
        if self.start_time is None and self.time_zone is not None:
            raise ValueError(
                message(
                    "`time_zone` needs a `start_time`.",
                    {"time_zone": self.time_zone, "start_time": None},
                    "Leave `time_zone` out, or give Unix seconds.",
                )
            )
        object.__setattr__(self, "has_clock", has_clock(self.start_time))
        # Rounded once: days and hours begin at whole microseconds.
        micros = round(self.start_time * 1e6) if self.has_clock else 0
        object.__setattr__(self, "_start_micros", micros)
        zone = timezone.utc
        if self.time_zone is not None:
            zone = tzinfo_of(self.time_zone)
        object.__setattr__(self, "_zone", zone)

    def times(self, seconds):
        """Returns a pandas index of times.

        Args:
            seconds: `(any,)` float64, from the first sample.

        Returns:
            `pandas.DatetimeIndex`, of the zone where one is known; or
            `pandas.TimedeltaIndex` from 0 for a recording without a clock. To
            the microsecond.
        """
        import pandas as pd

        micros = np.round(np.asarray(seconds, np.float64) * 1e6)
        nanos = micros.astype(np.int64) * 1000
        if not self.has_clock:
            return pd.TimedeltaIndex(nanos.astype("timedelta64[ns]"))
        nanos += self._start_micros * 1000
        index = pd.DatetimeIndex(nanos.astype("datetime64[ns]"))
        if self.time_zone is None:
            return index
        return index.tz_localize("UTC").tz_convert(self._zone)

    def moment(self, seconds):
        """`datetime` of one time; needs a clock."""
        moment = self._start() + timedelta(seconds=float(seconds))
        return moment.astimezone(self._zone)

    def day_edges(self, duration_seconds):
        """Seconds at which the days of a recording begin, and the last ends.

        From midnight to midnight of the time zone: a day has 23 or 25 hours
        where the clock changes. The first edge is at or before 0, the last
        one at or behind the end. Without a clock a day is 24 hours from the
        first sample.

        Args:
            duration_seconds: float.

        Returns:
            `(num_days + 1,)` float64, from the first sample.
        """
        if not self.has_clock:
            return _regular_edges(duration_seconds, DAY_SECONDS)
        date = self.moment(0).date()
        edges = [self._midnight(date)]
        while len(edges) < 2 or edges[-1] < duration_seconds - _SLACK:
            date += timedelta(days=1)
            edge = self._midnight(date)
            if edge > edges[-1]:  # not so for a date that a zone left out
                edges.append(edge)
        return np.array(edges)

    def hour_edges(self, duration_seconds):
        """As `day_edges`, of the hours of the clock.

        An hour that the clock shows twice, when it is set back, is two hours.
        """
        if not self.has_clock:
            return _regular_edges(duration_seconds, HOUR_SECONDS)
        first = self.moment(0)
        edges = [-_past_the_hour(first)]
        while len(edges) < 2 or edges[-1] < duration_seconds - _SLACK:
            past = _past_the_hour(self.moment(edges[-1]))
            edges.append(edges[-1] + HOUR_SECONDS - past)
        return np.array(edges)

    def _midnight(self, date):
        # Where a clock skips midnight, this is the moment when it does.
        moment = datetime(date.year, date.month, date.day, tzinfo=self._zone)
        return (moment - self._start()).total_seconds()

    def _start(self):
        return EPOCH + timedelta(microseconds=self._start_micros)


def _past_the_hour(moment):
    return moment.minute * 60 + moment.second + moment.microsecond / 1e6


def _regular_edges(duration_seconds, step):
    count = max(int(np.ceil(duration_seconds / step - 1e-9)), 1)
    return np.arange(count + 1) * float(step)
