"""How a classifier is fitted and scored: what `MotionClassifier.fit` does."""

import warnings

import numpy as np

from keras_relcon.checks import message, some_of
from keras_relcon.estimators.fine_tuned import fit_fine_tuned
from keras_relcon.estimators.fitting import Fitting
from keras_relcon.estimators.hidden_markov import (
    SLACK,
    class_priors,
    count_transitions,
    has_changes,
)
from keras_relcon.estimators.left_out import LeftOut
from keras_relcon.estimators.linear_head import fit_linear_head
from keras_relcon.timeline.states import OTHERS

# Of fewer people little can be said about a new one.
FEWEST_PEOPLE = 3


def check_has_classes(classes, num_windows):
    """Raises a ValueError on fewer than two, or a name that says "none"."""
    taken = sorted({str(name) for name in classes} & {*OTHERS, ""})
    if taken:
        raise ValueError(
            message(
                "A class must not have a name that a timeline gives to time "
                f"without an answer: {', '.join(map(repr, OTHERS))} or empty.",
                f"windows labelled {some_of(list(map(repr, taken)))}",
                "Give them no label, or another name.",
            )
        )
    if len(classes) < 2:
        raise ValueError(
            message(
                "Labels must be of at least two classes.",
                f"{num_windows} windows of 1 class, {classes.tolist()}",
                "Add recordings with another label.",
            )
        )


def as_texts(labels, classes):
    """Labels and classes, str, of one form: of numbers `"1"` is `"1.0"`."""
    texts = [np.asarray(each).astype(str) for each in (labels, classes)]
    if classes.dtype.kind in "iuf":
        texts = [
            np.array([text.removesuffix(".0") for text in each.tolist()])
            for each in texts
        ]
    return texts


def comparable_texts(labels, found, classes):
    """Labels of recordings, and what was found, as texts of one form.

    Args:
        labels: `(windows,)` str. Where classes are numbers, `"1"` and `"1.0"`
            are one.
        found: `(windows,)`, some of `classes`.
        classes: `(classes,)`.

    Returns:
        labels and found, `(windows,)` str.

    Raises:
        ValueError: if no label is a class.
    """
    labels, names = as_texts(labels, classes)
    found, _ = as_texts(found, classes)
    if not np.isin(labels, names).any():
        raise ValueError(
            message(
                f"Labels must be classes of the model: {some_of(names)}.",
                f"{some_of(np.unique(labels))}, none of which is",
                "Use the names that it was fitted on.",
            )
        )
    return labels, found


def warn_of_few_people(codes, groups, classes):
    """Names the classes whose score says little of a new person."""
    if groups is None:
        return
    few = [
        f"{name} ({people})"
        for index, name in enumerate(classes)
        if (people := len(np.unique(groups[codes == index]))) < FEWEST_PEOPLE
    ]
    if few:
        warnings.warn(
            message(
                f"Each class needs labels of {FEWEST_PEOPLE} people or more, "
                "to say how it does on a new one.",
                f"fewer for {some_of(few)}",
                "Add people, or join classes.",
            ),
            stacklevel=3,
        )


def warn_of_overlap(windows):
    """Warns that `Windows` that overlap say nothing of changes in time."""
    steps = np.diff(np.asarray(windows.start_seconds, "float64"))
    is_next = windows.recordings[1:] == windows.recordings[:-1]
    length = windows.acceleration.shape[1]
    seconds = length / windows.sample_rate_hz
    is_over = is_next & (steps > 0) & (steps < (1 - SLACK) * seconds)
    if is_over.any():
        warnings.warn(
            message(
                "Windows must not overlap, to learn how classes change in "
                "time; between those that do, nothing is learnt.",
                f"{is_over.sum()} of {len(windows)} that reach into the next",
                f"Cut them with stride={length}, or pass smoothing=None.",
            ),
            stacklevel=3,
        )


class ClassFitting(Fitting):
    """Fits heads with the settings of a `MotionClassifier`.

    Args:
        settings: `MotionClassifier` with `encoder_`, which is `None` for rows
            that are embedded already.
        examples: `Examples`.
        codes: `(rows,)` int, classes.
    """

    def __init__(self, settings, examples, codes):
        super().__init__(settings, examples)
        self.codes = codes
        self.names = tuple(str(each) for each in settings.classes_)
        self.is_balanced = settings.class_weight == "balanced"
        self.is_fine_tuned = settings.head == "fine_tune"

    def fit_all(self):
        """Fits the head on everybody."""
        fit = self._fine_tune if self.is_fine_tuned else self._fit_linear
        return fit(self._inputs(), np.arange(len(self.codes)), self.codes)

    def changes(self):
        """Shares of the classes, and their changes in time (or `None`)."""
        num_classes = len(self.names)
        priors = class_priors(self.codes, num_classes, self.is_balanced)
        sequences = self.examples.sequences
        if not has_changes(self.codes, sequences):
            return priors, None
        return priors, count_transitions(self.codes, sequences, num_classes)

    def scores(self):
        """Scores it on people left out.

        Returns:
            `SubjectScores`, or `None` without people; and float, the evidence
            of a window in smoothing (see `smooth`), 1 where none was chosen.
        """
        evidence = 1.0
        if not self.is_scored:
            return None, evidence
        settings, sequences = self.settings, self.examples.sequences
        left_out = LeftOut(
            self.codes,
            self.examples.groups,
            self.names,
            settings.num_folds,
            settings.seed,
            self.is_balanced,
        )
        fit = self._fine_tune if self.is_fine_tuned else self._fit_linear

        def probabilities(name, inputs, fit):
            with self.fold_bar(name) as bar:
                return left_out.probabilities(inputs, fit, lambda: bar.add(1))

        found = {self.name: probabilities(self.name, self._inputs(), fit)}
        is_smoothed = has_changes(self.codes, sequences)
        if settings.smoothing is not None and is_smoothed:
            smoothed, evidence = left_out.smoothed(found[self.name], sequences)
            found[f"{self.name}, smoothed"] = smoothed
        for control, columns in self.controls():
            found[control] = probabilities(control, columns, self._fit_linear)
        return left_out.score(found), evidence

    def _inputs(self):
        """What the head is fitted on: windows, or their embeddings."""
        return self.examples.inputs if self.is_fine_tuned else self.columns()

    def _fit_linear(self, columns, rows, codes):
        rows, codes, people, weights = self.thinned(rows, codes)
        return fit_linear_head(
            columns[rows],
            codes,
            people,
            self.settings.strength,
            self.is_balanced,
            self.settings.seed,
            weights,
        )

    def _fine_tune(self, windows, rows, codes):
        rows, codes, people, weights = self.thinned(rows, codes)
        return fit_fine_tuned(
            self.settings.encoder_,
            windows[rows],
            codes,
            people,
            self.is_balanced,
            self.settings.epochs,
            self.settings.seed,
            weights,
        )
