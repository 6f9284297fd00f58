import math

import numpy as np
import pytest

from keras_relcon.evaluation.metrics.classification import (
    METRICS,
    classification_metrics,
    find_bouts,
    recording_metrics,
)

CLASSES = ["a", "b", "c"]


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


def vote_by_loop(y_true, y_pred, probabilities, bouts):
    """Label, winner and mean probability of each recording, one by one."""
    truths, winners, means = [], [], []
    for bout in sorted(set(bouts)):
        rows = [row for row, other in enumerate(bouts) if other == bout]
        votes = {label: 0 for label in CLASSES}
        sums = {label: 0.0 for label in CLASSES}
        for row in rows:
            votes[y_pred[row]] += 1
            for index, label in enumerate(CLASSES):
                sums[label] += float(probabilities[row][index])
        best = CLASSES[0]
        for label in CLASSES[1:]:
            if (votes[label], sums[label]) > (votes[best], sums[best]):
                best = label
        truths.append(y_true[rows[0]])
        winners.append(best)
        means.append([sums[label] / len(rows) for label in CLASSES])
    return truths, winners, means


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_a_vote_counted_one_by_one(seed):
    generator = np.random.default_rng(seed)
    bouts = generator.permutation(np.repeat(np.arange(12) * 7, 4))
    y_true = np.array(CLASSES)[bouts // 7 % 3]
    probabilities = generator.dirichlet([0.6] * 3, len(bouts))
    y_pred = np.array(CLASSES)[probabilities.argmax(axis=1)]
    found = recording_metrics(y_true, y_pred, probabilities, CLASSES, bouts)
    truths, winners, means = vote_by_loop(
        y_true.tolist(), y_pred.tolist(), probabilities, bouts.tolist()
    )
    expected = classification_metrics(truths, winners, means, CLASSES)
    assert tuple(found) == tuple(f"recording_{name}" for name in METRICS)
    for name, value in expected.items():
        assert found[f"recording_{name}"] == pytest.approx(value, abs=1e-12)


def test_most_windows_win_however_sure_the_others_are():
    probabilities = np.array([[0.4, 0.3, 0.3], [0.4, 0.3, 0.3], [0, 1, 0]])
    found = recording_metrics(
        ["a"] * 3, ["a", "a", "b"], probabilities, CLASSES, [0, 0, 0]
    )
    assert found["recording_accuracy"] == 1.0


def test_at_a_tie_the_larger_summed_probability_wins():
    probabilities = np.array([[0.6, 0.4, 0.0], [0.1, 0.9, 0.0]])
    scores = [
        recording_metrics(
            [label] * 2, ["a", "b"], probabilities, CLASSES, [3] * 2
        )
        for label in ("a", "b")
    ]
    assert [s["recording_accuracy"] for s in scores] == [0.0, 1.0]
    # the sure loser of the vote has no part in the tie
    probabilities = np.array(
        [[0.4, 0.3, 0.3]] * 2 + [[0.2, 0.5, 0.3]] * 2 + [[0.0, 0.0, 1.0]]
    )
    found = recording_metrics(
        ["b"] * 5, list("aabbc"), probabilities, CLASSES, [0] * 5
    )
    assert found["recording_accuracy"] == 1.0


def test_long_recordings_count_no_more_than_short_ones():
    y_true = ["a"] * 8 + ["b"]
    probabilities = np.array([[0.9, 0.1, 0.0]] * 9)
    found = recording_metrics(
        y_true, ["a"] * 9, probabilities, CLASSES, [0] * 8 + [1]
    )
    assert found["recording_accuracy"] == 0.5


def test_a_bout_is_a_run_of_one_label_in_one_recording_of_one_subject():
    columns = [
        # subject, recording, start, label, bout
        ("s2", "day", 0.0, "walk", 3),
        ("s1", "day", 4.0, "walk", 2),  # the second walk of that day
        ("s1", "day", 2.0, "sit", 1),
        ("s1", "day", 0.0, "walk", 0),
        ("s1", "day", 1.0, "walk", 0),
        ("s1", "day", 3.0, "sit", 1),
        ("s2", "night", 0.0, "walk", 4),
    ]
    subjects, recordings, starts, labels, expected = map(
        np.array, zip(*columns)
    )
    found = find_bouts(subjects, recordings, starts, labels)
    assert found.tolist() == expected.tolist()


def test_bouts_of_no_window_are_none():
    assert find_bouts([], [], [], []).shape == (0,)


def test_recordings_must_fit_the_rows():
    ones = np.full((2, 3), 1 / 3)
    with pytest.raises(ValueError, match="must have one label.*1 of 1"):
        recording_metrics(["a", "b"], ["a", "a"], ones, CLASSES, [0, 0])
    with pytest.raises(ValueError, match="one of `classes`.*'d'"):
        recording_metrics(["a", "a"], ["a", "d"], ones, CLASSES, [0, 0])
    with pytest.raises(ValueError, match="`bouts` must hold one number"):
        recording_metrics(["a", "a"], ["a", "a"], ones, CLASSES, [0])
    with pytest.raises(ValueError, match="of one length"):
        recording_metrics(["a", "a"], ["a"], ones, CLASSES, [0, 0])
