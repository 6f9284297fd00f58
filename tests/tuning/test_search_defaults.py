"""What a search takes where it is not told: as documented."""

import inspect

import numpy as np
import pytest
from support import tiny_encoder

from keras_relcon.data import Windows
from keras_relcon.evaluation import Fold, LinearProbe
from keras_relcon.tuning import AblationHyperModel, ValidationProbe
from keras_relcon.tuning.settings import (
    complete,
    make_distance,
    make_loss,
    make_model,
)


def windows_of(subjects):
    count = len(subjects)
    return Windows(
        acceleration=np.zeros((count, 8, 3), "float32"),
        subjects=np.array(subjects),
        labels=np.array(["walking"] * count),
        recordings=np.array(["r"] * count),
        start_seconds=np.arange(count, dtype="float64"),
        valid=np.ones(count, bool),
        sample_rate_hz=100.0,
    )


def test_a_probe_has_one_penalty_so_that_nothing_is_chosen():
    """With several, the rows that are scored would choose among them."""
    probe = ValidationProbe(
        windows_of(["a", "b", "c"]), [Fold(("a",), ("b",), ("c",))]
    )
    assert vars(probe.task) == vars(LinearProbe((0.1,)))
    assert probe.batch_size == 256


@pytest.mark.every_backend
@pytest.mark.parametrize(
    "name, value, attribute",
    [
        ("attention", "softmax", "attention"),
        ("ranking_attention", "softmax", "ranking_attention"),
        ("normalization", "anchor", "normalization"),
        ("distance_embedding_dim", 32, "embedding_dim"),
        ("distance_kernel_size", 7, "kernel_size"),
        ("distance_num_dilated_blocks", 1, "num_dilated_blocks"),
    ],
)
def test_every_setting_of_a_distance_reaches_it(name, value, attribute):
    plain = make_distance(complete())
    changed = make_distance(complete({name: value}))
    assert getattr(plain, attribute) != value
    assert getattr(changed, attribute) == value
    # And no other one.
    before, after = plain.get_config(), changed.get_config()
    assert {
        key
        for key in before
        if key not in ("name", "augmentation") and before[key] != after[key]
    } == {attribute}


@pytest.mark.parametrize("loss", ["relative", "binary"])
@pytest.mark.every_backend
def test_the_temperature_of_the_settings_reaches_the_loss(loss):
    settings = complete({"loss": loss, "temperature": 0.25})
    model = make_model(settings, tiny_encoder)
    assert model.temperature == model.relative_loss.temperature == 0.25
    if loss == "binary":
        assert make_loss(settings).temperature == 0.25


def test_settings_are_those_of_the_paper():
    """Sections of RelCon: A.1, A.6, 3.1, 3.2; D10 of the protocols."""
    settings = complete()
    expected = {
        "temperature": 1.0,  # A.1
        "num_candidates": 20,  # A.1
        "candidates": "within_subject",  # 3.2
        "loss": "relative",  # Eq. 7
        "attention": "sparsemax",  # Eq. 3
        "ranking_attention": None,
        "normalization": "candidate",  # 3.1
        "augmentation": "random",
        "num_augmentations": 2,  # D10
        "distance_embedding_dim": 64,  # A.6
        "distance_kernel_size": 15,  # A.6
        "distance_num_dilated_blocks": 2,  # D8
    }
    assert {name: settings[name] for name in expected} == expected


@pytest.mark.every_backend
def test_the_seed_of_the_settings_draws_the_weights():
    """A trial repeats by its seed alone, whatever was drawn before it."""

    def weights(seed):
        model = make_model(complete({"seed": seed}), tiny_encoder, 64)
        return model.encoder.get_weights()[0]

    first = weights(3)
    np.testing.assert_array_equal(weights(3), first)
    assert not np.array_equal(weights(4), first)


def test_an_ablation_has_three_seeds_of_the_arms_of_tables_5_and_6():
    parameters = inspect.signature(AblationHyperModel).parameters
    assert parameters["seeds"].default == (0, 1, 2)
    assert parameters["arms"].default == (
        "base",
        "no_augmentation",
        "no_rev_in",
        "softmax",
        "no_within_subject",
        "log_ratio_loss",
        "binary_loss",
    )
