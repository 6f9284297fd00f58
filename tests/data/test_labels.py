"""Labels beside the signal: files of stretches of time."""

import shutil
import warnings
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from keras_relcon.data import (
    CodedLabels,
    LabelIntervals,
    Recording,
    label_recordings,
    load_recordings,
    make_windows,
    read_labels,
    read_recording,
    read_recordings,
    resample_recording,
)

DEVICES = Path(__file__).resolve().parents[2].parent / "shared/data/devices"
RATE = 50
START = datetime(2024, 5, 1, 10, tzinfo=timezone.utc)


def write_signal(path, stamps=None, num_rows=500):
    """10 s at 50 Hz, with these stamps."""
    header, cells = "x,y,z", [""] * num_rows
    if stamps is not None:
        header, cells = "time,x,y,z", [f"{stamp}," for stamp in stamps]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(f"{c}0,0.6,0.8" for c in cells)]))
    return path


def moments(form, num_rows=500, start=START):
    times = [start + timedelta(seconds=k / RATE) for k in range(num_rows)]
    return [form(time) for time in times]


def with_offset(time):
    return time.astimezone(timezone(timedelta(hours=2))).isoformat()


def spaced_offset(time):
    local = time.astimezone(timezone(timedelta(hours=2)))
    return f"{local:%Y-%m-%d %H:%M:%S.%f} +0200"


def without_offset(time):
    return time.replace(tzinfo=None).isoformat(timespec="milliseconds")


def unix(time):
    return f"{time.timestamp():.3f}"


def stretches(recording):
    """`(label, first sample, number of samples)` of each run."""
    labels = np.asarray(recording.labels)
    edges = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    edges = [0, *edges.tolist(), len(labels)]
    return [(str(labels[a]), a, b - a) for a, b in zip(edges, edges[1:])]


EXPECTED = [("walk", 0, 200), ("", 200, 50), ("sit", 250, 250)]


@pytest.mark.parametrize(
    "rows",
    [
        "start,end,label\n0,4,walk\n5,10,sit\n",
        "label;start (s);duration (s)\nwalk;0;4\nsit;5;5\n",
        "activity\tstart_ms\tstop_ms\nwalk\t0\t4000\nsit\t5000\t10000\n",
        "\ufeffStart,Duration,Label\n5,5,sit\n0,4,walk\n",
        'begin,until,annotation\n0,4,"walk"\n\n5,10,sit',
        "start;end;label\r0,0;4;walk\r5;1,0e1;sit\r",
        "label\tstart\tduration\nwalk\t-0,0\t4\nsit\t5,0\t5,0\n",
    ],
    ids="comma semicolon tab bom quotes decimals durations".split(),
)
def test_seconds_from_the_first_sample(tmp_path, rows):
    path = write_signal(tmp_path / "walk.csv")
    labels = tmp_path / "l.csv"
    labels.write_text(rows)
    with pytest.warns(UserWarning, match="l.csv: 1 stretches, 1 s of 10 s"):
        recording = read_recording(
            path, "s", sample_rate_hz=RATE, labels=labels
        )
    assert stretches(recording) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_labels_in_utf_16(tmp_path, encoding):
    path = tmp_path / "l.csv"
    path.write_text("start,end,label\r\n0,4,Stühle\r\n", encoding=encoding)
    labels = read_labels(path)
    assert (labels.start_seconds[0], labels.stop_seconds[0]) == (0, 4)
    assert list(labels.names) == ["Stühle"]


def test_a_label_keeps_its_comma(tmp_path):
    path = tmp_path / "l.csv"
    path.write_text("start;end;label\n0,5;4,5;1,5\n")
    labels = read_labels(path)
    assert (labels.start_seconds[0], labels.stop_seconds[0]) == (0.5, 4.5)
    assert list(labels.names) == ["1,5"]


def label_rows(form):
    times = [START + timedelta(seconds=k) for k in (0, 4, 5, 10)]
    a, b, c, d = (form(time) for time in times)
    return f"start,end,label\n{a},{b},walk\n{c},{d},sit\n"


LOCAL_OF_OFFSET = lambda t: without_offset(t + timedelta(hours=2))  # noqa: E731


