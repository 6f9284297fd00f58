import os
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from pretraining_support import (
    HAS_TENSORBOARD,
    pretraining_values,
    skip_score,
    skip_training,
    weights_of,
)

import keras_relcon as kr
from keras_relcon.data.streams.stored_ranking import StoredRanking
from keras_relcon.presets import from_preset
from keras_relcon.recipes import pretraining_stages
from keras_relcon.recipes.pretraining import pretrain
from keras_relcon.recipes.pretraining_config import complete_config
from keras_relcon.recipes.pretraining_data import (
    candidate_groups,
    data_files,
    data_paths,
    split_data,
)
from keras_relcon.recipes.pretraining_facts import by_source, same_activity_auc
from keras_relcon.recipes.pretraining_models import (
    in_float32,
    learning_rate,
    make_distance,
    make_model,
)
from keras_relcon.recipes.pretraining_stages import stage_keys


@pytest.fixture
def values(recordings_folder, tmp_path):
    return pretraining_values(recordings_folder, tmp_path / "mine")


@pytest.fixture
def quick(monkeypatch):
    """No training; the kernel sizes of the distances that it would train."""
    skip_score(monkeypatch)
    return skip_training(monkeypatch)


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
    assert auc_of(["walking", None, None]) is None
    auc = auc_of(["walking", None, "sitting"])
    np.testing.assert_allclose(auc["motif distance"], 1 - auc["Euclidean"])


def test_without_labels_it_goes_on_without_a_score(
    values, recordings_folder, tmp_path, monkeypatch
):
    skip_training(monkeypatch)
    folder = shutil.copytree(recordings_folder, tmp_path / "data")
    for path in folder.glob("*/*.csv"):
        path.write_text(path.read_text().replace(f",{path.stem}", ","))
    del values["held_out_subjects"]
    values["data"] = str(folder)
    lines = []
    path = pretrain(complete_config(values), say=lines.append)
    facts = from_preset(path).preset_metadata.facts
    assert len(facts["held_out_subjects"]) == 1
    assert "same_activity_auc" not in facts
    assert not any("same activity" in line for line in lines)


@pytest.mark.skipif(HAS_TENSORBOARD, reason="tensorboard is installed")
def test_tensorboard_that_is_not_installed_is_named(values):
    values["run"] = {"tensorboard": True}
    with pytest.raises(ImportError, match="needs tensor.*leave the key out"):
        pretrain(complete_config(values))


def test_unknown_subjects_are_named(values):
    values["held_out_subjects"] = ["s99"]
    with pytest.raises(ValueError, match=r"Received: \['s99'\]"):
        pretrain(complete_config(values))


def test_holding_out_leaves_someone_to_train_on(
    values, recordings_folder, tmp_path
):
    people = sorted(path.name for path in recordings_folder.iterdir())
    config = complete_config({**values, "held_out_subjects": people})
    with pytest.raises(ValueError, match="`held_out_subjects` must leave"):
        split_data(config)
    one = shutil.copytree(recordings_folder / "s00", tmp_path / "one" / "s00")
    del values["held_out_subjects"]
    config = complete_config({**values, "data": str(one.parent)})
    with pytest.raises(ValueError, match=r"\['s00'\].*`held_out_share = 0`"):
        split_data(config)
    config["held_out_share"] = 0
    assert split_data(config)[0].subjects == ["s00"]


def test_what_would_refuse_the_preset_is_told_before_training(values, quick):
    config = complete_config({**values, "facts": {"share": float("nan")}})
    with pytest.raises(TypeError, match="must be what JSON can hold"):
        pretrain(config)
    config = complete_config(values)
    config["output"].mkdir()
    (config["output"] / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="It is no preset"):
        pretrain(config, overwrite=True)
    (config["output"] / "notes.txt").unlink()
    stage = config["output"].with_name("mine.stages") / "motif_distance"
    stage.mkdir(parents=True)
    (stage / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="motif_distance.*is no preset"):
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
        "keras_relcon.recipes.pretraining.check_models", lambda config: None
    )
    other = pretrain(complete_config({**values, "output": "other"}, tmp_path))
    for weight, same in zip(weights_of(one), weights_of(other), strict=True):
        np.testing.assert_array_equal(weight, same)


