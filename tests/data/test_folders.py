"""A folder of recordings: which files, whose, and what fails."""

from pathlib import Path

import numpy as np
import pytest

from keras_relcon.cohort import find_jobs
from keras_relcon.data import (
    load_recordings,
    read_recording,
    recording_files,
)
from keras_relcon.data.readers.folders import options_for

STILL = "x,y,z\n" + "0,0.6,0.8\n" * 50


@pytest.fixture
def folder(tmp_path):
    for name in ("s1/day1/left.csv", "s1/right.csv", "s2_left.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STILL)
    return tmp_path


def test_the_subject_is_the_first_folder_or_the_file(folder):
    files = recording_files(folder)
    assert [(f.subject, f.recording_id) for f in files] == [
        ("s1", "s1/day1/left"),
        ("s1", "s1/right"),
        ("s2_left", "s2_left"),
    ]


@pytest.mark.parametrize(
    "pattern", [r"^(s\d)", r"(?P<day>day)?.*(?P<subject>s\d)", r"(s\d)[/_]"]
)
def test_a_pattern_finds_the_subject(folder, pattern):
    files = recording_files(folder, pattern)
    assert [file.subject for file in files] == ["s1", "s1", "s2"]


@pytest.mark.parametrize(
    "pattern, message",
    [
        ("(s", "regular expression with a group.*Received: '\\(s'"),
        ("s1", "regular expression with a group.*Received: 's1'"),
        (r"(s1)", "finds none in 1 of 3: s2_left.csv"),
        (r"(x*)", "finds none in 3 of 3"),
    ],
)
def test_a_pattern_that_does_not_fit_is_refused(folder, pattern, message):
    with pytest.raises(ValueError, match=message):
        load_recordings(folder, 50, subject_pattern=pattern)


def test_what_is_no_recording_is_passed_over(folder):
    for name in (".DS_Store", "a.embeddings.npz", "s2_left.labels.csv"):
        (folder / name).write_text("x")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.csv").write_text(STILL)
    assert len(recording_files(folder)) == 3
    (folder / "s1" / "table.xlsx").write_text("x")
    with pytest.warns(UserWarning, match="1 files of other.*s1/table.xlsx"):
        assert len(recording_files(folder)) == 3
    with pytest.raises(NotADirectoryError, match="`folder` must be"):
        recording_files(folder / "s2_left.csv")


def test_files_of_other_sensors_are_passed_over(folder):
    (folder / "s1" / "Gyroscope.csv").write_text(STILL)
    with pytest.warns(UserWarning, match="1 files of other sensors.*s1/Gyro"):
        assert len(recording_files(folder)) == 3
    text = STILL.replace("x,y,z", "acc_x,acc_y,acc_z", 1)
    assert text != STILL
    (folder / "s1" / "Gyroscope.csv").write_text(text)
    assert len(recording_files(folder)) == 4


def test_every_kind_of_file_is_read(folder):
    axes = dict(zip("xyz", np.tile([0, 0.6, 0.8], (50, 1)).T))
    np.savez(folder / "s1" / "walk.npz", **axes)
    found = load_recordings(folder, sample_rate_hz=50)
    assert [r.recording_id for r in found] == [
        "s1/day1/left",
        "s1/right",
        "s1/walk",
        "s2_left",
    ]
    assert all(r.num_samples == 50 and r.sample_rate_hz == 50 for r in found)


def test_no_failure_is_lost(folder):
    (folder / "s1" / "a.csv").write_text("x,y\n1,2\n")
    advice = 'Pass `on_failure="warn"` to go on'
    with pytest.raises(ValueError, match="Three columns") as raised:
        load_recordings(folder, 50)
    assert raised.value.__notes__[-1].startswith(advice)
    (folder / "s3.gt3x").write_bytes(b"x")
    both = r"2 of 5 .*s1/a: Three columns.*s3: .*gt3x"
    with pytest.raises(ValueError, match=f"{both}.*{advice}"):
        load_recordings(folder, 50)
    with pytest.warns(UserWarning, match=both):
        assert len(load_recordings(folder, 50, on_failure="warn")) == 3
    with pytest.raises(ValueError, match="`on_failure` must be one of"):
        load_recordings(folder, 50, on_failure="skip")


def test_a_folder_of_failures_is_an_error(folder):
    with pytest.raises(ValueError, match="3 of 3 .*s1/day1/left: Either"):
        load_recordings(folder, on_failure="warn")


def test_options_of_the_reader_are_for_each_file(folder):
    (folder / "s2_left.csv").write_text("u;v;w\n" + f"0;0;{9.80665}\n" * 50)
    (folder / "s1" / "right.csv").unlink()
    (folder / "s1" / "day1" / "left.csv").unlink()
    (recording,) = load_recordings(
        folder, 50, "m/s2", columns=("u", "v", "w"), delimiter=";"
    )
    np.testing.assert_allclose(
        recording.acceleration, np.tile([0, 0, 1], (50, 1)), atol=1e-6
    )


def test_what_is_for_a_folder_is_refused_of_a_file(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"x")
    with pytest.raises(
        ValueError, match="left out of an archive: `labels`, `columns`"
    ):
        load_recordings(tmp_path / "a.zip", labels="a", columns=("x", "y", "z"))
    (tmp_path / "a.csv").write_text(STILL)
    with pytest.raises(ValueError, match="a.csv', one recording. Put it into"):
        load_recordings(tmp_path / "a.csv", sample_rate_hz=50)


def test_what_a_device_brings_is_not_said_of_it(folder):
    """The rate is for the tables without one; an E4 has its own."""
    head = "1714557600.0, 1714557600.0, 1714557600.0\n32.0, 32.0, 32.0\n"
    (folder / "s2_e4.csv").write_text(head + "0,38,51\n" * 100)
    found = load_recordings(folder, sample_rate_hz=50)
    assert [r.sample_rate_hz for r in found] == [50, 50, 32, 50]


def test_only_what_a_device_brings_is_left_out():
    own = {"unit": "m/s2", "sample_rate_hz": 50, "columns": ("x", "y", "z")}
    others = {"subject": "s", "calibrate": True, "labels": "walk"}
    assert options_for(Path("a.cwa"), {**own, **others}) == others
    assert options_for(Path("a.npz"), {**own, **others}) == {**own, **others}


@pytest.mark.parametrize("times", ["time", "time,timestamp"])
def test_a_job_reads_a_file_as_a_folder_does(tmp_path, times):
    """A rate is for the files without times, for `fit` and for `predict`."""
    stamp = ",".join(["{0:.2f}"] * len(times.split(",")))
    rows = [stamp.format(k / 25) + ",0.0,0.0,1.0" for k in range(200)]
    text = "\n".join([f"{times},x,y,z", *rows])
    (tmp_path / "a.csv").write_text(text)
    (one,) = load_recordings(tmp_path, sample_rate_hz=50)
    (job,) = find_jobs(tmp_path, sample_rate_hz=50)
    other = read_recording(job.file, **job.options)
    assert one.sample_rate_hz == other.sample_rate_hz == 25
    assert one.duration_seconds == other.duration_seconds == 8


def test_times_of_no_known_unit_are_told_beside_a_rate(tmp_path):
    text = "time,x,y,z\n" + "later,0.0,0.0,1.0\n" * 50
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match="time"):
        load_recordings(tmp_path, sample_rate_hz=50)
    (job,) = find_jobs(tmp_path, sample_rate_hz=50)
    with pytest.raises(ValueError, match="time"):
        read_recording(job.file, **job.options)
