"""Advice on labels, folders and devices, done: the next call must succeed."""

import re
import warnings

import numpy as np
import pytest
from device_format import write_cwa, write_gt3x

from keras_relcon.data import load_recordings, read_recording

RATE = 50
DATES = [
    f"2024-05-01T10:00:{k // RATE:02d}.{20 * (k % RATE):03d}"
    for k in range(500)
]


def write_signal(path, stamps=None):
    """10 s at 50 Hz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = "x,y,z" if stamps is None else "time,x,y,z"
    cells = [""] * 500 if stamps is None else [f"{s}," for s in stamps]
    path.write_text("\n".join([names, *(f"{c}0,0.6,0.8" for c in cells)]))
    return path


def read_quietly(read, *args, **options):
    """No error, and no warning either."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read(*args, **options)


# Stamps of the signal; a file of labels; what is advised; and it done.
LABELS = {
    "two clocks": (
        DATES,
        "start,end,label\n2024-05-01T10:00:00,10,walk\n",
        "Write both in one form.",
        "start,end,label\n0,10,walk\n",
    ),
    "local labels": (
        [1_714_557_600 + k / RATE for k in range(500)],
        "start,duration,label\n2024-05-01T12:00:00,10,walk\n",
        "Write the offset of the labels, as in 2024-05-01T10:00:00+02:00",
        "start,duration,label\n2024-05-01T12:00:00+02:00,10,walk\n",
    ),
    "local signal": (
        DATES,
        "start,duration,label\n2024-05-01T10:00:00Z,10,walk\n",
        "Write the labels without an offset, as the clock of the recording",
        "start,duration,label\n2024-05-01T10:00:00,10,walk\n",
    ),
    "local signal, from the start": (
        DATES,
        "start,duration,label\n2024-05-01T10:00:00Z,10,walk\n",
        "or in seconds from its first sample",
        "start,duration,label\n0,10,walk\n",
    ),
    "no clock": (
        None,
        "start,duration,label\n2024-05-01T10:00:00,10,walk\n",
        "Give the labels in seconds from its first sample",
        "start,duration,label\n0,10,walk\n",
    ),
    "times from 0 on": (
        [k / RATE for k in range(500)],
        "start,duration,label\n2024-05-01T10:00:00,10,walk\n",
        "Give the labels in seconds from its first sample",
        "start,duration,label\n0,10,walk\n",
    ),
    "too few cells": (
        None,
        "start,end,label\n0,10,walk\n10\n",
        "Complete them, put a label with a comma in quotes, or leave them out.",
        "start,end,label\n0,10,walk\n",
    ),
    "no end": (
        None,
        "start,label\n0,walk\n",
        "Add what is missing.",
        "start,end,label\n0,10,walk\n",
    ),
    "two starts": (
        None,
        "start,begin,end,label\n0,5,10,walk\n",
        "Rename its columns.",
        "start,row,end,label\n0,5,10,walk\n",
    ),
    "an offset once": (
        [f"{date}Z" for date in DATES],
        "start,duration,label\n2024-05-01T10:00:00Z,5,walk\n"
        "2024-05-01T10:00:05,5,walk\n",
        "line 3 has none. Add it there.",
        "start,duration,label\n2024-05-01T10:00:00Z,5,walk\n"
        "2024-05-01T10:00:05Z,5,walk\n",
    ),
    "a word as a time": (
        None,
        "start,end,label\n0,5,walk\nnoon,10,walk\n",
        "in line 3. Write it as the others are.",
        "start,end,label\n0,5,walk\n5,10,walk\n",
    ),
    "backwards": (
        None,
        "start,end,label\n10,0,walk\n",
        "from 10 to 0 s. Correct their times.",
        "start,end,label\n0,10,walk\n",
    ),
}


@pytest.mark.parametrize("kind", LABELS)
def test_advice_on_labels(tmp_path, kind):
    stamps, wrong, words, right = LABELS[kind]
    path = write_signal(tmp_path / "a.csv", stamps)
    beside = tmp_path / "a.labels.csv"
    rate = RATE if stamps is None else None
    beside.write_text(wrong)
    with pytest.raises(ValueError, match=re.escape(words)):
        read_recording(path, "s", rate)
    beside.write_text(right)
    recording = read_quietly(read_recording, path, "s", rate)
    assert set(recording.labels) == {"walk"}