def test_a_second_run_beside_the_first_is_refused(values, quick, monkeypatch):
    values["output"] = str(Path(values["output"]).parent / "new" / "mine")
    config = complete_config(values)
    fit = kr.RelConModel.fit

    def fit_beside(self, groups, **kwargs):
        with pytest.raises(OSError, match=r"mine.stages', held by process"):
            pretrain(config, overwrite=True)
        fit(self, groups, **kwargs)

    monkeypatch.setattr(kr.RelConModel, "fit", fit_beside)
    path = pretrain(config)
    assert quick == [3] and path == config["output"]
    # The lock goes with the run.
    assert sorted(p.name for p in path.parent.iterdir()) == ["mine"]


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
        ({"held_out_subjects": ["s99"]}, "held_out_subjects` must be among"),
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
        patch.setattr(
            "keras_relcon.recipes.pretraining.split_data", _stop
        )  # comes later
        with pytest.raises(FileExistsError, match=f"{other.name}.*overwrite"):
            pretrain(config)
    assert other.exists() and quick == []
    pretrain(config, overwrite=True)
    assert not other.exists() and config["output"].exists()


def test_the_key_of_an_older_config_stays(values, recordings_folder):
    config = complete_config(values)
    # What stood in a config before several sources and stored rankings.
    for section, name in (
        ("motif_distance", "preset"),
        ("relcon", "anchors"),
        ("relcon", "ranking"),
        ("relcon", "ranked_groups"),
        ("relcon", "max_blocks"),
        ("encoder", "preset"),
        ("views", "augmentations"),
        ("views", "num_augmentations"),
    ):
        before = complete_config(values)
        del before[section][name]
        assert stage_keys(before) == stage_keys(config)
    config["relcon"]["anchors"] = "all"
    changed, expected = stage_keys(config), stage_keys(complete_config(values))
    assert changed["relcon"] != expected["relcon"]
    assert changed["motif_distance"] == expected["motif_distance"]


def test_subjects_of_several_sources_are_told_apart(
    values, recordings_folder, tmp_path
):
    other = shutil.copytree(recordings_folder / "s00", tmp_path / "two" / "s00")
    values["data"] = [str(recordings_folder), str(other.parent)]
    values["held_out_subjects"] = ["two/s00"]
    config = complete_config(values)
    train, held_out, unseen = split_data(config)
    assert held_out == ["two/s00"]
    assert {item.subject for item in unseen} == {"two/s00"}
    name = recordings_folder.name
    assert f"{name}/s00" in train.subjects
    assert all(subject.startswith(f"{name}/") for subject in train.subjects)
    assert len(data_files(config)) > len(list(other.iterdir()))
    people = by_source(train.subjects, data_paths(config))
    assert people == {name: [s.split("/")[1] for s in train.subjects]}


def test_groups_are_ranked_once_by_the_distance_of_a_preset(
    values, tmp_path, monkeypatch
):
    skip_score(monkeypatch)
    del values["relcon"]["num_candidates"]
    values["relcon"].update(
        anchors="all", num_candidates=1, ranking=str(tmp_path / "ranks.h5")
    )
    values["relcon"]["ranked_groups"] = 3
    values["views"] = {"weight": 1.0, "augmentations": ["noise", "rotation"]}
    first = pretrain(complete_config(values))
    ranking = StoredRanking.load(tmp_path / "ranks.h5")
    assert ranking.ranks.shape == (3, 4, 3)
    trained = from_preset(first, task="pretrain")
    values["motif_distance"] = {"preset": str(first)}
    values["output"] = str(tmp_path / "second")
    lines = []
    second = pretrain(complete_config(values), say=lines.append)
    assert any("the motif distance is that of" in line for line in lines)
    again = from_preset(second, task="pretrain")
    # The ranking is of this distance and these groups: it was taken up.
    for name in ("motif_distance", "encoder"):
        parts = [getattr(model, name) for model in (trained, again)]
        for one, other in zip(*(part.get_weights() for part in parts)):
            np.testing.assert_array_equal(one, other)


