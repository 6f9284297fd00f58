"""The exact columns, units, labels and refusals of each source's format."""

import gzip
import io
import re

import numpy as np
import pytest

from tfds_builders.capture24 import parse as capture24
from tfds_builders.hhar import parse as hhar
from tfds_builders.motionsense import parse as motionsense
from tfds_builders.opportunity import parse as opportunity
from tfds_builders.pamap2 import parse as pamap2
from tfds_builders.recording_folder.parse import parse_csv
from tfds_builders.recording_folder.recording_folder_dataset_builder import (
    RecordingFolderConfig,
)
from tfds_builders.wisdm_watch import parse as wisdm

G = 9.80665


def numbered_rows(num_rows, num_columns):
    """Row r, column c holds 1000 r + c, so a value tells where it was."""
    return 1000.0 * np.arange(num_rows)[:, None] + np.arange(num_columns)


def dat(table):
    file = io.BytesIO()
    np.savetxt(file, table, fmt="%.10g")
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "position, columns",
    [("hand", [4, 5, 6]), ("chest", [21, 22, 23]), ("ankle", [38, 39, 40])],
)
def test_pamap2_takes_the_16_g_accelerometer_in_m_per_s2(position, columns):
    table = numbered_rows(4, 54)
    table[:, 0] = [8.38, 8.39, 8.40, 8.41]
    table[:, 1] = [0, 24, 13, 99]
    expected = table[:, columns] / G
    (recording,) = pamap2.parse_dat(dat(table), "101", "r", position)
    np.testing.assert_allclose(recording.acceleration, expected, rtol=1e-6)
    names = [pamap2.CLASS_NAMES[code] for code in recording.labels]
    assert names == ["null", "rope_jumping", "descending_stairs", "null"]
    assert recording.sample_rate_hz == 100


def test_pamap2_classes_begin_with_the_protocol_in_the_papers_order():
    ids = 1, 2, 3, 4, 5, 6, 7, 12, 13, 16, 17, 24
    names = [pamap2.NAME_OF_ACTIVITY[k] for k in ids]
    assert pamap2.CLASS_NAMES[:12] == names
    assert set(pamap2.CLASS_NAMES) == {
        *pamap2.NAME_OF_ACTIVITY.values(),
        "null",
    }


@pytest.mark.parametrize(
    "position, columns",
    [
        ("right_wrist", [22, 23, 24]),
        ("left_wrist", [31, 32, 33]),
        ("back", [16, 17, 18]),
    ],
)
def test_opportunity_takes_milli_g_and_locomotion(position, columns):
    table = numbered_rows(6, 250)
    table[:, 0] = np.arange(6) * 33
    table[:, 243] = [0, 1, 2, 4, 5, np.nan]
    expected = table[:, columns] / 1000
    (recording,) = opportunity.parse_dat(dat(table), "1", "r", position)
    np.testing.assert_allclose(recording.acceleration, expected, rtol=1e-6)
    names = [opportunity.CLASS_NAMES[code] for code in recording.labels]
    assert names == ["null", "stand", "walk", "sit", "lie", "null"]
    # The order of PROTOCOLS: stand, walk, lie, sit.
    assert opportunity.CLASS_NAMES[:4] == ["stand", "walk", "lie", "sit"]


def test_pamap2_is_cut_where_the_clock_jumps():
    table = numbered_rows(5, 54)
    table[:, 0] = [1, 1.01, 1.02, 9, 9.01]
    pieces = pamap2.parse_dat(dat(table), "101", "r", "hand")
    assert [len(p.labels) for p in pieces] == [3, 2]


HHAR_HEADER = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt\n"


def hhar_csv(*rows):
    return io.BytesIO((HHAR_HEADER + "\n".join(rows) + "\n").encode())


def test_hhar_keeps_every_row_in_order_by_user_and_device():
    file = hhar_csv(
        f"0,1000,9,{G},0,0,b,gear,gear_1,walk",
        f"0,1000,9,0,{G},0,a,lgwatch,lgwatch_2,bike",
        f"1,1010,9,{2 * G},0,0,b,gear,gear_1,null",
        f"2,1005,9,{3 * G},0,0,b,gear,gear_1,stairsup",  # a little late
        f"0,90000,9,{4 * G},0,0,b,gear,gear_1,sit",  # a later session
    )
    first, second, third = hhar.parse_accelerometer(file, "wrist")
    assert [r.subject_id for r in (first, second, third)] == ["a", "b", "b"]
    assert [r.sample_rate_hz for r in (first, second)] == [200, 100]
    assert second.recording_id == "b/gear_1-0"
    np.testing.assert_allclose(second.acceleration[:, 0], [1, 2, 3], rtol=1e-6)
    names = [hhar.CLASS_NAMES[code] for code in second.labels]
    assert names == ["walk", "null", "stairsup"]
    assert len(third.labels) == 1


