"""The configs of the bundled presets."""

from pathlib import Path

import numpy as np
import pytest

from keras_relcon.evaluation.protocols.wisdm_watch import HELD_OUT, VALIDATION
from keras_relcon.evaluation.suite.sets import SETS
from keras_relcon.recipes import read_config
from keras_relcon.recipes.pretraining_models import make_distance, make_model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(params=["relcon_base", "relcon_small_1"])
def name(request):
    return request.param


def test_no_subject_of_the_benchmark_is_trained_on(name):
    config = read_config(EXAMPLES / f"{name}.toml")
    assert sorted(config["held_out_subjects"]) == sorted(HELD_OUT + VALIDATION)
    assert config["data"] == EXAMPLES / "wisdm-dataset.zip"
    assert config["output"] == EXAMPLES / name
    assert config["windows"] == {"sample_rate_hz": 100, "window_length": 256}
    assert config["motif_distance"]["warmup_steps"] == 0
    assert config["relcon"]["warmup_steps"] == 100


def test_they_differ_in_size_steps_and_views_alone():
    base, small = (
        read_config(EXAMPLES / f"{name}.toml")
        for name in ("relcon_base", "relcon_small_1")
    )
    assert (base["relcon"].pop("steps"), small["relcon"].pop("steps")) == (
        6600,
        6900,
    )
    assert (base["views"].pop("weight"), small["views"].pop("weight")) == (2, 4)
    assert small["encoder"].pop("widths") == [32, 64, 128, 256]
    assert small["encoder"].pop("strides") == [1, 2, 2, 2]
    assert (base.pop("output").name, small.pop("output").name) == (
        "relcon_base",
        "relcon_small_1",
    )
    assert base == small


def test_the_models_can_be_made(name):
    config = read_config(EXAMPLES / f"{name}.toml")
    model = make_model(config, make_distance(config))
    assert model.encoder.dtype_policy.name == "mixed_bfloat16"
    assert model.encoder.compute_output_shape((1, 256, 3)) == (1, 256)
    assert model.encoder.last_norm is not None
    assert model.encoder.pooling == "mean_std"
    embeddings = model.encoder(np.zeros((1, 64, 3), "float32"))
    assert embeddings.shape == (1, 256)
    assert [layer.units for layer in model.views.projector.layers] == [256, 128]
    assert [layer.units for layer in model.projector.layers] == [256, 128]


def test_nobody_who_chooses_or_is_tested_is_in_the_corpus_either():
    config = read_config(EXAMPLES / "relcon_small.toml")
    sources = {path.name for path in config["data"]}
    allowed = {each.file for each in SETS if each.role == "train"}
    assert sources == allowed | {"wisdm-dataset.zip"}
    for source in ("wisdm-dataset", "wisdm2019_phone"):
        held_out = {
            name.removeprefix(f"{source}/")
            for name in config["held_out_subjects"]
            if name.startswith(source)
        }
        assert held_out >= set(HELD_OUT + VALIDATION)
    # Of five people the archive has the phone alone.
    assert len(config["held_out_subjects"]) == 16 + 21
