from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from keras_relcon.checks import check_all_finite, check_whole, message
from keras_relcon.types import Shape, Tensor

# A feature that hardly varies is not scaled up to the others.
LEAST_STD = 1e-6


@keras.saving.register_keras_serializable(package="keras_relcon")
class CompactFeatures(keras.Model):
    """Fewer features that keep most of what many say: principal components.

    A linear map, learned without labels: features are standardised, then
    turned to the directions in which they vary most.

    Args:
        dim: int, at least 1. How many are kept. Defaults to `512`.

    Call arguments:
        features: `(batch, features)`, such as those of `StageFeatures`.

    Returns:
        `(batch, dim)` float32, unitless; the first varies most. All zero
        before `adapt`.

    Raises:
        ValueError: if `dim` is no int of 1 or more, or above the number of
            features.

    Example:

    >>> compact = keras_relcon.models.CompactFeatures(512)
    >>> compact.adapt(features.predict(windows))
    >>> model = keras.Sequential([features, compact])
    """

    def __init__(self, dim: int = 512, **kwargs: Any) -> None:
        # Whatever the global policy is: see what it returns.
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        check_whole("dim", dim)
        self.dim = dim

    def build(self, input_shape: Shape) -> None:
        width = input_shape[-1]
        if self.dim > width:
            raise ValueError(
                message(
                    "`dim` must not be above the number of features.",
                    f"dim={self.dim} of {width} features",
                    "Keep fewer.",
                )
            )
        self.offset = self.add_weight(
            shape=(self.dim,),
            initializer="zeros",
            trainable=False,
            name="offset",
        )
        self.kernel = self.add_weight(
            shape=(width, self.dim),
            initializer="zeros",
            trainable=False,
            name="kernel",
        )
        self.built = True

    def adapt(self, features: ArrayLike, seed: int = 0) -> float:
        """Learns the map.

        Args:
            features: `(windows, features)` array, of at least `dim` windows.
            seed: int. Of the randomised decomposition. Defaults to `0`.

        Returns:
            float: the share of the variance of standardised features that is
            kept.

        Raises:
            ValueError: if `features` is no such array, has values that are not
                finite, or is constant.
        """
        from sklearn.decomposition import PCA  # slow to import

        features = np.asarray(features, dtype=np.float64)
        if features.ndim != 2 or len(features) < self.dim:
            raise ValueError(
                message(
                    "`features` must be (windows, features), of at least "
                    f"{self.dim} windows.",
                    f"shape {features.shape}",
                    "Take more windows, or a smaller `dim`.",
                )
            )
        check_all_finite("features", features)
        mean, std = features.mean(axis=0), features.std(axis=0)
        if not np.any(std > LEAST_STD):
            raise ValueError(
                message(
                    "`features` must differ between windows.",
                    f"{features.shape[1]} features that are constant",
                    "Check the windows: a signal at rest has no others.",
                )
            )
        if not self.built:
            self.build(features.shape)
        scale = np.where(std > LEAST_STD, 1 / np.maximum(std, LEAST_STD), 0)
        analysis = PCA(self.dim, svd_solver="randomized", random_state=seed)
        analysis.fit((features - mean) * scale)
        kernel = analysis.components_.T * scale[:, None]
        self.kernel.assign(kernel)
        self.offset.assign(-mean @ kernel)
        return float(analysis.explained_variance_ratio_.sum())

    def call(self, features: Tensor) -> Tensor:
        return ops.matmul(features, self.kernel) + self.offset

    def compute_output_shape(self, features_shape: Shape) -> Shape:
        return (*features_shape[:-1], self.dim)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dim": self.dim}

    def get_build_config(self) -> dict[str, Any]:
        return {"input_shape": (None, self.kernel.shape[0])}

    def build_from_config(self, config: dict[str, Any]) -> None:
        self.build(config["input_shape"])
