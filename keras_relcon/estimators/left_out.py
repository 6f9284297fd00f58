"""Scores classifiers on people whose labels they have not seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_relcon.estimators.hidden_markov import (
    class_priors,
    count_transitions,
    smooth,
)
from keras_relcon.estimators.subject_scores import SubjectScores
from keras_relcon.evaluation.ridge import group_rows

BLOCK = 1024  # rows of wide columns that are in memory at a time
MOST_FREQUENT = "most frequent class"
# What smoothing tries: from windows that are all but copies of one another to
# independent ones.
EVIDENCE = tuple(float(power) for power in np.logspace(-1.5, 0, 10))
LEAST_PROBABILITY = 1e-12


def left_out_folds(groups, num_folds, seed):
    """Yields the rows of the people left out, and all other rows."""
    for rows in group_rows(groups, num_folds, seed):
        yield rows, np.setdiff1d(np.arange(len(groups)), rows)


def num_left_out_folds(groups, num_folds):
    """How many folds there are: with few people, one for each."""
    return min(int(num_folds), len(np.unique(groups)))


@dataclass(frozen=True)
class LeftOut:
    """Deals people to folds, each of which is predicted by the others.

    Args:
        codes: `(rows,)` int, classes.
        groups: `(rows,)`, people.
        classes: sequence of str.
        num_folds: int.
        seed: int.
        balanced: bool. Whether all classes count alike in training.
    """

    codes: np.ndarray
    groups: np.ndarray
    classes: tuple[Any, ...]
    num_folds: int
    seed: int
    balanced: bool

    def folds(self):
        """Folds of `left_out_folds`."""
        return left_out_folds(self.groups, self.num_folds, self.seed)

    def probabilities(self, inputs, fit, on_fold=lambda: None):
        """`(rows, classes)` float64 of heads that did not see the person.

        A class that nobody of the training part has gets 0.

        Args:
            inputs: `(rows, ...)`.
            fit: callable from inputs, the rows to fit on, `(any,)` int, and
                their codes from 0 without gaps, to an object with
                `probabilities(inputs)`.
            on_fold: callable. Called after each fold. Defaults to nothing.
        """
        result = np.zeros((len(self.codes), len(self.classes)))
        for rows, kept in self.folds():
            present, codes = np.unique(self.codes[kept], return_inverse=True)
            if len(present) < 2:  # it says what it has seen
                result[rows, present[0]] = 1.0
            else:
                head = fit(inputs, kept, codes)
                for first in range(0, len(rows), BLOCK):
                    block = rows[first : first + BLOCK]
                    result[np.ix_(block, present)] = head.probabilities(
                        inputs[block]
                    )
            on_fold()
        return result

    def smoothed(self, probabilities, sequences):
        """Smooths by the changes between classes of the other people.

        How much a window counts as evidence, see `smooth`, is chosen by the
        other people too: of `EVIDENCE` the one of the lowest mean logarithmic
        loss on them.

        Args:
            probabilities: `(rows, classes)`, see `probabilities`.
            sequences: `(rows,)` int, see `number_sequences`.

        Returns:
            `(rows, classes)` float64; and float, the evidence that is best on
            all people, for a new one.
        """
        losses = np.empty((len(EVIDENCE), len(self.codes)))
        for loss, evidence in zip(losses, EVIDENCE):
            for rows, kept in self.folds():
                found = self._smooth_fold(
                    probabilities, sequences, rows, kept, evidence
                )
                right = found[np.arange(len(rows)), self.codes[rows]]
                loss[rows] = -np.log(right + LEAST_PROBABILITY)
        if self.balanced:
            losses /= np.bincount(self.codes)[self.codes]
        smoothed = np.empty_like(probabilities)
        for rows, kept in self.folds():
            smoothed[rows] = self._smooth_fold(
                probabilities, sequences, rows, kept, _best(losses[:, kept])
            )
        return smoothed, _best(losses)

    def _smooth_fold(self, probabilities, sequences, rows, kept, evidence):
        codes, num_classes = self.codes[kept], len(self.classes)
        return smooth(
            probabilities[rows],
            class_priors(codes, num_classes, self.balanced),
            count_transitions(codes, sequences[kept], num_classes),
            sequences[rows],
            evidence,
        )

    def most_frequent(self):
        """`(rows,)` int, the most frequent class of the other people."""
        predicted = np.empty(len(self.codes), int)
        for rows, kept in self.folds():
            predicted[rows] = np.argmax(np.bincount(self.codes[kept]))
        return predicted

    def score(self, predictions):
        """`SubjectScores` of several classifiers, and of the simplest one.

        Args:
            predictions: dict of a name to `(rows, classes)`, probabilities;
                the first is the one that counts.
        """
        return SubjectScores.of(
            self.codes,
            self.groups,
            self.classes,
            {**predictions, MOST_FREQUENT: self.most_frequent()},
            num_left_out_folds(self.groups, self.num_folds),
            self.seed,
        )


def _best(losses):
    return EVIDENCE[int(np.argmin(losses.mean(axis=1)))]
