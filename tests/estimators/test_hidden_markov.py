import itertools

import numpy as np
import pytest

from keras_relcon.estimators.hidden_markov import (
    count_transitions,
    has_changes,
    number_sequences,
    smooth,
)


def test_transitions_are_counts_of_neighbours_plus_one():
    labels = np.array([0, 0, 1, 1, -1, 0, 1, 1])
    sequences = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    # Pairs: 0-0, 0-1, 1-1; none with -1, none across sequences; then 1-1.
    expected = np.array([[2 / 4, 2 / 4], [1 / 4, 3 / 4]])
    expected[1] = [1 / 4, 3 / 4]
    found = count_transitions(labels, sequences, 2)
    np.testing.assert_allclose(found, expected)


def test_sequences_end_at_recordings_and_gaps():
    found = number_sequences(
        ["a", "a", "a", "a", "b", "b"], [0, 2.5, 5, 20, 0, 2.5], 2.5
    )
    assert found.tolist() == [0, 0, 0, 1, 2, 2]


@pytest.mark.parametrize("stride", [32, 48, 62])
def test_windows_that_overlap_do_not_follow_one_another(stride):
    starts = np.arange(1000) * (stride / 100)
    found = number_sequences(["a"] * 1000, starts, 0.64)
    assert found.tolist() == list(range(1000))


def test_starts_may_be_rounded_to_milliseconds():
    starts = np.round(np.arange(1000) * (256 / 99.97), 3)
    assert not number_sequences(["a"] * 1000, starts, 2.56).any()


@pytest.mark.parametrize("evidence", [1.0, 0.3])
@pytest.mark.parametrize("has_gap", [False, True])
def test_smoothing_is_the_sum_over_all_paths(has_gap, evidence):
    generator = np.random.default_rng(0)
    num_windows, num_classes = 5, 3
    probabilities = generator.dirichlet(np.ones(num_classes), num_windows)
    priors = generator.dirichlet(np.ones(num_classes))
    transitions = generator.dirichlet(np.ones(num_classes), num_classes)
    likelihood = probabilities / priors
    if has_gap:
        probabilities[2] = np.nan
        likelihood[2] = 1
    expected = np.zeros((num_windows, num_classes))
    for path in itertools.product(range(num_classes), repeat=num_windows):
        weight = priors[path[0]] * likelihood[0, path[0]] ** evidence
        for index in range(1, num_windows):
            weight *= transitions[path[index - 1], path[index]]
            weight *= likelihood[index, path[index]] ** evidence
        for index, state in enumerate(path):
            expected[index, state] += weight
    expected /= expected.sum(axis=1, keepdims=True)
    found = smooth(
        probabilities,
        priors,
        transitions,
        np.zeros(num_windows, int),
        evidence,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_sequences_do_not_reach_into_one_another():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    priors, sticky = [0.5, 0.5], np.array([[0.99, 0.01], [0.01, 0.99]])
    apart = smooth(probabilities, priors, sticky, np.array([0, 1, 1]))
    alone = smooth(probabilities[1:], priors, sticky, np.array([0, 0]))
    np.testing.assert_allclose(apart[1:], alone)
    joined = smooth(probabilities, priors, sticky, np.array([0, 0, 0]))
    assert apart[1].argmax() == 1 and joined[1].argmax() == 0


def test_a_window_that_contradicts_its_neighbours_is_overruled():
    probabilities = np.full((101, 2), [0.9, 0.1])
    probabilities[50] = [0.3, 0.7]
    sticky = np.array([[0.98, 0.02], [0.02, 0.98]])
    found = smooth(probabilities, [0.5, 0.5], sticky, np.zeros(101, int))
    assert (found.argmax(1) == 0).all()
    # Many windows do not underflow.
    many = np.tile(probabilities, (300, 1))
    assert np.isfinite(
        smooth(many, [0.5, 0.5], sticky, np.zeros(len(many), int))
    ).all()


def test_recordings_of_one_class_each_say_nothing_of_changes():
    labels = np.array([0, 0, 1, 1])
    assert not has_changes(labels, np.array([0, 0, 1, 1]))
    assert has_changes(labels, np.array([0, 0, 0, 1]))
    assert not has_changes(labels, None)
