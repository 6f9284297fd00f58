import math

import numpy as np
import pytest

from keras_relcon.evaluation import classification_metrics


def test_numbers_worked_by_hand():
    y_true = ["a", "a", "a", "b", "b", "c"]
    y_pred = ["a", "a", "b", "b", "c", "c"]
    probabilities = np.array(
        [
            [0.8, 0.1, 0.1],
            [0.6, 0.3, 0.1],
            [0.3, 0.6, 0.1],
            [0.4, 0.5, 0.1],
            [0.1, 0.2, 0.7],
            [0.1, 0.0, 0.9],
        ]
    )
    found = classification_metrics(y_true, y_pred, probabilities, list("abc"))
    # F1: a 2*2/(3+2), b 2*1/(2+2), c 2*1/(1+2)
    assert found["macro_f1"] == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)
    assert found["accuracy"] == pytest.approx(4 / 6)
    # chance agreement: (3*2 + 2*2 + 1*2) / 36
    assert found["kappa"] == pytest.approx((4 / 6 - 12 / 36) / (1 - 12 / 36))
    # AUC: a 8 of 9 pairs, b 5 of 8 pairs, c 5 of 5 pairs
    assert found["macro_auc"] == pytest.approx((8 / 9 + 5 / 8 + 1) / 3)


def test_class_that_only_the_classifier_knows():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    found = classification_metrics(
        ["a", "b"], ["a", "b"], probabilities, ["a", "b", "c"]
    )
    assert found == {
        "macro_f1": 1.0,
        "kappa": 1.0,
        "accuracy": 1.0,
        "macro_auc": 1.0,
    }
    wrong = classification_metrics(
        ["a", "b"], ["a", "c"], probabilities, ["a", "b", "c"]
    )
    assert wrong["macro_f1"] == pytest.approx(1 / 3)  # b and c count 0


def test_class_the_classifier_does_not_know_has_auc_one_half():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    found = classification_metrics(
        ["a", "b", "new"], ["a", "b", "a"], probabilities, ["a", "b"]
    )
    assert found["macro_auc"] == pytest.approx((1 + 1 + 0.5) / 3)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_one_class_leaves_auc_and_kappa_undefined():
    found = classification_metrics(
        ["a", "a"], ["a", "a"], np.array([[0.9, 0.1], [0.8, 0.2]]), ["a", "b"]
    )
    assert math.isnan(found["macro_auc"]) and math.isnan(found["kappa"])
    assert found["macro_f1"] == found["accuracy"] == 1.0


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="of one length, at least 1"):
        classification_metrics(["a"], ["a", "b"], np.ones((1, 2)), ["a", "b"])
    with pytest.raises(ValueError, match=r"shape \(rows, classes\)"):
        classification_metrics(["a"], ["a"], np.ones((1, 3)), ["a", "b"])
    with pytest.raises(ValueError, match="at least 1"):
        classification_metrics([], [], np.ones((0, 2)), ["a", "b"])