def test_training_goes_on_from_the_encoder_of_a_preset(values, tmp_path, quick):
    first = pretrain(complete_config(values))
    stages = tmp_path / "distance"
    kr.presets.save_to_preset(
        from_preset(first, task="pretrain").motif_distance,
        stages,
        sample_rate_hz=50,
        window_length=40,
    )
    # A distance may come from a directory of its own.
    values["motif_distance"] = {"preset": str(stages)}
    values["encoder"] = {"preset": str(first), "precision": "mixed_bfloat16"}
    values["output"] = str(tmp_path / "second")
    values["seed"] = 5  # fresh weights would be others
    second = pretrain(complete_config(values))
    encoders = from_preset(first), from_preset(second)
    assert encoders[0].get_config() == encoders[1].get_config()
    # Nothing was trained: both have the weights of the first.
    for one, other in zip(*(each.get_weights() for each in encoders)):
        np.testing.assert_allclose(one, other, atol=1e-3)
    values["encoder"]["widths"] = [16]
    with pytest.raises(ValueError, match="With `encoder.preset` the encoder"):
        complete_config(values)


def test_the_preset_gets_the_readout_that_was_asked_for(values, quick):
    plain = stage_keys(complete_config(values))
    values["readout"] = {"mini_rocket": 100, "compact": 6, "windows": 10}
    values["readout"]["steady"] = 3
    values["readout"]["scales"] = [1, 2]
    with pytest.raises(ValueError, match="`blocks` must name blocks"):
        pretrain(complete_config(values))  # one block is too few to read out
    assert quick == []
    changed = stage_keys(complete_config(values))
    assert changed["relcon"] != plain["relcon"]
    assert changed["motif_distance"] == plain["motif_distance"]
    values["encoder"]["num_blocks"] = [2]
    values["readout"]["scales"] = [1, 0.5]
    with pytest.raises(ValueError, match="takes windows of 32 samples"):
        pretrain(complete_config(values))  # 20 are left of 40
    values["readout"]["scales"] = [1, 3]
    with pytest.raises(ValueError, match="`scales` must be powers of two"):
        complete_config(values)
    values["readout"].update(scales=[1, 2], compact=122, windows=130)
    with pytest.raises(ValueError, match="dim=122 of 116"):
        pretrain(complete_config(values))  # 100 is 84, one of each kernel
    values["readout"].update(compact=116)
    with pytest.raises(ValueError, match=r"compact=116, of \d+ windows"):
        pretrain(complete_config(values))
    assert quick == []
    values["readout"].update(compact=6, steady=116)
    with pytest.raises(ValueError, match=r"steady=116, of \d+ windows"):
        pretrain(complete_config(values))
    values["readout"].update(steady=3, windows=10)
    preset = pretrain(complete_config(values))
    x = np.random.default_rng(0).normal(size=(3, 40, 3)).astype("float32")
    outputs = {
        output: from_preset(preset, output=output).predict(x, verbose=0)
        for output in ("features", "wide", "steady", "compact")
    }
    widths = {name: found.shape[1] for name, found in outputs.items()}
    # 116 columns fill no rectangle of 10 columns: 120 do.
    expected = {"features": 64, "wide": 32 + 84, "steady": 120, "compact": 6}
    assert widths == expected
    assert 0 < outputs["wide"][:, 32:].mean() < 1
    assert outputs["compact"].std() > 0 and outputs["steady"].std() > 0


def test_workers_do_not_change_what_is_trained(values, tmp_path, monkeypatch):
    skip_score(monkeypatch)
    trained = []
    for workers in (1, 2):
        values["run"] = {"workers": workers}
        values["output"] = str(tmp_path / str(workers))
        config = complete_config(values)
        train, _, _ = split_data(config)
        assert candidate_groups(config, train).workers == workers
        trained.append(from_preset(pretrain(config)).get_weights())
    for one, other in zip(*trained):
        np.testing.assert_array_equal(one, other)


def test_a_config_by_another_path_goes_on(values, tmp_path, monkeypatch, quick):
    """Places are relative to the config, wherever it is called from."""
    folder = tmp_path / "config"
    folder.mkdir()
    values["data"] = os.path.relpath(values["data"], folder)
    values["output"] = "mine"
    expected = stage_keys(complete_config(values, folder))
    monkeypatch.chdir(tmp_path)
    here = complete_config(values, "config")
    assert stage_keys(here) == expected
    first = pretrain(here).resolve()
    monkeypatch.chdir(folder)
    lines = []
    again = complete_config(values)
    assert pretrain(again, say=lines.append).resolve() == first
    assert lines == [f"{again['output']} is finished already"]


