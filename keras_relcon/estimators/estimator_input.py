"""What an estimator takes: windows, recordings, files, or embeddings."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from keras_relcon.checks import message
from keras_relcon.data import Windows
from keras_relcon.estimators.encoders import load_encoder, window_of
from keras_relcon.estimators.examples import (
    Examples,
    check_no_none,
    check_people,
    examples_of,
    is_array,
)
from keras_relcon.estimators.keeps_encoder import KeepsEncoder
from keras_relcon.evaluation.embed_input import (
    check_read_options,
    check_windows,
)
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.evaluation.preset_windows import warn_of_other_windows

PREDICTED_AT_A_TIME = 1024


class EstimatorInput(KeepsEncoder, BaseEstimator):
    """Turns what users pass into rows for a head.

    A subclass has the arguments `encoder`, `output` and `batch_size`, and once
    it is fitted `encoder_`, `None` where that was on embeddings, and
    `encoder_window_`, the rate in Hz and the samples of its windows.
    """

    encoder_: keras.Model | None

    @property
    def _values_of(self):
        """From `Windows` to their values, and where there is one."""
        raise NotImplementedError

    def _examples(self, X, y, groups, read_options, reset=True):
        """`Examples` of anything that `fit` takes; to fit on, or to test."""
        is_list = isinstance(X, (list, tuple)) and not is_array(X)
        check_read_options(read_options, X if is_list else [X])
        if is_array(X):
            X = self._checked_array(X, y=y, reset=reset)
            y = column_or_1d(y, warn=True)
            check_consistent_length(X, y)
            if y.dtype == object:
                check_no_none("`y` must have a value for each row.", y)
            if groups is not None:
                groups = np.asarray(groups)
                check_consistent_length(X, groups)
                check_people(groups)
            return Examples(X, y, groups)
        if y is not None:
            raise ValueError(
                message(
                    "`y` is for arrays: recordings bring their labels.",
                    "y",
                    "Leave it out.",
                )
            )
        if reset:
            for name in ("n_features_in_", "feature_names_in_"):  # embeddings
                self.__dict__.pop(name, None)
            encoder = self._load_encoder()
            window = window_of(encoder)
        else:
            encoder, window = self._encoder_of_preset(), self.encoder_window_
        if isinstance(X, Windows):
            check_windows(encoder, X)
        return examples_of(X, window, self._values_of, groups, read_options)

    def _checked_array(
        self, X: Any, reset: bool, y: Any = "no_validation"
    ) -> np.ndarray:
        kinds = ("float32", "float64")
        X = validate_data(self, X, y, reset=reset, allow_nd=True, dtype=kinds)
        return X[0] if isinstance(X, tuple) else X

    def _of_rows(self, X: Any, of_head: Any) -> np.ndarray:
        """Applies a method of the head to windows or embeddings."""
        if isinstance(X, Windows):
            X = self._window_array(X)
        elif not is_array(X):
            raise TypeError(
                message(
                    "Windows must be an array or `Windows`.",
                    f"{type(X).__name__}",
                    "`predict` takes recordings, files and lists of them.",
                )
            )
        X = self._checked_array(X, reset=False)
        if X.ndim == 2:
            return of_head(X)
        encoder = self._fitted_encoder()
        if not hasattr(self, "n_features_in_"):  # else as it was fitted
            rate_hz, _ = self.encoder_window_
            warn_of_other_windows(encoder, X.shape[1], rate_hz, "used", 5)
        return np.concatenate(
            [
                of_head(
                    embed_windows(
                        encoder,
                        X[first : first + PREDICTED_AT_A_TIME],
                        self.batch_size,
                    )
                )
                for first in range(0, len(X), PREDICTED_AT_A_TIME)
            ]
        )

    def _rows_to_score(self, X, y):
        """Inputs and true values of what `score` takes."""
        if y is not None or is_array(X):
            return X, y
        check_is_fitted(self, "head_")
        if isinstance(X, Windows):
            check_windows(self._encoder_of_preset(), X)
        examples = examples_of(X, self.encoder_window_, self._values_of)
        return examples.inputs, examples.values

    def _window_array(self, windows):
        """`(windows, time, 3)` of `Windows`, all of which must be valid."""
        check_windows(self._encoder_of_preset(), windows)
        num_invalid = int(np.sum(~np.asarray(windows.valid, bool)))
        if num_invalid:
            raise ValueError(
                message(
                    "Every window must be valid, without missing samples.",
                    f"{num_invalid} of {len(windows)} that are not",
                    "Pass `windows.select(windows.valid)`.",
                )
            )
        return windows.acceleration

    def _load_encoder(self):
        return load_encoder(self.encoder, self.output)

    def _fitted_encoder(self):
        if self.encoder_ is None:
            raise ValueError(
                message(
                    "An estimator that was fitted on embeddings predicts "
                    "embeddings.",
                    "windows or a recording",
                    "Fit it on windows or recordings, or embed them first.",
                )
            )
        return self.encoder_

    def _encoder_of_preset(self):
        """The one that states its windows: a fine-tuned copy does not."""
        encoder = self._fitted_encoder()
        if getattr(encoder, "preset_metadata", None) is None:
            return self._load_encoder()
        return encoder
