import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from pretraining_support import (
    HAS_TENSORBOARD,
    everything,
    pretraining_values,
    skip_score,
    skip_training,
    weights_of,
)

import keras_relcon as kr
from keras_relcon.cli import pretrain_command
from keras_relcon.cli.main import main
from keras_relcon.presets import from_preset
from keras_relcon.presets.preset_directory import find_preset
from keras_relcon.recipes import complete_config, pretrain
from keras_relcon.recipes.pretraining_config import DEFAULTS


@pytest.fixture
def values(recordings_folder, tmp_path):
    return pretraining_values(recordings_folder, tmp_path / "mine")


@pytest.fixture
def quick(monkeypatch):
    """No training; the kernel sizes of the distances that it would train."""
    skip_score(monkeypatch)
    return skip_training(monkeypatch)


def test_a_config_becomes_a_preset(values, recordings_folder, tmp_path, capsys):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(values))
    assert main(["pretrain", str(path)]) == 0
    text = capsys.readouterr().out
    assert "training on 3 subjects" in text and "held out: ['s03']" in text
    model = from_preset(tmp_path / "mine", task="pretrain")
    assert model.temperature == 0.1
    assert model.encoder.embedding_dim == 8
    metadata = model.encoder.preset_metadata
    assert (metadata.sample_rate_hz, metadata.window_length) == (50.0, 40)
    facts = metadata.facts
    assert facts["held_out_subjects"] == ["s03"]
    assert (facts["num_subjects"], facts["steps"]) == (3, 2)
    people = {recordings_folder.name: ["s00", "s01", "s02"]}
    assert facts["subjects"] == people
    np.testing.assert_allclose(facts["hours"], 3 * 3 * 8 / 3600, atol=1e-3)
    assert facts["intended_use"] == "a test"
    assert facts["config"]["relcon"]["num_candidates"] == 2
    assert facts["config"]["data"] == recordings_folder.name
    assert str(recordings_folder.parent) not in json.dumps(facts)
    # scored on the labelled recordings of the held-out subject
    auc = facts["same_activity_auc"]
    assert f"Euclidean {auc['Euclidean']:.3f}" in text
    windows = kr.data.make_windows(
        [
            recording
            for recording in kr.data.load_recordings(recordings_folder, 50)
            if recording.subject == "s03"
        ],
        **values["windows"],
        stride=40,
    )
    expected = kr.evaluation.motif_distance_auc(
        kr.evaluation.euclidean_distance, windows, within_subject=True
    )
    assert auc["Euclidean"] == expected
    assert auc["motif distance"] not in (0, 1, expected)
    names = sorted(p.name for p in tmp_path.iterdir())
    # no stages are left
    assert names == ["config.json", "mine", "mine.logs"]
    logs = sorted(p.name for p in (tmp_path / "mine.logs").iterdir())
    assert logs == ["motif_distance.csv", "relcon.csv"]
    # a second run does nothing, another config needs another place
    assert main(["pretrain", str(path)]) == 0
    assert "finished already" in capsys.readouterr().out
    path.write_text(json.dumps({**values, "seed": 1}))
    assert main(["pretrain", str(path)]) == 1
    assert "pass --overwrite" in capsys.readouterr().err


@pytest.mark.slow
def test_in_legs_it_ends_as_in_one(values, tmp_path, capsys, monkeypatch):
    skip_score(monkeypatch)
    values = everything(values)
    whole = pretrain(complete_config({**values, "output": "whole"}, tmp_path))
    path = tmp_path / "config.json"
    path.write_text(json.dumps(values))
    capsys.readouterr()
    for leg in ("distance", "relcon"):
        line = ["pretrain", str(path), "--max-minutes", "0", "--json"]
        assert main(line) == 0
        answer, text = capsys.readouterr()
        assert json.loads(answer)["is_finished"] is False
        assert "run the same command again" in text
        assert ("2. RelCon" in text) == (leg == "relcon")
        assert not (tmp_path / "mine").exists()
    assert main(["pretrain", str(path)]) == 0
    text = capsys.readouterr().out
    assert "distance is trained already" in text
    expected = weights_of(whole)
    assert len(expected) > 30
    for one, other in zip(expected, weights_of(tmp_path / "mine")):
        np.testing.assert_array_equal(one, other)
    for name in ("motif_distance.csv", "relcon.csv"):
        rows = (tmp_path / "mine.logs" / name).read_text()
        assert rows == (tmp_path / "whole.logs" / name).read_text()
    assert rows.count("\n") == 4  # a header and three epochs
    boards = tmp_path / "mine.logs" / "tensorboard"
    stages = {file.relative_to(boards).parts[0] for file in boards.rglob("ev*")}
    assert stages == (
        {"motif_distance", "relcon"} if HAS_TENSORBOARD else set()
    )
    model = from_preset(whole, task="pretrain")
    assert [layer.units for layer in model.projector.layers] == [6, 4]
    encoder = from_preset(whole)
    assert encoder(np.ones((1, 40, 3))).shape == (1, 8)
    assert encoder.pooling == "mean_std" and encoder.final_norm
    assert encoder.dtype_policy.name == "float32"
    config = encoder.preset_metadata.facts["config"]
    assert config["encoder"]["precision"] == "mixed_bfloat16"
    assert config["views"] == values["views"]


def test_what_is_printed_loads_what_was_written(
    values, tmp_path, quick, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    values["output"] = "relcon_base"  # a bundled preset is called so
    Path("config.json").write_text(json.dumps(values))
    assert main(["pretrain", "config.json"]) == 0
    text = capsys.readouterr().out
    name = re.search(r'from_preset\("(.*)"\)', text)[1]
    assert find_preset(name).samefile("relcon_base")


def test_the_help_shows_the_defaults_there_are():
    text = pretrain_command.DESCRIPTION
    shown = text.split("defaults:\n")[1].split("A run that")[0]
    shown = tomllib.loads(shown.replace("\n  ", "\n"))
    assert shown.keys() == DEFAULTS.keys()
    for name, default in DEFAULTS.items():
        if not isinstance(default, dict):
            assert shown[name] == default
            continue
        assert shown[name].keys() == default.keys()
        for key, value in default.items():
            # TOML has no null: an example is shown.
            assert shown[name][key] == value or value is None
            line = [
                x for x in text.splitlines() if x.split("=")[0].strip() == key
            ]
            assert value is not None or "no default" in line[-1] + line[0]
