"""Time zones, and times as text: worked by hand."""

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from keras_relcon.data import Recording, resample_recording
from keras_relcon.data.clock_time import (
    clock_texts,
    has_clock,
    offset_name,
    tzinfo_of,
    utc_offsets,
)

MAY = 1_714_557_600.0  # 2024-05-01 10:00 UTC
# The clocks of Berlin were changed at 01:00 UTC on these days.
SPRING = datetime(2024, 3, 31, 1, tzinfo=timezone.utc).timestamp()
AUTUMN = datetime(2024, 10, 27, 1, tzinfo=timezone.utc).timestamp()
STILL = np.tile([0.0, 0.0, 1.0], (100, 1))


def recording(**kwargs):
    return Recording(STILL, 50, "s", **kwargs)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "+02:00", "-05:30", "UTC"])
def test_a_recording_keeps_its_time_zone(zone):
    made = recording(start_time=MAY, time_zone=zone)
    assert made.time_zone == zone and made.start_time == MAY
    assert made.with_labels("walk").time_zone == zone
    assert resample_recording(made, 25).time_zone == zone
    assert recording(start_time=MAY).time_zone is None


@pytest.mark.parametrize(
    "zone, advice",
    [
        ("europe/berlin", "Did you mean 'Europe/Berlin'"),
        ("Europe", "Did you mean|Use such as"),
        ("", 'Use such as "Europe/Berlin", "\\+02:00" or "UTC"'),
        ("+2:00", "Use such as"),
        ("+24:00", "Use such as"),
        ("../etc/passwd", "Use such as"),
        (["UTC"], "time_zone=\\['UTC'\\]"),
        (2, "time_zone=2"),
    ],
)
def test_what_is_no_time_zone(zone, advice):
    with pytest.raises(ValueError, match=f"IANA name .*Received: .*{advice}"):
        recording(start_time=MAY, time_zone=zone)


@pytest.mark.parametrize("start", [None, 0.0, 99e6])
def test_a_time_zone_needs_a_clock(start):
    assert not has_clock(start)
    with pytest.raises(ValueError, match="needs a `start_time` in Unix secon"):
        recording(start_time=start, time_zone="UTC")
    assert "from" not in repr(recording(start_time=start))


def test_zones_of_offsets():
    for minutes, name in (
        (0, "UTC"),
        (120, "+02:00"),
        (-330, "-05:30"),
        (-30, "-00:30"),
        (14 * 60, "+14:00"),
    ):
        offset = timedelta(minutes=minutes)
        assert offset_name(offset) == name
        assert tzinfo_of(name).utcoffset(None) == offset
    assert offset_name(None) is None
    assert offset_name(timedelta(seconds=1172)) == "UTC"


def test_texts():
    times = [MAY, MAY + 2.56, MAY + 0.9996, np.nan, 12.0]
    assert clock_texts(times, "Europe/Berlin").tolist() == [
        "2024-05-01T12:00:00.000+02:00",
        "2024-05-01T12:00:02.560+02:00",
        "2024-05-01T12:00:01.000+02:00",
        "",
        "",
    ]
    own = clock_texts([MAY], None)
    assert own.tolist() == ["2024-05-01T10:00:00.000"]
    mixed = clock_texts([MAY, MAY], np.array(["-05:30", ""]))
    assert mixed.tolist() == ["2024-05-01T04:30:00.000-05:30", own[0]]
    assert clock_texts([], "UTC").shape == (0,)


def test_texts_across_both_clock_changes():
    seconds = [-1, 0, 3600]
    assert clock_texts(
        SPRING + np.array(seconds), "Europe/Berlin"
    ).tolist() == [
        "2024-03-31T01:59:59.000+01:00",
        "2024-03-31T03:00:00.000+02:00",
        "2024-03-31T04:00:00.000+02:00",
    ]
    assert clock_texts(
        AUTUMN + np.array(seconds), "Europe/Berlin"
    ).tolist() == [
        "2024-10-27T02:59:59.000+02:00",
        "2024-10-27T02:00:00.000+01:00",
        "2024-10-27T03:00:00.000+01:00",
    ]


def shown(*moment):
    return datetime(*moment, tzinfo=timezone.utc).timestamp()


def test_offsets_of_what_a_clock_shows():
    times = [shown(2024, 1, 1), shown(2024, 7, 1)]
    found = utc_offsets(times, "Europe/Berlin", "them")
    assert found.tolist() == [3600, 7200]
    found = utc_offsets(times, "-05:30", "them")
    assert found.tolist() == [-19800, -19800]
    assert utc_offsets([], "Europe/Berlin", "them").shape == (0,)


@pytest.mark.parametrize(
    "time, how, offset",
    [
        (shown(2024, 3, 31, 2, 30), "never.*from \\+01:00 to \\+02:00", 3600),
        (shown(2024, 10, 27, 2, 30), "twice.*from \\+02:00 to \\+01:00", 7200),
    ],
)
def test_the_first_of_two_readings_is_taken(time, how, offset):
    with pytest.warns(UserWarning, match=f"the start .*2:30:00, .*{how}"):
        found = utc_offsets([time], "Europe/Berlin", "the start of a.csv")
    assert found.tolist() == [offset]
