"""How a regression is fitted and scored: what `MotionRegressor.fit` does."""

import numpy as np

from keras_relcon.estimators.fitting import Fitting
from keras_relcon.estimators.left_out import (
    BLOCK,
    left_out_folds,
    num_left_out_folds,
)
from keras_relcon.estimators.linear_head import fit_number_head
from keras_relcon.estimators.number_scores import NumberScores

SIMPLEST = "mean of the others"
# Of the errors on people left out, within the interval of a value.
COVERAGE = 0.9


class NumberFitting(Fitting):
    """Fits heads with the settings of a `MotionRegressor`."""

    def fit_all(self):
        """Fits the head on everybody."""
        return self._fit(self.columns(), np.arange(len(self.examples)))

    def scores(self):
        """Scores it on people left out.

        Returns:
            `NumberScores`, and float, half of the width within which nine of
            ten errors are, each person counting alike; or twice `None` without
            people.
        """
        if not self.is_scored:
            return None, None
        settings, true = self.settings, self.examples.values
        groups = self.examples.groups
        found = {self.name: self._left_out(self.name, self.columns())}
        for control, columns in self.controls():
            found[control] = self._left_out(control, columns)
        found[SIMPLEST] = self._left_out(SIMPLEST, np.zeros((len(true), 1)))
        scores = NumberScores.of(
            true,
            groups,
            found,
            num_left_out_folds(groups, settings.num_folds),
            settings.seed,
        )
        errors = np.abs(found[self.name] - true)
        return scores, _person_quantile(errors, groups, COVERAGE)

    def _left_out(self, name, columns):
        """`(rows,)`, values of heads that did not see the person."""
        predicted = np.empty(len(self.examples))
        settings = self.settings
        with self.fold_bar(name) as bar:
            for rows, kept in left_out_folds(
                self.examples.groups, settings.num_folds, settings.seed
            ):
                head = self._fit(columns, kept)
                for block in np.array_split(rows, -(-len(rows) // BLOCK)):
                    predicted[block] = head.outputs(columns[block])[:, 0]
                bar.add(1)
        return predicted

    def _fit(self, columns, rows):
        rows, _, people, _ = self.thinned(rows, np.zeros(len(rows), int))
        settings = self.settings
        return fit_number_head(
            columns[rows],
            self.examples.values[rows],
            people,
            settings.strength,
            settings.seed,
        )


def _person_quantile(values, groups, share):
    """Quantile of values, each person counting alike."""
    _, person = np.unique(groups, return_inverse=True)
    weights = 1 / np.bincount(person)[person]
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    at = np.searchsorted(reached, share - 1e-12)
    return float(values[order][at])
