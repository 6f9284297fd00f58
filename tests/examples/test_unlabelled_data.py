"""Examples given recordings of which some, or all, have no labels."""

import runpy
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import keras_relcon as kr

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROBE = runpy.run_path(str(EXAMPLES / "probe.py"))
PRETRAIN = runpy.run_path(str(EXAMPLES / "pretrain.py"))


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


def test_pretrain_goes_on_without_a_score(monkeypatch, capsys):
    made = []

    class Model:
        def __init__(self, *args, **kwargs):
            made.append(self)

    recordings = [
        kr.data.Recording(item.acceleration, 50, item.subject)
        for item in kr.data.synthetic_recordings(4, 10, 50, seed=0)
    ]
    saved = []
    for owner, name, value in (
        (kr.data, "load_recordings", lambda *args: recordings),
        (kr, "MotifDistance", Model),
        (kr, "RelConModel", Model),
        (kr.presets, "save_to_preset", lambda *args: saved.append(args)),
    ):
        monkeypatch.setattr(owner, name, value)
    monkeypatch.setitem(PRETRAIN["main"].__globals__, "fit", print)
    monkeypatch.setattr(sys, "argv", ["pretrain.py", "recordings/"])
    PRETRAIN["main"]()
    ((model, path, facts, rate_hz, length),) = saved
    assert model is made[1] and path == "my_preset"
    assert (rate_hz, length) == (100, 256)
    assert list(facts) == ["held_out_subjects"]
    assert len(facts["held_out_subjects"]) == 1
    assert "the distance is not scored" in capsys.readouterr().out


@pytest.mark.parametrize("num_labelled", [0, 1, 3])
def test_pretrain_scores_the_labelled_recordings_alone(num_labelled):
    recordings = [
        kr.data.Recording(
            item.acceleration,
            50,
            item.subject,
            item.labels if index < num_labelled else None,
            item.recording_id,
        )
        for index, item in enumerate(
            kr.data.synthetic_recordings(
                1, 10, 50, motions=["walking", "running", "sitting"], seed=0
            )
        )
    ]
    facts = PRETRAIN["score"](kr.evaluation.euclidean_distance, recordings)
    assert list(facts) == ["same_activity_auc"] * (num_labelled == 3)