@pytest.mark.parametrize(
    "form, label_form",
    [
        (with_offset, with_offset),
        (with_offset, lambda time: time.isoformat().replace("+00:00", "Z")),
        (with_offset, unix),
        (with_offset, lambda time: f"{time.timestamp() * 1000:.0f}"),
        (with_offset, LOCAL_OF_OFFSET),
        (spaced_offset, LOCAL_OF_OFFSET),
        (with_offset, spaced_offset),
        (unix, unix),
        (unix, with_offset),
        (without_offset, without_offset),
        (without_offset, lambda time: str(time.replace(tzinfo=None))),
    ],
)
def test_clock_times(tmp_path, form, label_form):
    path = write_signal(tmp_path / "walk.csv", moments(form))
    (tmp_path / "walk.labels.csv").write_text(label_rows(label_form))
    with pytest.warns(UserWarning, match="1 stretches, 1 s of 10 s"):
        recording = read_recording(path, "s")
    assert stretches(recording) == EXPECTED


@pytest.mark.parametrize(
    "form, label_form, advice",
    [
        (unix, without_offset, "Write the offset of the labels, as in"),
        (without_offset, with_offset, "Write the labels without an offset"),
        (without_offset, unix, "Write the labels without an offset"),
    ],
)
def test_clocks_that_cannot_be_compared(tmp_path, form, label_form, advice):
    path = write_signal(tmp_path / "walk.csv", moments(form))
    (tmp_path / "walk.labels.csv").write_text(label_rows(label_form))
    with pytest.raises(ValueError, match=f"must both have an offset.*{advice}"):
        read_recording(path, "s")


@pytest.mark.parametrize("stamps", [None, [k / RATE for k in range(500)]])
def test_clock_times_need_a_clock(tmp_path, stamps):
    path = write_signal(tmp_path / "walk.csv", stamps)
    labels = tmp_path / "l.csv"
    labels.write_text(label_rows(unix))
    rate = RATE if stamps is None else None
    with pytest.raises(ValueError, match="in clock time need a recording"):
        read_recording(path, "s", sample_rate_hz=rate, labels=labels)


def test_labels_of_a_device_are_on_its_clock(tmp_path):
    source = DEVICES / "ax3_testfile.cwa"
    if not source.exists():
        pytest.skip("the files of devices are not on this machine")
    path = shutil.copy(source, tmp_path / "ax3.cwa")
    plain = read_recording(path, "s")
    begin = datetime.fromtimestamp(plain.start_time, timezone.utc)
    begin = begin.replace(microsecond=0) + timedelta(seconds=2)
    text = f"{without_offset(begin)},{without_offset(begin + timedelta(0, 5))}"
    (tmp_path / "ax3.labels.csv").write_text(f"start,end,label\n{text},walk\n")
    with pytest.warns(UserWarning, match="2 stretches"):
        labelled = read_recording(path, "s")
    index = np.arange(plain.num_samples) / plain.sample_rate_hz
    index += plain.start_time - begin.timestamp()
    expected = np.where((index >= 0) & (index < 5), "walk", "")
    np.testing.assert_array_equal(labelled.labels, expected)
    with pytest.raises(ValueError, match="Leave|without an offset"):
        (tmp_path / "ax3.labels.csv").write_text(label_rows(with_offset))
        read_recording(path, "s")


@pytest.mark.parametrize(
    "form, label_form",
    [
        (
            lambda t: f"{t.replace(tzinfo=None)}.000"[:23],
            without_offset,
        ),
        (lambda t: f"{t.timestamp():.2f}", without_offset),
        (None, with_offset),
    ],
    ids=["omgui", "omgui_unix", "e4"],
)
def test_labels_of_tables_of_devices(tmp_path, form, label_form):
    """OMGUI writes the clock of the device, an E4 counts in UTC."""
    begin = START.timestamp()
    head, axes, rows = "", "0,0.6,0.8", [""] * 500
    if form is None:
        head = f"{begin}, {begin}, {begin}\n50.0, 50.0, 50.0\n"
        axes = "0,38,51"
    else:
        rows = [f"{stamp}," for stamp in moments(form)]
    path = tmp_path / "walk.csv"
    path.write_text(head + "\n".join(f"{row}{axes}" for row in rows))
    (tmp_path / "walk.labels.csv").write_text(label_rows(label_form))
    with pytest.warns(UserWarning, match="1 stretches, 1 s of 10 s"):
        recording = read_recording(path, "s")
    assert stretches(recording) == EXPECTED


