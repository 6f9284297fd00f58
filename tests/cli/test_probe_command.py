import csv
import json
import shutil
import sys
from types import SimpleNamespace

import numpy as np

from keras_relcon import evaluation
from keras_relcon.cli.main import main


def _run(folder, preset, output, folds, *more):
    line = ["probe", str(folder), "--preset", str(preset)]
    line += ["--sample-rate-hz", "50", "--output", str(output)]
    return main([*line, "--folds", str(folds), *more])


def test_a_report_with_both_controls(
    recordings_folder, tiny_preset, tmp_path, capsys
):
    output = tmp_path / "report"
    assert _run(recordings_folder, tiny_preset, output, 2, "--json") == 0
    answer, text = capsys.readouterr()
    report = json.loads((output / "table.json").read_text())
    assert json.loads(answer)["report"] == report
    for name in ("relcon_tiny", "untrained encoder", "hand-made features"):
        assert f"{name}: fold 2 of 2" in text
    with open(output / "table.csv") as file:
        assert len(list(csv.reader(file))) >= 4


def test_folds_are_of_subjects(
    recordings_folder, tiny_preset, tmp_path, capsys
):
    for folds in (1, 5):
        assert _run(recordings_folder, tiny_preset, tmp_path, folds) == 1
        message = capsys.readouterr().err.splitlines()[-1]
        assert f"{folds} folds for 4 subjects" in message


def test_subjects_without_a_usable_window_are_left_out(
    recordings_folder, tiny_preset, tmp_path, capsys, monkeypatch
):
    folder = tmp_path / "recordings"
    shutil.copytree(recordings_folder, folder)
    for path in (folder / "s01").iterdir():  # no labels
        path.write_text(path.read_text().replace(f",{path.stem}", ","))
    for path in (folder / "s03").iterdir():  # only missing samples
        rows = path.read_text().splitlines()
        rows[1::20] = [f",,,{path.stem}"] * len(rows[1::20])
        path.write_text("\n".join(rows))
    folds = []

    def cross_validate(task, encoder, windows, protocol, **kwargs):
        folds.extend(protocol)
        return SimpleNamespace(
            save=lambda *_, **__: None, table=str, to_dict=dict
        )

    monkeypatch.setattr(evaluation, "cross_validate", cross_validate)
    assert _run(folder, tiny_preset, tmp_path / "report", 4) == 1
    captured = capsys.readouterr()
    assert "The subjects ['s01', 's03'] are left out" in captured.err
    assert "at least 3 subjects" in captured.err
    shutil.copytree(recordings_folder / "s00", folder / "s04")
    assert _run(folder, tiny_preset, tmp_path / "report", 4) == 1
    assert "4 folds for 3 subjects" in capsys.readouterr().err
    assert _run(folder, tiny_preset, tmp_path / "report", 2) == 1
    captured = capsys.readouterr()
    assert "2 folds for 3 subjects. Use more folds" in captured.err
    assert _run(folder, tiny_preset, tmp_path / "report", 3) == 0
    tested = sorted(fold.test[0] for fold in folds)
    assert tested == ["s00", "s02", "s04"]


def test_data_that_is_not_there(tiny_preset, tmp_path, capsys):
    assert _run(tmp_path / "absent", tiny_preset, tmp_path, 2) == 1
    assert "does not exist" in capsys.readouterr().err


def test_an_output_that_is_a_file_is_told_before_the_work(
    recordings_folder, tiny_preset, tmp_path, capsys
):
    output = tmp_path / "report"
    output.write_text("mine")
    assert _run(recordings_folder, tiny_preset, output, 2) == 1
    captured = capsys.readouterr()
    assert "--output must be a folder" in captured.err
    assert "fold 1" not in captured.out and output.read_text() == "mine"


def test_an_output_that_cannot_be_written_is_told_before_the_work(
    recordings_folder, tiny_preset, tmp_path, capsys, monkeypatch
):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert _run(recordings_folder, tiny_preset, tmp_path, 2) == 1
    captured = capsys.readouterr()
    assert "folder that can be written" in captured.err
    assert "Permission denied" in captured.err
    assert "fold 1" not in captured.err + captured.out


def test_people_by_the_same_names_may_be_the_same(
    recordings_folder, tiny_preset, tmp_path, capsys
):
    preset, source = tmp_path / "preset", recordings_folder.name
    shutil.copytree(tiny_preset, preset)
    path = preset / "metadata.json"
    facts = json.loads(path.read_text())
    for name in ("other", source):
        facts["facts"]["subjects"] = {name: ["s01"]}
        path.write_text(json.dumps(facts))
        assert _run(recordings_folder, preset, tmp_path / name, 2) == 0
        # A folder does not say of which set it is.
        assert "names that are also those of" in capsys.readouterr().err


