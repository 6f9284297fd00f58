import re
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from html_outline import Outline, cells

from keras_relcon.timeline import Timeline, page
from keras_relcon.timeline.page_parts import movement, palette, strips, words

EVIL = "<script>alert('1')</script> & \"me\""
DAY = 86_400
START = 1_714_428_000  # Tue 30 Apr 2024, 00:00 in Berlin
BERLIN = {"start_time": START, "time_zone": "Europe/Berlin"}


def to_page(timeline):
    return Outline(page.to_html(timeline))


def generated(num_windows, classes, seed=0, window_seconds=2.56, **arguments):
    """A timeline of the size of a real one, another class each window."""
    rng = np.random.default_rng(seed)
    labels = np.array(classes)[rng.integers(len(classes), size=num_windows)]
    enmo = rng.gamma(2, 40, num_windows)
    values = {
        "name": "monday.cwa",
        "subject": "s01",
        "duration": num_windows * window_seconds,
        "window_seconds": window_seconds,
        "classes": classes,
        "start_seconds": np.arange(num_windows) * window_seconds,
        "labels": labels,
        "probabilities": rng.dirichlet(np.ones(len(classes)), num_windows),
        "valid": np.ones(num_windows, bool),
        "worn": np.ones(num_windows, bool),
        "enmo": enmo,
        "mad": 1.3 * enmo,
        "magnitude_min": 1 - rng.random(num_windows),
        "magnitude_max": 1 + 3 * rng.random(num_windows),
        **BERLIN,
    }
    return Timeline(**(values | arguments))


def test_saved_page_is_one_file_without_network(written, tmp_path):
    path = tmp_path / "monday.html"
    written("wwss?n-" * 60, 60, **BERLIN).save(path)
    text = path.read_text(encoding="utf-8")
    outline = Outline(text)
    names = {tag for tag, _ in outline.tags}
    assert not names & {
        "script",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "img",
        "image",
        "use",
        "foreignobject",
    }
    for _, attributes in outline.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
        assert "src" not in attributes
    assert "@import" not in text
    assert re.findall(r"url\((?!#p\d+\))", text) == []
    assert "://" not in text


def test_page_can_be_read_without_seeing_it(written):
    outline = to_page(written("wwss?n-" * 60, 60, **BERLIN))
    assert outline.of("html") == [{"lang": "en"}]
    assert len(outline.of("h1")) == 1
    assert len(outline.of("caption")) == len(outline.of("table")) > 6
    assert all(head.get("scope") for head in outline.of("th"))
    sections = {each["id"] for each in outline.of("section")}
    assert {link["href"][1:] for link in outline.of("a")} == sections
    assert len(outline.of("summary")) == len(outline.of("details")) == 2
    drawings = [
        each for each in outline.of("svg") if each.get("class") == "drawing"
    ]
    assert len(drawings) == len(outline.of("figure"))
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert re.search(r": .*\d m(in|g)", drawing["aria-label"])


def test_the_answer_is_the_first_sentence(written):
    text = to_page(written("w" * 30 + "s" * 120 + "??nnn-", 60)).text
    assert (
        "monday In 2 h 36 min: 120 min sitting, 30 min walking, 2.0 min"
        in (text.split("Days")[0])
    )
    assert "Worn for 2 h 32 min of 2 h 36 min (3 min not worn, 1 min" in text
    assert "1.3 % of the worn time is unknown" in text


def test_many_classes_give_no_endless_sentence():
    names = tuple(f"class {i}" for i in range(12))
    timeline = generated(12, names, window_seconds=60, labels=names)
    sentence = words.answer(timeline, (*names, *OTHERS), np.ones(15))[0]
    assert sentence.count("class") == 8 and "4.0 min of others" in sentence


OTHERS = ("unknown", "not worn", "not measured")


@pytest.mark.parametrize(
    ("letters", "sentence"),
    [
        ("nnn", "the device was not worn"),
        ("---", "nothing was measured"),
        ("www", "3.0 min walking. Worn for 3 min of 3 min. Not found: sitting"),
    ],
)
def test_there_may_be_nothing_to_answer(written, letters, sentence):
    assert f"In 3 min: {sentence}." in to_page(written(letters, 60)).text


def test_no_windows_at_all(written):
    timeline = generated(0, ("walking",), duration=7.0)
    assert "In 7 s: nothing was measured." in to_page(timeline).text


