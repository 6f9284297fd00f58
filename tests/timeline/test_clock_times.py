from datetime import datetime, timezone

import numpy as np
import pandas as pd
import pytest

from keras_relcon.timeline.clock_times import ClockTimes

HOUR = 3600


def unix(text):
    return datetime.fromisoformat(text).timestamp()


def hours_of_days(start, zone, num_hours):
    clock = ClockTimes(unix(start), zone)
    edges = clock.day_edges(num_hours * HOUR)
    return edges[0] / HOUR, (np.diff(edges) / HOUR).tolist()


def test_days_are_those_of_the_zone():
    first, lengths = hours_of_days(
        "2024-05-01T22:30:00+02:00", "Europe/Berlin", 30
    )
    assert first == -22.5
    assert lengths == [24, 24, 24]


@pytest.mark.parametrize(
    ("start", "zone", "lengths"),
    [
        ("2025-03-29T12:00:00+01:00", "Europe/Berlin", [24, 23, 24]),
        ("2025-10-25T12:00:00+02:00", "Europe/Berlin", [24, 25, 24]),
        ("2025-03-08T12:00:00-05:00", "America/New_York", [24, 23, 24]),
        # Half an hour, at two o'clock.
        ("2025-04-05T12:00:00+11:00", "Australia/Lord_Howe", [24, 24.5, 24]),
        # From midnight to one o'clock: the day begins at one.
        ("2025-09-06T12:00:00-04:00", "America/Santiago", [24, 23, 24]),
        # A Friday that did not take place.
        ("2011-12-28T12:00:00-10:00", "Pacific/Apia", [24, 24, 24]),
        ("2025-03-29T12:00:00+01:00", "+01:00", [24, 24, 24]),
        ("2025-03-29T12:00:00+00:00", "UTC", [24, 24, 24]),
        ("2025-03-29T12:00:00+00:00", None, [24, 24, 24]),
    ],
)
def test_days_where_the_clock_changes(start, zone, lengths):
    assert hours_of_days(start, zone, 56)[1] == lengths


@pytest.mark.parametrize(
    ("start", "zone", "shown"),
    [
        (
            "2025-03-30T00:30:00+01:00",
            "Europe/Berlin",
            ["00:00+0100", "01:00+0100", "03:00+0200", "04:00+0200"],
        ),
        (
            "2025-10-26T01:30:00+02:00",
            "Europe/Berlin",
            ["01:00+0200", "02:00+0200", "02:00+0100", "03:00+0100"],
        ),
        (
            "2025-04-06T01:15:00+11:00",
            "Australia/Lord_Howe",
            ["01:00+1100", "01:30+1030", "02:00+1030", "03:00+1030"],
        ),
        (
            "2025-04-06T01:15:00+05:30",
            "+05:30",
            ["01:00+0530", "02:00+0530", "03:00+0530", "04:00+0530"],
        ),
    ],
)
def test_hours_are_those_of_the_clock(start, zone, shown):
    clock = ClockTimes(unix(start), zone)
    edges = clock.hour_edges(3 * HOUR)
    times = clock.times(edges)
    assert times.strftime("%H:%M%z").tolist()[: len(shown)] == shown
    # Each edge is at a whole hour or where the clock changes.
    assert edges[0] <= 0 and edges[-1] >= 3 * HOUR


def test_the_last_edge_is_the_end_where_that_is_a_whole_hour():
    clock = ClockTimes(unix("2025-05-01T10:00:00+00:00"), "UTC")
    assert (clock.hour_edges(2 * HOUR) / HOUR).tolist() == [0, 1, 2]
    clock = ClockTimes(unix("2025-05-01T00:00:00+00:00"), "UTC")
    assert (clock.day_edges(24 * HOUR) / HOUR).tolist() == [0, 24]


def test_days_and_hours_begin_at_whole_seconds_from_any_start():
    generator = np.random.default_rng(0)
    for start in generator.uniform(1.7e9, 1.8e9, 3000).tolist():
        clock = ClockTimes(start, "Europe/Berlin")
        for edges, is_day in (
            (clock.day_edges(30 * HOUR), True),
            (clock.hour_edges(3 * HOUR), False),
        ):
            assert edges[0] <= 0
            times = clock.times(edges)
            assert not (times.microsecond.any() or times.second.any())
            assert not times.minute.any()
            assert not (is_day and times.hour.any())


def test_an_hour_begins_before_a_start_just_before_the_next():
    clock = ClockTimes(unix("2025-05-01T09:59:59.999500+00:00"), "UTC")
    expected = [-3599.9995, 0.0005, 3600.0005]
    assert clock.hour_edges(1).tolist() == pytest.approx(expected)


def test_times_of_a_zone_have_it():
    clock = ClockTimes(unix("2025-10-26T02:59:59+02:00"), "Europe/Berlin")
    times = clock.times([0.0, 1.0, 2.56])
    assert str(times.tz) == "Europe/Berlin"
    assert [time.isoformat() for time in times] == [
        "2025-10-26T02:59:59+02:00",
        "2025-10-26T02:00:00+01:00",
        "2025-10-26T02:00:01.560000+01:00",
    ]


def test_times_of_a_clock_of_unknown_offset_are_as_it_showed():
    start = datetime(2025, 5, 1, 10, 0, 0, 250000, timezone.utc).timestamp()
    times = ClockTimes(start, None).times([0.0, 0.5])
    assert times.tz is None
    assert times[1] == pd.Timestamp("2025-05-01 10:00:00.750")


@pytest.mark.parametrize("start_time", [None, 0.0, 512.5])
def test_without_a_clock_times_count_from_0(start_time):
    clock = ClockTimes(start_time)
    times = clock.times([0.0, 90.5])
    assert times[0] == pd.Timedelta(0)
    assert times[1] == pd.Timedelta(seconds=90.5)
    assert clock.day_edges(25 * HOUR).tolist() == [0, 86400, 172800]
    assert clock.hour_edges(2 * HOUR).tolist() == [0, 3600, 7200]


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "+2", "", "../etc/passwd"])
def test_a_zone_that_there_is_not_is_an_error(zone):
    with pytest.raises(ValueError, match="`time_zone` must be the IANA name"):
        ClockTimes(1.7e9, zone)


def test_a_zone_without_a_start_is_an_error():
    with pytest.raises(ValueError, match="`time_zone` needs a `start_time`"):
        ClockTimes(None, "UTC")
