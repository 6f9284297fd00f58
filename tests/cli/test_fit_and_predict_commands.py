import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command_support import write_recordings

from keras_relcon import MotionClassifier
from keras_relcon.cli.console import Console
from keras_relcon.cli.main import main
from keras_relcon.data import recording_files
from keras_relcon.estimators.encoders import BEST_FIRST


@pytest.fixture(scope="module")
def model(tmp_path_factory, recordings_folder, tiny_preset):
    path = tmp_path_factory.mktemp("models") / "my_model"
    arguments = ["--preset", str(tiny_preset), "--sample-rate-hz", "50"]
    status = main(
        ["fit", str(recordings_folder), *arguments, "--output", str(path)]
    )
    assert status == 0
    return path


@pytest.fixture
def new_folder(tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    write_recordings(folder, num_subjects=1)
    (subject,) = folder.iterdir()
    subject.rename(folder / "new_person")
    return folder


def test_fit_scores_and_saves(model, capsys):
    classifier = MotionClassifier.load(model)
    assert classifier.classes_.tolist() == ["running", "sitting", "walking"]
    assert classifier.num_subjects_ == 4
    card = (model / "README.md").read_text()
    assert "most frequent class" in card
    assert "expect" in card and "of the windows to be right" in card


def test_fit_prints_the_score(recordings_folder, tiny_preset, tmp_path, capsys):
    path = str(tmp_path / "model")
    arguments = ["fit", str(recordings_folder), "--preset", str(tiny_preset)]
    arguments += ["--sample-rate-hz", "50", "--output", path, "--balanced"]
    assert main([*arguments, "--folds", "2"]) == 0
    printed = capsys.readouterr().out
    assert "hand-made features" in printed and "On a new person" in printed
    assert main(arguments) == 1  # before the work
    assert "pass --overwrite" in capsys.readouterr().err
    assert main([*arguments, "--overwrite", "--folds", "0"]) == 0
    assert "There is no score: --folds 0" in capsys.readouterr().out
    assert MotionClassifier.load(path).class_weight == "balanced"


def test_it_is_tested_on_other_people(
    recordings_folder, tiny_preset, new_folder, tmp_path, capsys
):
    path, output = str(tmp_path / "model"), str(tmp_path / "answers")
    line = ["fit", str(recordings_folder), "--preset", str(tiny_preset)]
    line += ["--sample-rate-hz", "50", "--output", path, "--json"]
    assert main([*line, "--test", str(recordings_folder)]) == 1
    captured = capsys.readouterr()
    assert "takes people who are not in DATA" in captured.err
    assert not Path(path).exists()
    assert main([*line, "--test", str(new_folder), "--folds", "2"]) == 0
    answer = json.loads(capsys.readouterr().out)
    saved = MotionClassifier.load(path)
    assert answer["test_scores"]["rows"] == saved.test_scores_.rows
    assert answer["scores"]["rows"] == saved.scores_.rows
    assert "it was tested on one person" in answer["sentence"]
    line = ["predict", str(new_folder), "--model", path, "--output", output]
    assert main([*line, "--sample-rate-hz", "50"]) == 0
    page = next(Path(output).rglob("*.html")).read_text()
    assert "it was tested on one person" in page


def test_a_model_is_saved_before_its_score_is_printed(
    recordings_folder, tiny_preset, tmp_path, monkeypatch
):
    def fail(console, text):
        raise BrokenPipeError

    monkeypatch.setattr(Console, "result", fail)
    path = str(tmp_path / "model")
    arguments = ["fit", str(recordings_folder), "--preset", str(tiny_preset)]
    arguments += ["--sample-rate-hz", "50", "--output", path]
    main([*arguments, "--folds", "0"])
    assert MotionClassifier.load(path).num_subjects_ == 4


def test_a_pattern_without_a_folder_is_refused(model, new_folder, capsys):
    (file, *_) = sorted(new_folder.rglob("*.csv"))
    line = ["predict", str(file), "--model", str(model)]
    line += ["--output", str(new_folder / "out"), "--sample-rate-hz", "50"]
    assert main([*line, "--subject-pattern", "(a)"]) == 1
    assert "--subject-pattern is of the files" in capsys.readouterr().err


def test_predict_writes_a_page_and_a_table(model, new_folder, tmp_path, capsys):
    output = tmp_path / "answers"
    arguments = ["predict", str(new_folder), "--model", str(model)]
    arguments += ["--output", str(output), "--sample-rate-hz", "50"]
    assert main(arguments) == 0
    assert "walking.csv: 7.68 s walking" in capsys.readouterr().out
    written = sorted(
        p.relative_to(output).as_posix()
        for p in output.rglob("[!.]*.*")
        if ".finished" not in p.parts
    )
    names = [f"new_person/{m}" for m in ("running", "sitting", "walking")]
    expected = [f"{n}{e}" for n in names for e in (".csv", ".html")]
    assert written == [*expected, "summary.csv"]
    with open(output / "summary.csv", newline="") as file:
        rows = {row["recording"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(names)
    for name in names:
        row = rows[name]
        assert row["subject"] == "new_person"
        minutes = [float(v) for k, v in row.items() if k.endswith("(min)")]
        assert sum(minutes) == pytest.approx(float(row["minutes"]), abs=1e-3)
    walked = float(rows["new_person/walking"]["walking (min)"])
    assert walked > 0.8 * float(rows["new_person/walking"]["minutes"])
    with open(output / f"{names[2]}.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert table[0]["start"].startswith("0") and table[0]["label"]

    summary = (output / "summary.csv").read_bytes()
    before = {p: p.stat().st_mtime_ns for p in output.rglob("*.html")}
    assert main(arguments) == 0
    assert capsys.readouterr().out.count("finished before") == 3
    assert (output / "summary.csv").read_bytes() == summary
    assert before == {p: p.stat().st_mtime_ns for p in output.rglob("*.html")}
    # Of another setting; what is missing; a damaged note of what is finished.
    assert main([*arguments, "--no-smoothing"]) == 1
    assert "was not made of this file by these" in capsys.readouterr().err
    (output / f"{names[0]}.html").unlink()
    assert main(arguments) == 0
    assert capsys.readouterr().out.count("finished before") == 2
    assert (output / f"{names[0]}.html").exists()
    (output / ".finished" / f"{names[1]}.json").write_text("{")
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out.count("finished before") == 2
    assert "sitting.html exists already" in captured.err
    assert main([*arguments, "--overwrite", "--no-smoothing"]) == 0


def test_a_moved_output_is_finished_and_another_folder_adds_to_it(
    model, new_folder, tmp_path, monkeypatch, capsys
):
    line = ["predict", str(new_folder), "--model", str(model)]
    line += ["--sample-rate-hz", "50", "--output"]
    assert main([*line, str(tmp_path / "answers")]) == 0
    shutil.move(tmp_path / "answers", tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved")
    capsys.readouterr()
    assert main([*line, "."]) == 0
    assert capsys.readouterr().out.count("finished before") == 3

    more = tmp_path / "more" / "another"
    more.mkdir(parents=True)
    shutil.copy(new_folder / "new_person" / "walking.csv", more / "walk.csv")
    line[1] = str(tmp_path / "more")
    assert main([*line, "."]) == 0
    with open("summary.csv", newline="") as file:
        found = [row["recording"] for row in csv.DictReader(file)]
    before = [f"new_person/{m}" for m in ("running", "sitting", "walking")]
    assert found == ["another/walk", *before]
    # What was removed is no longer in it.
    (tmp_path / "moved" / "new_person" / "sitting.html").unlink()
    assert main([*line, "."]) == 0
    with open("summary.csv", newline="") as file:
        found = [row["recording"] for row in csv.DictReader(file)]
    assert found == ["another/walk", before[0], before[2]]


def test_single_files_are_added_to_one_summary(
    model, new_folder, tmp_path, capsys
):
    line = ["--model", str(model), "--sample-rate-hz", "50"]
    line += ["--output", str(tmp_path / "answers")]
    folder = new_folder / "new_person"
    for name in ("walking", "running"):
        assert main(["predict", str(folder / f"{name}.csv"), *line]) == 0
    assert main(["predict", str(new_folder), *line]) == 0
    with open(tmp_path / "answers" / "summary.csv", newline="") as file:
        found = [row["recording"] for row in csv.DictReader(file)]
    names = ("running", "sitting", "walking")
    assert found == [*(f"new_person/{m}" for m in names), "running", "walking"]
    assert main(["predict", str(folder / "running.csv"), *line]) == 1
    assert "running.html exists already" in capsys.readouterr().err


def test_tables_that_were_written_are_no_recordings(
    model, new_folder, tmp_path, capsys
):
    study = tmp_path / "study"
    shutil.copytree(new_folder, study)
    before = [file.recording_id for file in recording_files(study)]
    line = ["predict", str(study), "--model", str(model)]
    line += ["--output", str(study / "answers"), "--sample-rate-hz", "50"]
    assert main(line) == 0
    (study / "failures.csv").write_text("file,error\na.csv,damaged\n")
    assert len([*study.rglob("*.csv")]) == 2 * len(before) + 2
    assert [file.recording_id for file in recording_files(study)] == before


def test_a_summary_of_something_else_stays(model, new_folder, tmp_path, capsys):
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "summary.csv").write_text("mine")
    line = ["predict", str(new_folder), "--model", str(model)]
    line += ["--output", str(tmp_path / "answers"), "--sample-rate-hz", "50"]
    assert main(line) == 1
    assert "summary.csv exists already" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "answers").iterdir()] == ["summary.csv"]
    assert (tmp_path / "answers" / "summary.csv").read_text() == "mine"


def test_what_another_model_has_answered_is_not_finished(
    model, new_folder, tmp_path, capsys
):
    shutil.copytree(model, tmp_path / "model")
    line = ["predict", str(new_folder), "--model", str(tmp_path / "model")]
    line += ["--output", str(tmp_path / "answers"), "--sample-rate-hz", "50"]
    assert main(line) == 0
    facts = tmp_path / "model" / "classifier.json"
    changed = json.loads(facts.read_text())
    changed["settings"]["min_probability"] = 0.9
    facts.write_text(json.dumps(changed))
    folder = new_folder / "new_person"
    shutil.copy(folder / "walking.csv", folder / "added.csv")
    capsys.readouterr()
    assert main(line) == 1
    captured = capsys.readouterr()
    assert captured.err.count("was not made of this file by these") == 3
    assert "finished before" not in captured.out
    # All answers that are there have a row.
    with open(tmp_path / "answers" / "summary.csv", newline="") as file:
        found = [row["recording"] for row in csv.DictReader(file)]
    names = ("added", "running", "sitting", "walking")
    assert found == [f"new_person/{name}" for name in names]


def test_predict_goes_on_after_a_file_that_fails(
    model, new_folder, tmp_path, capsys
):
    (new_folder / "new_person" / "walking.csv").write_text("x,y,z\n1,2\n")
    output = tmp_path / "answers"
    arguments = ["predict", str(new_folder), "--model", str(model)]
    arguments += ["--output", str(output), "--sample-rate-hz", "50"]
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert "walking.csv: failed" in captured.out
    assert "error: " in captured.err
    assert (output / "new_person" / "running.html").exists()


def test_predict_does_not_write_over_the_recording(
    model, new_folder, tmp_path, monkeypatch, capsys
):
    source = new_folder / "new_person" / "walking.csv"
    shutil.copy(source, tmp_path / "walk.csv")
    monkeypatch.chdir(tmp_path)
    before = (tmp_path / "walk.csv").read_bytes()
    arguments = ["predict", "walk.csv", "--model", str(model), "--output", "."]
    arguments += ["--sample-rate-hz", "50", "--overwrite"]
    assert main(arguments) == 1
    assert "a recording that is read" in capsys.readouterr().err
    assert (tmp_path / "walk.csv").read_bytes() == before


def test_predict_without_such_a_model(tmp_path, new_folder, capsys):
    arguments = ["predict", str(new_folder), "--model", str(tmp_path / "none")]
    assert main(arguments) == 1
    assert "A classifier must be" in capsys.readouterr().err


def test_time_zone_of_answers(model, tmp_path, capsys):
    count = 50 * 60
    start = 1_714_557_600 + np.arange(count) / 50
    wave = 0.4 * np.sin(2 * np.pi * 2 * start)
    file = tmp_path / "clock.csv"
    with open(file, "w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["time", "x", "y", "z"])
        writer.writerows(zip(start, wave, wave, 1 + wave))
    arguments = ["predict", str(file), "--model", str(model)]
    arguments += ["--time-zone", "Europe/Berlin"]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 0
    with open(tmp_path / "out" / "clock.csv", newline="") as handle:
        first = next(csv.DictReader(handle))
    assert first["start"].startswith("2024-05-01T12:00:00")
    assert first["start"].endswith("+02:00")


def test_the_json_of_fit_and_predict(
    recordings_folder, tiny_preset, new_folder, tmp_path, capsys
):
    path, output = str(tmp_path / "model"), tmp_path / "answers"
    line = ["fit", str(recordings_folder), "--preset", str(tiny_preset)]
    line += ["--sample-rate-hz", "50", "--output", path, "--folds", "2"]
    assert main([*line, "--quiet", "--json"]) == 0
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert answer["kind"] == "classifier" and answer["output"] == path
    saved = MotionClassifier.load(path).scores_
    assert answer["scores"]["rows"] == saved.rows
    assert answer["sentence"] in captured.err  # a result, and no progress
    assert "written to" not in captured.err

    (new_folder / "new_person" / "walking.csv").write_text("x,y,z\n1,2\n")
    line = ["predict", str(new_folder), "--model", path]
    line += ["--output", str(output), "--sample-rate-hz", "50", "--json"]
    assert main(line) == 1
    answer = json.loads(capsys.readouterr().out)
    names = [row["recording"] for row in answer["recordings"]]
    assert names == ["new_person/running", "new_person/sitting"]
    found = answer["recordings"][0]
    assert found["minutes_of"]["running"] > 0.8 * found["minutes"]
    assert found["file"] == str(new_folder / "new_person" / "running.csv")
    written = [str(output / names[0]) + e for e in (".html", ".csv")]
    assert found["outputs"] == written and found["start"] == "0.000000"
    assert answer["kind"] == "classifier"
    (failure,) = answer["failures"]
    assert failure["file"].endswith("walking.csv") and failure["error"]
    assert answer["summary"] == str(output / "summary.csv")


def test_labels_that_are_numbers(tmp_path, tiny_preset, capsys):
    study, path = tmp_path / "study", str(tmp_path / "speed")
    generator = np.random.default_rng(0)
    for person in range(4):
        sizes = np.repeat([0.2, 0.5, 0.8], 320) + 0.02 * person
        wave = sizes * np.sin(2 * np.pi * 5 * np.arange(len(sizes)) / 100)
        signal = [0, 0, 1] + wave[:, None]
        signal = signal + generator.normal(0, 0.02, signal.shape)
        folder = study / f"s{person}"
        folder.mkdir(parents=True)
        rows = [
            ",".join(f"{v:.4f}" for v in [*row, size])
            for row, size in zip(signal, sizes)
        ]
        text = "\n".join(["x,y,z,label", *rows])
        (folder / "swing.csv").write_text(text + "\n")
    line = ["fit", str(study), "--numbers", "--preset", str(tiny_preset)]
    line += ["--sample-rate-hz", "100", "--output", path]
    more = ["--balanced", "--no-smoothing", "--min-probability", "0.7"]
    assert main([*line, *more]) == 1
    said = capsys.readouterr().err
    assert "--balanced and --no-smoothing and --min-probability." in said
    assert main(line) == 0
    assert "mean of the others" in capsys.readouterr().out
    new = study / "s0" / "swing.csv"
    line = ["predict", str(new), "--model", path, "--sample-rate-hz", "100"]
    assert main([*line, "--output", str(tmp_path / "answers")]) == 0
    captured = capsys.readouterr()
    assert "swing.csv: mean 0." in captured.out and not captured.err
    assert main([*line, "--no-smoothing", "--overwrite"]) == 1
    assert "is for classifiers" in capsys.readouterr().err
    files = sorted(p.name for p in (tmp_path / "answers").iterdir())
    assert files == [".finished", "summary.csv", "swing.csv", "swing.html"]
    with open(tmp_path / "answers" / "summary.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert 0.4 < float(row["mean"]) < 0.6


@pytest.mark.parametrize("name", ["summary.csv", "failures.csv"])
@pytest.mark.parametrize("is_recording", [False, True])
@pytest.mark.parametrize("is_first", [True, False])
def test_no_other_table_is_written_over(
    model, new_folder, tmp_path, capsys, name, is_recording, is_first
):
    folder = new_folder / "new_person"
    output, text = tmp_path / "answers", "machine,failures\npump,3\n"
    if is_recording:
        output, text = folder, (folder / "walking.csv").read_text()
    (output / ".finished").mkdir(parents=True)
    if is_first:
        (output / ".finished").rmdir()
    (output / name).write_text(text)
    line = ["predict", str(folder), "--model", str(model), "--overwrite"]
    line += ["--output", str(output), "--sample-rate-hz", "50"]
    assert main(line) == 1
    assert f"{name} exists already, and is no table" in capsys.readouterr().err
    assert (output / name).read_text() == text


def test_no_answer_is_written_over_another(
    model, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    clock = np.concatenate([100 + np.arange(400), np.arange(400)]) / 50
    rows = [f"{t:.2f},0.0,0.6,0.8" for t in clock]
    (tmp_path / "in").mkdir()
    back = tmp_path / "in" / "back.csv"
    back.write_text("\n".join(["time,x,y,z", *rows]))
    other = tmp_path / "back_1.csv"
    other.write_text("\n".join(["time,x,y,z", *rows[400:]]))
    before = other.read_text()
    line = ["predict", str(back), "--model", str(model)]
    split = ["--on-clock-change", "split"]
    # The second part would be called as a file that is there.
    assert main([*line, *split, "--output", "."]) == 1
    assert "back_1.csv exists already" in capsys.readouterr().err
    assert main([*line, *split, "--output", ".", "--overwrite"]) == 1
    assert "is no table of answers" in capsys.readouterr().err
    assert (
        other.read_text() == before and not (tmp_path / "back_0.csv").exists()
    )
    # So it would be in the answers of two files.
    line = ["predict", str(other), str(back), "--model", str(model)]
    assert main([*line, *split, "--output", "out"]) == 1
    assert "is the answer of" in capsys.readouterr().err
    summary = tmp_path / "summary.csv"
    shutil.copy(other, summary)
    line = ["predict", str(summary), "--model", str(model), "--output", "new"]
    assert main(line) == 1
    assert "the summary of all recordings" in capsys.readouterr().err
    failures = tmp_path / "failures.csv"
    shutil.copy(other, failures)
    line[1] = str(failures)
    assert main(line) == 1
    assert "the table of what failed" in capsys.readouterr().err


def test_answers_below_a_folder_are_no_recordings(
    model, new_folder, monkeypatch, capsys
):
    monkeypatch.chdir(new_folder)
    line = ["predict", ".", "--model", str(model), "--sample-rate-hz", "50"]
    assert main(line) == 0
    assert main([*line, "--overwrite"]) == 0
    assert capsys.readouterr().out.count("walking.csv: ") == 2


def test_arguments_are_checked_before_the_recordings_are_read(tmp_path, capsys):
    line = ["fit", str(tmp_path / "nowhere"), "--output", str(tmp_path / "m")]
    for more, said in (
        (["--min-probability", "7"], "--min-probability must be"),
        (["--folds", "1"], "at least 2, or 0"),
        (["--preset", "relcon_smal"], "Did you mean 'relcon_small'"),
    ):
        assert main([*line, *more]) == 1
        assert said in capsys.readouterr().err


def test_the_help_of_fit_says_which_output_is_taken(capsys):
    with pytest.raises(SystemExit):
        main(["fit", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert f"the first of {', '.join(BEST_FIRST)} that it has" in shown
