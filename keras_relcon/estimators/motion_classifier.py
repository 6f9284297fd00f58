import keras
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from keras_relcon.checks import (
    check_number,
    check_one_of,
    check_whole,
    message,
)
from keras_relcon.estimators.encoders import (
    load_encoder,
    name_of,
    window_of,
)
from keras_relcon.estimators.examples import (
    Examples,
    examples_of,
    is_array,
    is_one,
)
from keras_relcon.estimators.fitting import (
    Fitting,
    check_has_classes,
    warn_of_few_people,
)
from keras_relcon.estimators.predicting import make_timeline
from keras_relcon.estimators.saved_classifier import (
    check_is_free,
    load_into,
    save_classifier,
)
from keras_relcon.estimators.subject_hashes import hash_subjects, known_of
from keras_relcon.evaluation.embed import each_recording
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.version import __version__

HEADS = ("linear", "fine_tune")
SMOOTHING = ("hmm", None)
CLASS_WEIGHTS = (None, "balanced")
PREDICTED_AT_A_TIME = 4096


class MotionClassifier(ClassifierMixin, BaseEstimator):
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
            `"wide"`, `"features"` and `"embedding"` that the preset has; with
            `head="fine_tune"` `"embedding"`.
        head: `"linear"` or `"fine_tune"`. The latter takes minutes to hours
            on a CPU, and labels of many people to be worth it. Defaults to
            `"linear"`.
        strength: float. Of the head's penalty, in multiples of the number of
            columns. Defaults to `None`: chosen by people left out.
        class_weight: `None` or `"balanced"`. Defaults to `None`.
        smoothing: `"hmm"` or `None`. Whether timelines are smoothed by a
            hidden Markov model, whose changes from class to class are those of
            the labels. Where no label changes within a recording there is
            nothing to learn of changes, and no smoothing. Defaults to
            `"hmm"`.
        min_probability: float. Windows of a timeline whose class has a lower
            probability are `"unknown"`. Defaults to `0.5`.
        num_folds: int. Folds of people for the score; `0` for no score.
            Defaults to `5`.
        controls: sequence of `"untrained"` and `"handmade"`: the same encoder
            with freshly drawn weights and hand-made features, scored beside.
            Defaults to both.
        max_windows: int. Defaults to `10_000`.
        epochs: int. At most, of `head="fine_tune"`. Defaults to `20`.
        batch_size: int. Windows per forward pass. Defaults to `256`.
        seed: int. Deals people to folds. Defaults to `0`.

    Attributes:
        classes_: `(classes,)`, sorted.
        scores_: `SubjectScores` of people left out, or `None` where there are
            no `groups` or `num_folds=0`.
        strength_: float, the penalty.
        num_subjects_: int, or `None` where nobody says.
        placements_: tuple of str, where the devices were worn.
        transitions_: `(classes, classes)` float64, `priors_`: `(classes,)`,
            of the hidden Markov model; the former is `None` where there is
            nothing to smooth by.
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

    def __init__(
        self,
        encoder="relcon_small",
        output=None,
        head="linear",
        strength=None,
        class_weight=None,
        smoothing="hmm",
        min_probability=0.5,
        num_folds=5,
        controls=("untrained", "handmade"),
        max_windows=10_000,
        epochs=20,
        batch_size=256,
        seed=0,
    ):
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

    def fit(self, X, y=None, groups=None, read_options=None):
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
        self.classes_, codes = np.unique(examples.labels, return_inverse=True)
        check_has_classes(self.classes_, len(examples))
        warn_of_few_people(codes, examples.groups, self.classes_)
        self.placements_ = examples.placements
        self.num_subjects_ = None
        if examples.groups is not None:
            self.num_subjects_ = len(np.unique(examples.groups))
        self.subject_hashes_ = hash_subjects(examples.groups)
        self.encoder_ = None
        if examples.are_windows:
            self.encoder_ = self._load_encoder()
            rate_hz, _ = window_of(self.encoder_)
            self.window_ = rate_hz, examples.inputs.shape[1]
        fitting = Fitting(self, examples, codes)
        self.scores_ = fitting.scores()
        fitted = fitting.fit_all()
        self.head_, self.strength_ = fitted, fitted.strength
        if self.head == "fine_tune":
            self.encoder_, self.head_ = fitted.encoder, fitted.head
        self.priors_, self.transitions_ = fitting.changes()
        return self

    def predict(self, X, read_options=None):
        """Predicts a class for each window.

        Args:
            X: array, as of `fit`; or `Windows`; or a recording or the path of
                one, or a list of these.
            read_options: dict. Arguments of `read_recording` for paths.
                Defaults to `None`.

        Returns:
            `(windows,)`, of the kind of `classes_`, of an array or `Windows`.
            `Timeline` of a recording or a path, a list of them of a list, or
            of a file that is read as several recordings.
        """
        check_is_fitted(self, "head_")
        if is_one(X):
            found = list(self.each_timeline(X, read_options))
            return found[0] if len(found) == 1 else found
        if isinstance(X, (list, tuple)) and not is_array(X):
            return list(self.each_timeline(X, read_options))
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def each_timeline(self, X, read_options=None):
        """Yields the `Timeline` of each recording or path; see `predict`.

        A file is read when it is its turn, so that one is in memory.
        """
        check_is_fitted(self, "head_")
        model = self._keras_model()
        for recording in each_recording(X, read_options):
            yield make_timeline(self, model, recording)

    def predict_proba(self, X):
        """Predicts the probability of each class, without smoothing.

        Args:
            X: array, as of `fit`, or `Windows`.

        Returns:
            `(windows, classes)` float64, in the order of `classes_`.
        """
        check_is_fitted(self, "head_")
        X = self._checked_array(getattr(X, "acceleration", X), reset=False)
        if X.ndim == 2:
            return self.head_.probabilities(X)
        encoder = self._fitted_encoder()
        blocks = []
        for first in range(0, len(X), PREDICTED_AT_A_TIME):
            block = X[first : first + PREDICTED_AT_A_TIME]
            embedded = embed_windows(encoder, block, self.batch_size)
            blocks.append(self.head_.probabilities(embedded))
        return np.concatenate(blocks)

    def score(self, X, y=None, sample_weight=None):
        """Share of windows that are right, without smoothing.

        Args:
            X: array, as of `fit`, with `y`; or labelled recordings.
            y: `(windows,)`, labels of an array.
            sample_weight: `(windows,)`. Defaults to `None`.

        Returns:
            float.
        """
        if y is None and not is_array(X):
            check_is_fitted(self, "head_")
            examples = examples_of(X, window_of(self._fitted_encoder()))
            X, y = examples.inputs, examples.labels
        return super().score(X, y, sample_weight)

    def to_keras(self):
        """Returns one `keras.Model` from windows to class probabilities.

        It can be exported to a phone by `keras_relcon.presets.export_encoder`.

        Returns:
            `keras.Model` from `(batch, time, 3)`, g, to `(batch, classes)`
            float32, in the order of `classes_`.
        """
        check_is_fitted(self, "head_")
        encoder = self._fitted_encoder()
        model = keras.Sequential([encoder, *self.head_.layers()])
        model.preset_metadata = getattr(encoder, "preset_metadata", None)
        return model

    def __getstate__(self):
        state = super().__getstate__()
        return {k: v for k, v in state.items() if k != "_made"}

    def _keras_model(self):
        """`to_keras`, made once: each backend compiles it at its first call."""
        parts = self._fitted_encoder(), self.head_
        made = getattr(self, "_made", None)
        if made is None or made[0] is not parts[0] or made[1] is not parts[1]:
            self._made = made = (*parts, self.to_keras())
        return made[2]

    def seen(self, subjects):
        """Which of some people it was fitted on, to find a leak.

        Their names are not kept, but salted hashes of them.

        Args:
            subjects: sequence of str.

        Returns:
            list of str.
        """
        check_is_fitted(self, "head_")
        return known_of(subjects, self.subject_hashes_)

    def facts(self):
        """What a reader of its answers wants to know, dict of str to str."""
        check_is_fitted(self, "head_")
        people = "an unknown number of"
        if self.num_subjects_ is not None:
            people = str(self.num_subjects_)
        facts = {
            "Encoder": name_of(self.encoder),
            "Fitted on": f"labels of {people} people",
            "Classes": ", ".join(str(name) for name in self.classes_),
        }
        if self.placements_:
            facts["Worn at"] = ", ".join(self.placements_)
        if self.scores_ is not None:
            facts["What to expect"] = self.scores_.sentence()
        facts["Unknown"] = f"below a probability of {self.min_probability:g}"
        if self.smoothing == "hmm" and self.transitions_ is not None:
            facts["Smoothing"] = "hidden Markov model over time"
        else:
            facts["Smoothing"] = "none"
        facts["Software"] = f"keras_relcon {__version__}"
        return facts

    def save(self, directory, overwrite=False, has_encoder=True):
        """Writes the classifier, for `load` on any backend.

        The directory holds `classifier.json` (the classes, the score, the
        settings, salted hashes of the subjects' names, versions), `head.npz`,
        and the preset of the encoder in `encoder/`. Nothing in it is ever
        executed.

        Args:
            directory: str or path.
            overwrite: bool. Whether a classifier that is there may be
                replaced. Defaults to `False`.
            has_encoder: bool. Whether the preset is copied into it; `False`
                for a preset that comes with the package. Defaults to `True`.

        Returns:
            `Path`.

        Raises:
            FileExistsError: if there is something else, or no `overwrite`.
            NotFittedError: if it is not fitted.
            ValueError: if it was fitted on embeddings.
        """
        check_is_fitted(self, "head_")
        return save_classifier(self, directory, overwrite, has_encoder)

    def check_output(self, directory, overwrite=False):
        """Raises what `save` would raise of the directory, before the work."""
        check_is_free(directory, overwrite)

    @classmethod
    def load(cls, name_or_directory):
        """Loads a classifier that `save` wrote, or one of the package.

        Args:
            name_or_directory: str or path.

        Returns:
            `MotionClassifier`, fitted.

        Raises:
            ValueError: if there is none, it is damaged, or a newer version
                wrote it.
        """
        return load_into(cls(), name_or_directory)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _load_encoder(self):
        output = self.output
        if output is None and self.head == "fine_tune":
            is_model = isinstance(self.encoder, keras.Model)
            output = None if is_model else "embedding"
        return load_encoder(self.encoder, output)

    def _fitted_encoder(self):
        if self.encoder_ is None:
            raise ValueError(
                message(
                    "A classifier that was fitted on embeddings predicts "
                    "embeddings.",
                    "windows or a recording",
                    "Fit it on windows or recordings, or embed them first.",
                )
            )
        return self.encoder_

    def _check_arguments(self):
        check_one_of("head", self.head, HEADS)
        check_one_of("smoothing", self.smoothing, SMOOTHING)
        check_one_of("class_weight", self.class_weight, CLASS_WEIGHTS)
        check_number("min_probability", self.min_probability, least=0, most=1)
        check_whole("num_folds", self.num_folds, least=0)
        check_whole("max_windows", self.max_windows)
        check_whole("epochs", self.epochs)
        check_whole("batch_size", self.batch_size)
        if self.strength is not None:
            check_number("strength", self.strength, above=0)

    def _examples(self, X, y, groups, read_options):
        if is_array(X):
            return self._array_examples(X, y, groups)
        if y is not None:
            raise ValueError(
                message(
                    "`y` is for arrays: recordings bring their labels.",
                    "y",
                    "Leave it out.",
                )
            )
        window = window_of(self._load_encoder())
        return examples_of(X, window, groups, read_options)

    def _array_examples(self, X, y, groups):
        X = self._checked_array(X, y=y, reset=True)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        check_consistent_length(X, y)
        if groups is not None:
            groups = np.asarray(groups)
            check_consistent_length(X, groups)
        if X.ndim == 2 and self.head == "fine_tune":
            raise ValueError(
                message(
                    'head="fine_tune" trains an encoder on windows.',
                    f"X of shape {X.shape}",
                    'Pass windows, (windows, time, 3), or use head="linear".',
                )
            )
        return Examples(X, y, groups)

    def _checked_array(self, X, reset, y="no_validation"):
        kinds = ("float32", "float64")
        X = validate_data(self, X, y, reset=reset, allow_nd=True, dtype=kinds)
        return X[0] if isinstance(X, tuple) else X