def test_another_preset_of_one_name_is_another_config(values, tmp_path, quick):
    keys = []
    for number in (1, 2):
        values["output"] = str(tmp_path / str(number) / "encoder")
        values["seed"] = number
        values["motif_distance"]["kernel_size"] = 3
        preset = pretrain(complete_config(values))
        named = {"encoder": {"preset": str(preset)}, "seed": 5}
        keys.append(stage_keys(complete_config({**values, **named})))
    assert keys[0]["motif_distance"] == keys[1]["motif_distance"]
    assert keys[0]["relcon"] != keys[1]["relcon"]


def test_what_a_version_before_had_begun_goes_on(values, tmp_path):
    config = complete_config(values)
    now = stage_keys(config)
    sizes = [[name, size] for name, size, _ in data_files(config)]
    for has_paths in (True, False):  # the older version first
        before = pretraining_stages._keys(config, sizes, has_paths)
        assert before != now
        name = f"relcon-{before['relcon'][:12]}"
        (tmp_path / "mine.stages" / name).mkdir(parents=True)
        assert stage_keys(config) == before


def test_other_recordings_of_one_size_are_other_data(
    values, recordings_folder, tmp_path
):
    shutil.copytree(recordings_folder, tmp_path / "study")
    keys = stage_keys(complete_config({**values, "data": "study"}, tmp_path))
    file = min((tmp_path / "study").rglob("*.csv"))
    file.write_bytes(file.read_bytes().replace(b"1", b"2"))
    changed = stage_keys(complete_config({**values, "data": "study"}, tmp_path))
    assert changed["motif_distance"] != keys["motif_distance"]
    assert changed["relcon"] != keys["relcon"]


def test_presets_are_relative_to_the_config(values, tmp_path, quick):
    first = pretrain(complete_config(values))
    config = {**values, "output": "second"}
    config["encoder"] = {"preset": first.name}
    config["motif_distance"] = {"preset": first.name}
    found = complete_config(config, first.parent)
    for section in ("encoder", "motif_distance"):
        assert found[section]["preset"] == str(first)
    pretrain(found)
    config["motif_distance"]["kernel_size"] = 5
    with pytest.raises(ValueError, match="With `motif_distance.preset` the d"):
        complete_config(config, first.parent)


def test_a_preset_that_is_not_there_is_told_before_the_work(values, quick):
    values["motif_distance"] = {"preset": "relcon_smal"}
    lines = []
    with pytest.raises(ValueError, match="relcon_smal"):
        pretrain(complete_config(values), say=lines.append)
    assert lines == []


def test_presets_of_other_windows_are_warned_of(values, tmp_path, quick):
    first = pretrain(complete_config(values))
    values["output"] = str(tmp_path / "second")
    values["encoder"] = {"preset": str(first)}
    values["windows"] = {"sample_rate_hz": 25, "window_length": 40}
    expected = "encoder's preset was trained on windows of 40 .* 50 Hz, and is"
    with pytest.warns(UserWarning, match=f"{expected} trained on 40 at 25 Hz"):
        pretrain(complete_config(values))


@pytest.mark.parametrize("kind", ["TransformerEncoder1D", "Sequential"])
def test_the_precision_of_other_encoders(values, tmp_path, quick, kind):
    if kind == "Sequential":
        encoder = keras.Sequential([keras.layers.GlobalMaxPooling1D()])
    else:
        encoder = kr.layers.TransformerEncoder1D(8, 1, 8, 2)
    encoder.build((None, 40, 3))
    start = kr.presets.save_to_preset(
        encoder, tmp_path / "start", sample_rate_hz=50, window_length=40
    )
    values["encoder"] = {"preset": str(start), "precision": "mixed_bfloat16"}
    if kind == "Sequential":
        with pytest.raises(ValueError, match="needs an encoder that takes"):
            pretrain(complete_config(values))
        del values["encoder"]["precision"]
    preset = pretrain(complete_config(values))
    assert from_preset(preset).dtype_policy.name == "float32"
