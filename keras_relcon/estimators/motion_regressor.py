from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import keras
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from keras_relcon.checks import check_kind, message
from keras_relcon.data.windows import Windows
from keras_relcon.estimators.examples import is_array, numbers_of
from keras_relcon.estimators.motion_estimator import Labelled, MotionEstimator
from keras_relcon.estimators.new_people import score_regressor
from keras_relcon.estimators.number_fitting import NumberFitting
from keras_relcon.estimators.number_scores import NumberScores
from keras_relcon.estimators.predicting import make_number_timeline
from keras_relcon.presets.from_preset import Output
from keras_relcon.timeline import NumberTimeline
from keras_relcon.types import PathLike


class MotionRegressor(RegressorMixin, MotionEstimator[NumberTimeline]):
    """Tells a number of each window, such as how fast a person walks.

    The head is a ridge regression on standardised embeddings of a frozen
    encoder; its penalty is the one that is best on people who were left out.
    `predict` of a recording gives a `NumberTimeline` in clock time; `predict`
    of arrays one number a window, as scikit-learn does.

    Rules:

    - The number of a window is that of `Windows.targets`; or its most frequent
      label, which must be a number written as text. Windows with missing
      samples or no number are left out.
    - The head is fitted on at most `max_windows` windows, spread evenly over
      people.
    - The interval of a value has one width: nine of ten errors on people left
      out are within it, each person counting alike.

    Args:
        encoder, output: as of `MotionClassifier`.
        target: str. Key of `Windows.targets`, such as `"walking_speed_m_s"`.
            Defaults to `None`: the only one, or the labels.
        strength, num_folds, controls, max_windows, batch_size, seed, verbose:
            as of `MotionClassifier`.

    Attributes:
        scores_: `NumberScores` of people left out, or `None` where there are
            no `groups` or `num_folds=0`.
        test_scores_: `NumberScores` of new people, of the last `evaluate`, or
            `None`.
        half_width_: float, of the interval of a value, or `None`.
        quantity_: str, the target that it tells, or `None`: the labels'.
        strength_, num_subjects_, placements_, head_, encoder_: as of
            `MotionClassifier`.

    Raises:
        TypeError, ValueError: at `fit`, if an argument is out of its range, a
            label is no number, or all numbers are equal.

    Example:
    ```python
    windows = ipol_gait_windows(keras_relcon.data.read_ipol_gait("gait.zip"))
    model = keras_relcon.MotionRegressor(target="walking_speed_m_s")
    model.fit(windows)
    print(model.scores_.table())
    ```
    """

    kind = "regressor"
    kind_of_scores = NumberScores
    saved_settings = (
        "target",
        "strength",
        "num_folds",
        "max_windows",
        "batch_size",
        "seed",
    )

    scores_: NumberScores | Any  # `None` without people
    test_scores_: NumberScores | Any
    half_width_: float | None
    quantity_: str | None

    def __init__(
        self,
        encoder: PathLike | keras.Model = "relcon_small",
        output: Output | None = None,
        target: str | None = None,
        strength: float | None = None,
        num_folds: int = 5,
        controls: Sequence[Literal["untrained", "handmade"]] = (
            "untrained",
            "handmade",
        ),
        max_windows: int = 5_000,
        batch_size: int = 256,
        seed: int = 0,
        verbose: bool | Literal["auto"] = "auto",
    ) -> None:
        self.encoder = encoder
        self.output = output
        self.target = target
        self.strength = strength
        self.num_folds = num_folds
        self.controls = controls
        self.max_windows = max_windows
        self.batch_size = batch_size
        self.seed = seed
        self.verbose = verbose

    def fit(
        self,
        X: Labelled,
        y: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        read_options: Mapping[str, Any] | None = None,
    ) -> Self:
        """Scores on people left out, then fits on everybody.

        Args:
            X: as of `MotionClassifier.fit`.
            y: `(windows,)`, numbers of an array.
            groups: `(windows,)`, the person of each window of an array.
                Defaults to `None`: then nothing is chosen by people, there is
                no score, and the penalty is `1.0` unless `strength` is given.
            read_options: as of `MotionClassifier.fit`.

        Returns:
            The estimator itself.
        """
        self._check_arguments()
        examples = self._examples(X, y, groups, read_options)
        values = np.asarray(examples.values, "float64")
        if not is_array(X) and np.ptp(values) == 0:
            raise ValueError(
                message(
                    "The numbers must differ.",
                    f"{len(values)} windows of {values[0]:g}",
                    "Add recordings with others.",
                )
            )
        self.quantity_ = self.target
        if isinstance(X, Windows) and len(X.targets) == 1:
            (self.quantity_,) = X.targets
        self._prepare(examples)
        fitting = NumberFitting(self, examples.with_values(values))
        self.scores_, self.half_width_ = fitting.scores()
        self.head_ = fitting.fit_all()
        self.strength_ = self.head_.strength
        return self

    def score(
        self,
        X: Labelled,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """R2: the share of the variance of the numbers that is explained.

        Args:
            X: array, as of `fit`, with `y`; or labelled recordings.
            y: `(windows,)`, numbers of an array.
            sample_weight: `(windows,)`. Defaults to `None`.

        Returns:
            float.
        """
        X, y = self._rows_to_score(X, y)
        return super().score(X, y, sample_weight)

    def saved_facts(self) -> dict[str, Any]:
        return {"half_width": self.half_width_, "quantity": self.quantity_}

    def take_facts(self, facts: dict[str, Any]) -> None:
        self.half_width_ = facts["half_width"]
        self.quantity_ = facts.get("quantity", self.target)  # since 0.2

    def fits_together(self) -> bool:
        return self.head_.bias.shape == (1,)

    @property
    def _values_of(self):
        return functools.partial(numbers_of, target=self.target)

    def _check_arguments(self):
        if self.target is not None:
            check_kind("target", self.target, str, "the name of a target")
        self._check_shared_arguments()

    def _own_facts(self):
        facts = {"Number": self.quantity_ or "that of the labels"}
        if self.half_width_ is not None:
            facts["Interval"] = (
                f"plus and minus {self.half_width_:.3g}: nine of ten errors on "
                "people left out"
            )
        return facts

    def _test(self, examples):
        return score_regressor(self, examples)

    def _predict_rows(self, X):
        return self._of_rows(X, self.head_.outputs)[:, 0]

    def _predict_recording(self, model, recording):
        return make_number_timeline(self, model, recording)