def test_hhar_is_the_same_in_small_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    rows = [
        f"{k},{1000 + 10 * k},9,{x:.4f},0,{G},{'ab'[k % 2]},gear,gear_1,walk"
        for k, x in enumerate(rng.normal(size=23))
    ]
    whole = hhar.parse_accelerometer(hhar_csv(*rows), "wrist")
    monkeypatch.setattr(hhar, "ROWS_PER_BLOCK", 5)
    blocks = hhar.parse_accelerometer(hhar_csv(*rows), "wrist")
    assert len(whole) == len(blocks) == 2
    for one, other in zip(whole, blocks):
        np.testing.assert_array_equal(one.acceleration, other.acceleration)


def test_hhar_classes_are_in_the_papers_order():
    names = ["bike", "sit", "stairsdown", "stairsup", "stand", "walk"]
    assert hhar.CLASS_NAMES == [*names, "null"]


@pytest.mark.parametrize(
    "row, message",
    [
        ("0,1,9,0,0,0,a,fitbit,fitbit_1,walk", "`Model`.*'fitbit'"),
        ("0,1,9,0,0,0,a,gear,gear_1,fly", "`gt`.*'fly'"),
    ],
)
def test_hhar_refuses_what_it_does_not_know(row, message):
    with pytest.raises(ValueError, match=message):
        hhar.parse_accelerometer(hhar_csv(row), "wrist")


def test_hhar_refuses_another_file():
    with pytest.raises(ValueError, match="without.*'Arrival_Time'"):
        hhar.parse_accelerometer(io.BytesIO(b"x,y,z\n1,2,3\n"), "wrist")


def motionsense_file(rows, drop=None):
    names = [f"{s}.{a}" for s in motionsense.SENSORS for a in "xyz"]
    names = ["", "attitude.roll", *(n for n in names if n != drop)]
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    match = re.search(motionsense.MEMBER, "A/wlk_15/sub_10.csv")
    return io.BytesIO("\n".join(lines).encode()), match


def test_motionsense_is_gravity_plus_user_acceleration():
    rows = [[0, 9, 0.0, 0.6, 0.8, 0.1, 0.2, -0.3]] * 3
    recording = motionsense.parse_device_motion(*motionsense_file(rows))
    np.testing.assert_allclose(
        recording.acceleration, [[0.1, 0.8, 0.5]] * 3, rtol=1e-6
    )
    assert recording.subject_id == "10"
    assert recording.recording_id == "wlk_15/sub_10"
    assert motionsense.CLASS_NAMES[recording.labels[0]] == "walking"


def test_motionsense_refuses_another_sensor():
    file = motionsense_file([[0] * 7], drop="gravity.x")
    with pytest.raises(ValueError, match="without.*gravity.x.*DeviceMotion"):
        motionsense.parse_device_motion(*file)


def test_wisdm_leaves_out_bad_rows_with_a_warning():
    content = (
        f"1600,A,50000000,{G},0,0;\n"
        "1600,A,100000000,1.0,2.0\n"  # cut short
        "\n"
        f"1600,B,100000000,0,{G},0;1600,B\n"
        f"1600,B,150000000,0,{G},-{G};\n"
    ).encode()
    with pytest.warns(UserWarning, match="2 rows of subject 1600"):
        (recording,) = wisdm.parse_watch(
            content, "1600", {"A": "walking", "B": "jogging"}
        )
    np.testing.assert_allclose(
        recording.acceleration,
        [[1, 0, 0], [0, 1, 0], [0, 1, -1]],
        rtol=1e-6,
    )
    assert recording.labels.tolist() == [0, 1, 1]
    np.testing.assert_allclose(recording.time_seconds, [0, 0.05, 0.1])


@pytest.mark.parametrize("bad", ["1.2.3", "1-2", "e", "."])
def test_wisdm_counts_a_row_whose_number_is_none(bad):
    content = f"7,A,1,0,0,0;7,A,2,{bad},0,0;\n7,A,3,-1.5e-3,.5,1.;".encode()
    with pytest.warns(UserWarning, match="1 rows of subject 7"):
        rows = wisdm.parse_rows(content, "7")
    assert rows["time_ns"].tolist() == [1, 3]
    assert rows["x"].tolist() == [0, -0.0015]


def test_wisdm_refuses_activities_it_does_not_know():
    with pytest.raises(ValueError, match=r"Received: \['Z'\] of subject 7"):
        wisdm.parse_watch(b"7,Z,1,0,0,0;", "7", {"A": "walking"})
    names = wisdm.parse_activity_key(b"walking = A\nflying = Z\n")
    with pytest.raises(ValueError, match=r"Received: \['flying'\] of subj"):
        wisdm.parse_watch(b"7,Z,1,0,0,0;", "7", names)


def test_wisdm_classes_are_in_the_order_of_the_key():
    assert len(wisdm.CLASS_NAMES) == 18
    key = b"walking = A\n\nfolding = S\n"
    names = wisdm.parse_activity_key(key)
    assert names == {"A": "walking", "S": "folding"}
    for code, letter in ((0, "A"), (17, "S")):
        row = f"7,{letter},1,0,0,0;".encode()
        (recording,) = wisdm.parse_watch(row, "7", names)
        assert recording.labels.tolist() == [code]


def participant(*rows, header="time,x,y,z,annotation"):
    text = "\n".join([header, *rows]) + "\n"
    return io.BytesIO(gzip.compress(text.encode()))


