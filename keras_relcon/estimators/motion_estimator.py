"""What the estimators of motion have in common: an encoder, then a head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Self, TypeAlias, TypeVar, overload

import keras
import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import (
    check_is_fitted,
)

from keras_relcon.checks import (
    check_number,
    check_one_of,
    check_whole,
    message,
)
from keras_relcon.data import Recording, Windows
from keras_relcon.estimators.encoders import name_of, window_of
from keras_relcon.estimators.estimator_input import EstimatorInput
from keras_relcon.estimators.examples import (
    is_array,
    is_one,
)
from keras_relcon.estimators.linear_head import LinearHead
from keras_relcon.estimators.new_people import check_are_new
from keras_relcon.estimators.predicting import (
    EncoderAndHead,
    each_of_list,
    each_with_windows,
    warn_of_placements,
)
from keras_relcon.estimators.saved_estimator import (
    check_is_free,
    load_into,
    save_estimator,
)
from keras_relcon.estimators.subject_hashes import hash_subjects, known_of
from keras_relcon.evaluation.embed_input import (
    check_read_options,
    each_recording,
)
from keras_relcon.evaluation.leaks import check_names_apart
from keras_relcon.evaluation.preset_windows import warn_of_other_windows
from keras_relcon.kept_files import check_can_write
from keras_relcon.models.chain import chain
from keras_relcon.types import PathLike
from keras_relcon.version import __version__

Labelled: TypeAlias = (
    Recording | Sequence[Recording | PathLike] | Windows | ArrayLike | PathLike
)
Source = TypeVar("Source", bound=Recording | PathLike)
Found = TypeVar("Found")  # of a recording


class MotionEstimator(EstimatorInput, Generic[Found]):
    """Base of `MotionClassifier` and `MotionRegressor`.

    A subclass fits `head_`, a `LinearHead`, and says what a saved one holds
    beside it (`saved_facts`, `take_facts`, `fits_together`).

    Class attributes:
        kind: str, as in the name of the file that describes a saved one.
        kind_of_scores: class of `scores_` and `test_scores_`.
        saved_settings: tuple of str, arguments of the constructor that are
            saved; the encoder is told by itself.
        activation: str or `None`, of the head in `to_keras`.
    """

    kind: str = ""
    kind_of_scores: Any = None
    activation: str | None = None
    saved_settings: tuple[str, ...] = ()

    scores_: Any
    test_scores_: Any
    strength_: float
    num_subjects_: int | None
    placements_: tuple[str, ...]
    head_: LinearHead

    @overload
    def predict(
        self, X: np.ndarray | Windows, read_options: None = None
    ) -> np.ndarray: ...

    @overload
    def predict(
        self, X: Recording | PathLike, read_options: None = None
    ) -> Found: ...

    @overload
    def predict(
        self, X: list[Source], read_options: Mapping[str, Any] | None = None
    ) -> list[Found]: ...

    @overload  # With some options a file is several recordings.
    def predict(
        self,
        X: Recording | PathLike,
        read_options: Mapping[str, Any] | None = None,
    ) -> Found | Any: ...

    def predict(
        self, X: Any, read_options: Mapping[str, Any] | None = None
    ) -> Any:
        """Predicts windows or recordings.

        Args:
            X: array, as of `fit`; or `Windows`; or a recording or the path of
                one, or a list of these.
            read_options: dict. Arguments of `read_recording` for paths.
                Defaults to `None`.

        Returns:
            `(windows,)` of an array or `Windows`. A table in time of a
            recording or a path (see the class), a list of them of a list, or
            of a file that is read as several recordings.
        """
        check_is_fitted(self, "head_")
        if is_one(X):
            found = list(self.each_timeline(X, read_options))
            return found[0] if len(found) == 1 else found
        if isinstance(X, (list, tuple)) and not is_array(X):
            return list(self.each_timeline(X, read_options))
        check_read_options(read_options, [X])
        return self._predict_rows(X)

    def each_timeline(
        self,
        X: Recording | PathLike | Sequence[Recording | PathLike],
        read_options: Mapping[str, Any] | None = None,
    ) -> Iterator[Found]:
        """Yields what `predict` returns of each recording or path.

        A file is read when it is its turn, so that one is in memory. Of files
        that are split where their clock changes, parts without a window are
        left out, with a warning.

        Raises:
            ValueError: if a recording has no window; of a list it is named.
        """
        check_is_fitted(self, "head_")
        model = EncoderAndHead(
            self._fitted_encoder(), self.head_, self.activation
        )

        def predict(recording):
            return self._predict_recording(model, recording)

        recordings = each_recording(X, read_options)
        if (read_options or {}).get("on_clock_change") == "split":
            yield from each_with_windows(recordings, predict)
        elif is_one(X):
            yield from map(predict, recordings)
        else:
            yield from each_of_list(recordings, predict)

    def evaluate(
        self,
        X: Labelled,
        y: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        read_options: Mapping[str, Any] | None = None,
    ) -> Any:
        """Scores it on new people, and keeps the scores as `test_scores_`.

        They are saved with it, and what it says of a new person (`facts`) is
        by them from then on. Choose nothing by them.

        Args:
            X, y, read_options: as of `fit`.
            groups: `(windows,)`, the person of each window of an array;
                recordings name theirs.

        Returns:
            `SubjectScores` of a classifier, `NumberScores` of a regressor.

        Raises:
            ValueError: if it was fitted on one of the people, nobody says who
                they are, or a label is none of its classes.
        """
        check_is_fitted(self, "head_")
        examples = self._examples(X, y, groups, read_options, reset=False)
        check_are_new(self, examples.groups)
        warn_of_placements(self, examples.placements)
        self.test_scores_ = self._test(examples)
        return self.test_scores_

    def to_keras(self) -> keras.Model:
        """Returns one `keras.Model` from windows to what the head gives.

        It can be exported to a phone by `keras_relcon.presets.export_encoder`.

        Returns:
            `keras.Model` from `(batch, time, 3)`, g, to float32:
            `(batch, classes)` probabilities in the order of `classes_`, or
            `(batch, 1)` numbers.
        """
        check_is_fitted(self, "head_")
        encoder = self._fitted_encoder()
        model = chain([encoder, *self.head_.layers(self.activation)])
        stated = self._encoder_of_preset()
        model.preset_metadata = getattr(stated, "preset_metadata", None)
        return model

    def seen(self, subjects: Sequence[str]) -> list[str]:
        """Which of some people it was fitted on, to find a leak.

        Their names are not kept, but salted hashes of them.

        Args:
            subjects: sequence of str.

        Returns:
            list of str.

        Raises:
            TypeError: if it is a single name.
        """
        check_is_fitted(self, "head_")
        return known_of(subjects, self.subject_hashes_)

    def facts(self) -> dict[str, str]:
        """What a reader of its answers wants to know, dict of str to str."""
        check_is_fitted(self, "head_")
        people = "an unknown number of people"
        if self.num_subjects_ is not None:
            number = self.num_subjects_
            people = "one person" if number == 1 else f"{number} people"
        facts = {
            "Encoder": self.encoder_name_,
            "Fitted on": f"labels of {people}",
        }
        if self.placements_:
            facts["Worn at"] = ", ".join(self.placements_)
        scores = self.test_scores_ or self.scores_
        if scores is not None:
            facts["What to expect"] = scores.sentence()
        return {
            **facts,
            **self._own_facts(),
            "Software": f"keras_relcon {__version__}",
        }

    def save(
        self,
        directory: PathLike,
        overwrite: bool = False,
        has_encoder: bool = True,
    ) -> Path:
        """Writes the estimator, for `load` on any backend.

        The directory holds `classifier.json` or `regressor.json` (the score,
        the settings, salted hashes of the subjects' names, versions),
        `head.npz`, and the preset of the encoder in `encoder/`. Nothing in it
        is ever executed.

        Args:
            directory: str or path.
            overwrite: bool. Whether one that is there may be replaced.
                Defaults to `False`.
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
        return save_estimator(self, directory, overwrite, has_encoder)

    def check_output(
        self, directory: PathLike, overwrite: bool = False
    ) -> None:
        """Raises what `fit` would raise of the arguments, and `save` of the
        directory, before the work.
        """
        self._check_arguments()
        self._load_encoder()
        check_is_free(directory, overwrite)
        check_can_write(directory)

    @classmethod
    def load(cls, name_or_directory: PathLike) -> Self:
        """Loads what `save` wrote, or one of the package.

        Args:
            name_or_directory: str or path.

        Returns:
            A fitted estimator of this class.

        Raises:
            ValueError: if there is none, it is damaged, or a newer version
                wrote it.
        """
        return load_into(cls(), name_or_directory)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    @property
    def row_name(self) -> str:
        """What a table of scores calls it."""
        return "embeddings" if self.encoder_ is None else self.encoder_name_

    def _test(self, examples):
        """Scores of `Examples` of new people."""
        raise NotImplementedError

    def _check_arguments(self):
        raise NotImplementedError

    def _prepare(self, examples):
        """Sets what every estimator keeps of what it is fitted on."""
        self.test_scores_ = None
        self.placements_ = examples.placements
        self.num_subjects_ = None
        if examples.groups is not None:
            check_names_apart(examples.groups)
            self.num_subjects_ = len(np.unique(examples.groups))
        self.subject_hashes_ = hash_subjects(examples.groups)
        self.encoder_, self.encoder_name_ = None, "none, of embeddings"
        if examples.are_windows:
            self.encoder_ = self._load_encoder()
            self.encoder_name_ = name_of(self.encoder)
            # Kept apart from the encoder, whose copies lose their preset.
            self.encoder_window_ = window_of(self.encoder_)
            rate_hz, length = self.encoder_window_[0], examples.inputs.shape[1]
            if getattr(self.encoder_, "preset_metadata", None) is None:
                rate_hz = examples.sample_rate_hz or rate_hz
                self.encoder_window_ = rate_hz, length
            self.window_ = rate_hz, length
            warn_of_other_windows(self.encoder_, length, rate_hz, "fitted", 4)

    def _check_shared_arguments(self):
        check_whole("num_folds", self.num_folds, least=0)
        if self.num_folds == 1:
            raise ValueError(
                message(
                    "`num_folds` must be at least 2, or 0 for no score.",
                    {"num_folds": self.num_folds},
                    "Leave it out for five folds of people.",
                )
            )
        check_whole("seed", self.seed, least=0)
        check_whole("max_windows", self.max_windows)
        check_whole("batch_size", self.batch_size)
        check_one_of("verbose", self.verbose, (True, False, "auto"))
        if self.strength is not None:
            check_number("strength", self.strength, above=0)
