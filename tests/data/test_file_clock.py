"""In which time zone the times of each kind of file are."""

import warnings
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas
import pytest
from device_format import write_cwa, write_geneactiv, write_gt3x
from test_labels import (
    EXPECTED,
    START,
    label_rows,
    moments,
    stretches,
    unix,
    with_offset,
    without_offset,
    write_signal,
)
from test_read_forms import READ, READ_FORMS, options_of, rows_of

from keras_relcon.data import (
    load_recordings,
    read_recording,
    read_recordings,
)
from keras_relcon.data.clock_time import clock_texts

# By the headers of real files.
STATED = {"GENEActiv `.bin`": "+01:00", "ActiGraph `.gt3x`": "+02:00"}
IN_UTC = (  # Unix numbers, and dates with +00:00; others have a clock or none
    "Empatica E4 `ACC.csv`",
    "Sensor Logger `TotalAcceleration.csv`",
    "SensorLog (iOS)",
    "Core Motion, `gravity.x` and `userAcceleration.x`",
    "Apple Watch, `accelerationX` beside `gravityX`",
    "MetaWear MetaBase",
    "Shimmer Consensys, `sep=`, names, units",
    "any `.csv` with `x`, `y`, `z` and dates (ISO 8601)",
)
BEGIN = START.timestamp()
WRITERS = {"cwa": write_cwa, "bin": write_geneactiv, "gt3x": write_gt3x}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", READ_FORMS)
def test_the_zone_of_each_form(tmp_path, form):
    if "devices" in rows_of(READ)[form][1]:
        pytest.importorskip("actfast")
    options = options_of(rows_of(READ)[form][1])
    recording = read_recording(READ_FORMS[form][0](tmp_path), "s", **options)
    zone = "UTC" if form in IN_UTC else STATED.get(form)
    assert recording.time_zone == zone


@pytest.mark.parametrize(
    "form, zone",
    [
        (with_offset, "+02:00"),
        (lambda t: t.isoformat().replace("+00:00", "Z"), "UTC"),
        (lambda t: t.isoformat(), "UTC"),
        (lambda t: f"{t:%Y-%m-%d %H:%M:%S.%f} -0530", "-05:30"),
        (unix, "UTC"),
        (lambda t: f"{t.timestamp() * 1000:.0f}", "UTC"),
        (without_offset, None),
        (lambda t: f"{t.timestamp() - BEGIN:.2f}", None),
    ],
)
def test_the_zone_of_each_form_of_time(tmp_path, form, zone):
    path = write_signal(tmp_path / "walk.csv", moments(form))
    recording = read_recording(path, "s")
    assert recording.time_zone == zone
    pieces = read_recordings(path, "s")
    assert [piece.time_zone for piece in pieces] == [zone]
    if zone == "-05:30":
        assert recording.start_time == BEGIN + 5.5 * 3600
    elif recording.start_time:
        assert recording.start_time == BEGIN


@pytest.mark.parametrize("ending", ["parquet", "feather"])
@pytest.mark.parametrize(
    "zone, stated",
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("UTC", "UTC"),
        (timezone(timedelta(hours=2)), "+02:00"),
        (None, None),
    ],
)
def test_the_zone_of_a_column_of_dates(tmp_path, ending, zone, stated):
    times = pandas.date_range(BEGIN * 1e9, periods=500, freq="20ms", tz="UTC")
    times = times.tz_convert(zone)
    frame = pandas.DataFrame({"time": times, "x": 0.0, "y": 0.6, "z": 0.8})
    path = tmp_path / f"a.{ending}"
    getattr(frame, f"to_{ending}")(path)
    recording = read_recording(path, "s")
    assert recording.time_zone == stated
    assert recording.start_time == BEGIN


def test_dates_in_a_zone_are_no_clock_that_is_put_back(tmp_path):
    """Their step back of an hour is a fault, not the end of summer time."""
    times = pandas.date_range(BEGIN * 1e9, periods=500, freq="20ms", tz="UTC")
    times = times[:250].append(times[250:] - pandas.Timedelta(hours=1))
    frame = pandas.DataFrame({"time": times, "x": 0.0, "y": 0.6, "z": 0.8})
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="row 250 .*does not follow"):
        read_recording(tmp_path / "a.parquet", "s")


