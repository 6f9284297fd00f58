import json
from pathlib import Path

import pytest

from keras_relcon.recipes.pretraining_config import (
    DEFAULTS,
    complete_config,
    read_config,
    stated_config,
)

TOML = """
data = "recordings"
output = "sub/mine"
held_out_subjects = ["s01"]
[relcon]
steps = 7
[encoder]
widths = [8, 16]
num_blocks = [1, 1]
[facts]
limits = ["wrist only"]
"""


def test_toml_and_json_say_the_same(tmp_path):
    (tmp_path / "a.toml").write_text(TOML)
    config = read_config(tmp_path / "a.toml")
    assert config["data"] == tmp_path / "recordings"
    assert config["output"] == tmp_path / "sub" / "mine"
    assert config["relcon"] == {**DEFAULTS["relcon"], "steps": 7}
    assert config["windows"] == {"sample_rate_hz": 100, "window_length": 256}
    assert config["encoder"] == {
        **DEFAULTS["encoder"],
        "widths": [8, 16],
        "num_blocks": [1, 1],
    }
    values = {**config, "data": "recordings", "output": "sub/mine"}
    (tmp_path / "a.json").write_text(json.dumps(values))
    assert read_config(tmp_path / "a.json") == config


def test_a_rate_may_have_a_point():
    def windows(rate):
        values = {"data": "a", "output": "b"}
        values["windows"] = {"sample_rate_hz": rate}
        return json.dumps(complete_config(values)["windows"])

    assert windows(50.0) == windows(50)
    assert json.loads(windows(31.25))["sample_rate_hz"] == 31.25


@pytest.mark.parametrize(
    "change, words",
    [
        ({"dta": "x"}, "Did you mean 'data'"),
        ({"relcon": {"step": 3}}, "Did you mean 'steps'"),
        ({"encoder": {"depth": 3}}, r"\[encoder\] may have"),
        ({"motif_distance": {"epoch": 3}}, "Did you mean 'epochs'"),
        ({"relcon": 3}, "relcon` must be a section"),
        ({"relcon": {"steps": "many"}}, "steps` must be a whole number"),
        ({"relcon": {"steps": True}}, "steps` must be a whole number"),
        ({"relcon": {"steps": 9.0}}, "a whole number, such as 1000.*=9.0"),
        ({"recordings": {"unit": 9.8}}, "recordings.unit` must be text"),
        ({"relcon": {"skip_nonfinite": 1}}, "skip_nonfinite` must be true or"),
        (
            {"relcon": {"span_seconds": "1h"}},
            "span_seconds` must be a number. ",
        ),
        (
            {"relcon": {"temperature": 0}},
            "relcon.temperature` must be .*above 0",
        ),
        ({"relcon": {"batch_size": 1}}, "batch_size` must be .*at least 2"),
        ({"relcon": {"num_candidates": 0}}, "num_candidates` must be a whole"),
        ({"relcon": {"learning_rate": -1.0}}, "must be .*above 0.*=-1.0"),
        ({"motif_distance": {"learning_rate": 0}}, "distance.learning_rate"),
        ({"motif_distance": {"epochs": 0}}, "epochs` must be a whole number"),
        ({"motif_distance": {"batch_size": 0}}, "batch_size` must be a whole"),
        ({"windows": {"sample_rate_hz": "fast"}}, "rate_hz` must be a number"),
        ({"windows": {"sample_rate_hz": 0.0}}, "rate_hz` must be .*above 0"),
        ({"windows": {"window_length": 1}}, "window_length` must be a whole"),
        ({"held_out_share": 1.0}, "held_out_share` must be .*below 1"),
        (
            {"relcon": {"schedule": "linear"}},
            r"one of \['constant', 'cosine'\]",
        ),
        ({"relcon": {"warmup_steps": 9}}, 'needs relcon.schedule = "cos'),
        (
            {"relcon": {"warmup_steps": 9, "steps": 9, "schedule": "cosine"}},
            "relcon.warmup_steps` must be below.*Received: 9 of 9",
        ),
        ({"relcon": {"projector": [8, 0]}}, r"such as \[256, 128\]"),
        ({"relcon": {"projector": 8}}, "relcon.projector` must be a list"),
        (
            {"motif_distance": {"schedule": "step"}},
            "distance.schedule` must be",
        ),
        (
            {"motif_distance": {"warmup_steps": 2}},
            "warmup_steps` needs motif_distance.schedule",
        ),
        (
            {
                "motif_distance": {
                    "warmup_steps": 2,
                    "steps": 2,
                    "schedule": "cosine",
                }
            },
            "below its number of steps. Received: 2 of 2",
        ),
        ({"encoder": {"pooling": "max"}}, r"one of \['mean', 'mean_std'\]"),
        ({"encoder": {"final_norm": 1}}, "final_norm` must be true or false"),
        ({"encoder": {"precision": "float16"}}, "'mixed_bfloat16'.*'float16'"),
        ({"views": {"weights": 1}}, "Did you mean 'weight'"),
        ({"views": {"weight": -1}}, "views.weight` must be .*at least 0"),
        ({"views": {"weight": float("nan")}}, "Received: views.weight=nan"),
        ({"views": {"weight": True}}, "views.weight` must be a number"),
        ({"views": {"temperature": 0}}, "views.temperature` must be .*above 0"),
        ({"views": {"projector": [8.5]}}, "views.projector` must be a list of"),
        ({"relcon": {"policy": "hour"}}, "`policy` must be one of"),
        ({"relcon": {"policy": "time_span"}}, "`span_seconds` must be"),
        ({"relcon": {"max_blocks": 3}}, "`max_blocks` goes with"),
        ({"readout": {"mini_rocket": 5}}, "mini_rocket` must be .*84"),
        ({"readout": {"compact": 9, "windows": 8}}, "as many as"),
        ({"readout": {"steady": 9, "windows": 8}}, "as many as"),
        ({"relcon": {"minimum_std_g": 0}}, "`relcon.minimum_std_g` must be"),
        ({"relcon": {"steps": 0}}, "steps` must be a whole number, at least 1"),
        ({"motif_distance": {"steps": 2.5}}, "whole number, at least 1"),
        ({"motif_distance": {"steps": 2, "epochs": 1}}, "Received: both"),
        ({"run": {"checkpoint_steps": 0}}, "run.checkpoint_steps` must be"),
        ({"run": {"tensorboard": "yes"}}, "tensorboard` must be true or"),
        ({"held_out_subjects": "s01"}, "held_out_subjects` must be a list"),
        ({"data": None}, r"no \['data'\]"),
        ({"data": []}, "`data` must be a path, or a list"),
        ({"data": ["a/x.npz", "b/x.zip"]}, "with different names"),
        ({"relcon": {"anchors": "some"}}, "relcon.anchors` must be"),
        ({"relcon": {"anchors": "all"}}, "two subjects or more"),
        ({"relcon": {"ranking": "a.h5"}}, 'needs relcon.anchors = "all"'),
        (
            {
                "relcon": {
                    "anchors": "all",
                    "num_candidates": 7,
                    "ranked_groups": 9,
                }
            },
            "needs `relcon.ranking`",
        ),
        ({"views": {"num_augmentations": 0}}, "views.num_augmentations` must"),
    ],
)
def test_mistakes_name_the_key(change, words):
    values = {"data": "recordings", "output": "mine", **change}
    values = {k: v for k, v in values.items() if v is not None}
    with pytest.raises(ValueError, match=words):
        complete_config(values, Path("."))