def test_overlaps_and_what_is_outside_are_counted(tmp_path):
    path = write_signal(tmp_path / "walk.csv")
    labels = tmp_path / "l.csv"
    labels.write_text(
        "start,end,label\n0,6,walk\n2,3,stairs\n5,8,sit\n"
        "9.5,12,walk\n20,30,run\n9.001,9.002,blink\n"
    )
    with pytest.warns(UserWarning) as told:
        recording = read_recording(
            path, "s", sample_rate_hz=RATE, labels=labels
        )
    assert stretches(recording) == [
        ("walk", 0, 100),
        ("stairs", 100, 50),
        ("walk", 150, 100),
        ("sit", 250, 150),
        ("", 400, 75),
        ("walk", 475, 25),
    ]
    (text,) = [str(w.message) for w in told]
    for fact in (
        "l.csv: 2 of 6 labels overlap an earlier one, by 2 s",
        "1 of 6 labels lie outside of the recording (20 to 30 s)",
        "1 of 6 labels lie partly outside of the recording (9.5 to 12 s)",
        "1 of 6 labels lie between two samples (9.001 to 9.002 s)",
        "1 stretches, 1.5 s of 10 s, have no label",
    ):
        assert fact in text


def test_labels_that_cover_all_are_not_told(tmp_path, recwarn):
    path = write_signal(tmp_path / "walk.csv")
    labels = tmp_path / "l.csv"
    labels.write_text("start,end,label\n0,5,walk\n5,10,sit\n")
    recording = read_recording(path, "s", sample_rate_hz=RATE, labels=labels)
    assert not recwarn.list
    assert stretches(recording) == [("walk", 0, 250), ("sit", 250, 250)]


def test_pieces_between_gaps_keep_their_labels(tmp_path):
    stamps = [k / RATE + (300 if k >= 250 else 0) for k in range(500)]
    path = write_signal(tmp_path / "walk.csv", stamps)
    labels = tmp_path / "l.csv"
    labels.write_text("start,end,label\n0,5,walk\n100,200,sit\n302,310,run\n")
    with pytest.warns(UserWarning, match="1 of 3 labels lie outside of"):
        first, second = read_recordings(path, "s", labels=labels)
    assert stretches(first) == [("walk", 0, 250)]
    # it begins at 305 s
    assert stretches(second) == [("run", 0, 250)]
    whole = read_recording(path, "s", labels=labels)
    assert whole.labels[round(150 * RATE)] == "sit"


def test_one_source_of_labels(tmp_path):
    path = write_signal(tmp_path / "walk.csv")
    text = path.read_text().replace("z\n", "z,label\n").replace("0.8", "0.8,a")
    path.write_text(text)
    beside = tmp_path / "walk.labels.csv"
    beside.write_text("start,end,label\n0,10,walk\n")
    options = {"subject": "s", "sample_rate_hz": RATE}
    with pytest.raises(ValueError, match="one source of labels.*beside it"):
        read_recording(path, **options)
    found = read_recording(path, **options, labels=str(beside))
    assert set(found.labels) == {"walk"}
    found = read_recording(path, **options, label_column="label")
    assert set(found.labels) == {"a"}
    assert read_recording(path, **options, label_column=False).labels is None
    with pytest.raises(ValueError, match="Only one of `label_column`"):
        read_recording(path, **options, label_column="label", labels=beside)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", "which is empty"),
        ("start,label\n1,a\n", "must have a header.*Add what is missing"),
        ("start,end,end_time,label\n1,2,3,a\n", "Rename its columns"),
        ("start,end,label\n1,2,a\n3,x,b\n", "'x' in line 3"),
        ("start,end,label\n1,2,a\n3,4\n", "1 rows that do not.*line 3"),
        ("start,end,label\n1,2,a\n4,3,b\n", "label 2 from 4 to 3 s"),
        ("start,end,label\n2024-05-01 10:00,soon,b\n", "'soon' in line 2"),
        (
            "start,end,label\n2024-05-01T10:00Z,2024-05-01T11:00,b\n",
            "on one clock.*'utc'.*'local'",
        ),
        (
            "start,duration,label\n2024-05-01T10:00Z,1,b\n2024-05-01T11:00,1,b",
            "or none.*line 3 has none",
        ),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path, text, expected):
    path = tmp_path / "l.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=expected):
        read_labels(path)
    path.write_bytes("start,end,label\n1,2,Stühle\n".encode("latin-1"))
    with pytest.raises(ValueError, match="text in UTF-8.*Save it again"):
        read_labels(path)
    with pytest.raises(FileNotFoundError, match="`labels` must be"):
        read_labels(tmp_path / "absent.csv")


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    for name in ("s1/day1", "s1/day2", "s2/day1"):
        write_signal(folder / f"{name}.csv")
    return folder