@pytest.mark.parametrize(
    "form", [with_offset, unix, lambda t: t.isoformat().replace("+00:00", "Z")]
)
def test_times_that_are_known_are_shown_in_a_zone(tmp_path, form):
    path = write_signal(tmp_path / "walk.csv", moments(form))
    recording = read_recording(path, "s", time_zone="America/New_York")
    assert recording.start_time == BEGIN
    assert recording.time_zone == "America/New_York"
    assert "from 2024-05-01 06:00:00 America/New_York" in repr(recording)


@pytest.mark.parametrize(
    "zone, hours", [("Europe/Berlin", 2), ("-05:30", -5.5), ("UTC", 0)]
)
@pytest.mark.parametrize("kind", ["dates", "omgui", *WRITERS])
def test_a_clock_was_set_in_a_zone(tmp_path, kind, zone, hours):
    """What shows 10:00 began so many hours earlier in UTC."""
    if kind in WRITERS:
        pytest.importorskip("actfast")
        axes = np.tile([0, 0.6, 0.8], (1500, 1))
        write, when = WRITERS[kind], {}
        if kind == "gt3x":
            when = {"start": int(BEGIN)}
        elif kind == "cwa":
            when = {"block_starts": BEGIN + np.arange(19) * 1.6}
        else:
            when = {"page_starts": BEGIN + np.arange(5) * 6.0}
        path = write(tmp_path / f"a.{kind}", axes, **when)
    else:
        path = write_signal(tmp_path / "a.csv", moments(without_offset))
        if kind == "omgui":
            text = path.read_text().partition("\n")[2]
            path.write_text(text.replace("T", " "))
    own = read_recording(path, "s")
    assert (own.start_time, own.time_zone) == (BEGIN, None)
    recording = read_recording(path, "s", time_zone=zone)
    assert recording.time_zone == zone
    assert recording.start_time == BEGIN - 3600 * hours
    text = clock_texts([recording.start_time], zone)[0]
    assert text.startswith("2024-05-01T10:00:00.000")


CHANGES = [  # the first sample, and Berlin's clocks then and 5 s later
    (
        datetime(2024, 3, 31, 0, 59, 55, tzinfo=timezone.utc),
        "2024-03-31T01:59:55.000+01:00",
        "2024-03-31T03:00:00.000+02:00",
    ),
    (
        datetime(2024, 10, 27, 0, 59, 55, tzinfo=timezone.utc),
        "2024-10-27T02:59:55.000+02:00",
        "2024-10-27T02:00:00.000+01:00",
    ),
]


@pytest.mark.parametrize("start, before, after", CHANGES)
@pytest.mark.parametrize("form", ["unix", "offset", "own clock"])
def test_a_recording_over_a_clock_change(tmp_path, start, before, after, form):
    """A device's clock runs on, and the zone's clocks are shown."""
    zone = datetime.fromisoformat(before).tzinfo
    forms = {
        "unix": unix,
        "offset": lambda t: t.astimezone(zone).isoformat(),
        "own clock": lambda t: without_offset(t.astimezone(zone)),
    }
    path = write_signal(tmp_path / "a.csv", moments(forms[form], start=start))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if form == "own clock" and start.month == 10:
            warnings.filterwarnings("ignore", ".*shows twice.*")
        recording = read_recording(path, "s", time_zone="Europe/Berlin")
    assert recording.num_samples == 500
    assert recording.start_time == start.timestamp()
    times = recording.start_time + np.array([0, 5])
    assert clock_texts(times, "Europe/Berlin").tolist() == [before, after]


@pytest.mark.parametrize("start, before, after", CHANGES)
def test_offsets_that_change_are_warned_of(tmp_path, start, before, after):
    first, second = (datetime.fromisoformat(t).tzinfo for t in (before, after))
    change = start + timedelta(seconds=5)

    def form(time):
        zone = first if time < change else second
        return time.astimezone(zone).isoformat()

    path = write_signal(tmp_path / "a.csv", moments(form, start=start))
    advice = 'one offset from UTC.*Pass .*time_zone="Europe/Berlin"'
    with pytest.warns(UserWarning, match=advice):
        recording = read_recording(path, "s")
    assert recording.time_zone == before[-6:]
    assert recording.start_time == start.timestamp()
    assert recording.num_samples == 500
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = read_recording(path, "s", time_zone="Europe/Berlin")
    times = named.start_time + np.array([0, 5])
    assert clock_texts(times, named.time_zone).tolist() == [before, after]


