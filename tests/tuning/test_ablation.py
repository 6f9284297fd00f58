import csv
import io
import types

import keras
import numpy as np
import pytest
from tiny_search import tiny_data


@pytest.mark.slow
def test_a_search_goes_on_and_trains_nothing_twice(make, tmp_path, monkeypatch):
    from keras_relcon.tuning import run_ablation

    hyper_model = make("AblationHyperModel", arms=("base",), seeds=(0, 1))
    trained = count_trainings(hyper_model, monkeypatch, stop_at=2)
    with pytest.raises(KeyboardInterrupt):
        run_ablation(hyper_model, tmp_path / "search")
    assert len(trained) == 2
    # Stopped in the second trial, it goes on there.
    trained.clear()
    results = run_ablation(hyper_model, tmp_path / "search")
    assert len(trained) == 1 and not results.failures
    assert results.unit == "seed" and set(results.values("base")) == {0, 1}
    again = run_ablation(hyper_model, tmp_path / "search")
    assert again.to_csv() == results.to_csv() and len(trained) == 1
    # With one arm more, what is finished is taken up.
    more = make(
        "AblationHyperModel",
        arms=("base", "no_within_subject"),
        seeds=(0, 1),
    )
    trained_more = count_trainings(more, monkeypatch)
    third = run_ablation(more, tmp_path / "search")
    assert len(trained_more) == 2
    assert third.values("base") == results.values("base")
    assert set(third.values("no_within_subject")) == {0, 1}
    # The encoder of a trial is kept, and is the one that was scored.
    encoder = keras.saving.load_model(hyper_model.encoder_path("base", 1))
    probe = hyper_model.probe
    scores = type(probe).score(probe, encoder)  # not counted
    np.testing.assert_allclose(
        np.mean([score["macro_f1"] for score in scores]),
        results.values("base")[1],
        atol=1e-6,
    )
    assert hyper_model.scores_of("base", 1)["seconds"] > 0


def count_trainings(hyper_model, monkeypatch, stop_at=None):
    calls = []
    score = hyper_model.probe.score

    def counted(encoder):
        calls.append(encoder)
        if len(calls) == stop_at:
            raise KeyboardInterrupt
        return score(encoder)

    monkeypatch.setattr(hyper_model.probe, "score", counted)
    return calls


def test_arms_are_the_real_classes(make):
    from keras_relcon.tuning import ARMS
    from keras_relcon.tuning.settings import make_model

    arms = [a for a in ARMS if not a.endswith("_loss") and a != "resnet1d18"]
    hyper_model = make("AblationHyperModel", arms=arms, seeds=(0,))
    models = {
        arm: make_model(hyper_model.settings_of(arm, 0), hyper_model.encoder)
        for arm in arms
    }
    distances = {arm: model.motif_distance for arm, model in models.items()}
    assert distances["no_rev_in"].normalization == "none"
    assert distances["anchor_rev_in"].normalization == "anchor"
    assert distances["softmax"].attention == "softmax"
    assert distances["softmax_ranking"].attention == "sparsemax"
    assert distances["softmax_ranking"].ranking_attention == "softmax"
    kinds = {a: type(d.augmentation).__name__ for a, d in distances.items()}
    assert kinds["base"] == "RandomAugmentations"
    assert kinds["no_augmentation"] == "SpanMask"
    assert kinds["no_augmentation_identity"] == "Identity"
    assert models["base"].candidate_augmentation is None
    assert models["no_within_subject"].candidate_augmentation is not None
    for temperature in (1, 0.5, 0.1, 0.05):
        arm = f"temperature_{temperature:g}"
        assert models[arm].temperature == temperature
    for count in (1, 20):
        settings = hyper_model.settings_of(f"num_candidates_{count}", 0)
        assert settings["num_candidates"] == count
    # All start from the same encoder.
    for model in models.values():
        assert model.encoder.built
        for weight, first in zip(
            model.encoder.get_weights(),
            models["base"].encoder.get_weights(),
            strict=True,
        ):
            np.testing.assert_array_equal(weight, first)


@pytest.mark.parametrize("arm", ["binary_loss", "log_ratio_loss"])
def test_arms_of_table_6_train(make, tmp_path, arm):
    from keras_relcon import losses
    from keras_relcon.tuning import run_ablation

    if not hasattr(losses, "LogRatioLoss"):
        pytest.skip("the losses of Table 6 are not in this version")
    hyper_model = make("AblationHyperModel", arms=(arm,), seeds=(0,))
    results = run_ablation(hyper_model, tmp_path / "search")
    assert not results.failures
    assert results.unit == "fold" and len(results.values(arm)) == 2


