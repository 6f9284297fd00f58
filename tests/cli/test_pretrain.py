import importlib.util
import json
import re
import shutil
import types
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_relcon as kr
from keras_relcon.cli.main import main
from keras_relcon.cli.pretrain import pretrain
from keras_relcon.cli.pretrain_config import complete_config
from keras_relcon.cli.pretrain_facts import same_activity_auc
from keras_relcon.cli.pretrain_models import (
    in_float32,
    learning_rate,
    make_distance,
    make_model,
)
from keras_relcon.presets import from_preset
from keras_relcon.presets.preset_directory import find_preset

HAS_TENSORBOARD = all(
    importlib.util.find_spec(name) for name in ("tensorflow", "tensorboard")
)


@pytest.fixture
def values(recordings_folder, tmp_path):
    return {
        "data": str(recordings_folder),
        "output": str(tmp_path / "mine"),
        "held_out_subjects": ["s03"],
        "recordings": {"sample_rate_hz": 50},
        "windows": {"sample_rate_hz": 50, "window_length": 40},
        "motif_distance": {
            "epochs": 1,
            "batch_size": 8,
            "embedding_dim": 8,
            "kernel_size": 3,
            "num_dilated_blocks": 1,
        },
        "encoder": {
            "embedding_dim": 8,
            "num_blocks": [1],
            "widths": [8],
            "kernel_sizes": [3],
            "strides": [2],
        },
        "relcon": {
            "batch_size": 4,
            "num_candidates": 2,
            "steps": 2,
            "steps_per_epoch": 2,
            "temperature": 0.1,
        },
        "facts": {"intended_use": "a test"},
    }


@pytest.mark.every_backend
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


@pytest.fixture
def unscored(monkeypatch):
    """No same-activity AUC, which takes JAX a while."""
    monkeypatch.setattr(
        "keras_relcon.cli.pretrain.same_activity_auc", lambda *args: None
    )


@pytest.fixture
def quick(monkeypatch, unscored):
    """Training that only builds; returns the kernel sizes of the distances."""
    trained = []

    def fit_distance(self, x, **kwargs):
        self.build(x[0].shape)
        trained.append(self.kernel_size)

    def fit_relcon(self, groups, **kwargs):
        self.build({name: x.shape for name, x in groups[0].items()})
        history = {"loss": [1.0], "loss_per_candidate": [0.5]}
        self.history = types.SimpleNamespace(history=history)

    monkeypatch.setattr(kr.MotifDistance, "fit", fit_distance)
    monkeypatch.setattr(kr.RelConModel, "fit", fit_relcon)
    return trained


def _stop(self, *args, **kwargs):
    raise KeyboardInterrupt


def test_a_stopped_run_goes_on_after_its_finished_stage(
    values, tmp_path, quick, monkeypatch
):
    config = complete_config(values)
    with monkeypatch.context() as patch:
        patch.setattr(kr.RelConModel, "fit", _stop)
        with pytest.raises(KeyboardInterrupt):
            pretrain(config)
    assert not config["output"].exists()
    stage = from_preset(tmp_path / "mine.stages" / "motif_distance")
    # another temperature takes up the same distance
    values["relcon"]["temperature"] = 0.5
    lines = []
    pretrain(complete_config(values), say=lines.append)
    assert quick == [3]
    assert "1. the motif distance is trained already" in lines
    model = from_preset(config["output"], task="pretrain")
    assert model.temperature == 0.5
    for old, new in zip(
        stage.get_weights(), model.motif_distance.get_weights()
    ):
        np.testing.assert_allclose(old, new, rtol=1e-3, atol=1e-6)


def test_a_changed_stage_is_trained_again(
    values, recordings_folder, tmp_path, quick, monkeypatch
):
    monkeypatch.setattr(kr.RelConModel, "fit", _stop)
    data = shutil.copytree(recordings_folder, tmp_path / "data")
    values["data"] = str(data)

    def run():
        with pytest.raises(KeyboardInterrupt):
            pretrain(complete_config(values))

    run()
    run()
    assert quick == [3]
    # what is no recording is no other data
    for name in (".DS_Store", "config.toml", "s00/notes.txt", ".old/a.csv"):
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_text("a")
    run()
    assert quick == [3]
    values["motif_distance"]["kernel_size"] = 5
    run()
    assert quick == [3, 5]
    shutil.rmtree(data / "s00")  # other data
    run()
    assert quick == [3, 5, 5]


