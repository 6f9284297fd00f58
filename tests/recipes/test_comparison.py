"""A comparison of all methods, of a second each."""

import json
import shutil
import types

import keras
import numpy as np
import pytest
from command_support import write_recordings
from pretraining_support import pretraining_values

import keras_relcon as kr
from keras_relcon import kept_files, recipes
from keras_relcon.evaluation.suite.scores import Row
from keras_relcon.evaluation.suite.suite_result import SuiteResult
from keras_relcon.recipes import comparison, comparison_scores

LENGTH = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A config, and a preset with the distance that ranks."""
    folder = tmp_path_factory.mktemp("comparison")
    (folder / "recordings").mkdir()
    recordings = write_recordings(folder / "recordings")
    values = pretraining_values(recordings, folder / "unused")
    values["windows"]["window_length"] = LENGTH
    values["encoder"].update(embedding_dim=4, pooling="mean_std")
    (folder / "config.json").write_text(json.dumps(values))
    distance = kr.MotifDistance(
        embedding_dim=8, kernel_size=3, num_dilated_blocks=1
    )
    distance.build((None, LENGTH, 3))
    kr.presets.save_to_preset(
        distance,
        folder / "distance",
        sample_rate_hz=50,
        window_length=LENGTH,
    )
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch):
    sizes = {"SUBJECTS": 2, "WINDOWS_OF_EACH": 2, "EPOCHS": 2}
    for name, size in {**sizes, "ANCHORS": 2, "CANDIDATES": 1}.items():
        monkeypatch.setattr(comparison, name, size)


def compare(folder, output, methods, **kwargs):
    return recipes.compare_methods(
        folder / "config.json",
        output,
        methods,
        **{
            "num_windows": 16,
            "batch_size": 4,
            "distance": folder / "distance",
            "say": lambda text: None,
            **kwargs,
        },
    )


def facts_of(path):
    return json.loads((path / "metadata.json").read_text())["facts"]


@pytest.mark.parametrize("name", recipes.METHODS)
def test_a_method_trains_the_encoder_for_its_windows(folder, tmp_path, name):
    (path,) = compare(folder, tmp_path, [name], seeds=[3])
    assert path.name == f"{name}-0.001-3"
    facts = facts_of(path)
    # Rounded up to whole steps of two epochs.
    assert 16 <= facts["windows_through_the_encoder"] <= 32
    assert facts["seconds"] > 0
    assert "s03" not in facts["subjects"]["recordings"]  # held out
    encoder = kr.presets.from_preset(path)
    keras.utils.set_random_seed(3)
    untrained = kr.evaluation.untrained_copy(encoder, 3)
    window = np.random.default_rng(0).normal(size=(2, LENGTH, 3))
    found, other = (
        keras.ops.convert_to_numpy(model(window.astype("float32")))
        for model in (encoder, untrained)
    )
    assert np.isfinite(found).all() and not np.allclose(found, other)


def test_it_goes_on_where_the_time_was_over(folder, tmp_path):
    whole = compare(folder, tmp_path / "whole", ["SimSiam"], num_windows=32)
    output = tmp_path / "legs"
    assert (
        compare(folder, output, ["SimSiam"], num_windows=32, max_minutes=0)
        == []
    )
    legs = compare(folder, output, ["SimSiam"], num_windows=32)
    first, second = (
        kr.presets.from_preset(paths[0]).get_weights()
        for paths in (whole, legs)
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    trained = legs[0].stat().st_mtime_ns
    assert (
        compare(folder, output, ["SimSiam"], num_windows=32)[0]
        .stat()
        .st_mtime_ns
        == trained
    )
    with pytest.raises(ValueError, match="windows_asked_for=16.*=32"):
        compare(folder, output, ["SimSiam"], num_windows=16)


def test_what_was_begun_otherwise_does_not_go_on(folder, tmp_path):
    arguments = {"methods": ["SimSiam"], "num_windows": 32}
    assert compare(folder, tmp_path, **arguments, max_minutes=0) == []
    with pytest.raises(ValueError, match=r"SimSiam-0.001-0.*batch_size=8"):
        compare(folder, tmp_path, **arguments, batch_size=8)
    # A version before did not say in a stage of what it is.
    (tmp_path / "stages" / "SimSiam-0.001-0" / "training.json").unlink()
    (path,) = compare(folder, tmp_path, **arguments)
    assert not list((tmp_path / "stages").iterdir())
    assert facts_of(path)["trained_by"]["batch_size"] == 4


def test_what_another_split_has_trained_is_not_taken(folder, tmp_path):
    config = recipes.read_config(folder / "config.json")
    arguments = {
        "output": tmp_path,
        "methods": ["SimSiam"],
        "num_windows": 16,
        "batch_size": 4,
        "distance": folder / "distance",
    }
    config["held_out_subjects"] = []
    recipes.compare_methods(config, **arguments)
    with pytest.raises(ValueError, match="split_seed=5.*split_seed=0"):
        recipes.compare_methods({**config, "seed": 5}, **arguments)
    other = {**config, "held_out_share": 0.5}
    with pytest.raises(ValueError, match="share=0.5.*share=0.2"):
        recipes.compare_methods(other, **arguments)


def test_what_other_recordings_have_trained_is_not_taken(folder, tmp_path):
    config = recipes.read_config(folder / "config.json")
    study = shutil.copytree(folder / "recordings", tmp_path / "recordings")
    arguments = {
        "config": {**config, "data": study},
        "output": tmp_path / "out",
        "methods": ["SimSiam"],
        "num_windows": 16,
        "batch_size": 4,
        "distance": folder / "distance",
    }
    (path,) = recipes.compare_methods(**arguments)
    file = min(study.rglob("*.csv"))
    file.write_text(file.read_text().replace("1", "2"))
    with pytest.raises(ValueError, match="with data_sha256="):
        recipes.compare_methods(**arguments)
    shutil.move(study, tmp_path / "elsewhere")
    assert recipes.compare_methods(**arguments) == [path]  # it needs no data
    with pytest.raises(FileNotFoundError):
        recipes.compare_methods(**{**arguments, "seeds": [1]})
    shutil.move(tmp_path / "elsewhere", study)
    # A version before did not keep it.
    metadata = json.loads((path / "metadata.json").read_text())
    del metadata["facts"]["trained_by"]["data_sha256"]
    (path / "metadata.json").write_text(json.dumps(metadata))
    assert recipes.compare_methods(**arguments) == [path]


def test_what_another_process_trains_is_passed_over(folder, tmp_path):
    lines = []
    arguments = {"methods": ["SimSiam", "BYOL"], "say": lines.append}
    stage = tmp_path / "stages" / "SimSiam-0.001-0"
    stage.mkdir(parents=True)
    with kept_files.lock(stage):  # of any process: locks are of open files
        (path,) = compare(folder, tmp_path, **arguments)
    assert path.name == "BYOL-0.001-0" and not list(stage.iterdir())
    assert "SimSiam-0.001-0: another process trains it." in lines
    assert len(compare(folder, tmp_path, **arguments)) == 2
    assert not list((tmp_path / "stages").iterdir())


def test_one_that_diverges_does_not_end_the_others(folder, tmp_path):
    lines = []
    arguments = {
        "methods": ["SimSiam"],
        "learning_rates": [1e30, 1e-3],
        "say": lines.append,
    }
    (path,) = compare(folder, tmp_path, **arguments)
    assert path.name == "SimSiam-0.001-0"
    assert any("SimSiam-1e+30-0 diverged: it is" in line for line in lines)
    assert compare(folder, tmp_path, **arguments) == [path]
    assert "SimSiam-1e+30-0 diverged before: it is left out." in lines


def test_what_another_config_has_trained_is_not_taken(folder, tmp_path):
    compare(folder, tmp_path, ["SimSiam"])
    with pytest.raises(ValueError, match="batch_size=8.*batch_size=4"):
        compare(folder, tmp_path, ["SimSiam"], batch_size=8)
    config = recipes.read_config(folder / "config.json")
    config["held_out_subjects"] = ["s02"]
    with pytest.raises(ValueError, match=r"held_out_subjects=\['s02'\]"):
        recipes.compare_methods(
            config,
            tmp_path,
            ["SimSiam"],
            num_windows=16,
            batch_size=4,
            distance=folder / "distance",
        )
    with pytest.raises(ValueError, match="learning_rate=0.00100000001"):
        compare(folder, tmp_path, ["SimSiam"], learning_rates=[0.00100000001])
    with pytest.raises(ValueError, match="Give it a rate too"):
        compare(folder, tmp_path, ["BYOL"], learning_rates={"SimSiam": 0.1})


def test_the_best_rate_is_that_of_the_best_mean(folder, tmp_path, monkeypatch):
    compare(
        folder, tmp_path, ["SimSiam"], seeds=[0, 1], learning_rates=[0.1, 1e-3]
    )
    asked = {}

    class Result:
        settings = {}
        rows = []

        def mean_over(self, groups):
            asked["groups"] = groups
            return self

        def save(self, path):
            asked["path"] = path

    def suite(encoders, data, **kwargs):
        asked["encoders"] = encoders
        return Result()

    monkeypatch.setattr(comparison_scores.evaluation, "suite", suite)
    result = recipes.score_methods(tmp_path, "data", say=None)
    assert asked["groups"] == {
        "SimSiam 0.001": ["SimSiam-0.001-0", "SimSiam-0.001-1"],
        "SimSiam 0.1": ["SimSiam-0.1-0", "SimSiam-0.1-1"],
    }
    assert set(asked["encoders"]) == {
        name for names in asked["groups"].values() for name in names
    }
    assert asked["path"] == tmp_path / "scores"
    cost = result.settings["cost"]["SimSiam 0.1"]
    assert cost["windows"] == 16 and cost["seconds_per_1000_windows"] > 0


def test_best_learning_rates_are_by_features_where_there_are():
    def row(name, mean):
        row = type("Row", (), {"representation": name})()
        row.mean = lambda: mean
        return row

    result = type("Result", (), {})()
    result.rows = [
        row("SimCLR 0.001 embedding", 0.9),
        row("SimCLR 0.001 features", 0.4),
        row("SimCLR 0.01 features", 0.5),
        row("SimCLR 0.01 embedding", 0.2),
        row("CPC 0.01 embedding", 0.2),
        row("CPC 0.1 embedding", 0.3),
        row("hand-made features", 0.7),
    ]
    known = {**recipes.METHODS, "CPC": None}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison_scores, "METHODS", known)
        found = recipes.best_learning_rates(result)
    assert found == {"SimCLR": 0.01, "CPC": 0.1}


def test_what_is_no_comparison_is_explained(folder, tmp_path):
    with pytest.raises(ValueError, match="`methods` must be one of"):
        compare(folder, tmp_path, ["simclr"])
    with pytest.raises(FileNotFoundError, match="without a finished preset"):
        recipes.score_methods(tmp_path, "data")


def test_the_table_has_the_best_of_each_method_and_controls():
    counts = {  # of two people and two classes, of each set
        "RelCon 0.001 embedding": [[[4, 0], [0, 4]], [[2, 2], [2, 2]]],
        "RelCon 0.01 embedding": [[[2, 2], [2, 2]], [[2, 2], [2, 2]]],
        "TS2Vec 0.001 embedding": [[[4, 0], [0, 4]], [[3, 1], [1, 3]]],
        "hand-made features": [[[2, 2], [2, 2]], [[3, 1], [1, 3]]],
    }
    rows = [
        Row(name, "ridge", None, False, "hand" in name, {"a": np.array([c])})
        for name, c in counts.items()
    ]
    sets = [types.SimpleNamespace(name="a", people=["p", "q"], archive="a")]
    cost = {"seconds_per_1000_windows": 1.234, "num_seeds": 2}
    costs = {f"{m} {r}": cost for m in ("RelCon", "TS2Vec") for r in (0.001,)}
    result = SuiteResult(rows, sets, {"cost": costs}, [])
    lines = recipes.methods_table(result).splitlines()
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in lines]
    assert cells[0][3:5] == ["mean", "a person's, - RelCon"]
    # Of all windows 14 of 16 are right, and symmetric: so is macro-F1.
    difference = "+12.5 [-146.3, +171.3]"  # 0 and 25: Student 12.706
    assert cells[2] == [
        *["TS2Vec", "0.001", "87.5", "87.5", difference, "2", "1.23"]
    ]
    assert cells[3] == ["RelCon", "0.001", "75.0", "75.0", "", "2", "1.23"]
    assert cells[4][:4] == ["hand-made features", "", "62.5", "62.5"]
    assert cells[4][5:] == ["", ""] and len(cells) == 5
    with pytest.raises(ValueError, match="`reference` must be.*'TS2Vec'"):
        recipes.methods_table(result, reference="BYOL")
    result.rows = [row for row in rows if "RelCon" not in row.representation]
    assert "- TS2Vec" in recipes.methods_table(result, "features")
