import types

import numpy as np
import pytest
from support import plain_encoder, to_numpy
from tiny_search import tiny_data

from keras_relcon.baselines import SimCLR
from keras_relcon.baselines.taxonomy import COMBINATIONS


def make(**kwargs):
    from keras_relcon import tuning

    return tuning.MethodHyperModel(
        *tiny_data(),
        **{
            "encoder": plain_encoder,
            "batch_size": 4,
            "steps_per_epoch": 2,
            "epochs": 1,
            **kwargs,
        },
    )


def test_the_combinations_of_the_taxonomy_are_the_arms():
    import keras_tuner

    hyper_model = make(seeds=(0, 1))
    assert list(hyper_model.methods) == list(COMBINATIONS)
    hp = keras_tuner.HyperParameters()
    weights = {}
    for name in ("ce", "ce+ae+ad", "ad+cd"):
        hp.values = {"method": name, "seed": 1}
        model = hyper_model.build(hp)
        assert model.weights_of_terms == COMBINATIONS[name]
        assert model.queue_size == 4096 and model.seed == 1
        weights[name] = [to_numpy(v) for v in model.encoder.variables]
    for other in ("ce+ae+ad", "ad+cd"):  # all begin with the same weights
        for one, two in zip(weights["ce"], weights[other], strict=True):
            if one.dtype.kind == "f":
                np.testing.assert_array_equal(one, two)


def test_a_search_scores_each_arm(tmp_path):
    import keras_tuner

    from keras_relcon import tuning

    methods = {
        "ce": tuning.TAXONOMY_ARMS["ce"],
        "simclr": lambda encoder, seed: SimCLR(encoder, None, seed=seed),
    }
    tuner = keras_tuner.GridSearch(
        make(methods=methods),
        objective=tuning.objective(),
        directory=tmp_path,
        overwrite=True,
    )
    tuner.search()
    rows = tuning.trial_rows(tuner)
    assert {row["values"]["method"] for row in rows} == {"ce", "simclr"}
    for row in rows:
        assert row["status"] == "COMPLETED", row["reason"]
        assert 0 <= row["scores"]["validation_macro_f1"] <= 1
        assert np.isfinite(row["scores"]["loss"])


def test_a_trial_goes_on_after_the_epochs_that_it_had(monkeypatch):
    import keras_tuner

    from keras_relcon import tuning

    simclr = lambda encoder, seed: SimCLR(encoder, None, seed=seed)  # noqa: E731
    hyper_model = make(methods={"simclr": simclr})
    hp = keras_tuner.HyperParameters()
    model = hyper_model.build(hp)
    drawn = []

    class Batches(tuning.method_hyper_model.WindowBatches):
        def __getitem__(self, index):
            drawn.append((self.epoch, index))
            return super().__getitem__(index)

    monkeypatch.setattr(tuning.method_hyper_model, "WindowBatches", Batches)
    hyper_model.fit(hp, model, epochs=4, initial_epoch=2)
    assert set(drawn) == {(2, 0), (2, 1), (3, 0), (3, 1)}


@pytest.mark.parametrize("name", ["loss", "loss_per_candidate"])
def test_the_objective_is_one_that_is_logged(name):
    import keras_tuner

    hyper_model = make()
    hp = keras_tuner.HyperParameters()
    hp.values = {"method": "ce", "seed": 0}
    callback = types.SimpleNamespace(
        objective=keras_tuner.Objective(name, "min")
    )
    error = keras_tuner.errors.FatalValueError
    expected = error if name == "loss_per_candidate" else AttributeError
    with pytest.raises(expected):  # the callback is none
        hyper_model.fit(hp, hyper_model.build(hp), callbacks=[callback])


def test_what_cannot_be_searched_is_explained():
    _, windows, folds = tiny_data()
    from keras_relcon import tuning

    with pytest.raises(ValueError, match="at least one method"):
        make(methods={})
    with pytest.raises(ValueError, match="`epochs`"):
        make(epochs=0)
    scored = tuning.ValidationProbe(windows, folds).validation_subjects
    held = types.SimpleNamespace(subjects=list(scored))
    with pytest.raises(ValueError, match="must not be in the store"):
        tuning.MethodHyperModel(held, windows, folds)