def test_a_file_of_labels_for_each_recording(study):
    for subject, label in (("s1", "walk"), ("s2", "sit")):
        beside = study / subject / "day1.labels.csv"
        beside.write_text(f"start,end,label\n0,10,{label}\n")
    (study / "s1" / "day2.csv").unlink()
    found = load_recordings(study, RATE)
    assert [set(r.labels) for r in found] == [{"walk"}, {"sit"}]


@pytest.mark.parametrize("is_inside", [False, True])
@pytest.mark.parametrize("ending", [".csv", ".labels.csv"])
def test_a_folder_of_labels(study, tmp_path, is_inside, ending):
    labels = (study if is_inside else tmp_path) / "labels"
    for name in ("s1/day1", "s2/day1"):
        path = labels / f"{name}{ending}"
        path.parent.mkdir(parents=True)
        path.write_text(f"start,end,label\n0,10,{name}\n")
    told = "none for 1 of 3, which are read without a label: s1/day2"
    with pytest.warns(UserWarning, match=told):
        found = load_recordings(study, RATE, labels=f"{labels}/")
    assert [set(r.labels) for r in found] == [{"s1/day1"}, {""}, {"s2/day1"}]


@pytest.mark.parametrize("is_inside", [False, True])
def test_one_file_of_labels_for_a_folder(study, tmp_path, is_inside):
    labels = (study if is_inside else tmp_path) / "labels.csv"
    labels.write_text(
        "subject,start,end,label\ns1 ,0,10,walk\ns2,0,5,sit\n s2,5,10,run\n"
    )
    found = load_recordings(study, RATE, labels=labels)
    assert [set(r.labels) for r in found] == [
        {"walk"},
        {"walk"},
        {"sit", "run"},
    ]
    labels.write_text(
        "recording,start,end,label\ns1/day2,0,10,walk\ns3,0,5,sit\n"
    )
    with pytest.raises(ValueError, match="with labels of s3, which is no"):
        load_recordings(study, RATE, labels=labels)
    labels.write_text("start,end,label\n0,10,walk\n")
    with pytest.raises(ValueError, match="without one for 3 files"):
        load_recordings(study, RATE, labels=labels)


def test_coded_labels_are_read_as_an_array():
    labels = CodedLabels(np.array([2, 2, 0, 1]), ["", "sit", "walk"])
    array = np.array(["walk", "walk", "", "sit"])
    assert labels.codes.dtype == np.uint8
    assert labels.shape == (4,) and labels.ndim == 1 and len(labels) == 4
    assert labels.size == 4 and labels.dtype == array.dtype
    assert labels[3] == "sit" and labels.tolist() == array.tolist()
    np.testing.assert_array_equal(labels[1:], array[1:])
    np.testing.assert_array_equal(labels[array != ""], array[array != ""])
    np.testing.assert_array_equal(labels == "walk", array == "walk")
    np.testing.assert_array_equal(labels != array[::-1], array != array[::-1])
    np.testing.assert_array_equal(np.unique(labels), np.unique(array))
    np.testing.assert_array_equal(np.repeat(labels, 2), np.repeat(array, 2))
    np.testing.assert_array_equal(labels.astype(object), array.astype(object))
    assert list(labels) == array.tolist() and "names=['', 'sit'" in repr(labels)


