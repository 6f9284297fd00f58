import types

import pytest


def test_the_best_trial_of_a_search_has_the_highest_score():
    from keras_relcon.tuning import objective, search_summary

    def trial_of(name, score):
        metrics = types.SimpleNamespace(
            metrics=["validation_macro_f1"], get_best_value=lambda name: score
        )
        return types.SimpleNamespace(
            trial_id=name,
            status="COMPLETED",
            metrics=metrics,
            hyperparameters=types.SimpleNamespace(values={}),
        )

    trials = {
        name: trial_of(name, score)
        for name, score in (("a", 0.5), ("b", 0.7), ("c", 0.6))
    }
    oracle = types.SimpleNamespace(
        trials=trials, start_order=["a", "b", "c"], objective=objective()
    )
    text = search_summary(types.SimpleNamespace(oracle=oracle))
    assert "Best validation_macro_f1: 0.7000 in trial b" in text


@pytest.mark.parametrize("part", ["encoder", "_distance_weights"])
def test_why_a_trial_failed_is_kept_beside_the_scores(
    make, tmp_path, monkeypatch, part
):
    import keras_tuner

    from keras_relcon.tuning import objective, search_summary, trial_rows

    hyper_model = make("AblationHyperModel", arms=("base",), seeds=(0,))
    tuner = keras_tuner.GridSearch(
        hyper_model, objective=objective(), directory=str(tmp_path)
    )

    def fail(*args):
        error = ValueError("Too many.\n\nArguments received by Dense.call():")
        error.add_note("A note of JAX.")
        raise error

    monkeypatch.setattr(hyper_model, part, fail)
    tuner.search(verbose=0)
    (trial,) = tuner.oracle.trials.values()
    assert trial.message.endswith("A note of JAX.\n")
    assert trial_rows(tuner)[0]["reason"] == "ValueError: Too many."
    trial.message = ""  # as it comes to a chief
    assert trial_rows(tuner)[0]["reason"] == "ValueError: Too many."
    wrapper = types.SimpleNamespace(hypermodel=hyper_model)
    outer = types.SimpleNamespace(oracle=tuner.oracle, hypermodel=wrapper)
    assert "failed: ValueError: Too many." in search_summary(outer)
    # A trial that ends well takes the reason away.
    monkeypatch.undo()
    monkeypatch.setattr(hyper_model, "_train", lambda *args, **kwargs: {})
    hyper_model.fit(trial.hyperparameters, None)
    assert "not a number" in trial_rows(tuner)[0]["reason"]
