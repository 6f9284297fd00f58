"""Smooths the classes of windows over time by a hidden Markov model."""

import numpy as np

# Of a window: what rounded times and rates may take.
SLACK = 0.01


def count_transitions(labels, sequences, num_classes):
    """Probabilities from the class of a window to that of the next.

    Each pair of windows that follow one another is counted. One is added to
    each count, so that no change is impossible (Laplace's rule of succession).

    Args:
        labels: `(windows,)` int, classes in the order of time; -1 where a
            window has none.
        sequences: `(windows,)` int. Windows follow one another where they have
            one number; see `number_sequences`.
        num_classes: int.

    Returns:
        `(classes, classes)` float64; rows, from, sum to 1.
    """
    labels, sequences = np.asarray(labels), np.asarray(sequences)
    is_pair = (
        (sequences[1:] == sequences[:-1])
        & (labels[1:] >= 0)
        & (labels[:-1] >= 0)
    )
    counts = np.ones((num_classes, num_classes))
    np.add.at(counts, (labels[:-1][is_pair], labels[1:][is_pair]), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def has_changes(labels, sequences):
    """Whether the class changes anywhere while windows follow one another.

    Recordings of one activity each say nothing of how long an activity lasts:
    a model of them would hold on to a class for as long as they were recorded.

    Args:
        labels: as of `count_transitions`.
        sequences: as of `count_transitions`, or `None`.
    """
    if sequences is None:
        return False
    is_next = sequences[1:] == sequences[:-1]
    return bool(np.any(is_next & (labels[1:] != labels[:-1])))


def class_priors(labels, num_classes, balanced=False):
    """Shares of the classes among windows, one added to each count.

    Args:
        labels: `(windows,)` int.
        num_classes: int.
        balanced: bool. Whether all classes count alike. Defaults to `False`.

    Returns:
        `(classes,)` float64, which sums to 1.
    """
    if balanced:
        return np.full(num_classes, 1 / num_classes)
    counts = np.bincount(labels, minlength=num_classes) + 1
    return counts / counts.sum()


def number_sequences(recordings, start_seconds, window_seconds):
    """Numbers the runs of windows that follow one another.

    They do where one begins as the other ends, without a gap or an overlap,
    to a hundredth of a window.

    Args:
        recordings: `(windows,)`, the recording of each; those of one stand
            together, in the order of time.
        start_seconds: `(windows,)`.
        window_seconds: float. The length of a window.

    Returns:
        `(windows,)` int.
    """
    recordings = np.asarray(recordings)
    start_seconds = np.asarray(start_seconds, "float64")
    is_next = recordings[1:] == recordings[:-1]
    steps = np.diff(start_seconds)
    is_next &= np.abs(steps - window_seconds) < SLACK * window_seconds
    return np.concatenate([[0], np.cumsum(~is_next)]).astype(int)


def smooth(probabilities, priors, transitions, sequences, evidence=1.0):
    """Probabilities of the classes of windows, given all windows in time.

    A hidden Markov model whose states are the classes (Rabiner, 1989). What is
    seen of a window is what the classifier says of it: by the rule of Bayes,
    its probabilities over those of the classes in training are the likelihood,
    up to a factor. The forward-backward algorithm gives the probability of each
    class at each window. The first class of a sequence has the probabilities
    `priors`.

    The model takes what is seen of neighbouring windows as independent, given
    their classes. It is not: a classifier that is wrong about a window is often
    wrong about the next one. So the likelihood is raised to the power
    `evidence`; below 1 the smoothed probabilities are less sure.

    Args:
        probabilities: `(windows, classes)`; a row of NaN is a window of which
            nothing is known.
        priors: `(classes,)`, shares of the classes in training.
        transitions: `(classes, classes)`, see `count_transitions`.
        sequences: `(windows,)` int, see `number_sequences`.
        evidence: float, positive. Defaults to `1.0`: independent windows.

    Returns:
        `(windows, classes)` float64; rows sum to 1.
    """
    probabilities = np.asarray(probabilities, "float64")
    priors = np.asarray(priors, "float64")
    likelihood = probabilities / priors
    likelihood[~np.isfinite(likelihood).all(axis=1)] = 1.0
    largest = likelihood.max(axis=1, keepdims=True)
    likelihood = (likelihood / np.where(largest > 0, largest, 1.0)) ** evidence
    smoothed = np.empty_like(probabilities)
    edges = np.flatnonzero(np.diff(sequences)) + 1
    for rows in np.split(np.arange(len(sequences)), edges):
        if len(rows):
            smoothed[rows] = _forward_backward(
                likelihood[rows], priors, transitions
            )
    return smoothed


def _forward_backward(likelihood, priors, transitions):
    # Each step is scaled to a sum of 1, which leaves the result as it is.
    forward = np.empty_like(likelihood)
    state = priors
    for index, seen in enumerate(likelihood):
        state = (state @ transitions if index else state) * seen
        state = state / state.sum()
        forward[index] = state
    state = np.ones(likelihood.shape[1])
    for index in range(len(likelihood) - 2, -1, -1):
        state = transitions @ (likelihood[index + 1] * state)
        state = state / state.sum()
        forward[index] *= state
    return forward / forward.sum(axis=1, keepdims=True)
