import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from html_outline import Outline, cells

from keras_relcon.data import Recording
from keras_relcon.timeline import NumberTimeline, Timeline
from keras_relcon.timeline.number_page import to_html
from keras_relcon.timeline.page_parts import curves


def numbers(values, window_seconds, worn=None, **given):
    """Numbers of windows that follow each other, all of them valid."""
    count = len(values)
    start_seconds = window_seconds * np.arange(count)
    arguments = {
        "name": "monday",
        "subject": "s01",
        "duration": count * window_seconds,
        "start_time": None,
        "time_zone": None,
        "window_seconds": window_seconds,
        "start_seconds": start_seconds,
        "values": values,
        "valid": np.ones(count, bool),
        "worn": np.ones(count, bool) if worn is None else worn,
        "enmo": np.full(count, 10.0),
        "mad": np.full(count, 20.0),
        "magnitude_min": np.full(count, 0.9),
        "magnitude_max": np.full(count, 1.2),
    }
    return NumberTimeline(**(arguments | given))


@pytest.fixture
def timeline():
    """Two and a half hours in windows of 10 minutes; the 2nd is not valid."""
    generator = np.random.default_rng(0)
    signal = [0.0, 0.0, 1.0] + generator.normal(0, 0.1, (9000, 3))
    recording = Recording(
        signal, 1.0, "s1", start_time=1.7e9 + 1000, time_zone="UTC"
    )  # from 22:30
    values = np.arange(15.0)
    valid = values != 1
    return NumberTimeline.of(
        recording, 600 * np.arange(15), 600, values, valid, 0.5, {"a": "b"}
    )


def test_means_are_of_hours_of_the_clock(timeline):
    hours = timeline.means(by="hour")
    assert [str(t)[11:16] for t in hours.index] == ["22:00", "23:00", "00:00"]
    assert hours["mean"].tolist() == [1.0, 5.5, 11.5]
    assert hours["minutes"].tolist() == [20.0, 60.0, 60.0]
    days = timeline.means()
    assert days["minutes"].tolist() == [80.0, 60.0]
    whole = timeline.means(by="recording")
    assert whole["mean"].iloc[0] == pytest.approx(
        (np.arange(15).sum() - 1) / 14
    )


def test_table_and_files(timeline, tmp_path):
    table = timeline.table
    assert np.isnan(table["value"][1]) and not table["valid"][1]
    assert (table["high"] - table["low"])[2] == 1.0
    timeline.save(tmp_path / "walk.csv")
    rows = pd.read_csv(tmp_path / "walk.csv")
    assert rows["start"][0] == "2023-11-14T22:30:00.000000+00:00"
    np.testing.assert_allclose(rows["value"], table["value"])
    timeline.save(tmp_path / "walk.parquet")
    rows = pd.read_parquet(tmp_path / "walk.parquet")
    pd.testing.assert_series_equal(rows["value"], table["value"])
    assert (rows["start"] == table["start"]).all()
    with pytest.raises(ValueError, match="must end with one of .html, .csv"):
        timeline.save(tmp_path / "walk.txt")
    assert "mean value 7.429" in repr(timeline)


def test_saved_numbers_come_back_whole(timeline, tmp_path, written):
    path = tmp_path / "walk.parquet"
    timeline.save(path)
    loaded = NumberTimeline.load(path)
    for field in dataclasses.fields(timeline):
        found, expected = (
            getattr(each, field.name) for each in (loaded, timeline)
        )
        np.testing.assert_array_equal(found, expected, err_msg=field.name)
    with pytest.raises(ValueError, match="must be a `Timeline` that"):
        Timeline.load(path)
    written("ws").save(path)
    with pytest.raises(ValueError, match="must be a `NumberTimeline` that"):
        NumberTimeline.load(path)


def test_what_was_not_worn_does_not_count():
    worn = np.array([True, False, True])
    timeline = numbers([1.0, 50.0, 3.0], 2.0, worn)
    np.testing.assert_array_equal(timeline.table["value"].notna(), worn)
    whole = timeline.means(by="recording")
    assert whole["mean"].tolist() == [2.0]
    assert whole["minutes"].tolist() == pytest.approx([4 / 60])
    assert timeline.table["low"].isna().all()


