"""`benchmarks/gpu_half_hour.py` on synthetic people and few steps."""

import json

import pytest
from command_support import write_recordings
from pretraining_support import pretraining_values, skip_score

from keras_relcon import recipes


@pytest.fixture
def gpu_half_hour(load_benchmark):
    return load_benchmark("gpu_half_hour")


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    values = pretraining_values(write_recordings(folder), tmp_path / "mine")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(values))
    return path


def test_steps_fill_the_minutes(
    gpu_half_hour, config, tmp_path, monkeypatch, capsys
):
    trained = []

    def pretrain(settings, say):
        trained.append((settings["output"].name, settings["relcon"]["steps"]))
        # 7 seconds of compilation, 0.5 of each step.
        return 7 + 0.5 * settings["relcon"]["steps"]

    monkeypatch.setattr(recipes, "pretrain", pretrain)
    monkeypatch.setattr(
        gpu_half_hour, "facts_of", lambda seconds: {"seconds": seconds}
    )
    words = [str(config), "--minutes", "1.04", "--no-measure"]
    gpu_half_hour.main(words)
    # Whole epochs of two steps: 62.4 s have room for 124 steps.
    assert trained == [("1", 2), ("3", 6), ("mine", 124)]
    gpu_half_hour.main(words)
    assert trained[3:] == [("mine", 124)]
    assert "124 steps of 500.00 ms" in capsys.readouterr().out


def test_a_leg_ends_and_the_next_goes_on(
    gpu_half_hour, config, tmp_path, monkeypatch, capsys
):
    skip_score(monkeypatch)
    words = [str(config), "--minutes", "0.0001", "--no-measure"]
    gpu_half_hour.main([*words, "--leg-minutes", "0"])
    assert "Call it again" in capsys.readouterr().out
    assert not (tmp_path / "mine").exists()
    gpu_half_hour.main(words)
    assert "All is done." in capsys.readouterr().out
    facts = gpu_half_hour.facts_of(tmp_path / "mine")
    assert facts["config"]["relcon"]["steps"] == 2


def test_then_it_measures_what_is_installed(
    gpu_half_hour, load_benchmark, config, tmp_path, monkeypatch, capsys
):
    plan = {"steps": 2, "seconds_of_a_step": 1.0}
    (tmp_path / "mine.plan.json").write_text(json.dumps(plan))
    monkeypatch.setattr(
        recipes, "pretrain", lambda config, say: config["output"].mkdir()
    )
    called = []
    monkeypatch.setattr(load_benchmark("run"), "main", called.append)
    monkeypatch.setattr(
        gpu_half_hour.importlib.util, "find_spec", lambda name: name == "jax"
    )
    gpu_half_hour.main([str(config)])
    assert "The leg is over" in capsys.readouterr().out
    monkeypatch.setattr(recipes, "pretrain", lambda config, say: "mine")
    (tmp_path / "mine").rmdir()
    gpu_half_hour.main([str(config)])
    assert "Call it once more" in capsys.readouterr().out and not called
    (tmp_path / "mine").mkdir()
    gpu_half_hour.main([str(config)])
    (words,) = called
    assert words[:2] == ["accelerator", "data_wait"]
    assert words[-2:] == ["--backends", "jax"]


def test_its_config_trains_the_encoder_of_the_base_preset(gpu_half_hour):
    config = recipes.read_config(gpu_half_hour.FOLDER / "gpu_half_hour.toml")
    base = recipes.read_config(
        gpu_half_hour.FOLDER.parent / "examples" / "relcon_base.toml"
    )
    for name in ("windows", "encoder"):
        assert config[name] == base[name]
    small = recipes.read_config(
        gpu_half_hour.FOLDER.parent / "examples" / "relcon_small.toml"
    )
    assert config["held_out_subjects"] == small["held_out_subjects"]