def test_without_matplotlib_there_are_tables_alone(
    recordings_folder, tiny_preset, tmp_path, capsys, monkeypatch
):
    saved = []

    def save(path, figures):
        saved.append((path, figures))

    def cross_validate(*args, **kwargs):
        assert "will have no figures" in capsys.readouterr().err
        return SimpleNamespace(
            save=save, table=lambda: "the table", to_dict=dict
        )

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(evaluation, "cross_validate", cross_validate)
    output = tmp_path / "report"
    assert _run(recordings_folder, tiny_preset, output, 2) == 0
    assert saved == [(output, False)]
    assert "the table" in capsys.readouterr().out


def test_a_folder_with_a_bad_file(
    recordings_folder, tiny_preset, tmp_path, capsys, monkeypatch
):
    folder = tmp_path / "recordings"
    for source in recordings_folder.rglob("*.csv"):
        name = f"day1/{source.parent.name}_{source.name}"
        (folder / "day1").mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / name)
    (folder / "day1" / "s00_bad.csv").write_text("x,y\n1,2\n")
    seen = []

    def cross_validate(task, encoder, windows, protocol, **kwargs):
        seen.extend(windows.subjects)
        return SimpleNamespace(
            save=lambda *_, **__: None, table=str, to_dict=dict
        )

    monkeypatch.setattr(evaluation, "cross_validate", cross_validate)
    line = ["probe", str(folder), "--preset", str(tiny_preset), "--folds", "2"]
    line += ["--sample-rate-hz", "50", "--output", str(tmp_path / "report")]
    line += ["--subject-pattern", r"(s\d+)_"]
    assert main(line) == 1
    advice = "Pass --on-failure warn to go on with the files that are read."
    assert advice in capsys.readouterr().err
    assert main([*line, "--on-failure", "warn"]) == 0
    captured = capsys.readouterr()
    assert "1 of 13 files are not read. day1/s00_bad: " in captured.err
    assert set(seen) == {"s00", "s01", "s02", "s03"}


def test_labels_of_another_file(
    recordings_folder, tiny_preset, tmp_path, capsys, monkeypatch
):
    folder, labels = tmp_path / "recordings", tmp_path / "labels.csv"
    rows = ["recording,start,duration,label"]
    for source in sorted(recordings_folder.rglob("*.csv")):
        name = source.relative_to(recordings_folder)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        lines = source.read_text().splitlines()
        lines = [line.rsplit(",", 1)[0] for line in lines]
        (folder / name).write_text("\n".join(lines))
        rows.append(f"{name.with_suffix('').as_posix()},0,8,{name.stem}")
    labels.write_text("\n".join(rows))
    seen = []

    def cross_validate(task, encoder, windows, protocol, **kwargs):
        seen.append(windows.labels.tolist())
        return SimpleNamespace(
            save=lambda *_, **__: None, table=str, to_dict=dict
        )

    monkeypatch.setattr(evaluation, "cross_validate", cross_validate)
    line = ["probe", str(folder), "--preset", str(tiny_preset), "--folds", "2"]
    line += ["--sample-rate-hz", "50", "--output", str(tmp_path / "report")]
    assert main([*line, "--labels", str(tmp_path / "none.csv")]) == 1
    assert "--labels must be an existing file" in capsys.readouterr().err
    assert main([*line, "--labels", str(labels)]) == 0
    assert _run(recordings_folder, tiny_preset, tmp_path / "same", 2) == 0
    assert seen[0] == seen[1] and len(set(seen[0])) == 3


def test_files_are_read_as_the_options_say(
    recordings_folder, tiny_preset, tmp_path, capsys, monkeypatch
):
    """The same recordings in m/s2, with other names, cells and times."""
    folder = tmp_path / "recordings"
    shutil.copytree(recordings_folder, folder)
    for path in folder.rglob("*.csv"):
        header, *rows = path.read_text().splitlines()
        assert header == "x,y,z,label"
        cells = [row.split(",") for row in rows]
        lines = [
            "|".join(
                [f"{20 * k}", *(str(9.80665 * float(v)) for v in axes), label]
            )
            for k, (*axes, label) in enumerate(cells)
        ]
        path.write_text("\n".join(["clock|u|v|w|label", *lines]))
    found = []

    def cross_validate(task, encoder, windows, protocol, **kwargs):
        found.append(windows)
        return SimpleNamespace(
            save=lambda *_, **__: None, table=str, to_dict=dict
        )

    monkeypatch.setattr(evaluation, "cross_validate", cross_validate)
    assert _run(recordings_folder, tiny_preset, tmp_path / "a", 2) == 0
    line = ["probe", str(folder), "--preset", str(tiny_preset), "--folds", "2"]
    line += ["--output", str(tmp_path / "b"), "--delimiter", "|"]
    line += ["--timestamp-unit", "ms"]
    for words, options in (
        ("as --columns", ["--columns", "u", "v", "w"]),
        ("--timestamp-column", ["--timestamp-column", "clock"]),
        ("--unit m/s2", ["--unit", "m/s2"]),
    ):
        assert main(line) == 1
        assert words in capsys.readouterr().err
        line += options
    assert main(line) == 0
    expected, windows = found
    np.testing.assert_allclose(
        windows.acceleration, expected.acceleration, atol=1e-4
    )
    assert windows.labels.tolist() == expected.labels.tolist()
