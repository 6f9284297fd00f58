import dataclasses

import numpy as np
import pytest

from keras_relcon.evaluation.ranking import (
    euclidean_distance,
    motif_distance_auc,
    ranking_auc,
)


@pytest.mark.parametrize(
    "distances, same, expected",
    [
        ([1, 2, 3, 4], [True, True, False, False], 1.0),
        ([3, 4, 1, 2], [True, True, False, False], 0.0),
        ([1, 3, 2, 4], [True, True, False, False], 0.75),
        ([1, 1, 1], [True, False, False], 0.5),
        ([1, 1, 2], [True, False, False], 0.75),
    ],
)
def test_auc_by_hand(distances, same, expected):
    assert ranking_auc(distances, same) == expected


def test_auc_matches_a_double_loop():
    generator = np.random.default_rng(0)
    distances = generator.integers(0, 10, 40)  # with ties
    same = generator.random(40) < 0.3
    pairs = [
        1.0 if a < b else 0.5 if a == b else 0.0
        for a in distances[same]
        for b in distances[~same]
    ]
    assert ranking_auc(distances, same) == pytest.approx(np.mean(pairs))


def test_euclidean_is_a_sum_of_squares():
    first, second = np.zeros((2, 4, 3)), np.full((2, 4, 3), 0.5)
    np.testing.assert_allclose(euclidean_distance(first, second), [3.0, 3.0])


class Oracle:
    """Knows the labels by the frequency; an object like MotifDistance."""

    def __init__(self, sign=1):
        self.sign = sign

    def distance(self, anchors, candidates):
        power = [
            np.abs(np.diff(x[:, :, 0], axis=1)).mean(axis=1)
            for x in (anchors, candidates)
        ]
        return self.sign * np.abs(power[0] - power[1])


@pytest.mark.parametrize("within_subject", [False, True])
def test_perfect_and_inverted_distances(make_labelled_windows, within_subject):
    windows = make_labelled_windows()
    kwargs = {"num_anchors": 10, "within_subject": within_subject}
    assert motif_distance_auc(Oracle(), windows, **kwargs) > 0.99
    assert motif_distance_auc(Oracle(-1), windows, **kwargs) < 0.01


def test_a_constant_distance_is_chance(make_labelled_windows):
    def constant(anchors, candidates):
        return np.ones(len(anchors))

    assert motif_distance_auc(constant, make_labelled_windows()) == 0.5


# 50 % overlapping; and side by side in a recording of 100.02 Hz, which is
# near enough to 100 Hz not to be resampled.
@pytest.mark.parametrize("step, nearest", [(0.32, 2), (64 / 100.02, 1)])
@pytest.mark.parametrize("within_subject", [False, True])
def test_pairs_respect_subject_and_never_overlap(
    make_labelled_windows, within_subject, step, nearest
):
    # Write the row number into each window.
    windows = make_labelled_windows()
    acceleration = np.zeros_like(windows.acceleration)
    acceleration += np.arange(len(windows))[:, None, None]
    windows = dataclasses.replace(
        windows,
        acceleration=acceleration,
        start_seconds=np.tile(np.arange(24) * step, 6),
    )
    seen = []

    def spy(anchors, candidates):
        assert len(anchors) == 16  # always a full batch
        seen.extend(zip(anchors[:, 0, 0], candidates[:, 0, 0]))
        return np.ones(len(anchors))

    motif_distance_auc(
        spy,
        windows,
        num_anchors=20,
        num_candidates=12,
        within_subject=within_subject,
        batch_size=16,
    )
    pairs = np.array(sorted(set(seen))).astype(int)
    first, second = pairs[:, 0], pairs[:, 1]
    assert len(np.unique(first)) == 20
    is_same = windows.subjects[first] == windows.subjects[second]
    assert (is_same == within_subject).all()
    if within_subject:
        assert np.abs(first - second).min() == nearest


def test_draws_repeat_by_seed(make_labelled_windows):
    windows = make_labelled_windows()
    labels = np.random.default_rng(1).permutation(windows.labels)
    windows = dataclasses.replace(windows, labels=labels)
    aucs = [
        motif_distance_auc(
            euclidean_distance, windows, 8, 8, seed=s, within_subject=True
        )
        for s in (0, 0, 1)
    ]
    assert aucs[0] == aucs[1] != aucs[2]


def test_anchors_with_one_kind_are_passed_over(make_labelled_windows):
    windows = make_labelled_windows()
    # a class of one subject has no candidate of its kind in other subjects
    labels = windows.labels.astype("<U8")
    labels[windows.subjects == "1"] = "only-1"
    windows = dataclasses.replace(windows, labels=labels)
    others = windows.select(windows.subjects != "1")
    seen = set()

    def spy(anchors, candidates):
        seen.update(anchors.sum(axis=(1, 2)).tolist())
        return np.ones(len(anchors))

    motif_distance_auc(spy, windows, num_anchors=500)
    assert len(seen) == len(others)


def test_windows_without_a_label_are_left_out(make_labelled_windows):
    windows = make_labelled_windows()
    labels = windows.labels.copy()
    labels[::5] = ""
    windows = dataclasses.replace(windows, labels=labels)
    found = [
        motif_distance_auc(euclidean_distance, each, within_subject=True)
        for each in (windows, windows.select(labels != ""))
    ]
    assert found[0] == found[1]


def test_errors_say_what_to_do(make_labelled_windows):
    windows = make_labelled_windows()
    for labels in (None, np.full(len(windows), "")):
        with pytest.raises(ValueError, match="must be labelled"):
            motif_distance_auc(
                Oracle(), dataclasses.replace(windows, labels=labels)
            )
    with pytest.raises(ValueError, match="At least one anchor needs"):
        one_class = windows.select(windows.labels == "run")
        motif_distance_auc(Oracle(), one_class)
    with pytest.raises(ValueError, match="at least 2"):
        motif_distance_auc(Oracle(), windows, num_candidates=1)
    with pytest.raises(ValueError, match="one number per pair"):
        motif_distance_auc(lambda a, c: a - c, windows)
    with pytest.raises(ValueError, match="distances are NaN"):
        motif_distance_auc(lambda a, c: np.nan * a[:, 0, 0], windows)
    with pytest.raises(ValueError, match="must have both values"):
        ranking_auc([1.0, 2.0], [True, True])
