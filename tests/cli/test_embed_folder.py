"""`keras-relcon embed` of a folder."""

import csv
import json
import os
import shutil

import numpy as np
import pytest
from command_support import write_preset, write_recordings

from keras_relcon.cli.main import main
from keras_relcon.evaluation import Embeddings


@pytest.fixture
def study(recordings_folder, tmp_path):
    """Two people, one with a file in a folder of its own, and a note."""
    folder = tmp_path / "study"
    (folder / "s01" / "day2").mkdir(parents=True)
    source = recordings_folder / "s00"
    shutil.copy(source / "walking.csv", folder / "s02.csv")
    shutil.copy(source / "running.csv", folder / "s01" / "run.csv")
    shutil.copy(source / "sitting.csv", folder / "s01" / "day2" / "sit.csv")
    (folder / "notes.docx").write_text("x")
    return folder


def _run(folder, preset, output, *more):
    line = ["embed", str(folder), "--preset", str(preset), "--quiet"]
    line += ["--sample-rate-hz", "50", "--output", str(output)]
    return main([*line, *map(str, more)])


def _files(output):
    return sorted(
        path.relative_to(output).as_posix()
        for path in output.rglob("*")
        if path.is_file()
    )


@pytest.mark.parametrize("format", ["npz", "parquet"])
def test_a_second_run_embeds_what_is_not_finished(
    study, tiny_preset, tmp_path, capsys, format
):
    output, options = tmp_path / "out", ("--format", format)
    (study / "s01" / "bad.csv").write_text("x,y,z\n1,2\n")
    assert _run(study, tiny_preset, output, *options) == 1
    captured = capsys.readouterr()
    names = [
        f"s01/day2/sit.embeddings.{format}",
        f"s01/run.embeddings.{format}",
    ]
    names.append(f"s02.embeddings.{format}")
    assert _files(output) == ["failures.csv", *names]
    (failure,) = csv.DictReader((output / "failures.csv").open())
    assert failure["file"] == str(study / "s01" / "bad.csv")
    assert failure["error"]
    assert "4 files: 3 embedded, 0 finished before, 1 failed" in captured.out
    told, failed = captured.err.splitlines()
    assert "1 files of other kinds, which are not read: notes.docx" in told
    assert "error: " in failed and "bad.csv" in failed
    found = Embeddings.load(output / names[0])
    assert set(found.subjects) == {"s01"} and found.valid.all()
    assert set(found.recordings) == {"s01/day2/sit"}
    assert set(Embeddings.load(output / names[2]).subjects) == {"s02"}

    (study / "s01" / "bad.csv").unlink()
    shutil.copy(study / "s02.csv", study / "s03.csv")
    before = {name: (output / name).stat().st_mtime_ns for name in names}
    assert _run(study, tiny_preset, output, *options, "--json") == 0
    answer, text = capsys.readouterr()
    lines = text.splitlines()
    assert lines[-1] == "4 files: 1 embedded, 3 finished before, 0 failed"
    files = json.loads(answer)["files"]
    new = [each for each in files if not each["finished_before"]]
    assert [each["file"] for each in new] == [str(study / "s03.csv")]
    assert new[0]["windows"] == new[0]["valid"] > 0
    assert json.loads(answer)["failures"] == []
    assert (output / "failures.csv").read_text() == "file,error\n"
    after = {name: (output / name).stat().st_mtime_ns for name in names}
    assert before == after


def test_what_is_not_finished_is_told(study, tiny_preset, tmp_path, capsys):
    output = tmp_path / "out"
    assert _run(study, tiny_preset, output) == 0
    # another file, a damaged output, and other settings
    os.utime(study / "s02.csv", (1, 1))
    damaged = output / "s01" / "run.embeddings.npz"
    damaged.write_bytes(damaged.read_bytes()[:100])
    capsys.readouterr()
    assert _run(study, tiny_preset, output) == 1
    captured = capsys.readouterr()
    assert "3 files: 0 embedded, 1 finished before, 2 failed" in captured.out
    assert captured.err.count("was not made of this file by these") == 2
    assert _run(study, tiny_preset, output, "--overwrite") == 0
    assert len(Embeddings.load(damaged)) == 12
    capsys.readouterr()
    assert _run(study, tiny_preset, output, "--stride", "32") == 1
    assert "0 finished before, 3 failed" in capsys.readouterr().out
    assert _run(study, tiny_preset, output, "--without-gravity") == 1
    assert "0 finished before, 3 failed" in capsys.readouterr().out