def test_tables_say_what_the_timeline_says(written):
    rng = np.random.default_rng(0)
    letters = "".join(rng.choice([*"wwss?n-"], 2 * 1440 + 300))
    timeline = written(letters, 60, **BERLIN)
    outline = to_page(timeline)
    rows = cells(outline, "Minutes of each day")
    minutes = timeline.minutes(by="day")
    assert rows[0] == ["day", *minutes.columns]
    names = [row[0] for row in rows[1:]]
    assert names == ["Tue 30 Apr 2024", "Wed 1 May 2024", "Thu 2 May 2024"] + [
        "all"
    ]
    numbers = [[float(c.replace(",", "")) for c in row[1:]] for row in rows[1:]]
    expected = minutes.to_numpy()
    expected = np.vstack([expected, expected.sum(axis=0)])
    np.testing.assert_allclose(numbers, expected, atol=0.5)
    hours = cells(outline, "Minutes and movement of each hour")
    hours = [row for row in hours if len(row) > 1][1:]
    by_hour = timeline.minutes(by="hour").to_numpy()
    assert len(hours) == len(by_hour) == 53
    assert hours[5][0] == "05:00"
    np.testing.assert_allclose(
        [[float(cell) for cell in row[1:6]] for row in hours],
        by_hour,
        atol=0.5,
    )
    movement = timeline.intensity(by="hour").to_numpy()
    found = [[float(c.replace(",", "")) for c in row[6:]] for row in hours]
    np.testing.assert_allclose(found, movement, atol=0.05)


def test_many_classes_are_rows_of_the_table_of_days():
    names = tuple(f"class {i}" for i in range(9))
    timeline = generated(
        20 * 24, names, window_seconds=3600, labels=[names[2]] * 20 * 24
    )
    outline = to_page(timeline)
    rows = cells(outline, "Minutes of each day, part 1")
    assert len(rows) == 1 + 12 and len(rows[0]) == 1 + 9
    assert rows[3] == ["class 2"] + ["1,440"] * 9
    rows = cells(outline, "Minutes of each day, part 3")
    assert rows[3] == ["class 2", "1,440", "1,440", "28,800"]


def drawn_minutes(box, num_minutes):
    """Which class each minute of a strip has, read from its paths."""
    found = np.full(num_minutes, "", "<U12")
    for path, name in re.findall('<path d="(.*?)" class="(.*?)"', box):
        for start, length in re.findall(r"M(\d+) [\d.]+h(\d+)v", path):
            assert (found[int(start) : int(start) + int(length)] == "").all()
            found[int(start) : int(start) + int(length)] = name
    return found.tolist()


