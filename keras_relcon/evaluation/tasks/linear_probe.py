import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_number, check_whole
from keras_relcon.evaluation.tasks.task import Task, as_grid
from keras_relcon.evaluation.tasks.task_rows import (
    check_can_choose,
    labelled_rows,
)

_TABLE_4_GRID = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, None)


class LinearProbe(Task):
    """Logistic regression on frozen embeddings, as in Table 4 of the paper.

    Embeddings are standardised, then classified by multinomial logistic
    regression. The strength of the L2 penalty is the one with the highest
    macro-F1 on the validation rows; at a tie the first in the grid wins.
    The final classifier is fitted on training and validation rows together.
    The test rows are never read.

    Args:
        regularization: tuple of floats or None. The values to choose from for
            scikit-learn's `C`, the *inverse* strength of the penalty; `None`
            is no penalty. Defaults to `(1e-1, 1e-2, 1e-3, 1e-4, 1e-5, None)`.
        max_iterations: int. Iterations of L-BFGS. Defaults to `100`, which
            is part of the preset. With weak penalties the fit often stops
            there, see `converged_`.

    The preset `"table4"` is the default.

    Attributes:
        classes_: `(classes,)` str. Order of the columns of `predict_proba`.
        regularization_: float or None. The value chosen.
        validation_scores_: tuple of floats. Macro-F1 on the validation rows
            for each value of `regularization`; empty if there was no choice.
        converged_: bool. Whether the final fit ended before
            `max_iterations`.

    Raises:
        ValueError: if the grid is empty or holds values that are not
            positive, or `max_iterations` is not a positive whole number; at
            `fit`, if only one class is present, a value is not finite, the
            lengths differ, or there is a choice to make and no validation row
            to make it on.

    Differs from the released code: while the penalty is chosen, the scaler is
    fitted on the training rows only, so that the validation rows are unseen.
    That code fits it on training and validation rows.

    Example:
    ```python
    probe = LinearProbe().fit(train_x, train_y, validation_x, validation_y)
    probe.predict(test_x)
    ```
    """

    refits_on_validation = True
    presets = {
        "table4": {"regularization": _TABLE_4_GRID, "max_iterations": 100}
    }

    def __init__(
        self,
        regularization: Sequence[float | None] = _TABLE_4_GRID,
        max_iterations: int = 100,
    ) -> None:
        self.regularization = as_grid("regularization", regularization)
        self.max_iterations = max_iterations
        check_whole("max_iterations", max_iterations)
        for value in self.regularization:
            if value is not None:
                check_number(
                    "regularization",
                    value,
                    above=0,
                    advice="Use None for no penalty.",
                )

    def fit(
        self,
        train_x: ArrayLike,
        train_y: ArrayLike,
        validation_x: ArrayLike | None = None,
        validation_y: ArrayLike | None = None,
    ) -> Self:
        """Chooses the penalty on validation rows, then fits on all rows.

        Args:
            train_x: `(rows, dim)`, embeddings.
            train_y: `(rows,)`, labels.
            validation_x: `(rows, dim)` or None. May be left out if
                `regularization` has a single value.
            validation_y: `(rows,)` or None.

        Returns:
            The probe itself.
        """
        train_x, train_y, validation_x, validation_y = labelled_rows(
            train_x, train_y, validation_x, validation_y
        )
        has_validation = validation_x is not None
        self.validation_scores_ = ()
        self.regularization_ = self.regularization[0]
        if len(self.regularization) > 1:
            check_can_choose("regularization", has_validation)
            self.validation_scores_ = tuple(
                self._score(value, train_x, train_y, validation_x, validation_y)
                for value in self.regularization
            )
            best = np.argmax(self.validation_scores_)  # the first of equals
            self.regularization_ = self.regularization[best]
        if has_validation:
            train_x = np.concatenate([train_x, validation_x])
            train_y = np.concatenate([train_y, validation_y])
        self._classifier = self._fit_one(self.regularization_, train_x, train_y)
        iterations = self._classifier[-1].n_iter_
        self.converged_ = bool(np.max(iterations) < self.max_iterations)
        self.classes_ = self._classifier.classes_
        return self

    @property
    def choice_(self) -> dict[str, Any]:
        """What the validation rows chose, for reports."""
        chosen = self.regularization_
        return {"C": "no penalty" if chosen is None else chosen}

    def predict(self, x: ArrayLike) -> np.ndarray:
        """Returns the label of each row of `x`, `(rows, dim)`."""
        classifier = self._fitted("_classifier")
        return classifier.predict(np.asarray(x, "float64"))

    def predict_proba(self, x: ArrayLike) -> np.ndarray:
        """Returns `(rows, classes)`, columns in the order of `classes_`."""
        classifier = self._fitted("_classifier")
        return classifier.predict_proba(np.asarray(x, "float64"))

    def _score(self, value, train_x, train_y, validation_x, validation_y):
        from sklearn.metrics import f1_score

        classifier = self._fit_one(value, train_x, train_y)
        predicted = classifier.predict(validation_x)
        return float(
            f1_score(validation_y, predicted, average="macro", zero_division=0)
        )

    def _fit_one(self, value, x, y):
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_limits

        # An infinite C is no penalty in every version of scikit-learn;
        # the older penalty=None is deprecated since 1.8.
        classifier = make_pipeline(
            StandardScaler(),
            LogisticRegression(
                C=np.inf if value is None else value,
                max_iter=self.max_iterations,
            ),
        )
        # The products are small, and threads wait for one another: with two
        # of them a fit takes three times as long as with one.
        with threadpool_limits(1), warnings.catch_warnings():
            # Told by converged_; the limit belongs to the preset.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return classifier.fit(x, y)
