from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from keras_relcon import distributed
from keras_relcon.baselines.class_extremes import extremes, standardized
from keras_relcon.checks import check_kind, check_whole, message
from keras_relcon.losses.extreme_reconstruction import (
    extreme_reconstruction_loss,
)
from keras_relcon.models.own_loss import OwnLoss
from keras_relcon.models.parts import HasParts
from keras_relcon.types import Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class Excon(HasParts, OwnLoss, keras.Model):
    """Trains an encoder to give each window the features of an extreme.

    EXCON and, with two classes, CONTREX (Vural et al.), which need labels. Of
    each class one training window, the extreme, is farthest from the others by
    its features (`extremes`). The encoder learns to give all windows of the
    class the features of the extreme (`extreme_reconstruction_loss`); then a
    classifier is fitted on what it gives (`excon_classifier`).

    The features may be any array with a row for each window: those of catch22
    (`catch22_features`), `keras_relcon.evaluation.handmade_features`, or the
    embeddings of an encoder.

    Args:
        num_classes: int, at least 2. Labels are 0 to `num_classes - 1`.
        feature_dim: int. Number of features.
        encoder: Keras model, `(batch, time, channels)` to `(batch,
            feature_dim)`. Defaults to `None`: an LSTM of 128 units, dropout of
            a half, and a dense layer on its last step.
        standardize: bool. Whether each feature is brought to mean 0 and
            standard deviation 1 over the windows of `adapt`. Defaults to
            `True`.
        seed: int or `None`. Of the dropout. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        `(batch, feature_dim)`, unit of the features; unitless if standardised.

    Raises:
        TypeError: if `encoder` is no layer.
        ValueError: if a number is no such int, the encoder has another width,
            or `fit` is called before `adapt`.

    Differs from the paper: the released code does not standardise, and its LSTM
    runs over the windows of a batch, not over time. The paper trains with Adam
    at 1e-2, batches of 64 and 20 epochs.

    Example:

    >>> features = keras_relcon.evaluation.handmade_features(windows)
    >>> model = keras_relcon.baselines.Excon(3, features.shape[1])
    >>> model.adapt(features, labels)
    >>> model.compile(optimizer=keras.optimizers.Adam(1e-2))
    >>> model.fit(windows, labels, batch_size=64, epochs=20)
    """

    PARTS = ("encoder",)
    # Metrics compare labels with embeddings.
    UNREAD = ("loss",)

    def __init__(
        self,
        num_classes: int,
        feature_dim: int,
        encoder: keras.Model | None = None,
        standardize: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        # The signal stays in float32 under a policy of mixed precision.
        super().__init__(autocast=False, **kwargs)
        check_whole("num_classes", num_classes, least=2)
        check_whole("feature_dim", feature_dim)
        if encoder is None:
            encoder = _lstm_encoder(feature_dim, seed)
        check_kind("encoder", encoder, keras.Layer, "a Keras model, or None")
        self.num_classes = num_classes
        self.feature_dim = feature_dim
        self.encoder = encoder
        self.standardize = standardize
        self.seed = seed
        self.extremes = self.add_weight(
            (num_classes, feature_dim),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            name="extremes",
        )
        self.is_adapted = self.add_weight(
            (),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            name="is_adapted",
        )

    def build(self, input_shape: Any) -> None:
        window_shape = (None, *input_shape[1:])
        if not self.encoder.built:
            self.encoder.build(window_shape)
        width = self.encoder.compute_output_shape(window_shape)[-1]
        if width != self.feature_dim:
            raise ValueError(
                message(
                    "`encoder` must give as many numbers as there are "
                    f"features, {self.feature_dim}.",
                    f"{width} numbers",
                    "End it with a dense layer of that width.",
                )
            )
        self.built = True

    def adapt(self, features: ArrayLike, labels: ArrayLike) -> np.ndarray:
        """Finds the extremes of the training windows.

        Args:
            features: `(windows, feature_dim)`, any units.
            labels: `(windows,)` int, every class among them.

        Returns:
            `(num_classes,)` int: the rows of the extremes.

        Raises:
            ValueError: if the shapes do not fit, a class is missing, or a
                feature is not finite.
        """
        features, labels = np.asarray(features, "float64"), np.asarray(labels)
        if features.ndim != 2 or features.shape[1] != self.feature_dim:
            raise ValueError(
                message(
                    "`features` must be of shape (windows, "
                    f"{self.feature_dim}).",
                    f"shape={features.shape}",
                    "Make the model for so many features.",
                )
            )
        present = np.unique(labels)
        if not np.array_equal(present, np.arange(self.num_classes)):
            raise ValueError(
                message(
                    "`labels` must be every class, 0 to "
                    f"{self.num_classes - 1}.",
                    f"{present.tolist()}",
                    "Number the classes that there are.",
                )
            )
        rows = extremes(features, labels, self.standardize)
        if self.standardize:
            features = standardized(features)
        self.extremes.assign(features[rows].astype("float32"))
        self.is_adapted.assign(1)
        return rows

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        if not int(ops.convert_to_numpy(self.is_adapted)):
            raise ValueError(
                message(
                    "The extremes must be known before `fit`.",
                    "a model without them",
                    "Call `adapt(features, labels)` first.",
                )
            )
        return super().fit(*args, **kwargs)

    def call(self, windows: Tensor, training: bool = False) -> Tensor:
        return self.encoder(windows, training=training)

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        if sample_weight is not None:
            raise ValueError(
                message(
                    "Classes of `Excon` must count the same.",
                    "`sample_weight` or `class_weight`",
                    "Leave it out: each class counts the same, however few "
                    "members it has.",
                )
            )
        loss = extreme_reconstruction_loss(
            distributed.gather(y_pred), distributed.gather(y), self.extremes
        )
        return distributed.with_penalties(
            distributed.own_share(loss), self.losses
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "feature_dim": self.feature_dim,
            "standardize": self.standardize,
            "seed": self.seed,
        }


def excon_classifier(
    num_classes: int, seed: int | None = None
) -> keras.Sequential:
    """The classifier that EXCON and CONTREX fit on the embeddings.

    A dense layer of 256 units with ReLU, dropout of a half, and the class
    layer, of one unit with two classes (CONTREX). The paper trains it with Adam
    at 1e-3, weight decay of 1e-2 and 20 epochs.

    Args:
        num_classes: int, at least 2.
        seed: int or `None`. Of the dropout. Defaults to `None`.

    Returns:
        `keras.Sequential`, `(batch, dim)` to probabilities: `(batch,
        num_classes)`, or `(batch, 1)`, of class 1, with two classes.

    Raises:
        ValueError: if `num_classes` is no such int.
    """
    check_whole("num_classes", num_classes, least=2)
    last = keras.layers.Dense(num_classes, activation="softmax")
    if num_classes == 2:
        last = keras.layers.Dense(1, activation="sigmoid")
    return keras.Sequential(
        [
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dropout(0.5, seed=seed),
            last,
        ],
        name="excon_classifier",
    )


def _lstm_encoder(feature_dim, seed):
    return keras.Sequential(
        [
            keras.layers.LSTM(128),
            keras.layers.Dropout(0.5, seed=seed),
            keras.layers.Dense(feature_dim),
        ],
        name="excon_encoder",
    )
