import dataclasses
import random
import types

import keras
import numpy as np
import pytest
from support import small_encoder, tiny_encoder, to_numpy
from tiny_search import SMALL, TINY, tiny_data

import keras_relcon as kr
from keras_relcon.evaluation import Fold


def test_a_grid_search_holds_every_training_once(make, tmp_path):
    import keras_tuner

    from keras_relcon.tuning import objective

    space = {
        "temperature": [0.1, 1.0],
        "num_candidates": [1, 2, 3],
        "loss": ["relative", "binary", "log_ratio"],
        "candidates": ["within_subject", "augmented_copy"],
        # Switched off by the base, so it would only repeat trials.
        "num_augmentations": [1, 2],
    }
    hyper_model = make(
        "RelConHyperModel", space=space, base={**SMALL, "augmentation": "mask"}
    )
    hyper_model.build = hyper_model.choose  # the space alone
    tuner = keras_tuner.GridSearch(
        hyper_model, objective=objective(), directory=str(tmp_path)
    )
    tuner.oracle.verbose = 0
    found = []
    for _ in range(99):
        trial = tuner.oracle.create_trial("tuner0")
        if trial.status == "STOPPED":
            break
        settings = hyper_model.choose(trial.hyperparameters)
        found.append(tuple(settings[name] for name in space))
        tuner.oracle.update_trial(
            trial.trial_id, {"validation_macro_f1": len(found) / 100}
        )
        trial.status = "COMPLETED"
        tuner.oracle.end_trial(trial)
    # Two losses have two temperatures, one has none; likewise candidates.
    assert len(found) == len(set(found)) == (2 * 2 + 1) * (3 + 1)


def test_switched_off_settings_are_not_in_a_trial(make):
    import keras_tuner

    hyper_model = make("RelConHyperModel")
    parameters = keras_tuner.HyperParameters()
    parameters.values = {
        "loss": "log_ratio",
        "candidates": "augmented_copy",
        "augmentation": "mask",
        "attention": "softmax",
    }
    settings = hyper_model.choose(parameters)
    assert not {
        "temperature",
        "num_candidates",
        "num_augmentations",
        "ranking_attention",
    } & set(parameters.values)
    assert settings["loss"] == "log_ratio" and settings["num_candidates"] == 2
    assert settings["learning_rate"] == 1e-3  # the base's


def test_a_range_of_a_whole_number_is_of_whole_numbers(make):
    import keras_tuner

    hyper_model = make(
        "RelConHyperModel",
        space={"num_candidates": (1, 20), "temperature": (0.1, 1)},
    )
    parameters = keras_tuner.HyperParameters()
    assert hyper_model.choose(parameters)["num_candidates"] == 2  # the base's
    for parameter in parameters.space:
        is_whole = parameter.name == "num_candidates"
        kind = keras_tuner.engine.hyperparameters.Int
        assert isinstance(parameter, kind) == is_whole
        assert parameter.sampling == "log"


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("RandomSearch", marks=pytest.mark.every_backend),
        "Hyperband",
    ],
)
def test_a_search_finds_a_probe_score(make, tmp_path, kind):
    import keras_tuner

    from keras_relcon.tuning import objective, search_summary

    hyper_model = make(
        "RelConHyperModel",
        encoder=tiny_encoder,
        space={"learning_rate": (1e-4, 1e-2), "temperature": [0.1, 1.0]},
    )
    extent = {
        "RandomSearch": {"max_trials": 1},
        "Hyperband": {"max_epochs": 2, "factor": 2},
    }[kind]
    for name in ("first", "again"):  # with what the first has finished
        tuner = getattr(keras_tuner, kind)(
            hyper_model,
            objective=objective(),
            directory=str(tmp_path),
            project_name=name,
            seed=1,
            **extent,
        )
        tuner.search(verbose=0)
        trials = list(tuner.oracle.trials.values())
        assert {trial.status for trial in trials} == {"COMPLETED"}
    assert 0 <= tuner.oracle.get_best_trials()[0].score <= 1
    assert f"{len(trials)} of {len(trials)} trials completed, 0 failed" in (
        search_summary(tuner)
    )
    if kind == "Hyperband":  # takes up the weights of earlier trials
        first = [
            t.hyperparameters.values["tuner/initial_epoch"] for t in trials
        ]
        assert max(first) == 1