def test_a_start_that_a_clock_never_shows(tmp_path):
    start = datetime(2024, 3, 31, 2, 30)
    path = write_signal(tmp_path / "a.csv", moments(str, start=start))
    with pytest.warns(UserWarning, match="start of a.csv at .*shows never"):
        recording = read_recording(path, "s", time_zone="Europe/Berlin")
    texts = clock_texts([recording.start_time], "Europe/Berlin")
    assert texts.tolist() == ["2024-03-31T03:30:00.000+02:00"]


@pytest.mark.parametrize("stamps", [None, [k / 50 for k in range(500)]])
def test_elapsed_times_have_no_time_zone(tmp_path, stamps):
    path = write_signal(tmp_path / "walk.csv", stamps)
    rate = 50 if stamps is None else None
    assert read_recording(path, "s", sample_rate_hz=rate).time_zone is None
    with pytest.raises(
        ValueError,
        match="recordings with clock times.*0 s on|which has no times",
    ):
        read_recording(path, "s", sample_rate_hz=rate, time_zone="UTC")


def test_an_unknown_zone_is_told_before_the_file_is_read(tmp_path):
    path = write_signal(tmp_path / "walk.csv", ["?"] * 500)
    with pytest.raises(ValueError, match="IANA name"):
        read_recording(path, "s", time_zone="Berlin")


def test_a_device_that_began_from_0_again(tmp_path):
    """What comes after the step back is of no clock."""
    times = np.arange(500) / 50
    times[:250] += BEGIN
    path = write_signal(tmp_path / "walk.csv", times)
    first, second = read_recordings(path, "s", on_clock_change="split")
    assert (first.start_time, first.time_zone) == (BEGIN, "UTC")
    assert (second.start_time, second.time_zone) == (5.0, None)


def test_pieces_of_one_file_are_on_one_clock(tmp_path):
    """Also behind a change of the zone's clocks: a device's runs on."""
    start = datetime(2024, 3, 31, 1, 59, 55)
    stamps = moments(without_offset, start=start)
    stamps[250:] = moments(without_offset, 250, start + timedelta(hours=3))
    path = write_signal(tmp_path / "walk.csv", stamps)
    first, second = read_recordings(path, "s", time_zone="Europe/Berlin")
    assert second.start_time - first.start_time == 3 * 3600
    texts = [clock_texts([r.start_time], r.time_zone) for r in (first, second)]
    assert texts[0] == ["2024-03-31T01:59:55.000+01:00"]
    assert texts[1] == ["2024-03-31T05:59:55.000+02:00"]


def test_a_folder_in_a_time_zone(tmp_path):
    for name, form in (("a/w", without_offset), ("b/w", unix)):
        write_signal(tmp_path / f"{name}.csv", moments(form))
    first, second = load_recordings(tmp_path, time_zone="Europe/Berlin")
    assert first.time_zone == second.time_zone == "Europe/Berlin"
    assert second.start_time - first.start_time == 7200


@pytest.mark.parametrize(
    "form, label_form",
    [
        (unix, without_offset),
        (without_offset, with_offset),
        (without_offset, unix),
        (without_offset, without_offset),
        (with_offset, without_offset),
    ],
)
def test_a_time_zone_brings_labels_and_recording_together(
    tmp_path, form, label_form
):
    """Both are of Berlin, where it was 12:00."""

    def berlin(form):
        hours = 2 if form is without_offset else 0
        return lambda time: form(time + timedelta(hours=hours))

    path = write_signal(tmp_path / "walk.csv", moments(berlin(form)))
    labels = label_rows(berlin(label_form))
    (tmp_path / "walk.labels.csv").write_text(labels)
    with pytest.warns(UserWarning, match="1 stretches, 1 s of 10 s"):
        recording = read_recording(path, "s", time_zone="Europe/Berlin")
    assert recording.start_time == BEGIN
    assert stretches(recording) == EXPECTED


def in_berlin(time):
    """What a clock on a wall there shows."""
    return time.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)


