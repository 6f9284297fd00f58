from datetime import datetime

import numpy as np
import pandas as pd
import pytest

COLUMNS = ["walking", "sitting", "unknown", "not worn", "not measured"]


def unix(text):
    return datetime.fromisoformat(text).timestamp()


def test_minutes_of_a_recording(written):
    timeline = written("wwwwww sss ??? nn -", 10, duration=157)
    minutes = timeline.minutes(by="recording")
    assert minutes.index.tolist() == ["monday"]
    assert minutes.index.name == "recording"
    assert list(minutes.columns) == COLUMNS
    # The last 7 seconds have no window.
    expected = [60 / 60, 30 / 60, 30 / 60, 20 / 60, 17 / 60]
    np.testing.assert_allclose(minutes.iloc[0], expected, rtol=1e-12)


def test_a_window_over_midnight_is_in_both_days(written):
    timeline = written(
        "wws",
        60,
        start_time=unix("2025-05-01T23:58:45+02:00"),
        time_zone="Europe/Berlin",
    )
    minutes = timeline.minutes(by="day")
    assert minutes.index.name == "day"
    assert [day.isoformat() for day in minutes.index] == [
        "2025-05-01T00:00:00+02:00",
        "2025-05-02T00:00:00+02:00",
    ]
    np.testing.assert_allclose(minutes["walking"], [1.25, 0.75])
    np.testing.assert_allclose(minutes["sitting"], [0, 1])


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        ("2025-03-30T00:00:00+01:00", 23),
        ("2025-10-26T00:00:00+02:00", 25),
        ("2025-10-27T00:00:00+01:00", 24),
    ],
)
def test_days_are_as_long_as_the_clock_makes_them(written, start, hours):
    timeline = written(
        "w" * 40, 3600, start_time=unix(start), time_zone="Europe/Berlin"
    )
    by_day = timeline.minutes(by="day")["walking"].tolist()
    assert by_day == [hours * 60, (40 - hours) * 60]
    by_hour = timeline.minutes(by="hour")["walking"]
    assert by_hour.tolist() == [60] * 40
    assert sum(hour.day == by_hour.index[0].day for hour in by_hour.index) == (
        hours
    )


def test_an_hour_that_comes_twice_has_two_rows(written):
    timeline = written(
        "wwsw",
        3600,
        start_time=unix("2025-10-26T01:00:00+02:00"),
        time_zone="Europe/Berlin",
    )
    minutes = timeline.minutes(by="hour")
    assert [hour.isoformat() for hour in minutes.index] == [
        "2025-10-26T01:00:00+02:00",
        "2025-10-26T02:00:00+02:00",
        "2025-10-26T02:00:00+01:00",
        "2025-10-26T03:00:00+01:00",
    ]
    assert minutes["sitting"].tolist() == [0, 0, 60, 0]
    assert minutes.index.is_unique


def test_without_a_clock_days_and_hours_count_from_0(written):
    timeline = written("w" * 25 + "s", 3600)
    days = timeline.minutes(by="day")
    assert days.index.tolist() == [pd.Timedelta(0), pd.Timedelta(days=1)]
    assert days["walking"].tolist() == [1440, 60]
    assert timeline.minutes(by="hour").index[25] == pd.Timedelta(hours=25)


def test_a_clock_of_unknown_offset_has_its_own_days(written):
    # What the clock showed, as if it were UTC.
    timeline = written("ww", 3600, start_time=unix("2025-05-01T23:00:00+00:00"))
    days = timeline.minutes(by="day")
    assert days.index.tolist() == [
        pd.Timestamp("2025-05-01"),
        pd.Timestamp("2025-05-02"),
    ]
    assert days["walking"].tolist() == [60, 60]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("by", ["hour", "day", "recording"])
def test_minutes_add_up_to_the_recorded_time(written, seed, by):
    rng = np.random.default_rng(seed)
    letters = "".join(rng.choice([*"ws?n-"], 900))
    gaps = [(i, rng.uniform(0.1, 200)) for i in rng.choice(900, 40)]
    last = 900 * 97.3 + sum(seconds for _, seconds in gaps)
    timeline = written(
        letters,
        97.3,
        duration=last + 33.3,
        gaps=gaps,
        start_time=unix("2025-10-25T17:12:34.567+02:00"),
        time_zone="Europe/Berlin",
    )
    minutes = timeline.minutes(by=by)
    np.testing.assert_allclose(
        minutes.to_numpy().sum(), timeline.duration / 60, rtol=1e-12
    )
    # Each class by adding up its windows.
    for name, letter in zip(COLUMNS[:4], "ws?n"):
        expected = letters.count(letter) * 97.3 / 60
        np.testing.assert_allclose(minutes[name].sum(), expected, rtol=1e-9)
    # Every row but the first and the last is as long as its hour or day.
    if by != "recording":
        lengths = np.diff(minutes.index.tz_convert(None)) / np.timedelta64(
            60, "s"
        )
        rows = minutes.to_numpy().sum(axis=1)
        np.testing.assert_allclose(rows[1:-1], lengths[1:], rtol=1e-9)


def test_intensity_averages_worn_windows(written):
    timeline = written("wwsn-?", 1800)
    found = timeline.intensity(by="hour")
    # ENMO of the windows is 0, 10, 20, ... mg; MAD is twice that.
    np.testing.assert_allclose(found["enmo_mg"], [5, 20, 50])
    np.testing.assert_allclose(found["mad_mg"], [10, 40, 100])
    assert np.isnan(written("nn", 1800).intensity("hour")["mad_mg"]).all()


def test_by_must_be_one_of_three(written):
    with pytest.raises(ValueError, match="`by` must be one of"):
        written("ww").minutes(by="week")