def test_trials_share_the_distance_they_have_in_common(make):
    hyper_model = make("AblationHyperModel", arms=("base",), seeds=(0,))
    base = hyper_model.settings_of("base", 0)
    weights = hyper_model._distance_weights(base)
    model = trained_distance(hyper_model, weights, base)
    count = lambda: len(list(hyper_model.kept.directory.iterdir()))  # noqa: E731
    assert count() == 1
    for change in (
        {"ranking_attention": "softmax"},
        {"loss": "binary", "temperature": 0.1},
        {"num_candidates": 1},
    ):
        same = hyper_model._distance_weights({**base, **change})
        for a, b in zip(weights, same):
            np.testing.assert_array_equal(a, b)
    assert count() == 1
    hyper_model._distance_weights({**base, "augmentation": "mask"})
    assert count() == 2
    # It is trained, and the weights fall where they belong.
    untrained = hyper_model.build(Choices(arm="base", seed=0)).motif_distance
    x, y = tiny_data()[1].acceleration[:8].reshape(2, 4, 64, 3)
    frozen = hyper_model.build(Choices(arm="base", seed=0)).motif_distance
    frozen.set_weights(weights)
    np.testing.assert_array_equal(
        to_numpy(frozen.distance(x, y)), to_numpy(model.distance(x, y))
    )
    assert np.abs(
        to_numpy(untrained.distance(x, y)) - to_numpy(model.distance(x, y))
    ).max()


class Choices:
    """Stands for KerasTuner's parameters, with all of them fixed."""

    def __init__(self, **values):
        self.values = values

    def Choice(self, name, values):
        return self.values[name]


def trained_distance(hyper_model, weights, settings):
    from keras_relcon.tuning.settings import make_distance

    distance = make_distance(settings)
    distance.build((None, 64, 3))
    distance.set_weights(weights)
    return distance


def test_bad_input_is_explained(make):
    from keras_relcon.tuning import RelConHyperModel

    store, windows, _ = tiny_data()
    folds = [Fold(("s00",), ("s01",), ("s04",))]
    with pytest.raises(ValueError, match="s01.*in both"):
        RelConHyperModel(store, windows, folds, "unused")
    with pytest.raises(ValueError, match="among.*temperature.*'tau'"):
        make("RelConHyperModel", base={"tau": 1})
    with pytest.raises(ValueError, match="low, high.*learning_rate"):
        make("RelConHyperModel", space={"learning_rate": (1e-3,)})
    for name, values in (
        ("loss", ("relative", "binary")),
        ("num_candidates", (1.5, 20)),
        ("learning_rate", (0.0, 1e-2)),
    ):
        with pytest.raises(ValueError, match=f"range.*{name}=.*Use a list"):
            make("RelConHyperModel", space={name: values})
    with pytest.raises(ValueError, match=r"a list of values.*loss=\[\]"):
        make("RelConHyperModel", space={"loss": []})
    for values in ("relative", np.array([1.0, 0.5]), 5):
        with pytest.raises(ValueError, match="must be a list of values or a t"):
            make("RelConHyperModel", space={"temperature": values})
    with pytest.raises(ValueError, match="Leave None out"):
        make("RelConHyperModel", space={"ranking_attention": [None]})
    with pytest.raises(ValueError, match=r"one kind.*=\[1, 0.5\].*as 1.0"):
        make("RelConHyperModel", space={"temperature": [1, 0.5]})
    with pytest.raises(ValueError, match="relative.*'hinge'"):
        make("RelConHyperModel", space={"loss": ["relative", "hinge"]})
    with pytest.raises(ValueError, match="relative.*'cosine'"):
        make("RelConHyperModel", base={"loss": "cosine"})
    for name, value in (
        ("batch_size", 1),
        ("steps_per_epoch", 0),
        ("epochs", 1.5),
        ("distance_epochs", 0),
        ("distance_windows", 0),
    ):
        with pytest.raises(ValueError, match=f"{name}={value}"):
            make("RelConHyperModel", **{name: value})


