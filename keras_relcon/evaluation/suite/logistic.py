"""Logistic regression whose penalty is chosen by people left out."""

import warnings

import numpy as np

from keras_relcon.evaluation.metrics.confusion import macro_f1
from keras_relcon.evaluation.ridge import (
    INNER_FOLDS,
    Scale,
    group_rows,
)

# A fit takes time in proportion to the columns; ridge serves the wider ones.
MAX_COLUMNS = 512
# From the strongest penalty to the weakest, as scikit-learn counts them.
INVERSE_PENALTIES = tuple(float(c) for c in np.logspace(-4, 1, 6))
# Where one person alone is labelled, nobody can be left out to choose by.
LONE_INVERSE_PENALTY = 0.01
MAX_ITERATIONS = 200


def fit_logistic(x, y, subjects, seed=0, penalties=INVERSE_PENALTIES):
    """Fits a logistic regression, whose penalty people left out choose.

    The columns are standardised by the training rows.

    Args:
        x: `(rows, columns)`, training rows.
        y: `(rows,)` int, classes.
        subjects: `(rows,)` str. Dealt to groups that are left out in turn, as
            in `fit_ridge`.
        seed: int. Deals the people.
        penalties: sequence of float. Inverse penalties, rising.

    Returns:
        `Logistic`.
    """
    scale = Scale(x)
    x = scale(x)
    groups = group_rows(subjects, INNER_FOLDS, seed)
    chosen = LONE_INVERSE_PENALTY
    if len(groups) > 1:
        predicted = np.empty((len(penalties), len(y)), int)
        for rows in groups:
            kept = np.setdiff1d(np.arange(len(y)), rows)
            path = _fit_path(x[kept], y[kept], penalties)
            for index, model in enumerate(path):
                predicted[index, rows] = model.predict(x[rows])
        num_classes = int(max(y.max(), predicted.max())) + 1
        scores = [macro_f1(y, each, num_classes) for each in predicted]
        chosen = penalties[int(np.argmax(scores))]  # the first: the strongest
    (model,) = _fit_path(x, y, [chosen])
    return Logistic(scale, model, float(chosen))


class Logistic:
    """A fitted logistic regression; `strength` is the inverse penalty."""

    def __init__(self, scale, model, strength):
        self.scale = scale
        self.model = model
        self.strength = strength

    def predict(self, x):
        """Returns the class of each row."""
        return self.model.predict(self.scale(x))


class _OneClass:
    """Says the only class that it has seen."""

    def __init__(self, label):
        self.label = label

    def predict(self, x):
        return np.full(len(x), self.label)


def _fit_path(x, y, penalties):
    """Yields a model for each penalty, each fit begun at the one before."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(y)) == 1:
        yield from (_OneClass(y[0]) for _ in penalties)
        return
    model = LogisticRegression(max_iter=MAX_ITERATIONS, warm_start=True)
    for penalty in penalties:
        model.C = penalty
        with warnings.catch_warnings():
            # Weak penalties converge slowly, and are seldom chosen.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, y)
        yield model
