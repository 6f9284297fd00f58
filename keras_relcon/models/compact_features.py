from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from keras_relcon.checks import check_whole, message
from keras_relcon.models.feature_maps import (
    FeatureMap,
    in_eight_bits,
    standardised,
)
from keras_relcon.types import Shape, Tensor

# Among which neighbours choose, if so many are not kept.
NUM_COMPONENTS = 2048


@keras.saving.register_keras_serializable(package="keras_relcon")
class CompactFeatures(FeatureMap):
    """Fewer features that keep most of what many say.

    A linear map, learned without labels from standardised features. From
    windows alone it gives principal components, the directions in which they
    vary most. With a neighbour in time of each window it gives the directions
    that vary most for what they vary between neighbours, who mostly do the
    same thing:

    ```
    total @ u = ratio * (within + mean(diag(within)) * I) @ u
    ```

    `total` is the covariance of 2,048 principal components, or as many as
    there are, and `within` that of the differences of neighbours over the root
    of 2. The directions of the greatest ratios are kept, `u` being scaled to
    `u' (within + ...) u = 1`: the less neighbours differ in a direction, the
    more it counts. Last, the directions are rotated at random, so that they
    keep their weights where a head standardises its columns. This is the
    within-class covariance normalisation of Hatch, Kajarekar and Stolcke
    (Interspeech, 2006) with neighbours in place of a class.

    The directions are kept in int8, so that presets have room for them.

    Args:
        dim: int, at least 1. How many are kept. Defaults to `512`.

    Call arguments:
        features: `(batch, features)`, such as those of `StageFeatures`.

    Returns:
        `(batch, dim)` float32, unitless. Of principal components the first
        varies most. All zero before `adapt`.

    Raises:
        ValueError: if `dim` is no int of 1 or more, or above the number of
            features.

    Differs from the paper: neighbours in time, not classes; shrinkage; a last
    rotation.

    Example:

    >>> compact = keras_relcon.models.CompactFeatures(512)
    >>> compact.adapt(features.predict(windows), features.predict(later))
    >>> model = keras.Sequential([features, compact])
    """

    def __init__(self, dim: int = 512, **kwargs: Any) -> None:
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
        self.add_standardisation(width, self.dim)
        self.steps = self.add_fixed("steps", (self.dim,))
        self.built = True

    def adapt(
        self,
        features: ArrayLike,
        neighbours: ArrayLike | None = None,
        seed: int = 0,
    ) -> float:
        """Learns the map.

        Args:
            features: `(windows, features)` array, of at least `dim` windows.
            neighbours: the same, of another window soon before or after each
                of these; `None` for principal components. Defaults to `None`.
            seed: int. Of the randomised decomposition and the rotation.
                Defaults to `0`.

        Returns:
            float: the share that is kept of the variance of standardised
            features, or of the ratios of their principal components.

        Raises:
            ValueError: if `features` is no such array, has values that are not
                finite, or is constant, or `neighbours` are not like it.
        """
        values, mean, scale = standardised(features, neighbours, self.dim)
        if not self.built:
            self.build(values.shape)
        if neighbours is None:
            directions, share = _principal(values, self.dim, seed)
        else:
            directions, share = _steady(values, self.dim, seed)
        rounded, steps = in_eight_bits(directions)
        self.mean.assign(mean)
        self.scale.assign(scale)
        self.directions.assign(rounded)
        self.steps.assign(steps)
        return share

    def call(self, features: Tensor) -> Tensor:
        values = self.standardise(features)
        return ops.matmul(values, self.float_directions()) * self.steps

    def compute_output_shape(self, features_shape: Shape) -> Shape:
        return (*features_shape[:-1], self.dim)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dim": self.dim}


def _principal(features, dim, seed):
    """Directions, `(features, dim)`, and their share of the variance."""
    from sklearn.decomposition import PCA  # slow to import

    analysis = PCA(dim, svd_solver="randomized", random_state=seed)
    analysis.fit(features)
    share = float(analysis.explained_variance_ratio_.sum())
    return analysis.components_.T, share


def _steady(features, dim, seed):
    """Directions, `(features, dim)`, that vary little between neighbours.

    Args:
        features: `(2 * windows, features)`, standardised; neighbours after
            the windows, in their order.
        dim, seed: int.
    """
    from scipy.linalg import eigh

    num_windows = len(features) // 2
    num_components = min(max(NUM_COMPONENTS, dim), *features.shape)
    components, _ = _principal(features, num_components, seed)
    scores = features @ components
    changes = scores[:num_windows] - scores[num_windows:]
    within = changes.T @ changes / (2 * num_windows)
    total = scores.T @ scores / len(scores)
    within += np.trace(within) / num_components * np.eye(num_components)
    ratios, directions = eigh(total, within)
    rotation, _ = np.linalg.qr(
        np.random.default_rng(seed).normal(size=(dim, dim))
    )
    kept = directions[:, ::-1][:, :dim] @ rotation
    return components @ kept, float(ratios[-dim:].sum() / ratios.sum())