@pytest.fixture(params=[(3, 31), (10, 27)], ids=["forward", "back"])
def night(request, tmp_path):
    """150 minutes at 2 Hz by such a clock, changed 30 minutes after the start.

    A label is of 100 to 130 minutes after the start, by the clock too.
    """
    start = datetime(2024, *request.param, 0, 30, tzinfo=timezone.utc)
    times = [start + timedelta(seconds=k / 2) for k in range(18_000)]
    write_signal(tmp_path / "walk.csv", map(in_berlin, times), len(times))
    stretch = (in_berlin(start + timedelta(minutes=k)) for k in (100, 130))
    text = ",".join(map(str, stretch))
    (tmp_path / "walk.labels.csv").write_text(f"start,end,label\n{text},sit\n")
    return tmp_path / "walk.csv", start


@pytest.mark.filterwarnings("ignore:.*(goes back|shows twice|have no label)")
def test_labels_by_a_clock_that_was_changed(night):
    path, start = night
    recording = read_recording(path, "s", time_zone="Europe/Berlin")
    assert recording.start_time == start.timestamp()
    assert recording.num_samples == 18_000
    expected = [("", 0, 12_000), ("sit", 12_000, 3_600), ("", 15_600, 2_400)]
    assert stretches(recording) == expected
    own = read_recordings(path, "s")
    assert len(own) == (2 if start.month == 3 else 1)
    (at,) = [stretches(piece) for piece in own if "sit" in piece.labels]
    assert [(name, length) for name, _, length in at] == [
        ("", 12_000 if start.month == 10 else 8_400),
        ("sit", 3_600),
        ("", 2_400),
    ]


@pytest.mark.filterwarnings("ignore:.*(goes back|have no label)")
@pytest.mark.parametrize("night", [(10, 27)], indirect=True)
def test_labels_of_the_hour_that_a_clock_shows_twice(night):
    path, _ = night
    labels = path.with_name("walk.labels.csv")
    labels.write_text(
        "start,end,label\n2024-10-27 02:40,2024-10-27 03:10,walk\n"
    )
    with pytest.warns(UserWarning, match="twice.*2024-10-27T02:40:00. The fir"):
        recording = read_recording(path, "s")
    # From ten minutes after the start to ten after the hour was repeated.
    assert stretches(recording)[1] == ("walk", 1_200, 10_800)


@pytest.mark.filterwarnings("ignore:.*(goes back|have no label)")
def test_a_label_that_can_only_be_of_the_second_hour(tmp_path):
    """The recording begins at 02:30; 02:10 is after the change alone."""
    start = datetime(2024, 10, 27, 0, 30, tzinfo=timezone.utc)
    times = [start + timedelta(seconds=k / 2) for k in range(9_000)]
    path = write_signal(tmp_path / "walk.csv", map(in_berlin, times), 9_000)
    (tmp_path / "walk.labels.csv").write_text(
        "start,end,label\n2024-10-27 02:10,2024-10-27 02:20,walk\n"
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*twice")
        recording = read_recording(path, "s")
    # 40 minutes after the start: 30 to the change, and ten.
    assert stretches(recording)[1] == ("walk", 4_800, 1_200)


def test_a_clock_that_is_put_forward_by_half_an_hour(tmp_path):
    start = datetime(2024, 10, 5, 15, 29, 55, tzinfo=timezone.utc)
    zone = ZoneInfo("Australia/Lord_Howe")
    form = lambda t: t.astimezone(zone).replace(tzinfo=None)  # noqa: E731
    path = write_signal(tmp_path / "a.csv", moments(form, start=start))
    recording = read_recording(path, "s", time_zone="Australia/Lord_Howe")
    assert recording.num_samples == 500
    assert recording.start_time == start.timestamp()


def test_numbers_that_may_count_from_another_year_are_told(tmp_path):
    path = write_signal(
        tmp_path / "a.csv", [f"{736e6 + k / 50:.2f}" for k in range(500)]
    )
    words = "1993-04-28 as Unix.*2023-04-28 if.*2000.*2024-04-28 if from 2001"
    with pytest.warns(UserWarning, match=words):
        recording = read_recording(path, "s")
    assert recording.start_time == 736e6