def test_windows_of_coded_labels_are_those_of_text():
    codes = np.random.default_rng(0).integers(0, 3, 8).repeat(170)
    coded = CodedLabels(codes, ["", "sit", "walk"])
    still = np.tile([0.0, 0.6, 0.8], (len(codes), 1))
    for rate in (RATE, 100, 40):
        found, expected = (
            Recording(still, RATE, "s", labels=labels)
            for labels in (coded, coded[:])
        )
        assert isinstance(resample_recording(found, rate).labels, CodedLabels)
        np.testing.assert_array_equal(
            make_windows(found, rate, 64, 32).labels,
            make_windows(expected, rate, 64, 32).labels,
        )
    with pytest.raises(ValueError, match="one label per sample"):
        Recording(still[:100], RATE, "s", labels=coded)


def test_one_recording_is_labelled_as_a_list_of_one():
    recording = Recording(np.ones((100, 3)), RATE, "s")
    intervals = LabelIntervals([0], [1e3], ["walk"])
    with pytest.warns(UserWarning, match="outside"):
        (found,) = label_recordings(recording, intervals)
    assert set(found.labels.tolist()) == {"walk"}
    with pytest.raises(ValueError, match="at least one recording"):
        label_recordings([], intervals)
    with pytest.raises(TypeError, match="`intervals` must be `LabelIntervals`"):
        label_recordings(recording, [(0, 1, "walk")])


@pytest.mark.parametrize("clock", ["utc", "local"])
def test_labels_are_on_the_clock_of_the_recording(clock):
    still = np.tile([0.0, 0.0, 1.0], (500, 1))
    begin = START.timestamp()
    of = {
        "utc": Recording(still, RATE, "s", start_time=begin, time_zone="UTC"),
        "local": Recording(still, RATE, "s", start_time=begin),
    }
    other = of.pop("local" if clock == "utc" else "utc")
    labels = LabelIntervals([begin], [begin + 10], ["walk"], clock)
    (found,) = label_recordings(of[clock], labels)
    assert set(found.labels.tolist()) == {"walk"}
    with pytest.raises(ValueError, match=f'the labels with clock="{clock}"'):
        label_recordings(other, labels)
    seconds = LabelIntervals([0], [10], ["walk"])
    (found,) = label_recordings(other, seconds)
    assert set(found.labels.tolist()) == {"walk"}


def test_labels_of_a_day_take_a_byte_a_sample(recwarn):
    num = 24 * 3600 * RATE
    still = np.zeros((num, 3), np.float32)
    still[:, 2] = 1
    starts = np.arange(0, 24 * 3600, 60.0)
    names = [f"a label of many letters {k % 40}" for k in range(len(starts))]
    intervals = LabelIntervals(starts, starts + 60, names)
    (found,) = label_recordings([Recording(still, RATE, "s")], intervals)
    assert found.labels.codes.nbytes == num
    assert found.labels[90 * RATE] == names[1] and not recwarn.list


def test_the_owners_of_labels_are_an_array_with_one_for_each():
    intervals = LabelIntervals([0, 5], [5, 9], ["a", "b"], recordings=["s", ""])
    assert intervals.recordings.tolist() == ["s", ""]
    assert intervals.of("s").names.tolist() == ["a"]
    with pytest.raises(ValueError, match=r"be of a recording.*\(1,\).*\(2,\)"):
        LabelIntervals([0, 5], [5, 9], ["a", "b"], recordings=["s"])


@pytest.mark.parametrize(
    "header, rows",
    [
        ("startMs,endMs", "0,4000\n4000,10000"),
        ("Begin Time - msec,End Time - msec", "0,4000\n4000,10000"),
        ("Begin Time - ss.msec,End Time - ss.msec", "0,4\n4,10"),
        ("start (min),end (min)", "0,0.0666667\n0.0666667,0.1666667"),
        ("start,duration_min", "0,0.0666667\n4,0.1"),
        ("start_h,end_h", "0,0.00111111\n0.00111111,0.00277778"),
    ],
)
def test_units_in_the_names_of_columns(tmp_path, header, rows):
    path = write_signal(tmp_path / "a.csv")
    first, second = rows.split("\n")
    text = f"{header},label\n{first},walk\n{second},sit\n"
    (tmp_path / "a.labels.csv").write_text(text)
    labels = read_recording(path, "s", sample_rate_hz=RATE).labels
    assert labels.tolist() == ["walk"] * 200 + ["sit"] * 300


