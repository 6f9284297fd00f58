"""Ridge classifier whose strength is chosen by people left out."""

import numpy as np

from keras_relcon.evaluation.suite.scores import macro_f1

# Multiples of the number of columns, which is the mean squared length of a
# standardised row: so one grid serves 87 columns and 10,000.
STRENGTHS = tuple(float(s) for s in np.logspace(-3, 1, 9))
# Where one person alone is labelled, nobody can be left out to choose by.
LONE_STRENGTH = 1.0
INNER_FOLDS = 5
# Below this share of the largest eigenvalue there is only rounding.
RANK_TOLERANCE = 1e-12


def fit_ridge(x, y, subjects, seed=0, strengths=STRENGTHS):
    """Fits a ridge classifier, whose strength people left out choose.

    The columns are standardised by the training rows. Each class is a target
    of +1 and -1, the intercept is free, and the class of the largest output
    is predicted. With the thin decomposition of the centred columns,
    `X = U S V'`, outputs of every strength `s` are `U f U' Y`, with
    `f = S^2 / (S^2 + s)`. So one decomposition is enough: of `X' X` where
    there are fewer columns than rows, else of `X X'`.

    The people left out share it too. With `H = 1/n + U f U'` and a group `g`
    of rows, the outputs for `g` of a ridge that is fitted without `g` are
    `Y_g - (I - H_gg)^-1 (Y_g - H_g Y)`: the Sherman-Morrison-Woodbury formula
    of leave-one-out for several rows at once. Only the scale of the columns
    is that of all training rows.

    Args:
        x: `(rows, columns)`, training rows.
        y: `(rows,)` int, classes.
        subjects: `(rows,)` str. The people are dealt to five groups, or one
            to a group if there are fewer; each group is left out once. The
            strength with the best macro-F1 over the rows so predicted is
            taken, of equals the greatest.
        seed: int. Deals the people.
        strengths: sequence of float. Multiples of the number of columns.

    Returns:
        `Ridge`.
    """
    scale = Scale(x)
    x = scale(x)
    classes, codes = np.unique(y, return_inverse=True)
    targets = 2.0 * np.eye(len(classes))[codes] - 1
    offset = targets.mean(0)
    left, squared = _decompose(x)
    penalties = np.asarray(strengths) * x.shape[1]
    groups = group_rows(subjects, INNER_FOLDS, seed)
    projected = left.T @ targets
    strength = LONE_STRENGTH
    if len(groups) > 1:
        scores = [
            _score_left_out(
                left, squared / (squared + penalty), projected, targets, groups
            )
            for penalty in penalties
        ]
        best = len(scores) - 1 - int(np.argmax(scores[::-1]))
        strength = strengths[best]
    shrunk = projected / (squared + strength * x.shape[1])[:, None]
    weights = x.T @ (left @ shrunk)  # X' U = V S
    return Ridge(scale, weights, offset, classes, float(strength))


class Ridge:
    """A fitted ridge classifier; `strength` is what was chosen."""

    def __init__(self, scale, weights, offset, classes, strength):
        self.scale = scale
        self.weights = weights  # (columns, classes)
        self.offset = offset
        self.classes = classes
        self.strength = strength

    def predict(self, x):
        """Returns the class of each row."""
        outputs = self.scale(x) @ self.weights + self.offset
        return self.classes[np.argmax(outputs, axis=1)]


class Scale:
    """Standardises columns by the rows that it is made of, in float64.

    A column that is constant there is 0 everywhere.
    """

    def __init__(self, x):
        x = np.asarray(x, "float64")
        self.mean = x.mean(0)
        deviation = x.std(0)
        is_constant = deviation <= 1e-9 * np.maximum(np.abs(self.mean), 1e-9)
        self.factor = np.where(
            is_constant, 0, 1 / np.where(is_constant, 1, deviation)
        )

    def __call__(self, x):
        return (np.asarray(x, "float64") - self.mean) * self.factor


def group_rows(subjects, num_groups, seed):
    """Deals people to groups; returns the rows of each group.

    Args:
        subjects: `(rows,)` str.
        num_groups: int. With fewer people, one to a group.
        seed: int.

    Returns:
        list of `(rows of the group,)` int.
    """
    people = np.unique(subjects)
    order = np.random.default_rng(seed).permutation(people)
    return [
        np.flatnonzero(np.isin(subjects, group))
        for group in np.array_split(order, min(num_groups, len(people)))
    ]


def _decompose(x):
    """Returns `U`, `(rows, rank)`, and `S^2`, `(rank,)`, of centred `x`."""
    is_tall = x.shape[0] > x.shape[1]
    squared, vectors = np.linalg.eigh(x.T @ x if is_tall else x @ x.T)
    keep = squared > RANK_TOLERANCE * squared[-1]
    squared, vectors = squared[keep], vectors[:, keep]
    if is_tall:
        return (x @ vectors) / np.sqrt(squared), squared
    return vectors, squared


def _score_left_out(left, shrink, projected, targets, groups):
    predicted = np.empty(len(targets), int)
    mean = targets.mean(0)
    for rows in groups:
        part = left[rows]
        hat = (part * shrink) @ part.T + 1 / len(targets)
        residual = targets[rows] - (part * shrink) @ projected - mean
        left_out = np.linalg.solve(np.eye(len(rows)) - hat, residual)
        predicted[rows] = np.argmax(targets[rows] - left_out, axis=1)
    return macro_f1(np.argmax(targets, 1), predicted, targets.shape[1])