def test_capture24_reads_times_annotations_and_gaps(monkeypatch):
    monkeypatch.setattr(capture24, "ROWS_PER_BLOCK", 2)
    rows = [
        "2016-10-17 23:59:59.990000,1,0,0,sleep;MET 0.95",
        '2016-10-18 00:00:00.000000,2,0,0,"eating, alone"',
        "2016-10-18 00:00:00.010000,3,0,0,",
        "2016-10-18 00:00:00.020000,4,0,0,juggling",
        "2016-10-18 01:00:00.000000,5,0,0,sleep;MET 0.95",
    ]
    label_of = {"sleep;MET 0.95": 0, "eating, alone": 1, "": 6}
    with pytest.warns(UserWarning, match="1 rows of P001"):
        first, second = capture24.parse_subject(
            participant(*rows), "P001", label_of
        )
    assert first.acceleration[:, 0].tolist() == [1, 2, 3, 4]
    assert first.labels.tolist() == [0, 1, 6, 6]
    assert second.start_seconds == pytest.approx(3600.01)
    assert capture24.parse_subject(participant(), "P001", label_of) == []


@pytest.mark.parametrize("num_blank", [1, 3])
def test_capture24_cells_without_a_number_are_nan(num_blank):
    times = [f"2016-10-17 03:53:00.0{index}0000" for index in range(3)]
    rows = [f"{time},,,," for time in times[:num_blank]]
    rows += [f"{time},1,,0.25," for time in times[num_blank:]]
    (recording,) = capture24.parse_subject(participant(*rows), "P1", {"": 0})
    expected = np.full((3, 3), np.nan)
    expected[num_blank:] = [1, np.nan, 0.25]
    np.testing.assert_array_equal(recording.acceleration, expected)


def test_capture24_refuses_other_files():
    with pytest.raises(ValueError, match="Received: \\['t', 'x'\\]"):
        capture24.parse_subject(participant(header="t,x"), "P1", {"": 0})
    for content in (b"annotation\nsleep\n", b"annotation,label:Willetts2018\n"):
        with pytest.raises(ValueError, match="label:Willetts2018"):
            capture24.parse_dictionary(io.BytesIO(content), "willetts2018")
    content = b"annotation,label:Walmsley2020\nrun,running\n"
    with pytest.raises(ValueError, match="Received: \\['running'\\]"):
        capture24.parse_dictionary(io.BytesIO(content), "walmsley2020")


def parse_own(text, **kwargs):
    config = RecordingFolderConfig(name="mine", **kwargs)
    file = io.BytesIO(text.encode())
    return parse_csv(file, "s01", "s01/day1", config)


def test_own_recordings_are_read_by_their_column_names():
    text = f"label,time,z,y,x\nwalk,10,{G},0,0\n,10.5,0,{G},0\nsit,90,0,0,{G}\n"
    first, second = parse_own(
        text, unit="m/s2", class_names=("sit", "walk"), sample_rate_hz=2
    )
    np.testing.assert_allclose(first.acceleration, [[0, 0, 1], [0, 1, 0]])
    assert first.labels.tolist() == [1, 2] and second.labels.tolist() == [0]
    assert first.time_seconds.tolist() == [0, 0.5]
    assert second.start_seconds == 80


def test_own_recordings_without_times_are_regular():
    (recording,) = parse_own("x,y,z\n0,0,1\n0,0,1\n0,0,1\n", sample_rate_hz=4)
    assert recording.time_seconds.tolist() == [0, 0.25, 0.5]
    assert recording.labels.tolist() == [0, 0, 0]
    assert parse_own("x,y,z\n") == []


@pytest.mark.parametrize(
    "text, kwargs, message",
    [
        ("x,y\n1,2\n", {}, r"without \['z'\]"),
        ("x,y,z\n1,2,3\n", {"unit": "mg"}, "unit='mg'"),
        ("x,y,z\n1,2,up\n", {}, "s01/day1.csv must have numbers.*up"),
        ("x,y,z,label\n1,2,3,run\n", {}, r"\['run'\] in s01/day1.csv"),
        (
            "time,x,y,z\n0,0,0,1\n10,0,0,1\n20,0,0,1\n",
            {},
            "must be in seconds.*s01/day1.csv.* step of 10, where 0.01 is",
        ),
        (
            "time,x,y,z\n0,0,0,1\nnan,0,0,1\n0.02,0,0,1\n",
            {},
            "`time` must be a number.*1 rows of s01/day1.csv",
        ),
    ],
)
def test_own_recordings_are_refused_with_a_reason(text, kwargs, message):
    with pytest.raises(ValueError, match=message):
        parse_own(text, **kwargs)


def test_labels_of_own_recordings_are_whole_cells():
    text = "x,y,z,label\n0,0,1,übung #2\n0,0,1,übung\n0,0,1,#2\n0,0,1,\n"
    names = ("#2", "übung", "übung #2")
    (recording,) = parse_own(text, class_names=names, sample_rate_hz=4)
    assert recording.labels.tolist() == [2, 1, 0, 3]
