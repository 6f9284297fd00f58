import dataclasses

import numpy as np
import pytest
from sklearn.metrics import f1_score

from keras_relcon.estimators.hidden_markov import (
    class_priors,
    count_transitions,
    smooth,
)
from keras_relcon.estimators.left_out import (
    EVIDENCE,
    MOST_FREQUENT,
    LeftOut,
)
from keras_relcon.estimators.subject_scores import SubjectScores, score_row

CLASSES = ("a", "b", "c")


def _people(num_people=5, num_each=12, seed=0):
    generator = np.random.default_rng(seed)
    groups = np.repeat([f"p{i}" for i in range(num_people)], num_each)
    codes = generator.integers(0, 3, len(groups))
    return codes, groups


class _Shares:
    """Says the shares of the classes that it was fitted on."""

    def __init__(self, codes):
        self.shares = np.bincount(codes) / len(codes)

    def probabilities(self, inputs):
        return np.tile(self.shares, (len(inputs), 1))


def test_nobody_is_predicted_by_a_head_that_saw_their_labels():
    codes, groups = _people()
    left_out = LeftOut(codes, groups, CLASSES, 3, 0, False)
    seen = []

    def fit(inputs, kept, fitted_codes):
        np.testing.assert_array_equal(codes[kept], fitted_codes)
        seen.append(set(groups[kept]))
        return _Shares(fitted_codes)

    found = left_out.probabilities(np.zeros((len(codes), 2)), fit)
    folds = list(left_out.folds())
    assert len(folds) == 3
    for (rows, kept), people in zip(folds, seen):
        assert not people & set(groups[rows])
        expected = np.bincount(codes[kept], minlength=3) / len(kept)
        np.testing.assert_allclose(
            found[rows], np.tile(expected, (len(rows), 1))
        )
    tested = np.concatenate([rows for rows, _ in folds])
    assert sorted(tested) == list(range(len(codes)))


def test_a_class_of_one_person_gets_no_probability_for_this_person():
    codes, groups = _people()
    codes[codes == 2] = 0
    codes[:4] = 2  # of p0 alone
    left_out = LeftOut(codes, groups, CLASSES, 5, 0, False)
    found = left_out.probabilities(
        np.zeros((len(codes), 2)), lambda x, kept, c: _Shares(c)
    )
    assert (found[groups == "p0", 2] == 0).all()
    assert (found[groups == "p1", 2] > 0).all()


def test_smoothing_uses_the_labels_of_the_others():
    codes, groups = _people()
    generator = np.random.default_rng(3)
    probabilities = generator.dirichlet(np.ones(3), len(codes))
    # The classifier is right about one person, who is not like the others.
    own = groups == "p2"
    probabilities[own] = 0.2 + 0.4 * np.eye(3)[codes[own]]
    sequences = np.repeat(np.arange(5), 12)
    left_out = LeftOut(codes, groups, CLASSES, 5, 0, False)
    found, for_new = left_out.smoothed(probabilities, sequences)

    def smoothed(person, evidence):
        kept, own = groups != person, groups == person
        return smooth(
            probabilities[own],
            class_priors(codes[kept], 3),
            count_transitions(codes[kept], sequences[kept], 3),
            sequences[own],
            evidence,
        )

    def loss(person, evidence):
        right = codes[groups == person]
        by_row = smoothed(person, evidence)[np.arange(len(right)), right]
        return -np.log(by_row).sum()

    def best(people):
        return min(EVIDENCE, key=lambda e: sum(loss(p, e) for p in people))

    others = ["p0", "p1", "p3", "p4"]
    assert best(others) != best([*others, "p2"]) == for_new
    expected = smoothed("p2", best(others))
    np.testing.assert_allclose(found[groups == "p2"], expected)


def test_neighbours_that_repeat_an_error_count_less():
    # Every window is predicted as its neighbours are: ten copies each.
    generator = np.random.default_rng(0)
    codes = np.repeat(generator.integers(0, 3, 60), 10)
    groups = np.repeat(["p0", "p1", "p2"], 200)
    said = np.repeat(generator.integers(0, 3, 60), 10)
    said = np.where(np.repeat(generator.random(60) < 0.6, 10), codes, said)
    probabilities = np.full((len(codes), 3), 0.15)
    probabilities[np.arange(len(codes)), said] = 0.7
    left_out = LeftOut(codes, groups, CLASSES, 3, 0, False)
    sequences = np.repeat([0, 1, 2], 200)
    smoothed, evidence = left_out.smoothed(probabilities, sequences)
    assert evidence < 0.5
    alone = generator.integers(0, 3, len(codes))
    said = np.where(generator.random(len(codes)) < 0.6, codes, alone)
    probabilities[:] = 0.15
    probabilities[np.arange(len(codes)), said] = 0.7
    assert left_out.smoothed(probabilities, sequences)[1] > evidence


def test_scores_are_means_over_people():
    codes, groups = _people()
    generator = np.random.default_rng(1)
    probabilities = generator.dirichlet(np.ones(3), len(codes))
    predicted = probabilities.argmax(1)
    row = score_row(codes, predicted, groups, CLASSES, probabilities)
    people = np.unique(groups)
    accuracy = [np.mean((codes == predicted)[groups == p]) for p in people]
    macro_f1 = [
        f1_score(
            codes[groups == p],
            predicted[groups == p],
            average="macro",
            zero_division=0,
        )
        for p in people
    ]
    assert row["accuracy"] == pytest.approx(np.mean(accuracy))
    assert row["macro_f1"] == pytest.approx(np.mean(macro_f1))
    low, high = row["accuracy_spread"]
    assert (low, high) == pytest.approx(np.quantile(accuracy, [0.1, 0.9]))
    low, high = row["macro_f1_interval"]
    assert low < row["macro_f1"] < high
    expected = f1_score(codes, predicted, average=None)
    assert list(row["of_classes"].values()) == pytest.approx(expected)
    assert 0 < row["calibration_error"] < 1


def test_the_simplest_classifier_is_scored_beside():
    codes, groups = _people()
    codes[:] = np.where(np.arange(len(codes)) % 4, 1, codes)
    perfect = np.eye(3)[codes]
    scores = LeftOut(codes, groups, CLASSES, 5, 0, False).score(
        {"mine": perfect}
    )
    assert scores.rows["mine"]["accuracy"] == 1.0
    assert scores.rows["mine"]["calibration_error"] == 0.0
    expected = np.mean(
        [np.mean(codes[groups == p] == 1) for p in np.unique(groups)]
    )
    assert scores.rows[MOST_FREQUENT]["accuracy"] == pytest.approx(expected)
    assert np.trace(scores.confusion) == len(codes) == scores.num_windows
    assert "expect 100 % of the windows" in scores.sentence()
    number = len(np.unique(groups))
    assert (
        f"({number} people were left out in turn; lowest 100 %, highest 100 %)"
        in scores.sentence()
    )
    many = dataclasses.replace(scores, num_subjects=30)
    assert "(100 to 100 % for 8 of 10 of the 30 people" in many.sentence()
    assert MOST_FREQUENT in scores.table()
    assert SubjectScores.from_dict(scores.to_dict()) == scores
