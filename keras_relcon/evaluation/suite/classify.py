"""Fits heads on the folds of a set, and counts what they predict."""

import numpy as np

from keras_relcon.evaluation.ridge import fit_ridge
from keras_relcon.evaluation.side_by_side_fits import each_fit
from keras_relcon.evaluation.suite.logistic import MAX_COLUMNS, fit_logistic

HEADS = {"ridge": fit_ridge, "logistic": fit_logistic}


def classify(loaded, columns_of, heads, num_labelled, num_draws, seed):
    """Fits each head on each fold and each draw of labelled people.

    Args:
        loaded: `LoadedSet`.
        columns_of: callable from the index of a fold to a list of
            `(windows, columns)`: of the windows as they are, then of each
            rotated copy of them.
        heads, num_labelled, num_draws, seed: see `suite`.

    Returns:
        dict of `(head, num_labelled, is_rotated)` to
        `(draws, people, true, predicted)` int, counts of test windows, summed
        over rotated copies. People are those of `loaded.people`. A head that
        the columns are too many for is absent.
    """
    subjects = loaded.windows.subjects
    labels, y = np.unique(loaded.windows.labels, return_inverse=True)

    def fit(job):
        fold, head, number, draw, people, versions = job
        train = np.flatnonzero(np.isin(subjects, people))
        test = np.flatnonzero(np.isin(subjects, fold.test))
        model = HEADS[head](versions[0][train], y[train], subjects[train], seed)
        tested = np.searchsorted(loaded.people, subjects[test])
        return [
            (
                (head, number, version > 0),
                (draw, tested, y[test], model.predict(columns[test])),
            )
            for version, columns in enumerate(versions)
        ]

    jobs = _jobs(loaded, columns_of, heads, num_labelled, num_draws, seed)
    counts = {}
    for results in each_fit(fit, jobs):
        for condition, where in results:
            num = 1 if condition[1] is None else num_draws
            shape = num, len(loaded.people), len(labels), len(labels)
            if condition not in counts:
                counts[condition] = np.zeros(shape, int)
            np.add.at(counts[condition], where, 1)
    return counts


def _jobs(loaded, columns_of, heads, num_labelled, num_draws, seed):
    """Lists what is fitted; an equal fit for every draw is listed once."""
    jobs = []
    for index, fold in enumerate(loaded.folds):
        versions = columns_of(index)
        for head in heads:
            if head == "logistic" and versions[0].shape[1] > MAX_COLUMNS:
                continue
            for number in num_labelled:
                draws = range(num_draws)
                if number is None or number >= len(fold.train):
                    draws = [slice(None)]
                for draw in draws:
                    people = draw_labelled(
                        fold.train, number, [seed, index], draw
                    )
                    jobs.append((fold, head, number, draw, people, versions))
    return jobs


def draw_labelled(train, number, seed, draw):
    """Draws whose windows have labels, of the training people of a fold.

    With one seed, fewer people are the first of more people.

    Args:
        train: sequence of str.
        number: int, or `None` for all. More than there are: all.
        seed: list of int.
        draw: int.

    Returns:
        `(people,)` str.
    """
    train = np.asarray(train)
    if number is None or number >= len(train):
        return train
    order = np.random.default_rng([*seed, draw]).permutation(len(train))
    return train[order[:number]]
