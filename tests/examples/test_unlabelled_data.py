"""Examples given recordings of which some, or all, have no labels."""

import runpy
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import keras_relcon as kr

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROBE = runpy.run_path(str(EXAMPLES / "probe.py"))


def write_without_labels(source, target):
    """Copies a folder of recordings; their labels are empty cells."""
    shutil.copytree(source, target)
    for path in target.iterdir():
        path.write_text(path.read_text().replace(f",{path.stem}", ","))


def test_probe_leaves_out_subjects_without_labels(
    recordings_folder, tiny_preset, tmp_path, capsys, monkeypatch
):
    folder = tmp_path / "recordings"
    shutil.copytree(recordings_folder, folder)
    write_without_labels(folder / "s01", folder / "s04")
    folds = []

    def cross_validate(task, encoders, windows, protocol, progress):
        folds.extend(protocol)
        return SimpleNamespace(save=lambda path: None, table=str)

    monkeypatch.setattr(kr.evaluation, "cross_validate", cross_validate)
    line = ["probe.py", str(folder), "--preset", str(tiny_preset)]
    line += ["--sample-rate-hz", "50", "--folds", "4"]
    monkeypatch.setattr(sys, "argv", line)
    PROBE["main"]()
    assert "without labelled windows: ['s04']" in capsys.readouterr().out
    tested = sorted(fold.test[0] for fold in folds)
    assert tested == ["s00", "s01", "s02", "s03"]
