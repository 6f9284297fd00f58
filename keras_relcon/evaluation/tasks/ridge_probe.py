from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import message
from keras_relcon.evaluation.tasks.task import Task, as_penalties
from keras_relcon.evaluation.tasks.task_rows import (
    check_can_choose,
    target_rows,
)

_ALPHAS = (1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4)


class RidgeProbe(Task):
    """Linear regression of a target on frozen embeddings, as in Table 1.

    Embeddings are standardised, then

    ```
    minimize  sum((y - x @ w - b)**2) + alpha * sum(w**2)
    ```

    The strength of the penalty is the one with the lowest mean squared error
    on the validation rows; at a tie, the first. A task does not know the
    subjects, so every row has the same weight, even where the metrics of a
    report are per subject. The final regression is fitted on training and
    validation rows together. The test rows are never read.

    Args:
        target: str. Key of `Windows.targets`, e.g. `"stride_time_s"`.
        alphas: tuple of floats. Strengths of the penalty to choose from. 0
            is plain linear regression, with the least norm if the embeddings
            do not determine it. Defaults to `(0.01, 0.1, 1, 10, 100, 1e3,
            1e4)`.

    The preset `"table1"` is the linear regression of section 4.2.1 of the
    [paper](https://arxiv.org/abs/2411.18822). It has no penalty, so nothing is
    chosen and no validation subjects are needed.

    Attributes:
        alpha_: float. The value chosen.
        validation_errors_: tuple of floats. Mean squared error on the
            validation rows for each of `alphas`, in the target's unit
            squared; empty if there was no choice.

    Raises:
        ValueError: if `target` is not a name, or `alphas` is empty or holds
            negative values; at `fit`, if a value is not finite, the lengths
            differ, or there is a choice to make and no validation row to
            make it on.

    Differs from the paper: it only says linear regression. The standardisation
    and the penalty are ours.

    Example:
    ```python
    probe = RidgeProbe.preset("table1", target="walking_speed_m_s")
    report = cross_validate(probe, encoder, windows, folds)
    ```
    """

    kind = "regression"
    refits_on_validation = True
    presets = {"table1": {"alphas": (0.0,)}}

    def __init__(self, target: str, alphas: Sequence[float] = _ALPHAS) -> None:
        if not isinstance(target, str) or not target:
            raise ValueError(
                message(
                    "`target` must name a target of the windows.",
                    {"target": target},
                    "Use a key of `Windows.targets`.",
                )
            )
        self.target = target
        self.alphas = as_penalties(alphas)

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
            train_y: `(rows,)`, target.
            validation_x: `(rows, dim)` or None. May be left out if `alphas`
                has a single value.
            validation_y: `(rows,)` or None.

        Returns:
            The probe itself.
        """
        train_x, train_y, validation_x, validation_y = target_rows(
            train_x, train_y, validation_x, validation_y
        )
        self.validation_errors_: tuple[float, ...] = ()
        self.alpha_ = self.alphas[0]
        if len(self.alphas) > 1:
            check_can_choose("alphas", validation_x is not None)
            errors = []
            for alpha in self.alphas:
                predict = _fit_one(alpha, train_x, train_y).predict
                error = (predict(validation_x) - validation_y) ** 2
                errors.append(float(np.mean(error)))
            self.validation_errors_ = tuple(errors)
            self.alpha_ = self.alphas[int(np.argmin(errors))]
        if validation_x is not None:
            train_x = np.concatenate([train_x, validation_x])
            train_y = np.concatenate([train_y, validation_y])
        self._regression = _fit_one(self.alpha_, train_x, train_y)
        return self

    @property
    def choice_(self) -> dict[str, Any]:
        """What the validation rows chose, for reports."""
        return {"alpha": self.alpha_}

    def predict(self, x: ArrayLike) -> np.ndarray:
        """Returns the target of each row of `x`, `(rows, dim)`."""
        regression = self._fitted("_regression")
        return regression.predict(np.asarray(x, "float64"))


def _fit_one(alpha, x, y):
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Ridge solves the normal equations, which without a penalty are singular
    # as soon as columns are alike or there are more of them than rows.
    regression = Ridge(alpha) if alpha > 0 else LinearRegression()
    return make_pipeline(StandardScaler(), regression).fit(x, y)
