"""Ridge regression and classifier, whose strength people left out choose."""

import numpy as np

from keras_relcon.evaluation.metrics.confusion import macro_f1

# Multiples of the number of columns, which is the mean squared length of a
# standardised row: so one grid serves 87 columns and 10,000.
STRENGTHS = tuple(float(s) for s in np.logspace(-3, 1, 9))
# Where one person alone is labelled, nobody can be left out to choose by.
LONE_STRENGTH = 1.0
INNER_FOLDS = 5
# Below this share of the largest eigenvalue there is only rounding.
RANK_TOLERANCE = 1e-12


def fit_ridge(
    x, y, subjects, seed=0, strengths=STRENGTHS, weights=None, chosen=None
):
    """Fits a ridge classifier, whose strength people left out choose.

    Each class is a target of +1 and -1, and the class of the largest output is
    predicted.

    Args:
        x: `(rows, columns)`, training rows.
        y: `(rows,)` int, classes.
        subjects: `(rows,)` str. The people are dealt to five groups, or one
            to a group if there are fewer; each group is left out once. The
            strength with the best macro-F1 over the rows so predicted is
            taken, of equals the greatest.
        seed: int. Deals the people.
        strengths: sequence of float. Multiples of the number of columns.
        weights: `(rows,)` float, positive, how much each row counts. Defaults
            to `None`: all alike.
        chosen: float. A strength, so that none is chosen. Defaults to `None`.

    Returns:
        `Ridge`.
    """
    classes, codes = np.unique(y, return_inverse=True)
    targets = 2.0 * np.eye(len(classes))[codes] - 1

    def score(outputs):
        return macro_f1(codes, np.argmax(outputs, axis=1), len(classes))

    return fit_outputs(
        x,
        targets,
        group_rows(subjects, INNER_FOLDS, seed),
        score,
        strengths,
        weights,
        chosen,
        classes,
    )


def fit_outputs(
    x,
    targets,
    groups,
    score,
    strengths=STRENGTHS,
    weights=None,
    chosen=None,
    classes=None,
):
    """Fits a ridge regression, whose strength groups left out choose.

    The columns are standardised by the training rows; the intercept is free.
    With the thin decomposition of the centred columns, `X = U S V'`, outputs of
    every strength `s` are `U f U' Y`, with `f = S^2 / (S^2 + s)`. So one
    decomposition is enough: of `X' X` where there are fewer columns than rows,
    else of `X X'`.

    The groups left out share it too. With `H = 1/n + U f U'` and a group `g`
    of rows, the outputs for `g` of a ridge that is fitted without `g` are
    `Y_g - (I - H_gg)^-1 (Y_g - H_g Y)`: the Sherman-Morrison-Woodbury formula
    of leave-one-out for several rows at once. Only the scale of the columns
    is that of all training rows. Rows that count differently are rows and
    targets times the square root of their weight.

    Args:
        x: `(rows, columns)`, training rows.
        targets: `(rows, outputs)` float64.
        groups: list of `(rows of the group,)` int, see `group_rows`. With
            fewer than two nothing is chosen.
        score: callable from left-out outputs, `(rows, outputs)`, to a number,
            the higher the better.
        strengths: sequence of float. Multiples of the number of columns.
        weights, chosen: see `fit_ridge`.
        classes: `(outputs,)`, what the outputs stand for. Defaults to `None`.

    Returns:
        `Ridge`.
    """
    scale = Scale(x)
    x = scale(x)
    if weights is None:
        weights = np.ones(len(x))
    roots = np.sqrt(weights)[:, None]
    center = np.average(x, axis=0, weights=weights)
    offset = np.average(targets, axis=0, weights=weights)
    x -= center
    x *= roots
    left, squared = _decompose(x)
    projected = left.T @ (targets * roots)

    def left_out(strength):
        shrink = squared / (squared + strength * x.shape[1])
        return _left_out(
            left, shrink, projected, targets, offset, roots, groups
        )

    strength = LONE_STRENGTH if chosen is None else chosen
    if chosen is None and len(groups) > 1:
        scores = [score(left_out(each)) for each in strengths]
        best = len(scores) - 1 - int(np.argmax(scores[::-1]))
        strength = strengths[best]
    shrunk = projected / (squared + strength * x.shape[1])[:, None]
    coefficients = x.T @ (left @ shrunk)  # X' U = V S
    return Ridge(
        scale,
        coefficients,
        offset - center @ coefficients,
        classes,
        float(strength),
        left_out(strength) if len(groups) > 1 else None,
    )


class Ridge:
    """A fitted ridge.

    Attributes:
        scale: `Scale` of the columns.
        weights: `(columns, outputs)` float64.
        offset: `(outputs,)` float64.
        classes: `(outputs,)`, or `None`.
        strength: float, what was chosen.
        left_out: `(rows, outputs)`, outputs for the training rows where their
            group was left out, or `None` where none could be.
    """

    def __init__(
        self, scale, weights, offset, classes, strength, left_out=None
    ):
        self.scale = scale
        self.weights = weights
        self.offset = offset
        self.classes = classes
        self.strength = strength
        self.left_out = left_out

    def outputs(self, x):
        """Returns `(rows, outputs)`."""
        return self.scale(x) @ self.weights + self.offset

    def predict(self, x):
        """Returns the class of each row."""
        return self.classes[np.argmax(self.outputs(x), axis=1)]


class Scale:
    """Standardises columns by the rows that it is made of, in float64.

    A column that is constant there is 0 everywhere.
    """

    def __init__(self, x):
        x = np.asarray(x)
        self.mean = x.mean(0, dtype="float64")
        deviation = x.std(0, dtype="float64")
        is_constant = deviation <= 1e-9 * np.maximum(np.abs(self.mean), 1e-9)
        self.factor = np.where(
            is_constant, 0, 1 / np.where(is_constant, 1, deviation)
        )

    def __call__(self, x):
        # In place: there may be 5,000 rows of 20,000 columns.
        scaled = np.asarray(x) - self.mean
        scaled *= self.factor
        return scaled


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
    keep = squared > RANK_TOLERANCE * max(squared[-1], RANK_TOLERANCE)
    squared, vectors = squared[keep], vectors[:, keep]
    if is_tall:
        return (x @ vectors) / np.sqrt(squared), squared
    return vectors, squared


def _left_out(left, shrink, projected, targets, offset, roots, groups):
    outputs = np.empty(targets.shape)
    total = np.sum(roots**2)
    for rows in groups:
        part, root = left[rows], roots[rows]
        hat = (part * shrink) @ part.T + root @ root.T / total
        residual = (targets[rows] - offset) * root
        residual -= (part * shrink) @ projected
        error = np.linalg.solve(np.eye(len(rows)) - hat, residual)
        outputs[rows] = targets[rows] - error / root
    return outputs