def everything(values):
    """A config of all that may be said of the training."""
    del values["motif_distance"]["epochs"]
    values["motif_distance"]["steps"] = 2
    values["motif_distance"].update(schedule="cosine", warmup_steps=1)
    values["encoder"].update(
        pooling="mean_std", final_norm=True, precision="mixed_bfloat16"
    )
    values["views"] = {"weight": 2, "projector": [5], "temperature": 0.2}
    values["relcon"].update(
        steps=5,
        schedule="cosine",
        warmup_steps=2,
        projector=[6, 4],
        policy="recording",
        minimum_std_g=1e-4,
        skip_nonfinite=True,
    )
    values["run"] = {"checkpoint_steps": 1, "tensorboard": HAS_TENSORBOARD}
    return values


def weights_of(path):
    model = from_preset(path, task="pretrain")
    return [
        *model.encoder.get_weights(),
        *model.motif_distance.get_weights(),
        *model.projector.get_weights(),
    ]


@pytest.mark.slow
def test_in_legs_it_ends_as_in_one(values, tmp_path, capsys, unscored):
    values = everything(values)
    whole = pretrain(complete_config({**values, "output": "whole"}, tmp_path))
    path = tmp_path / "config.json"
    path.write_text(json.dumps(values))
    for leg in ("distance", "relcon"):
        assert main(["pretrain", str(path), "--max-minutes", "0"]) == 0
        text = capsys.readouterr().out
        assert "run the same command again" in text
        assert ("2. RelCon" in text) == (leg == "relcon")
        assert not (tmp_path / "mine").exists()
    assert main(["pretrain", str(path)]) == 0
    assert "distance is trained already" in capsys.readouterr().out
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


def test_the_schedule_warms_up_and_ends_at_zero():
    settings = {"learning_rate": 0.5, "schedule": "cosine", "warmup_steps": 4}

    def rates_at(steps, total, **changes):
        config = {"relcon": {**settings, **changes}}
        rate = learning_rate(config, "relcon", total)
        return [float(rate(step)) for step in steps]

    rates = rates_at((0, 2, 4, 8, 12), 12)
    np.testing.assert_allclose(rates, [0, 0.25, 0.5, 0.25, 0], atol=1e-6)
    rates = rates_at((0, 4, 8), 8, warmup_steps=0)
    np.testing.assert_allclose(rates, [0.5, 0.25, 0], atol=1e-6)
    config = {"relcon": {**settings, "schedule": "constant"}}
    assert learning_rate(config, "relcon", 8) == 0.5
    # known only where the windows of the epochs are counted
    with pytest.raises(ValueError, match="relcon.warmup_steps.*4 of 4"):
        rates_at((), 4)


