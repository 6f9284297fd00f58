import types


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