@pytest.mark.parametrize(
    "data, output",
    [
        (".", "mine"),
        (".", "../recordings/s01/mine"),
        ("../recordings", "."),
        ("link", "mine"),
        ("../link", "mine"),
    ],
)
def test_the_output_is_outside_of_the_data(tmp_path, monkeypatch, data, output):
    folder = tmp_path / "recordings"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    (folder / "link").symlink_to(folder)
    (folder / "archive.zip").touch()
    monkeypatch.chdir(folder)
    values = {"data": data, "output": output}
    for place in (".", folder):
        with pytest.raises(ValueError, match="outside of the folder data"):
            complete_config(values, place)
    # beside it is a place, and anywhere for an archive
    complete_config({**values, "output": "../recordings_mine"})
    complete_config({**values, "data": "archive.zip"})


def test_damaged_files_say_where(tmp_path):
    for name, text in (("a.toml", "data ="), ("a.json", '{"data": ')):
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match=f"{name}', where"):
            read_config(tmp_path / name)
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ValueError, match="must have keys"):
        read_config(tmp_path / "list.json")
    with pytest.raises(ValueError, match="must end in .toml or .json"):
        read_config(tmp_path / "a.yaml")
    with pytest.raises(FileNotFoundError):
        read_config(tmp_path / "absent.toml")


def test_what_is_stated_can_be_trained_again(tmp_path):
    (tmp_path / "a.toml").write_text(TOML + "[motif_distance]\nsteps = 5\n")
    config = read_config(tmp_path / "a.toml")
    stated = stated_config(config)
    assert str(tmp_path) not in json.dumps(stated)
    assert stated["data"] == "recordings" and stated["output"] == "mine"
    assert "facts" not in stated and "epochs" not in stated["motif_distance"]
    again = complete_config(stated, tmp_path)
    for name in DEFAULTS.keys() - {"facts"}:
        assert again[name] == config[name]


def test_several_sources_and_a_ranking_are_beside_the_config(tmp_path):
    values = {
        "data": ["one.zip", "other"],
        "output": "mine",
        "encoder": {"preset": "relcon_small@1"},
        "motif_distance": {"preset": str(tmp_path / "distance")},
        "relcon": {
            "anchors": "all",
            "num_candidates": 7,
            "ranking": "ranks.h5",
            "ranked_groups": 5,
        },
    }
    config = complete_config(values, tmp_path)
    assert config["data"] == (tmp_path / "one.zip", tmp_path / "other")
    again = complete_config({"data": config["data"], "output": "mine"})
    assert again["data"] == config["data"]
    assert config["relcon"]["ranking"] == tmp_path / "ranks.h5"
    stated = stated_config(config)
    assert stated["data"] == ["one.zip", "other"]
    assert stated["relcon"]["ranking"] == "ranks.h5"
    assert stated["motif_distance"]["preset"] == "distance"
    assert stated["encoder"]["preset"] == "relcon_small@1"
    again = complete_config(stated, tmp_path)
    again["motif_distance"]["preset"] = values["motif_distance"]["preset"]
    assert again == config
    values["data"] = ["one.zip"]
    assert complete_config(values)["data"] == Path("one.zip")