def test_a_strip_shows_what_took_most_of_each_minute(written):
    rng = np.random.default_rng(1)
    letters = np.repeat(
        rng.choice([*"wwss?n-"], 1500), rng.integers(1, 9, 1500)
    )
    timeline = written("".join(letters), 20, **BERLIN)
    edges = np.arange(-(-timeline.duration // DAY) + 1) * DAY
    shown = strips.strips_of_days(timeline, edges)
    names = {"w": "c0", "s": "c1", "?": "unknown", "n": "not-worn", "-": ""}
    assert len(shown) == 2
    for day, (box, _) in enumerate(shown):
        of_day = letters[day * 4320 : (day + 1) * 4320]
        expected = []
        for minute in range(1440):
            inside = of_day[3 * minute : 3 * minute + 3].tolist()
            most = max([*"ws?n-"], key=inside.count)
            expected.append(names[most] if inside else "")
        assert drawn_minutes(box, 1440) == expected


def test_a_short_recording_has_a_strip_of_its_own(written):
    timeline = written("w" * 4 + "s" * 8, 60, **BERLIN)
    box, _ = strips.strip_of_all(timeline)
    assert drawn_minutes(box, 1440) == ["c0"] * 480 + ["c1"] * 960
    assert "All that was recorded" in to_page(timeline).text
    assert "All that was recorded" not in to_page(written("w" * 7, 3600)).text


def test_bars_are_as_long_as_the_minutes(written):
    timeline = written("w" * 90 + "s" * 60 + "?" * 30 + "-" * 9, 60, **BERLIN)
    seconds = timeline.minutes(by="day").to_numpy() * 60
    (bar,) = strips.bars_of_days(timeline, np.array([0.0, DAY]), seconds)
    assert 'viewBox="0 0 1440 20"' in bar
    found = re.findall(r'x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', bar)
    assert found == [("0", "90"), ("90", "60"), ("150", "30")]


def test_hours_of_the_clock_are_shares_of_what_was_recorded(written):
    # An hour on the first day, and half an hour on the second.
    timeline = written(
        "w" * 60 + "s" * 1380 + "w" * 15 + "s" * 15, 60, **BERLIN
    )
    rows = cells(
        to_page(timeline), "Minutes of an hour of the clock, on average"
    )
    assert rows[1][:3] == ["00:00", "50", "10"]
    assert rows[2][:3] == ["01:00", "0", "60"]
    rows = cells(
        to_page(written("w" * 60, 60, **BERLIN)),
        "Minutes of an hour of the clock, on average",
    )
    assert rows[1][1] == "60" and set(rows[2][1:]) == {"–"}


def test_the_envelope_is_of_the_windows_in_each_bin(written):
    rng = np.random.default_rng(2)
    low, high = rng.random(300), 1 + rng.random(300)
    letters = "".join(rng.choice([*"ws-"], 300))
    timeline = written(letters, 10, magnitude_min=low, magnitude_max=high)
    bins = np.arange(0, 3060, 60.0)
    found = movement.envelope(timeline, bins)
    for index in range(50):
        inside = slice(6 * index, 6 * index + 6)
        is_valid = timeline.valid[inside]
        expected = [np.nan, np.nan]
        if is_valid.any():
            expected = [
                np.float32(low[inside][is_valid].min()),
                np.float32(high[inside][is_valid].max()),
            ]
        np.testing.assert_array_equal([f[index] for f in found], expected)


def test_the_envelope_is_drawn_to_scale(written):
    low, high = [0.5, 1, 1, 0], [1.5, 1, 2, 1]
    timeline = written("wwww", 10, magnitude_min=low, magnitude_max=high)
    box, height = movement.envelope_of_all(timeline, 2)
    # 44 pixels for 2 g; a bin is two windows wide, half of all.
    assert height == 44 and 'viewBox="0 0 1440 44"' in box
    assert 'd="M0 11H720V33H0zM720 0H1440V44H720z" class="signal"' in box
    assert 'd="M0 22H1440" class="rest"' in box
    parts, top = movement.envelopes_of_days(timeline, np.array([0.0, DAY]))
    # One bin of two minutes of the day.
    assert top == 2 and 'd="M0 0H2V44H0z" class="signal"' in parts[0][0]


def test_movement_is_drawn_to_scale(written):
    timeline = written("ww", 3600, **BERLIN)  # ENMO 0 and 10, MAD 0 and 20 mg
    edges, hours = np.array([0.0, DAY]), np.arange(25) * 3600.0
    rows, top = movement.hours_of_days(
        timeline, edges, hours[:3], timeline.intensity(by="hour")
    )
    assert top == 20
    assert 'd="M4 64V64H56V64zM64 64V32H116V64z" class="enmo"' in rows[0]
    assert 'd="M0 64H60V0H120" class="mad"' in rows[0]


def test_bouts_are_the_longest_of_each_class(written):
    text = "w" * 12 + "s" * 30 + "w" * 9 + "s" + "w" * 7 + "s" + "w" * 8
    rows = cells(to_page(written(text, 10)), "Up to 3 bouts of each class")
    assert rows[1] == ["walking: 4 bouts, 6.0 min"]
    assert rows[2][:3] == ["00:00:00", "00:02:00", "2 min"]
    assert [row[2] for row in rows[2:5]] == [
        "2 min",
        "1 min 30 s",
        "1 min 20 s",
    ]
    assert rows[5] == ["sitting: 1 bout, 5.0 min"]
    assert "There is none." in to_page(written("wwww", 10)).text


def test_time_not_worn_is_told(written):
    timeline = written("w" * 6 + "n" * 3 + "s" * 3 + "nn", 1800, **BERLIN)
    outline = to_page(timeline)
    rows = cells(outline, "Worn time of each day")
    assert rows[1] == ["Tue 30 Apr 2024", "4 h 30 min", "64.3 %"] + [
        "2 h 30 min",
        "0",
    ]
    rows = cells(outline, "Not worn: the longest 2 of 2")
    assert rows[1] == [
        "Tue 30 Apr 2024, 03:00:00",
        "04:30:00",
        "1 h 30 min",
    ]


def test_how_sure_the_model_is(written):
    # 0.9, 0.8 and 0.5 for walking, sitting and unknown.
    outline = to_page(written("wwws?n", 60, **BERLIN))
    rows = cells(outline, "How sure the model is, by class")
    assert rows[1:] == [
        ["walking", "3", "0.90", "0.90"],
        ["sitting", "1", "0.80", "0.80"],
        ["unknown", "1", "0.50", "0.50"],
    ]
    rows = cells(outline, "How sure the model is, by day")
    assert rows[1] == ["Tue 30 Apr 2024", "0.80", "20.0 %"]
    assert "Mean probability 0.80; 20.0 % of the worn time" in outline.text


def test_text_from_data_is_escaped_everywhere():
    timeline = generated(
        3000,
        (EVIL, f"{EVIL} 2"),
        name=EVIL,
        subject=EVIL,
        facts={EVIL: EVIL},
    )
    text = page.to_html(timeline)
    assert "<script" not in text
    assert '"me"' not in text
    assert Outline(text).text.count("<script>alert('1')</script>") > 20


def test_a_name_that_is_no_text_can_be_written(written, tmp_path):
    name = b"gr\xfcn".decode("utf-8", "surrogateescape")
    written("ww", name=name).save(tmp_path / "page.html")
    assert "gr?n" in (tmp_path / "page.html").read_text()


def test_a_class_looks_the_same_in_every_recording(written):
    for letters in ("wwss", "ssss"):
        timeline = written(letters, 3600)
        assert 'class="c1"' in page.to_html(timeline).split("<h2>Days</h2>")[1]
    seen = [palette.look(index, 99) for index in range(palette.NUM_LOOKS)]
    assert len({str(each) for each in seen}) == palette.NUM_LOOKS == 21
    # However many classes there are, and whatever else is in the recording.
    assert palette.look(3, 4) == palette.look(3, 30)
    assert palette.look(21, 30) == palette.look(0, 30)
    assert [palette.look(4 + i, 4)[1] for i in range(3)] == [0.6, 0.25, 0]


@pytest.mark.parametrize(
    ("number", "said", "num_patterns"),
    [
        (7, None, 0),
        (8, "The first 7 classes have colours of their own", 1),
        (21, "the same colours with lines.", 14),
        (22, "From class 22 on looks are used again", 14),
    ],
)
def test_more_classes_than_colours_have_lines(number, said, num_patterns):
    names = tuple(f"class {i}" for i in range(number))
    outline = to_page(generated(number, names, labels=names))
    ids = {pattern["id"] for pattern in outline.of("pattern")}
    assert len(ids) == num_patterns
    used = set(re.findall(r'fill="url\(#(p\d+)\)"', outline.page))
    assert used == ids
    if said:
        assert said in outline.text
    else:
        assert "have colours of their own" not in outline.text


@pytest.mark.parametrize(
    ("start", "length", "twice"),
    [("2025-03-30", 23, []), ("2025-10-26", 25, ["+0200", "+0100"])],
)
def test_days_when_the_clock_changes(written, start, length, twice):
    zone = ZoneInfo("Europe/Berlin")
    begin = datetime.fromisoformat(start).replace(tzinfo=zone).timestamp()
    timeline = written("w" * length, 3600, start_time=begin, time_zone=zone.key)
    outline = to_page(timeline)
    assert f"{length} hours: the clock was changed" in outline.text
    assert f'viewBox="0 0 {length * 60} 36"' in outline.page
    rows = cells(outline, "Minutes and movement of each hour")
    names = [row[0] for row in rows if len(row) > 1][1:]
    assert len(names) == length
    assert [name for name in names if "+" in name] == [
        f"02:00 {offset}" for offset in twice
    ]
    assert ("02:00" in names) == (length == 24)


def test_the_page_says_which_times_it_shows(written):
    text = to_page(written("w" * 60, 60, **BERLIN)).text
    assert "from Tue 30 Apr 2024, 00:00:00 to Tue 30 Apr 2024, 01:00:00" in text
    assert "Times are those of Europe/Berlin." in text
    text = to_page(written("w" * 60, 60, start_time=START)).text
    assert "Mon 29 Apr 2024, 22:00:00" in text
    assert "offset from UTC is not known" in text
    text = to_page(written("w" * 30, 3600)).text
    assert "The recording has no clock" in text
    assert "day 2" in text and "24:00:00" not in text.split("Days")[0]
    assert "from 00:00:00 to 30:00:00" in text


@pytest.mark.parametrize("count", [6, 30])
def test_a_week_is_small(tmp_path, count):
    names = tuple(f"activity number {i}" for i in range(count))
    timeline = generated(236_250, names)  # 7 days, the worst: never a bout
    timeline.save(tmp_path / "week.html")
    assert (tmp_path / "week.html").stat().st_size < 700_000


def test_dark_colours_are_not_printed(written):
    style = to_page(written("ww")).page.split("<style>")[1].split("</style>")[0]
    assert "@media screen and (prefers-color-scheme: dark)" in style
    assert "@media (prefers-color-scheme" not in style
    assert "@page { size: A4" in style


def test_long_recordings_have_no_table_of_hours(written):
    days = written("w" * 32 * 24, 3600)
    assert "has no table of hours here" in to_page(days).text
    assert "has no table of hours" not in to_page(written("w" * 24, 3600)).text


def test_a_recording_of_seconds_is_told_in_seconds(written):
    timeline = written("wws-", window_seconds=2)
    text = page.to_html(timeline)
    assert "In 8 s: 4 s walking, 2 s sitting." in text
    assert "Not found" not in text
