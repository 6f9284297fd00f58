import numpy as np
import pytest

from keras_relcon.evaluation import classification_metrics
from keras_relcon.evaluation.metrics.recordings import (
    RECORDING_METRICS,
    find_bouts,
    recording_metrics,
)

CLASSES = ["a", "b", "c"]


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
    assert tuple(found) == RECORDING_METRICS
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


def test_bad_input_raises():
    ones = np.full((2, 3), 1 / 3)
    with pytest.raises(ValueError, match="must have one label.*1 of 1"):
        recording_metrics(["a", "b"], ["a", "a"], ones, CLASSES, [0, 0])
    with pytest.raises(ValueError, match="one of `classes`.*'d'"):
        recording_metrics(["a", "a"], ["a", "d"], ones, CLASSES, [0, 0])
    with pytest.raises(ValueError, match="`bouts` must hold one number"):
        recording_metrics(["a", "a"], ["a", "a"], ones, CLASSES, [0])
    with pytest.raises(ValueError, match="of one length"):
        recording_metrics(["a", "a"], ["a"], ones, CLASSES, [0, 0])
