import numpy as np
import pytest

from keras_relcon.evaluation import rare_event_metrics

# By hand, of tp 3, fn 1, fp 2, tn 14.
EVENTS = np.repeat([1, 0, 1, 0], [3, 2, 1, 14])
PROBABILITIES = np.repeat([0.9, 0.6, 0.3, 0.1], [3, 2, 1, 14])
EXPECTED = {
    "tss": 3 / 4 - 2 / 16,
    "hss2": 2 * (3 * 14 - 1 * 2) / (4 * 15 + 16 * 5),
    "gss": (3 - 1) / (6 - 1),
    "f1": 6 / 9,
    # Of 64 pairs of an event and another, two are in the wrong order.
    "auc": 62 / 64,
}


@pytest.mark.parametrize("kind", [int, float, bool])
def test_scores_by_hand(kind):
    found = rare_event_metrics(EVENTS.astype(kind), PROBABILITIES)
    assert found == pytest.approx(EXPECTED)


def test_kappa_is_the_heidke_score_and_recalls_make_the_true_skill(rng):
    from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score

    y_true = rng.random(200) < 0.1
    probabilities = np.clip(rng.normal(0.3 + 0.3 * y_true, 0.2), 0, 1)
    found = rare_event_metrics(y_true, probabilities, threshold=0.4)
    forecast = probabilities >= 0.4
    kappa = cohen_kappa_score(y_true, forecast)
    assert found["hss2"] == pytest.approx(kappa)
    balanced = balanced_accuracy_score(y_true, forecast)
    assert found["tss"] == pytest.approx(2 * balanced - 1)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_a_forecast_without_skill_has_none(probability):
    found = rare_event_metrics(EVENTS, np.full(20, probability))
    assert [found[name] for name in ("tss", "hss2", "gss")] == [0, 0, 0]
    assert found["auc"] == 0.5
    assert found["f1"] == pytest.approx(8 / 24 if probability else 0)


def test_an_event_is_forecast_from_the_threshold_on():
    assert rare_event_metrics([0, 1], [0.4, 0.5])["tss"] == 1
    assert rare_event_metrics([0, 1], [0.4, 0.5], threshold=0.6)["tss"] == 0


def test_the_best_forecast_has_ones():
    found = rare_event_metrics(EVENTS, EVENTS)
    assert set(found.values()) == {1.0}


def test_wrong_input_is_explained():
    with pytest.raises(ValueError, match=r"one shape.*\(20,\) and \(20, 2\)"):
        rare_event_metrics(EVENTS, np.ones((20, 2)))
    with pytest.raises(ValueError, match=r"and both. Received: \[0\]"):
        rare_event_metrics(0 * EVENTS, PROBABILITIES)
    with pytest.raises(ValueError, match=r"Received: \[0, 1, 2\]"):
        rare_event_metrics([0, 1, 2], [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match=r"in \[0, 1\]. Received: 1.0 to 9.0"):
        rare_event_metrics(EVENTS, 10 * PROBABILITIES)
    with pytest.raises(ValueError, match="in .0, 1."):
        rare_event_metrics([0, 1], [0.5, np.nan])