def test_advice_on_two_sources_of_labels(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y,z,label\n" + "0,0.6,0.8,sit\n" * 500)
    beside = tmp_path / "a.labels.csv"
    beside.write_text("start,end,label\n0,10,walk\n")
    words = "Pass the file as `labels`, or the name of the column as `label_"
    with pytest.raises(ValueError, match=words):
        read_recording(path, "s", RATE)
    for options, label in (
        ({"labels": beside}, "walk"),
        ({"label_column": "label"}, "sit"),
    ):
        recording = read_quietly(read_recording, path, "s", RATE, **options)
        assert set(recording.labels) == {label}


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    for name in ("s1/a", "s2/b"):
        write_signal(folder / f"{name}.csv")
    return folder


FOLDER_LABELS = {
    "no owner": ("start,end,label\n0,10,walk\n", "Add it", "subject", "s{}"),
    "unknown": (
        "subject,start,end,label\nperson,0,10,walk\n",
        "Name subjects",
        "subject",
        "s{}",
    ),
    "unknown recording": (
        "recording,start,end,label\na.csv,0,10,walk\n",
        "or paths below the folder without their endings",
        "recording",
        "s{}/{}",
    ),
}


@pytest.mark.parametrize("kind", FOLDER_LABELS)
def test_advice_on_labels_of_a_folder(study, tmp_path, kind):
    wrong, words, column, name = FOLDER_LABELS[kind]
    labels = tmp_path / "labels.csv"
    labels.write_text(wrong)
    with pytest.raises(ValueError, match=words):
        load_recordings(study, RATE, labels=labels)
    rows = [
        f"{name.format(k, letter)},0,10,walk\n"
        for k, letter in ((1, "a"), (2, "b"))
    ]
    labels.write_text(f"{column},start,end,label\n" + "".join(rows))
    found = read_quietly(load_recordings, study, RATE, labels=labels)
    assert [set(recording.labels) for recording in found] == [{"walk"}] * 2


def test_advice_on_a_file_of_labels_for_each_recording(study, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("start,end,label\n0,10,walk\n")
    with pytest.raises(ValueError, match="write a file of labels for each"):
        load_recordings(study, RATE, labels=labels)
    for name in ("s1/a", "s2/b"):
        beside = study / f"{name}.labels.csv"
        beside.write_text("start,end,label\n0,10,walk\n")
    found = read_quietly(load_recordings, study, RATE)
    assert [set(recording.labels) for recording in found] == [{"walk"}] * 2


def test_advice_on_a_folder_of_labels(study, tmp_path):
    labels = tmp_path / "labels"
    (labels / "s1").mkdir(parents=True)
    (labels / "s1/a.csv").write_text("start,end,label\n0,10,walk\n")
    words = r"labels/<recording>.csv.*s2/b"
    with pytest.warns(UserWarning, match=words):
        load_recordings(study, RATE, labels=labels)
    (labels / "s2").mkdir()
    (labels / "s2/b.csv").write_text("start,end,label\n0,10,walk\n")
    found = read_quietly(load_recordings, study, RATE, labels=labels)
    assert [set(recording.labels) for recording in found] == [{"walk"}] * 2


@pytest.mark.parametrize("is_moved", [False, True])
def test_advice_on_a_pattern(study, tmp_path, is_moved):
    write_signal(study / "calibration.csv")
    words = "calibration.*Change the pattern, or move these files elsewhere"
    with pytest.raises(ValueError, match=words):
        load_recordings(study, RATE, subject_pattern=r"(s\d)/")
    pattern = r"(s\d|calibration)"
    if is_moved:
        (study / "calibration.csv").rename(tmp_path / "calibration.csv")
        pattern = r"(s\d)/"
    found = read_quietly(load_recordings, study, RATE, subject_pattern=pattern)
    assert len(found) == 3 - is_moved


def test_advice_on_a_file_that_fails(study):
    (study / "s2/c.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ValueError) as caught:
        load_recordings(study, RATE)
    (note,) = [n for n in caught.value.__notes__ if "on_failure" in n]
    assert 'Pass `on_failure="warn"` to go on' in note
    with pytest.warns(UserWarning, match="1 of 3 files are not read"):
        found = load_recordings(study, RATE, on_failure="warn")
    assert [recording.recording_id for recording in found] == ["s1/a", "s2/b"]


def motion(num_samples=1000):
    time = np.arange(num_samples) / RATE
    axes = [0.3 * np.sin(5 * time), -0.6 + 0 * time, 0.8 + 0 * time]
    return np.stack(axes, axis=1)


def spoil(content):
    middle = len(content) // 2
    return (
        content[:middle]
        + bytes([content[middle] ^ 0xDB])
        + content[middle + 1 :]
    )


@pytest.mark.parametrize(
    "write, ending, harm, words",
    [
        (write_cwa, ".cwa", spoil, "Copy the file from the device again"),
        (write_cwa, ".cwa", lambda c: c[:-600], "Copy the file from the dev"),
        (write_gt3x, ".gt3x", spoil, "Copy the file from the device again"),
        (write_gt3x, ".gt3x", lambda c: c[:-600], "copy it from the device"),
    ],
)
def test_advice_on_a_damaged_device_file(tmp_path, write, ending, harm, words):
    pytest.importorskip("actfast")
    on_device = write(tmp_path / f"device{ending}", motion())
    copied = tmp_path / f"a{ending}"
    copied.write_bytes(harm(on_device.read_bytes()))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            read_recording(copied, "s")
            texts = [str(warning.message) for warning in caught]
        except ValueError as error:
            texts = [str(error)]
    assert any(words in text for text in texts), texts
    copied.write_bytes(on_device.read_bytes())
    recording = read_quietly(read_recording, copied, "s")
    assert np.isfinite(recording.acceleration).all()
    assert recording.num_samples == pytest.approx(1000, abs=1)


def test_advice_on_a_file_of_another_device(tmp_path):
    pytest.importorskip("actfast")
    path = tmp_path / "a.gt3x"
    path.write_bytes(b"another format" * 100)
    with pytest.raises(ValueError, match="or export it as .csv with the maker"):
        read_recording(path, "s")
    exported = write_signal(tmp_path / "a.csv", DATES)
    assert read_quietly(read_recording, exported, "s").sample_rate_hz == RATE


def test_advice_on_idle_time(tmp_path):
    values = np.tile([0.0, 0.6, 0.8], (500, 1))
    values[200:350] = 0
    path = tmp_path / "a.csv"

    def write(rows):
        lines = [f"{DATES[k]},{','.join(map(str, values[k]))}" for k in rows]
        path.write_text("\n".join(["time,x,y,z", *lines]))

    write(range(500))
    words = "Export the file without filling idle time to be rid of them"
    with pytest.warns(UserWarning, match=words):
        filled = read_recording(path, "s")
    write([*range(200), *range(350, 500)])
    with pytest.warns(UserWarning) as caught:
        sparse = read_recording(path, "s")
    assert not any("idle" in str(warning.message) for warning in caught)
    # The last moment before the gap, which is longer than a second, is kept.
    np.testing.assert_allclose(
        sparse.acceleration, filled.acceleration, atol=1e-6
    )
    assert np.isnan(sparse.acceleration[200:350]).all()


def test_advice_on_a_signal_without_gravity(tmp_path):
    rng = np.random.default_rng(0)
    noise = np.round(rng.normal(0, 0.003, (500, 3)), 4)
    rows = [",".join(map(str, [*row, 0, 0.6, 0.8])) for row in noise]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["u,v,w,gx_,gy_,gz_", *rows]))
    words = "or name those of gravity as `gravity_columns`"
    with pytest.warns(UserWarning, match=words):
        read_recording(path, "s", RATE, columns=("u", "v", "w"))
    with pytest.warns(UserWarning, match="the gravity of the file is added"):
        recording = read_recording(
            path,
            "s",
            RATE,
            columns=("u", "v", "w"),
            gravity_columns=("gx_", "gy_", "gz_"),
        )
    size = np.linalg.norm(recording.acceleration, axis=1)
    np.testing.assert_allclose(size, 1, atol=0.02)