@pytest.mark.slow
def test_a_trial_that_fails_is_told_and_the_search_goes_on(make, tmp_path):
    from keras_relcon.tuning import run_ablation

    hyper_model = make(
        "AblationHyperModel",
        # Four failures in a row: KerasTuner alone would give up after three.
        arms={"wide": {"num_candidates": 10**4}, "base": {}},
        seeds=(0, 1, 2, 3),
    )
    original = hyper_model.fit

    def fit(hp, model, **kwargs):
        if hp.get("arm") == "base":
            return {"validation_macro_f1": 0.5 + 0.1 * hp.get("seed")}
        return original(hp, model, **kwargs)

    hyper_model.fit = fit
    results = run_ablation(hyper_model, tmp_path / "search")
    assert [t["values"]["arm"] for t in results.failures] == ["wide"] * 4
    assert "ValueError" in results.failures[0]["reason"]
    assert len(results.values("base")) == 4
    assert results.values("wide") == {}
    text = results.to_markdown()
    assert "4 of 8 trials failed" in text and "wide, seed 3: " in text
    rows = list(csv.DictReader(io.StringIO(results.to_csv())))
    assert rows[0]["arm"] == "wide" and rows[0]["mean"] == ""


@pytest.mark.parametrize(
    "name", ["val_f1", "validation_f1", "validation_macro_f1_fold_2"]
)
def test_an_objective_that_is_never_logged_ends_the_search(
    make, tmp_path, name
):
    import keras_tuner

    tuner = keras_tuner.GridSearch(
        make("AblationHyperModel", arms=("base",), seeds=(0,)),
        objective=keras_tuner.Objective(name, "max"),
        directory=str(tmp_path),
    )
    with pytest.raises(
        keras_tuner.errors.FatalValueError,
        match=f"'validation_macro_f1'.*Received: objective='{name}'",
    ):
        tuner.search(verbose=0)


def test_another_hyper_model_is_refused_before_the_search(make, tmp_path):
    from keras_relcon.tuning import run_ablation

    with pytest.raises(TypeError, match="an `AblationHyperModel`.*RelConHyp"):
        run_ablation(make("RelConHyperModel"), tmp_path)


def test_arms_of_any_mapping_keep_their_settings(make):
    arms = types.MappingProxyType({"softmax": {"temperature": 0.3}, "base": {}})
    assert make("AblationHyperModel", arms=arms).arms == dict(arms)


def test_unknown_arms_are_refused(make):
    with pytest.raises(ValueError, match="among.*no_rev_in.*'no_revin'"):
        make("AblationHyperModel", arms=("base", "no_revin"))
    with pytest.raises(ValueError, match="at least one arm"):
        make("AblationHyperModel", arms=())
    with pytest.raises(ValueError, match="at least one seed"):
        make("AblationHyperModel", seeds=())
    with pytest.raises(ValueError, match="Settings must be among"):
        make("AblationHyperModel", arms={"mine": {"tau": 0.1}})


@pytest.mark.parametrize(
    "setting", ["attention", "ranking_attention", "normalization"]
)
def test_a_wrong_value_is_refused_before_the_search(make, setting):
    with pytest.raises(ValueError, match=f"`{setting}` must.*'soft'"):
        make("AblationHyperModel", arms={"typo": {setting: "soft"}, "base": {}})


def test_tiny_data_has_no_subject_in_two_roles():
    store, _, folds = tiny_data()
    for fold in folds:
        assert not set(store.subjects) & {*fold.validation, *fold.test}


def test_intervals_over_folds_know_the_sizes_of_the_folds(
    make, tmp_path, monkeypatch
):
    from keras_relcon.tuning import run_ablation

    hyper_model = make("AblationHyperModel", arms=("base",), seeds=(0,))
    monkeypatch.setattr(
        hyper_model.probe,
        "score",
        lambda encoder: [{"macro_f1": 0.5}, {"macro_f1": 0.7}],
    )
    mean, low, high = run_ablation(hyper_model, tmp_path / "search").mean(
        "base"
    )
    # Two folds, one validation subject to two of training: 1/2 + 1/2.
    half = 12.7062 * np.std([0.5, 0.7], ddof=1)
    np.testing.assert_allclose([low, high], [0.6 - half, 0.6 + half], 1e-4)


def test_an_arm_takes_the_place_of_the_base(make):
    hyper_model = make(
        "AblationHyperModel",
        base={"attention": "softmax", "temperature": 0.3},
        arms={"base": {}, "mine": {"attention": "sparsemax"}},
    )
    assert hyper_model.settings_of("base", 0)["attention"] == "softmax"
    settings = hyper_model.settings_of("mine", 1)
    assert (settings["attention"], settings["seed"]) == ("sparsemax", 1)
    assert settings["temperature"] == 0.3
