import csv
import sys
from types import SimpleNamespace

from keras_relcon import evaluation
from keras_relcon.cli.main import main


def _run(folder, preset, output, folds):
    line = ["probe", str(folder), "--preset", str(preset)]
    line += ["--sample-rate-hz", "50", "--output", str(output)]
    return main([*line, "--folds", str(folds)])


def test_a_report_with_both_controls(
    recordings_folder, tiny_preset, tmp_path, capsys
):
    output = tmp_path / "report"
    assert _run(recordings_folder, tiny_preset, output, 2) == 0
    text = capsys.readouterr().out
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


def test_without_matplotlib_there_are_tables_alone(
    recordings_folder, tiny_preset, tmp_path, capsys, monkeypatch
):
    saved = []

    def save(path, figures):
        saved.append((path, figures))

    def cross_validate(*args, **kwargs):
        assert "will have no figures" in capsys.readouterr().err
        return SimpleNamespace(save=save, table=lambda: "the table")

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(evaluation, "cross_validate", cross_validate)
    output = tmp_path / "report"
    assert _run(recordings_folder, tiny_preset, output, 2) == 0
    assert saved == [(output, False)]
    assert "the table" in capsys.readouterr().out