@pytest.mark.parametrize(
    "wrong, match",
    [
        ({"start_seconds": [0.0]}, "`valid` must have one row"),
        ({"mad": [0.0]}, "`mad` must have one row"),
        ({"half_width": -1.0}, "`half_width` must be"),
        ({"worn": [True]}, "`worn` must have one row"),
        ({"start_seconds": [0.0, 1.0]}, "windows must not overlap"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(wrong, match):
    with pytest.raises(ValueError, match=match):
        numbers([1.0, 2.0], 2.0, **wrong)
    with pytest.raises(ValueError, match="`values` must have one row"):
        dataclasses.replace(numbers([1.0, 2.0], 2.0), values=[1.0])


def test_page_says_what_the_numbers_say(timeline, tmp_path):
    timeline.save(tmp_path / "walk.html")
    text = (tmp_path / "walk.html").read_text(encoding="utf-8")
    outline = Outline(text)
    assert "In 2 h 30 min: mean value 7.429." in text
    assert "Half of the windows are between 4.250 and 10.75." in text
    assert "was within 0.5000 of what the model said" in text
    days = cells(outline, "Mean over the worn time of each day")
    assert days == [
        ["day", "value", "worn"],
        ["Tue 14 Nov 2023", "4.375", "1 h 20 min"],
        ["Wed 15 Nov 2023", "11.50", "1 h"],
        ["all", "7.429", "2 h 20 min"],
    ]
    of_clock = cells(outline, "Mean of each hour of the clock")
    assert of_clock[1] == ["00:00", "11.50", "1 h"]
    assert of_clock[2] == ["01:00", "–", "0"]
    assert of_clock[23] == ["22:00", "1.000", "20 min"]
    hours = cells(outline, "Mean and movement of each hour")
    assert [row[:3] for row in hours if len(row) > 1][1:] == [
        ["22:00", "1.000", "20"],
        ["23:00", "5.500", "60"],
        ["00:00", "11.50", "60"],
    ]


def test_hours_of_several_days_are_averaged_over_the_worn_time():
    # Two days; on the second, half an hour of each was not worn.
    values = np.concatenate([np.full(48, 1.0), np.full(48, 4.0)])
    worn = np.append(np.ones(48, bool), np.arange(48) % 2 == 0)
    outline = Outline(to_html(numbers(values, 1800.0, worn)))
    rows = cells(outline, "Mean of each hour of the clock")[1:]
    assert {tuple(row[1:]) for row in rows} == {("2.000", "1 h 30 min")}


def pieces_of(path):
    """Where a path of level pieces lies: from, to and height of each."""
    found, x, y = [], None, None
    for letter, rest in re.findall(r"([MVH])([^MVHz]*)", path):
        given = [float(part) for part in rest.split()]
        if letter == "M":
            x, y = given
        elif letter == "V":
            y = given[0]
        else:
            found.append((x, given[0], y))
            x = given[0]
    return found


def test_the_curve_is_drawn_to_scale():
    # A day in windows of 10 minutes, two of which share a piece of the curve.
    values = np.tile([1.0, 3.0], 72)
    worn = np.arange(144) >= 2
    timeline = numbers(values, 600.0, worn)
    ((box, height),), _, limits = curves.of_days(
        timeline, np.array([0.0, 86_400.0])
    )
    assert limits == (0.0, 3.0) and height == 96
    mean = re.search(r'd="([^"]*)" class="mean"', box)[1]
    pieces = pieces_of(mean)
    assert len(pieces) == 71
    assert pieces[0] == (20.0, 40.0, 32.0)  # 2 of 3, a third from above
    assert {piece[2] for piece in pieces} == {32.0}
    area = re.search(r'd="([^"]*)" class="range"', box)[1]
    assert area.startswith("M20 0H40V64H20z")  # from 3 down to 1


@pytest.mark.parametrize(
    "values, limits",
    [
        ([0.2, 1.3], (0.0, 1.5)),
        ([-3.0, -1.0], (-3.0, 0.0)),
        ([-40.0, 90.0], (-50.0, 100.0)),
        ([0.0, 0.0], (0.0, 1.0)),
        ([], (0.0, 1.0)),
    ],
)
def test_the_axis_ends_at_round_numbers(values, limits):
    assert curves.axis_limits(np.array([*values, np.nan])) == limits


def test_nothing_worn_has_a_page_too():
    timeline = numbers([1.0, 2.0], 600.0, np.zeros(2, bool))
    text = to_html(timeline)
    assert "In 20 min: the device was not worn." in text
    assert "nothing worn" in repr(timeline)


def test_numbers_of_numpy_are_saved(timeline, tmp_path):
    same = dataclasses.replace(
        timeline,
        half_width=np.float32(0.5),
        start_time=np.int64(timeline.start_time),
    )
    same.save(tmp_path / "a.parquet")
    assert NumberTimeline.load(tmp_path / "a.parquet").half_width == 0.5


def test_names_are_escaped_on_the_page():
    text = to_html(
        numbers([1.0], 2.0, name="<b>", subject="<i>", quantity="<u>")
    )
    assert not re.search("<(b|i|u)>", text)
    assert "mean &lt;u&gt; 1.000." in text


def test_a_week_of_numbers_is_small():
    count = int(7 * 86_400 / 2.56)
    values = np.random.default_rng(0).normal(1.2, 0.3, count)
    assert len(to_html(numbers(values, 2.56)).encode()) < 300_000