@pytest.mark.parametrize(
    "header",
    [
        "start_sample,end_sample",
        "startFrame,endFrame",
        "start,duration_samples",
        "Start Index,End Index",
        "start_rows,end_rows",
    ],
)
def test_labels_in_samples_are_refused(tmp_path, header):
    beside = tmp_path / "l.csv"
    beside.write_text(f"{header},label\n0,20,sit\n")
    with pytest.raises(ValueError, match="in a unit of time.*Give seconds"):
        read_labels(beside)
    beside.write_text("start_frame_time,end_frame_time,label\n0,20,sit\n")
    assert read_labels(beside).stop_seconds.tolist() == [20]


@pytest.mark.parametrize("is_beside", [False, True])
def test_words_for_missing_labels_are_none(tmp_path, is_beside):
    cells = ["NA", "nan", "NULL", "N/A", "None", "  ", " walk", "walk ", "null"]
    lines = [f"{cells[k // 50]},0,0.6,0.8" for k in range(450)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["label,x,y,z", *lines]))
    options = {}
    if is_beside:
        lines = [f"{k},{k + 1},{cell}" for k, cell in enumerate(cells)]
        beside = tmp_path / "l.csv"
        beside.write_text("\n".join(["start,end,label", *lines]))
        options = {"labels": beside}
    with warnings.catch_warnings():  # of time without a label
        warnings.simplefilter("ignore")
        labels = read_recording(path, "s", sample_rate_hz=50, **options).labels
    expected = [""] * 300 + ["walk"] * 100 + ["null"] * 50
    assert labels.tolist() == expected


def test_labels_that_name_whose_they_are_go_to_nobody_else():
    labels = LabelIntervals([0, 0], [1, 1], ["a", "b"], recordings=[1, 2])
    recordings = [Recording(np.zeros((100, 3)), 50, name) for name in "12"]
    with pytest.raises(ValueError, match=r"`intervals.of\(subject\)`"):
        label_recordings(recordings, labels)
    for recording, name in zip(recordings, "ab"):
        own = labels.of(recording.subject, recording.recording_id)
        (found,) = label_recordings([recording], own)
        assert set(np.unique(np.asarray(found.labels))) == {"", name}


def test_seconds_of_a_subject_with_two_recordings_are_told(tmp_path):
    for name in ("am", "pm"):
        path = tmp_path / "study" / "s1" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x,y,z\n" + "0,0,1\n" * 500)
    table = tmp_path / "labels.csv"
    for owner, counts in (("s1", [250, 250]), ("s1/am", [250, 0])):
        table.write_text(f"recording,start,end,label\n{owner},0,5,walk\n")
        with warnings.catch_warnings(record=True, action="always") as caught:
            found = load_recordings(
                tmp_path / "study", sample_rate_hz=50, labels=table
            )
        told = any("each of the recordings" in str(w.message) for w in caught)
        assert told == (owner == "s1")
        walks = [np.sum(np.asarray(r.labels) == "walk") for r in found]
        assert walks == counts


def test_a_folder_of_labels_is_no_label(tmp_path, monkeypatch):
    (tmp_path / "study" / "s1").mkdir(parents=True)
    (tmp_path / "study" / "s1" / "am.csv").write_text(
        "x,y,z\n" + "0,0,1\n" * 500
    )
    folder = tmp_path / "labels" / "s1"
    folder.mkdir(parents=True)
    (folder / "am.csv").write_text("start,end,label\n0,10,walk\n")
    (found,) = load_recordings(
        tmp_path / "study", sample_rate_hz=50, labels=str(tmp_path / "labels")
    )
    assert set(np.asarray(found.labels)) == {"walk"}


def test_a_cell_too_many_is_refused(tmp_path):
    path = tmp_path / "a.labels.csv"
    path.write_text("start,end,label\n0,5,walk, fast\n5,10,sit\n")
    with pytest.raises(ValueError, match="line 2. Complete them, put a label"):
        read_labels(path)
    path.write_text("start,end,label\n0,5,walk,\n5,10,sit,\n")
    assert read_labels(path).names.tolist() == ["walk", "sit"]
