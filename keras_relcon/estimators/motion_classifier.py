from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import keras
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from keras_relcon.checks import check_number, check_one_of, check_whole, message
from keras_relcon.data import Windows
from keras_relcon.estimators.class_fitting import (
    ClassFitting,
    check_has_classes,
    comparable_texts,
    warn_of_few_people,
    warn_of_overlap,
)
from keras_relcon.estimators.encoders import load_encoder
from keras_relcon.estimators.examples import is_array, labels_of
from keras_relcon.estimators.motion_estimator import Labelled, MotionEstimator
from keras_relcon.estimators.new_people import score_classifier
from keras_relcon.estimators.predicting import make_timeline
from keras_relcon.estimators.subject_scores import SubjectScores
from keras_relcon.presets.from_preset import Output
from keras_relcon.timeline import Timeline
from keras_relcon.types import PathLike

HEADS = ("linear", "fine_tune")
SMOOTHING = ("hmm", None)
CLASS_WEIGHTS = (None, "balanced")


class MotionClassifier(ClassifierMixin, MotionEstimator[Timeline]):
    """Tells what a person does, from an encoder and a head fitted on labels.

    The head is linear, on standardised embeddings of a frozen encoder (a ridge
    classifier); its penalty is the one that is best on people who were left
    out, and its probabilities are calibrated on them. `head="fine_tune"` trains
    a copy of the encoder too. `predict` of a recording gives a `Timeline` in
    clock time, smoothed by a hidden Markov model; `predict` of arrays gives one
    label a window, as scikit-learn does.

    Rules:

    - A window has the most frequent label of its samples; windows with missing
      samples or no label are left out.
    - Classes count as often as they occur; with `class_weight="balanced"`
      alike. Probabilities are those for people who do things as often.
    - The head is fitted on at most `max_windows` windows, spread evenly over
      people and classes.
    - Classes that fewer than three people have are named in a warning: their
      score says little of a new person.
    - A recording of a device that was worn elsewhere than those it was fitted
      on is predicted with a warning.

    Args:
        encoder: str or path, as of `keras_relcon.presets.from_preset`, or a
            `keras.Model` from `(batch, time, 3)`, g, to `(batch, dim)`.
            Defaults to `"relcon_small"`.
        output: str, as of `from_preset`. Defaults to `None`: the first of
            `"steady"`, `"wide"`, `"features"` and `"embedding"` that the
            preset has; with `head="fine_tune"` `"embedding"`.
        head: `"linear"` or `"fine_tune"`. The latter takes minutes to hours
            on a CPU, and labels of many people to be worth it. Defaults to
            `"linear"`.
        strength: float. Of the head's penalty, in multiples of the number of
            columns. Defaults to `None`: chosen by people left out.
        class_weight: `None` or `"balanced"`. Defaults to `None`.
        smoothing: `"hmm"` or `None`. Whether timelines are smoothed by a
            hidden Markov model, whose changes from class to class are those of
            the labels. Where no label changes within a recording, or
            `Windows` overlap, there is nothing to learn of changes, and no
            smoothing. Defaults to `"hmm"`.
        min_probability: float. Windows of a timeline whose class has a lower
            probability are `"unknown"`. Defaults to `0.5`.
        num_folds: int. Folds of people for the score; `0` for no score.
            Defaults to `5`.
        controls: sequence of `"untrained"` and `"handmade"`: the same encoder
            with freshly drawn weights and hand-made features, scored beside.
            Defaults to both.
        max_windows: int. More take longer, by the cube of their
            number. Defaults to `5_000`.
        epochs: int. At most, of `head="fine_tune"`. Defaults to `20`.
        batch_size: int. Windows per forward pass. Defaults to `256`.
        seed: int. Deals people to folds. Defaults to `0`.
        verbose: bool or `"auto"`. Whether to show progress bars; `"auto"` shows
            them on a terminal. Defaults to `"auto"`.

    Attributes:
        classes_: `(classes,)`, sorted.
        scores_: `SubjectScores` of people left out, or `None` where there are
            no `groups` or `num_folds=0`.
        test_scores_: `SubjectScores` of new people, of the last `evaluate`, or
            `None`.
        strength_: float, the penalty.
        num_subjects_: int, or `None` where nobody says.
        placements_: tuple of str, where the devices were worn.
        transitions_: `(classes, classes)` float64, `priors_`: `(classes,)`,
            of the hidden Markov model; the former is `None` where there is
            nothing to smooth by.
        evidence_: float, how much a window counts in smoothing, see `fit`.
        head_: `LinearHead`, of the embeddings.
        encoder_: `keras.Model`, or `None` where it was fitted on embeddings.

    Raises:
        TypeError, ValueError: at `fit`, if an argument is out of its range,
            nothing is labelled, or there is only one class.

    Example:
    ```python
    model = keras_relcon.MotionClassifier().fit("study/")
    print(model.scores_.table())
    timeline = model.predict("monday.cwa")
    timeline.minutes(by="day")
    model.save("my_model")
    ```
    """

    kind = "classifier"
    kind_of_scores = SubjectScores
    activation = "softmax"
    saved_settings = (
        "head",
        "strength",
        "class_weight",
        "smoothing",
        "min_probability",
        "num_folds",
        "max_windows",
        "epochs",
        "batch_size",
        "seed",
    )

    classes_: np.ndarray
    scores_: SubjectScores | Any  # `None` without people
    test_scores_: SubjectScores | Any
    transitions_: np.ndarray | None
    priors_: np.ndarray

    def __init__(
        self,
        encoder: PathLike | keras.Model = "relcon_small",
        output: Output | None = None,
        head: Literal["linear", "fine_tune"] = "linear",
        strength: float | None = None,
        class_weight: Literal["balanced"] | None = None,
        smoothing: Literal["hmm"] | None = "hmm",
        min_probability: float = 0.5,
        num_folds: int = 5,
        controls: Sequence[Literal["untrained", "handmade"]] = (
            "untrained",
            "handmade",
        ),
        max_windows: int = 5_000,
        epochs: int = 20,
        batch_size: int = 256,
        seed: int = 0,
        verbose: bool | Literal["auto"] = "auto",
    ) -> None:
        self.encoder = encoder
        self.output = output
        self.head = head
        self.strength = strength
        self.class_weight = class_weight
        self.smoothing = smoothing
        self.min_probability = min_probability
        self.num_folds = num_folds
        self.controls = controls
        self.max_windows = max_windows
        self.epochs = epochs
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
            X: labelled `Recording`, file, folder, a list of these, or
                `Windows`; or an array, `(windows, time, 3)`, g; or
                `(windows, dim)`, embeddings, for which the encoder is not used.
            y: `(windows,)`, labels of an array.
            groups: `(windows,)`, the person of each window of an array.
                Defaults to `None`: then nothing is chosen by people, there is
                no score, and the penalty is `1.0` unless `strength` is given.
            read_options: dict. Arguments of `read_recording`, or of
                `load_recordings` for folders. Defaults to `None`.

        Returns:
            The estimator itself.
        """
        self._check_arguments()
        examples = self._examples(X, y, groups, read_options)
        self._check_examples(examples)
        if isinstance(X, Windows) and self.smoothing is not None:
            warn_of_overlap(X)
        self.classes_, codes = np.unique(examples.values, return_inverse=True)
        check_has_classes(self.classes_, len(examples))
        warn_of_few_people(codes, examples.groups, self.classes_)
        self._prepare(examples)
        fitting = ClassFitting(self, examples, codes)
        self.scores_, self.evidence_ = fitting.scores()
        fitted = fitting.fit_all()
        self.head_, self.strength_ = fitted, fitted.strength
        if self.head == "fine_tune":
            self.encoder_, self.head_ = fitted.encoder, fitted.head
        self.priors_, self.transitions_ = fitting.changes()
        return self

    def predict_proba(self, X: ArrayLike | Windows) -> np.ndarray:
        """Predicts the probability of each class, without smoothing.

        Args:
            X: array, as of `fit`, or `Windows`.

        Returns:
            `(windows, classes)` float64, in the order of `classes_`.
        """
        check_is_fitted(self, "head_")
        return self._of_rows(X, self.head_.probabilities)

    def score(
        self,
        X: Labelled,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Share of windows that are right, without smoothing.

        Args:
            X: array, as of `fit`, with `y`; or labelled recordings.
            y: `(windows,)`, labels of an array.
            sample_weight: `(windows,)`. Defaults to `None`.

        Returns:
            float.
        """
        of_recordings = y is None and not is_array(X)
        X, y = self._rows_to_score(X, y)
        if not of_recordings:
            return super().score(X, y, sample_weight)
        found = self._predict_rows(X)
        y, found = comparable_texts(y, found, self.classes_)
        return float(accuracy_score(y, found, sample_weight=sample_weight))

    def saved_facts(self) -> dict[str, Any]:
        transitions = self.transitions_
        return {
            "classes": [str(name) for name in self.classes_],
            "kind_of_classes": self.classes_.dtype.kind,
            "priors": self.priors_.tolist(),
            "transitions": None
            if transitions is None
            else transitions.tolist(),
            "evidence": self.evidence_,
        }

    def take_facts(self, facts: dict[str, Any]) -> None:
        self.classes_ = np.array(facts["classes"])
        kind = facts.get("kind_of_classes")
        if kind in ("i", "u"):
            self.classes_ = self.classes_.astype(np.int64)
        elif kind == "f":
            self.classes_ = self.classes_.astype(np.float64)
        elif kind == "b":
            self.classes_ = self.classes_ == "True"
        self.priors_ = np.array(facts["priors"], "float64")
        self.transitions_ = None
        if facts["transitions"] is not None:
            self.transitions_ = np.array(facts["transitions"], "float64")
        self.evidence_ = float(facts.get("evidence", 1.0))

    def fits_together(self) -> bool:
        num_classes = len(self.classes_)
        square = (num_classes, num_classes)
        return (
            self.head_.bias.shape == self.priors_.shape == (num_classes,)
            and (self.transitions_ is None or self.transitions_.shape == square)
            and 0 < self.evidence_ <= 1
        )

    @property
    def is_smoothing(self) -> bool:
        """Whether timelines are smoothed: there may be nothing to smooth by."""
        return self.smoothing == "hmm" and self.transitions_ is not None

    @property
    def _values_of(self):
        return labels_of

    def _test(self, examples):
        return score_classifier(self, examples)

    def _own_facts(self):
        facts = {
            "Classes": ", ".join(str(name) for name in self.classes_),
            "Unknown": f"below a probability of {self.min_probability:g}",
            "Smoothing": "none",
        }
        if self.is_smoothing:
            facts["Smoothing"] = "hidden Markov model over time"
        return facts

    def _predict_rows(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _predict_recording(self, model, recording):
        return make_timeline(self, model, recording)

    def _load_encoder(self):
        output = self.output
        if output is None and self.head == "fine_tune":
            is_model = isinstance(self.encoder, keras.Model)
            output = None if is_model else "embedding"
        return load_encoder(self.encoder, output)

    def _check_arguments(self):
        check_one_of("head", self.head, HEADS)
        check_one_of("smoothing", self.smoothing, SMOOTHING)
        check_one_of("class_weight", self.class_weight, CLASS_WEIGHTS)
        check_number("min_probability", self.min_probability, least=0, most=1)
        check_whole("epochs", self.epochs)
        self._check_shared_arguments()

    def _check_examples(self, examples):
        check_classification_targets(examples.values)
        if not examples.are_windows and self.head == "fine_tune":
            raise ValueError(
                message(
                    'head="fine_tune" trains an encoder on windows.',
                    f"X of shape {examples.inputs.shape}",
                    'Pass windows, (windows, time, 3), or use head="linear".',
                )
            )
