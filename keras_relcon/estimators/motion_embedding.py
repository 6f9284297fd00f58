from typing import Any, Self

import keras
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from keras_relcon.checks import check_whole
from keras_relcon.estimators.encoders import load_encoder
from keras_relcon.estimators.keeps_encoder import KeepsEncoder
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.presets.from_preset import Output
from keras_relcon.types import PathLike


class MotionEmbedding(KeepsEncoder, TransformerMixin, BaseEstimator):
    """Embeddings of windows, as a transformer of scikit-learn.

    Nothing is fitted: the encoder was pretrained. It may stand at the head of
    a `Pipeline`, before any classifier or clustering of scikit-learn. For whole
    recordings use `keras_relcon.evaluation.embed`.

    Args:
        encoder: str or path, as of `keras_relcon.presets.from_preset`, or a
            `keras.Model`. Defaults to `"relcon_small"`.
        output: str, as of `from_preset`. Defaults to `None`: the first of
            `"steady"`, `"wide"`, `"features"` and `"embedding"` that the
            preset has.
        batch_size: int. Windows per forward pass. Defaults to `256`.

    Attributes:
        encoder_: `keras.Model`.
        n_features_out_: int. Columns of an embedding.

    Raises:
        TypeError, ValueError: at `fit`, if there is no such preset; at
            `transform`, if an array is no windows, or one is not finite.

    Example:
    ```python
    pipeline = make_pipeline(
        keras_relcon.MotionEmbedding(), StandardScaler(), KMeans(5)
    )
    clusters = pipeline.fit_predict(windows.acceleration)
    ```
    """

    def __init__(
        self,
        encoder: PathLike | keras.Model = "relcon_small",
        output: Output | None = None,
        batch_size: int = 256,
    ) -> None:
        self.encoder = encoder
        self.output = output
        self.batch_size = batch_size

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Loads the encoder.

        Args:
            X: `(windows, time, 3)`, g.
            y: Ignored.

        Returns:
            The estimator itself.
        """
        check_whole("batch_size", self.batch_size)
        self.encoder_ = load_encoder(self.encoder, self.output)
        # Not `transform`, which may name columns that are not known yet.
        first = embed_windows(self.encoder_, np.asarray(X)[:1], self.batch_size)
        self.n_features_out_ = first.shape[1]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Embeds windows.

        Args:
            X: `(windows, time, 3)`, g.

        Returns:
            `(windows, dim)` float32.
        """
        check_is_fitted(self, "encoder_")
        return embed_windows(self.encoder_, X, self.batch_size)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: `motionembedding0`, and so on."""
        check_is_fitted(self, "n_features_out_")
        name = type(self).__name__.lower()
        names = [f"{name}{index}" for index in range(self.n_features_out_)]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