@pytest.mark.every_backend
def test_what_is_missing_is_named(monkeypatch):
    from keras_relcon.tuning import search

    monkeypatch.setattr(search.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"keras-relcon\[tune\]") as error:
        search.import_keras_tuner()
    needs_tensorboard = keras.backend.backend() == "tensorflow"
    assert ("tensorboard" in str(error.value)) == needs_tensorboard


def test_a_trial_trains_what_its_settings_say(make, monkeypatch):

    hyper_model = make("AblationHyperModel", arms=("base",), seeds=(3,))
    choices, calls = Choices(arm="base", seed=3), []

    def fit(groups, **kwargs):
        calls.append((groups, kwargs, random.random()))
        history = {"loss_per_candidate": [2.0, 1.0]}
        return types.SimpleNamespace(history=history)

    monkeypatch.setattr(
        hyper_model.probe,
        "score",
        lambda encoder: [{"macro_f1": 0.5}, {"macro_f1": 0.7}],
    )

    def run(**kwargs):
        model = hyper_model.build(choices)
        monkeypatch.setattr(model, "fit", fit)
        return model, hyper_model.fit(choices, model, **kwargs)

    for _ in range(2):  # going on from another training, it is not kept
        model, scores = run(epochs=4, initial_epoch=2)
    (_, _, first), (groups, kwargs, second) = calls
    assert (groups.seed, groups.epoch, groups.num_candidates) == (3, 2, 2)
    assert groups.policy == "subject"
    assert (kwargs["epochs"], kwargs["initial_epoch"]) == (4, 2)
    assert first == second  # whether the distance was trained or found
    settings = hyper_model.settings_of("base", 3)
    for found, weights in zip(
        model.motif_distance.get_weights(),
        hyper_model._distance_weights(settings),
    ):
        np.testing.assert_array_equal(found, weights)
    assert scores["loss_per_candidate"] == 1
    assert scores["validation_macro_f1_fold_1"] == 0.7
    assert run(epochs=4)[1] == run(epochs=4)[1]
    run(epochs=5)
    run(epochs=4, initial_epoch=2)  # nor is one from the start taken for it
    choices.values["tuner/epochs"] = 4  # Hyperband goes on from what it trained
    run(epochs=4)
    run(epochs=4)
    trained = [kwargs["epochs"] for _, kwargs, _ in calls]
    assert trained == [4, 4, 4, 5, 4, 4, 4]
    hyper_model.base["candidates"] = "within_recording"
    run(epochs=4)
    assert calls[-1][0].policy == "recording"


def test_the_key_has_all_that_scores_depend_on(tmp_path):

    from keras_relcon.tuning import RelConHyperModel
    from keras_relcon.tuning.settings import complete

    store, windows, folds = tiny_data()
    other = dataclasses.replace(windows, labels=windows.labels[::-1])
    joined = [Fold(("s00", "s01"), ("s02", "s03"), ("s04",))]
    one = store.select_subjects(["s00"])
    settings = complete(TINY["base"])

    def key(*data, change=(), **kwargs):
        data = [*data, *(store, windows, folds)[len(data) :]]
        model = RelConHyperModel(*data, tmp_path, **{**TINY, **kwargs})
        return model.key({**settings, **dict(change)})

    keys = [
        key(),
        key(one),
        key(store, other),
        key(store, windows, joined),
        key(epochs=2),
        key(steps_per_epoch=2),
        key(batch_size=2),
        key(distance_epochs=2),
        key(distance_windows=4),
        key(distance_seed=5),
        key(change={"num_augmentations": 1}),
        key(change={"seed": 1}),
    ]
    assert len(set(keys)) == len(keys) and key() == keys[0]


