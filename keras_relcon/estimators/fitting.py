"""How a classifier is fitted and scored: what `MotionClassifier.fit` does."""

import warnings

import numpy as np

from keras_relcon.checks import message, some_of
from keras_relcon.data.large_arrays import empty
from keras_relcon.estimators.encoders import name_of
from keras_relcon.estimators.examples import thin_rows
from keras_relcon.estimators.fine_tuned import fit_fine_tuned
from keras_relcon.estimators.hidden_markov import (
    class_priors,
    count_transitions,
    has_changes,
)
from keras_relcon.estimators.left_out import LeftOut
from keras_relcon.estimators.linear_head import fit_linear_head
from keras_relcon.evaluation.representations import make_representations

EMBEDDED_AT_A_TIME = 4096
# Of fewer people little can be said about a new one.
FEWEST_PEOPLE = 3


def check_has_classes(classes, num_windows):
    """Raises a ValueError on fewer than two classes."""
    if len(classes) < 2:
        raise ValueError(
            message(
                "Labels must be of at least two classes.",
                f"{num_windows} windows of 1 class, {classes.tolist()}",
                "Add recordings with another label.",
            )
        )


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


class Fitting:
    """Fits heads with the settings of a `MotionClassifier`.

    Args:
        settings: `MotionClassifier` with `encoder_`, which is `None` for rows
            that are embedded already.
        examples: `Examples`.
        codes: `(rows,)` int, classes.
    """

    def __init__(self, settings, examples, codes):
        self.settings = settings
        self.examples = examples
        self.codes = codes
        self.names = tuple(str(each) for each in settings.classes_)
        self.is_balanced = settings.class_weight == "balanced"
        self.is_fine_tuned = settings.head == "fine_tune"
        self._columns = None

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
        """`SubjectScores` of people left out, or `None` without people."""
        settings, examples = self.settings, self.examples
        if settings.num_subjects_ in (None, 1) or not settings.num_folds:
            return None
        left_out = LeftOut(
            self.codes,
            examples.groups,
            self.names,
            settings.num_folds,
            settings.seed,
            self.is_balanced,
        )
        name = "embeddings"
        if settings.encoder_ is not None:
            name = name_of(settings.encoder)
        fit = self._fine_tune if self.is_fine_tuned else self._fit_linear
        found = {name: left_out.probabilities(self._inputs(), fit)}
        is_smoothed = has_changes(self.codes, examples.sequences)
        if settings.smoothing is not None and is_smoothed:
            smoothed = left_out.smoothed(found[name], examples.sequences)
            found[f"{name}, smoothed"] = smoothed
        for control, represent in self._controls().items():
            columns = self._embedded(represent)
            found[control] = left_out.probabilities(columns, self._fit_linear)
        return left_out.score(found)

    def _inputs(self):
        """What the head is fitted on: windows, or their embeddings."""
        if self.is_fine_tuned or not self.examples.are_windows:
            return self.examples.inputs
        if self._columns is None:
            encoder = self.settings.encoder_
            (represent,) = self._representations(encoder, ()).values()
            self._columns = self._embedded(represent)
        return self._columns

    def _controls(self):
        settings = self.settings
        if not self.examples.are_windows or not settings.controls:
            return {}
        found = self._representations(settings.encoder_, settings.controls)
        return dict(list(found.items())[1:])  # without the encoder itself

    def _representations(self, encoder, controls):
        return make_representations(
            {name_of(self.settings.encoder): encoder},
            controls,
            self.settings.seed,
            self.settings.batch_size,
            self.examples.inputs.shape[1],
        )

    def _embedded(self, represent):
        """`(rows, columns)` float32, on disk if it is large."""
        windows, columns = self.examples.inputs, None
        for first in range(0, len(windows), EMBEDDED_AT_A_TIME):
            block = represent(windows[first : first + EMBEDDED_AT_A_TIME])
            if columns is None:
                columns = empty((len(windows), block.shape[1]), "float32")
            columns[first : first + len(block)] = block
        return columns

    def _thinned(self, rows, codes):
        """Of some rows those to fit on, their classes and their people."""
        groups = self.examples.groups
        people = None if groups is None else groups[rows]
        kept = thin_rows(codes, people, self.settings.max_windows)
        people = None if people is None else people[kept]
        return rows[kept], codes[kept], people

    def _fit_linear(self, columns, rows, codes):
        rows, codes, people = self._thinned(rows, codes)
        return fit_linear_head(
            columns[rows],
            codes,
            people,
            self.settings.strength,
            self.is_balanced,
            self.settings.seed,
        )

    def _fine_tune(self, windows, rows, codes):
        rows, codes, people = self._thinned(rows, codes)
        return fit_fine_tuned(
            self.settings.encoder_,
            windows[rows],
            codes,
            people,
            self.is_balanced,
            self.settings.epochs,
            self.settings.seed,
        )
