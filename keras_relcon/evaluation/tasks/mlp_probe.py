import warnings
from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import (
    check_number,
    check_one_of,
    check_whole,
    message,
)
from keras_relcon.evaluation.tasks.task import (
    Task,
    as_penalties,
    hidden_widths,
)
from keras_relcon.evaluation.tasks.task_rows import labelled_rows

_TINY = np.finfo("float64").tiny
_TABLE_3 = {
    "hidden": (512,),
    "learning_rate": 1e-3,
    "alphas": (1e-4,),
    "batch_size": 200,
    "epochs": 200,
    "patience": 5,
    "tolerance": 1e-4,
    "scale": False,
    "shuffle": False,
    "monitor": "accuracy",
    "seed": 42,
}


class MLPProbe(Task):
    """A small network on frozen embeddings, as in Table 3 of the paper.

    scikit-learn's `MLPClassifier` (ReLU, cross-entropy, Adam) is trained on
    the training rows. After every epoch it is scored on the validation rows.
    The weights of the best epoch are kept; at a tie, the first. Of several
    `alphas`, the one with the highest score in its best epoch wins. Without
    validation rows it trains for exactly `epochs` epochs. It is not fitted
    again on training and validation rows together, because its epoch was
    chosen for the training rows.

    Args:
        hidden: int or tuple of int, units of the hidden layers; `()` or
            `None` for none. Defaults to `(512,)`.
        learning_rate: float, of Adam. Defaults to `1e-3`.
        alphas: tuple of floats. Strengths of the L2 penalty to choose from.
            Defaults to `(1e-4,)`.
        batch_size: int. Rows per step, or all rows if there are fewer.
            Defaults to `200`.
        epochs: int. At most. Defaults to `200`.
        patience: int or None. Training stops once more than `patience`
            epochs in a row have not raised the best score by `tolerance`.
            `None` never stops. Defaults to `5`.
        tolerance: float, of the score. Defaults to `1e-4`.
        scale: bool. Standardise the embeddings, by the training rows only.
            Defaults to `True`.
        shuffle: bool. Draw the order of the rows anew in each epoch.
            Defaults to `True`.
        monitor: `"loss"` or `"accuracy"`, the score. The former is the
            negative mean cross-entropy, as in `FineTune`; the latter is that
            of the paper. On a few hundred rows the accuracy often stays the
            same for several epochs, and training stops too early. Defaults
            to `"loss"`.
        early_stopping: `"validation"` or `"random"`. The latter is what the
            released code does: it joins training and validation rows, and
            scikit-learn draws its own validation part from them, as large as
            the validation rows were. That part has windows of the training
            subjects, so the score rewards overfitting to them and the network
            stops too late. Use it for comparison only. Defaults to
            `"validation"`.
        seed: int. Draws the weights, the order and the random part. Defaults
            to `0`.

    The preset `"table3"` is the paper's probe with corrected early stopping:
    the raw embedding, no shuffling, `seed=42`. `"table3_released"` stops on
    the random part.

    Attributes:
        classes_: `(classes,)`. Labels of the training and validation rows,
            sorted: the order of the columns of `predict_proba`.
        alpha_: float. The penalty chosen.
        epochs_: int. The epoch whose weights were kept, from 1.
        validation_scores_: tuple of floats. The score on the validation
            rows, or on the random part, after each epoch with `alpha_`.

    Raises:
        ValueError: if an argument is out of its range; at `fit`, if only one
            class is present, a value is not finite, the lengths differ, or
            there is a choice to make and no validation row to make it on.

    Differs from the released code: nothing with `"table3_released"`, except
    that the embeddings are float64. scikit-learn stratifies the random part
    by class only where there are two classes.

    Example:
    ```python
    probe = MLPProbe.preset("table3")
    probe.fit(train_x, train_y, validation_x, validation_y).choice_
    ```
    """

    presets = {
        "table3": {**_TABLE_3, "early_stopping": "validation"},
        "table3_released": {**_TABLE_3, "early_stopping": "random"},
    }

    def __init__(
        self,
        hidden: int | Sequence[int] | None = (512,),
        learning_rate: float = 1e-3,
        alphas: Sequence[float] = (1e-4,),
        batch_size: int = 200,
        epochs: int = 200,
        patience: int | None = 5,
        tolerance: float = 1e-4,
        scale: bool = True,
        shuffle: bool = True,
        monitor: Literal["loss", "accuracy"] = "loss",
        early_stopping: Literal["validation", "random"] = "validation",
        seed: int = 0,
    ) -> None:
        self.hidden = hidden_widths(hidden)
        self.learning_rate = learning_rate
        self.alphas = as_penalties(alphas)
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.tolerance = tolerance
        self.scale = scale
        self.shuffle = shuffle
        self.monitor = monitor
        self.early_stopping = early_stopping
        self.seed = seed
        check_number("learning_rate", learning_rate, above=0)
        check_number("tolerance", tolerance)
        check_whole("batch_size", batch_size)
        check_whole("epochs", epochs)
        check_one_of("monitor", monitor, ("loss", "accuracy"))
        check_one_of("early_stopping", early_stopping, ("validation", "random"))
        if patience is not None:
            check_number("patience", patience, above=0)
        if early_stopping == "random" and (
            len(self.alphas) > 1 or monitor != "accuracy"
        ):
            raise ValueError(
                message(
                    'early_stopping="random" needs a single alpha and '
                    'monitor="accuracy", as scikit-learn does.',
                    {"alphas": self.alphas, "monitor": monitor},
                    'Use MLPProbe.preset("table3_released").',
                )
            )

    def fit(
        self,
        train_x: ArrayLike,
        train_y: ArrayLike,
        validation_x: ArrayLike | None = None,
        validation_y: ArrayLike | None = None,
    ) -> Self:
        """Trains, and chooses alpha and epoch on the validation rows.

        Args:
            train_x: `(rows, dim)`, embeddings.
            train_y: `(rows,)`, labels.
            validation_x: `(rows, dim)` or None.
            validation_y: `(rows,)` or None.

        Returns:
            The probe itself.
        """
        train_x, train_y, validation_x, validation_y = labelled_rows(
            train_x, train_y, validation_x, validation_y
        )
        has_validation = validation_x is not None
        is_choice = len(self.alphas) > 1 or self.early_stopping == "random"
        if is_choice and not has_validation:
            raise ValueError(
                message(
                    "Choosing among several `alphas`, and early_stopping="
                    '"random", need validation rows.',
                    "none",
                    "Give the fold validation subjects, or a single alpha "
                    'and early_stopping="validation".',
                )
            )
        self._scaler = None
        if self.scale:
            from sklearn.preprocessing import StandardScaler

            self._scaler = StandardScaler().fit(train_x)
        train = (self._scaled(train_x), train_y)
        validation = None
        self.classes_ = np.unique(train_y)
        if has_validation:
            validation = (self._scaled(validation_x), validation_y)
            self.classes_ = np.union1d(train_y, validation_y)
        if self.early_stopping == "random":
            best = self._train_on_random_part(train, validation)
        else:
            runs = [
                self._train(alpha, train, validation) for alpha in self.alphas
            ]
            best = max(runs, key=lambda run: run[0])  # the first of equals
        _, self.alpha_, self.epochs_, self.validation_scores_ = best[:4]
        self._classifier = best[4]
        return self

    @property
    def choice_(self) -> dict[str, Any]:
        """What the validation rows chose, for reports."""
        return {"alpha": self.alpha_, "epochs": self.epochs_}

    def predict(self, x: ArrayLike) -> np.ndarray:
        """Returns the label of each row of `x`, `(rows, dim)`."""
        classifier = self._fitted("_classifier")
        return classifier.predict(self._scaled(x))

    def predict_proba(self, x: ArrayLike) -> np.ndarray:
        """Returns `(rows, classes)`, columns in the order of `classes_`."""
        classifier = self._fitted("_classifier")
        return classifier.predict_proba(self._scaled(x))

    def _train(self, alpha, train, validation):
        classifier = self._make(alpha, min(self.batch_size, len(train[0])))
        best, best_epoch, weights = -np.inf, self.epochs, None
        scores, num_stale = [], 0
        for epoch in range(1, self.epochs + 1):
            classifier.partial_fit(*train, classes=self.classes_)
            if validation is None:
                continue
            scores.append(self._score(classifier, *validation))
            is_stale = scores[-1] < best + self.tolerance
            num_stale = num_stale + 1 if is_stale else 0
            if scores[-1] > best:
                best, best_epoch = scores[-1], epoch
                # Copies: the optimizer writes into these arrays.
                weights = [
                    [array.copy() for array in arrays]
                    for arrays in (classifier.coefs_, classifier.intercepts_)
                ]
            if self.patience is not None and num_stale > self.patience:
                break
        if weights is not None:
            classifier.coefs_, classifier.intercepts_ = weights
        return best, alpha, best_epoch, tuple(scores), classifier

    def _score(self, classifier, x, y):
        if self.monitor == "accuracy":
            return float(classifier.score(x, y))
        columns = np.searchsorted(self.classes_, y)
        said = classifier.predict_proba(x)[np.arange(len(x)), columns]
        # A probability may be rounded to 0.
        return float(np.mean(np.log(np.maximum(said, _TINY))))

    def _train_on_random_part(self, train, validation):
        from sklearn.exceptions import ConvergenceWarning

        # The released code puts the validation rows first, and without
        # shuffling the order counts.
        x = np.concatenate([validation[0], train[0]])
        y = np.concatenate([validation[1], train[1]])
        classifier = self._make(
            self.alphas[0], min(self.batch_size, len(train[0]))
        )
        patience = self.epochs if self.patience is None else self.patience
        classifier.set_params(
            early_stopping=True,
            validation_fraction=len(validation[0]) / len(x),
            max_iter=self.epochs,
            n_iter_no_change=patience,
            tol=self.tolerance,
        )
        with warnings.catch_warnings():
            # The number of epochs belongs to the preset.
            warnings.simplefilter("ignore", ConvergenceWarning)
            classifier.fit(x, y)
        scores = tuple(float(s) for s in classifier.validation_scores_)
        best_epoch = int(np.argmax(scores)) + 1
        return max(scores), self.alphas[0], best_epoch, scores, classifier

    def _make(self, alpha, batch_size):
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier(
            hidden_layer_sizes=self.hidden,
            learning_rate_init=self.learning_rate,
            alpha=alpha,
            batch_size=batch_size,
            shuffle=self.shuffle,
            # A generator, not a number: with a number, partial_fit would
            # start again at each epoch and repeat one order of the rows.
            random_state=np.random.RandomState(self.seed),
        )

    def _scaled(self, x):
        x = np.asarray(x, "float64")
        return x if self._scaler is None else self._scaler.transform(x)