def test_a_file_name_of_any_bytes(study, tiny_preset, tmp_path, capsys):
    try:
        (study / os.fsdecode(b"bad\xff.csv")).write_text("x,y,z\n1,2\n")
    except (OSError, UnicodeError):
        pytest.skip("file names are UTF-8 here")
    assert _run(study, tiny_preset, tmp_path / "out") == 1
    assert "3 embedded, 0 finished before, 1 failed" in capsys.readouterr().out
    failures = (tmp_path / "out" / "failures.csv").read_text()
    assert "bad\\udcff.csv" in failures


def test_a_pattern_finds_the_subject(study, tiny_preset, tmp_path, capsys):
    shutil.move(study / "s02.csv", study / "s02_left.csv")
    line = (study, tiny_preset, tmp_path / "out", "--subject-pattern")
    assert _run(*line, r"^([x-z]\d)") == 1
    assert "finds none in 3 of 3" in capsys.readouterr().err
    assert _run(*line, r"^(s\d+)[_/]") == 0
    found = Embeddings.load(tmp_path / "out" / "s02_left.embeddings.npz")
    assert set(found.subjects) == {"s02"}
    with pytest.raises(SystemExit):
        _run(*line, "(s)", "--subject", "s9")


def test_outputs_beside_the_recordings_are_no_recordings(
    study, tiny_preset, capsys
):
    assert _run(study, tiny_preset, study) == 0
    assert _run(study, tiny_preset, study) == 0
    assert "3 files: 0 embedded, 3 finished" in capsys.readouterr().out


def test_a_device_file_needs_no_rate(study, tiny_preset, tmp_path, capsys):
    """The rate is that of the tables: only the file's own is wrong here."""
    (study / "s04.gt3x").write_bytes(b"x")
    assert _run(study, tiny_preset, tmp_path / "out", "--unit", "g") == 1
    (error,) = [
        line for line in capsys.readouterr().err.splitlines() if "gt3x" in line
    ][-1:]
    assert "brings its own rate" not in error


def test_files_of_one_name_keep_their_endings(study, tiny_preset, tmp_path):
    rows = np.loadtxt(
        study / "s02.csv", delimiter=",", skiprows=1, usecols=(0, 1, 2)
    )
    np.savez(study / "s02.npz", **dict(zip("xyz", rows.T)))
    output = tmp_path / "out"
    assert _run(study, tiny_preset, output) == 0
    assert _files(output)[2:] == [
        "s02.csv.embeddings.npz",
        "s02.npz.embeddings.npz",
    ]


def test_an_empty_folder_is_refused(tiny_preset, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert _run(tmp_path / "empty", tiny_preset, tmp_path / "out") == 1
    assert "A folder must hold recordings" in capsys.readouterr().err


def test_a_table_of_failures_is_no_recording(tmp_path, monkeypatch, capsys):
    (tmp_path / "study").mkdir()
    folder = write_recordings(tmp_path / "study")
    preset = write_preset(tmp_path / "preset")
    monkeypatch.chdir(folder)
    (folder / "short.csv").write_text("x,y,z\n0,0,1\n0,0,1\n")
    line = ["embed", ".", "--preset", str(preset), "--sample-rate-hz", "50"]
    assert main(line) == 1
    assert (folder / "failures.csv").exists()
    (folder / "short.csv").unlink()
    capsys.readouterr()
    assert main(line) == 0
    assert "failures.csv" not in capsys.readouterr().err