def test_one_distance_for_all_seeds_or_one_for_each(make):
    from keras_relcon.tuning.settings import complete

    for seed, count in ((None, 2), (7, 1)):
        hyper_model = make("RelConHyperModel", distance_seed=seed)
        keys = {
            hyper_model._distance_key(complete({"seed": seed}))
            for seed in range(2)
        }
        assert len(keys) == count


def test_other_distance_settings_are_another_distance(make):
    from keras_relcon.tuning.settings import complete

    hyper_model = make("RelConHyperModel")
    keys = [
        hyper_model._distance_key(complete(change))
        for change in (
            {},
            {"attention": "softmax"},
            {"normalization": "anchor"},
            {"augmentation": "mask"},
            {"num_augmentations": 1},
            {"distance_embedding_dim": 32},
            {"distance_kernel_size": 5},
            {"distance_num_dilated_blocks": 1},
        )
    ]
    keys += [
        make("RelConHyperModel", **change)._distance_key(complete())
        for change in ({"distance_epochs": 2}, {"distance_windows": 4})
    ]
    assert len(set(keys)) == len(keys)


def test_a_distance_of_another_precision_is_another(make):
    from keras_relcon.tuning.settings import complete

    hyper_model, policy = make("RelConHyperModel"), keras.config.dtype_policy()
    key = hyper_model._distance_key(complete())
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert hyper_model._distance_key(complete()) != key
    finally:
        keras.config.set_dtype_policy(policy)
    assert hyper_model._distance_key(complete()) == key


def test_some_recordings_of_the_store_may_have_labels(make):
    store = tiny_data()[0]
    recordings = list(store.recordings())
    recordings[0] = dataclasses.replace(recordings[0], labels="walking")
    recordings[1] = dataclasses.replace(recordings[1], labels=None)
    hyper_model = make("RelConHyperModel")
    expected = hyper_model.data_key(), hyper_model._windows_of_distance()
    hyper_model = make("RelConHyperModel")
    hyper_model.store = kr.data.WindowStore.from_recordings(
        recordings,
        sample_rate_hz=store.sample_rate_hz,
        window_length=store.window_length,
    )
    assert hyper_model.data_key() == expected[0]
    np.testing.assert_array_equal(
        hyper_model._windows_of_distance(), expected[1]
    )


def test_the_distance_sees_so_many_windows_at_most(make):
    count = lambda limit: len(  # noqa: E731
        make("RelConHyperModel", distance_windows=limit)._windows_of_distance()
    )
    total = count(None)
    assert [count(k) for k in (total, total - 1, 1)] == [
        total,
        -(-total // 2),
        1,
    ]


@pytest.mark.every_backend
def test_a_built_model_has_the_optimizers_state(make):
    model = make("AblationHyperModel").build(Choices(arm="base", seed=0))
    count = 2 * len(model.trainable_variables)  # the moments of Adam
    assert len(model.optimizer.variables) == 2 + count


def test_a_finished_trial_gives_its_best_model(make, tmp_path):
    import keras_tuner

    from keras_relcon.tuning import objective

    hyper_model = make("AblationHyperModel", arms=("base",), seeds=(0,))
    settings = hyper_model.settings_of("base", 0)
    encoder = small_encoder()
    encoder.build((None, 64, 3))
    encoder.set_weights([weight + 1 for weight in encoder.get_weights()])
    scores = {"validation_macro_f1": 0.7}
    hyper_model.kept.keep(hyper_model.key(settings), settings, scores, encoder)
    tuner = keras_tuner.GridSearch(
        hyper_model, objective=objective(), directory=str(tmp_path)
    )
    tuner.search(verbose=0)
    assert tuner.oracle.get_best_trials()[0].score == 0.7
    (model,) = tuner.get_best_models()
    distance = hyper_model._distance_weights(settings)
    for found, weight in zip(
        model.encoder.get_weights() + model.motif_distance.get_weights(),
        encoder.get_weights() + distance,
        strict=True,
    ):
        np.testing.assert_array_equal(found, weight)