def test_the_encoder_alone_is_in_half_precision(values):
    values["encoder"]["precision"] = "mixed_bfloat16"
    values["views"] = {"weight": 1.5, "projector": [6, 4], "temperature": 0.2}
    values["relcon"]["projector"] = [5]
    config = complete_config(values)
    model = make_model(config, make_distance(config))
    model.build({"anchor": (3, 40, 3), "candidates": (3, 2, 40, 3)})
    windows = keras.KerasTensor((3, 40, 3))
    assert model.encoder(windows).dtype == "bfloat16"
    assert model.motif_distance.compute_dtype == "float32"
    assert (model.views.weight, model.views.temperature) == (1.5, 0.2)
    assert [layer.units for layer in model.views.projector.layers] == [6, 4]
    kept = in_float32(model)
    assert kept.encoder(windows).dtype == "float32"
    assert kept.motif_distance is model.motif_distance
    assert kept.projector is model.projector and kept.temperature == 0.1
    for one, other in zip(
        kept.encoder.get_weights(), model.encoder.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert in_float32(kept) is kept


def test_without_views_there_are_none(values):
    config = complete_config({**values, "views": {"projector": [4]}})
    assert make_model(config, make_distance(config)).views is None


def test_there_is_no_auc_without_two_activities():
    lines = []

    def auc_of(labels):
        recordings = [
            kr.data.Recording(
                np.random.default_rng(index).normal(size=(200, 3)),
                sample_rate_hz=50,
                subject="s",
                labels=label,
            )
            for index, label in enumerate(labels)
        ]
        windows = {"sample_rate_hz": 50, "window_length": 40}
        return same_activity_auc(farness, recordings, windows, lines.append)

    def farness(anchors, candidates):
        return -kr.evaluation.euclidean_distance(anchors, candidates)

    assert auc_of([]) is None
    assert auc_of([None, None]) is None and not lines
    assert auc_of(["walking", "walking"]) is None
    assert "no same-activity AUC: At least one anchor" in lines[0]
    # what has no labels is left out
    auc = auc_of(["walking", None, "sitting"])
    np.testing.assert_allclose(auc["motif distance"], 1 - auc["Euclidean"])


@pytest.mark.skipif(HAS_TENSORBOARD, reason="tensorboard is installed")
def test_tensorboard_that_is_not_installed_is_named(values):
    values["run"] = {"tensorboard": True}
    with pytest.raises(ImportError, match="needs tensor.*leave the key out"):
        pretrain(complete_config(values))


def test_unknown_subjects_are_named(values):
    values["held_out_subjects"] = ["s99"]
    with pytest.raises(ValueError, match=r"Received: \['s99'\]"):
        pretrain(complete_config(values))


def test_what_would_refuse_the_preset_is_told_before_training(values, quick):
    config = complete_config({**values, "facts": {"share": float("nan")}})
    with pytest.raises(TypeError, match="must be what JSON can hold"):
        pretrain(config)
    config = complete_config(values)
    config["output"].mkdir()
    (config["output"] / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="It is no preset"):
        pretrain(config, overwrite=True)
    assert quick == []


@pytest.mark.parametrize(
    "section, change, words",
    [
        ("encoder", {"widths": [8, 16]}, "one entry per stage"),
        ("windows", {"window_length": 20}, "takes windows of 32 samples"),
        ("relcon", {"batch_size": 1000}, "at least one batch of windows"),
    ],
)
def test_what_cannot_be_trained_is_told_before_training(
    values, quick, section, change, words
):
    values[section].update(change)
    config = complete_config(values)
    with pytest.raises(ValueError, match=words):
        pretrain(config)
    assert quick == [] and not config["output"].exists()


def test_the_check_of_the_models_draws_no_number_of_the_run(
    values, tmp_path, quick, monkeypatch
):
    values["relcon"]["projector"] = [5]
    one = pretrain(complete_config({**values, "output": "one"}, tmp_path))
    monkeypatch.setattr(
        "keras_relcon.cli.pretrain.check_models", lambda config: None
    )
    other = pretrain(complete_config({**values, "output": "other"}, tmp_path))
    for weight, same in zip(weights_of(one), weights_of(other), strict=True):
        np.testing.assert_array_equal(weight, same)


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


@pytest.fixture
def other(tmp_path):
    """Checkpoints of another config."""
    folder = tmp_path / "mine.stages" / "relcon-0123456789ab"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("overwrite", [False, True])
def test_data_that_is_not_there_is_told_first(
    values, tmp_path, quick, other, overwrite
):
    config = complete_config({**values, "data": str(tmp_path / "absent")})
    with pytest.raises(FileNotFoundError, match="absent.*does not exist"):
        pretrain(config, overwrite)
    config["data"].mkdir()
    with pytest.raises(ValueError, match="absent.*without such files"):
        pretrain(config, overwrite)
    assert other.exists() and quick == []


@pytest.mark.parametrize(
    "change, words",
    [
        ({"held_out_subjects": ["s99"]}, "held_out_subjects must be among"),
        (
            {"relcon": {"batch_size": 1000, "num_candidates": 2}},
            "at least one batch of windows",
        ),
    ],
)
def test_nothing_is_removed_where_nothing_can_be_trained(
    values, quick, other, change, words
):
    config = complete_config({**values, **change})
    with pytest.raises(ValueError, match=words):
        pretrain(config, overwrite=True)
    assert other.exists() and quick == []


def test_checkpoints_of_another_config_are_kept(
    values, quick, other, monkeypatch
):
    config = complete_config(values)
    with monkeypatch.context() as patch:
        patch.setattr("keras_relcon.cli.pretrain._split", _stop)  # comes later
        with pytest.raises(FileExistsError, match=f"{other.name}.*overwrite"):
            pretrain(config)
    assert other.exists() and quick == []
    pretrain(config, overwrite=True)
    assert not other.exists() and config["output"].exists()
