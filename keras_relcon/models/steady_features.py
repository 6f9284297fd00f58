import math
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from keras_relcon.checks import check_number, check_whole, message
from keras_relcon.models.feature_maps import (
    FeatureMap,
    in_eight_bits,
    standardised,
)
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class SteadyFeatures(FeatureMap):
    """Features without most of what changes from one window to the next.

    Windows that follow each other within seconds mostly show the same
    activity, so what differs between them is of little use to tell activities
    apart. Learned without labels from pairs of such neighbours: features are
    standardised, `z`, and damped in the `num_directions` directions in which
    neighbours differ most,

    ```
    out = R (z + V (s - 1) V^T z),    s_i = sqrt(c / (l_i + c))
    ```

    `l_i` and the columns of `V` are eigenvalues and eigenvectors of the
    covariance of the differences of neighbours over the root of 2, and `c` is
    `shrinkage` times the mean of its diagonal. `R` is a random rotation, so
    that what is damped stays so where a head standardises its columns; of two
    small ones, of the rows and the columns of a rectangle that holds the
    features and, at its end, a few zeros. `V` is kept in int8, so that presets
    have room for it. With all directions this is the within-class covariance
    normalisation of Hatch, Kajarekar and Stolcke (Interspeech, 2006), apart
    from a factor and the rotation; with few it is a soft form of the nuisance
    attribute projection of Solomonoff, Campbell and Boardman (ICASSP, 2005).

    Args:
        num_directions: int, at least 1. How many are damped. Defaults to
            `320`.
        shrinkage: float, above 0. The less, the more is damped. Defaults to
            `4.0`.

    Call arguments:
        features: `(batch, features)`, such as those of `StageFeatures`.

    Returns:
        `(batch, columns)` float32, unitless; as many columns as features or,
        so that they fill a rectangle, a few more. All zero before `adapt`.

    Raises:
        ValueError: if `num_directions` is no int of 1 or more, or above the
            number of features, or `shrinkage` is not above 0.

    Differs from the paper: neighbours in time, not classes or sessions; all
    features are kept; a last rotation.

    Example:

    >>> steady = keras_relcon.models.SteadyFeatures(100)
    >>> steady.adapt(features.predict(windows), features.predict(later))
    >>> model = keras.Sequential([features, steady])
    """

    def __init__(
        self,
        num_directions: int = 320,
        shrinkage: float = 4.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_whole("num_directions", num_directions)
        check_number("shrinkage", shrinkage, above=0)
        self.num_directions = num_directions
        self.shrinkage = shrinkage

    def build(self, input_shape: Shape) -> None:
        width = input_shape[-1]
        if self.num_directions > width:
            raise ValueError(
                message(
                    "`num_directions` must not be above the number of "
                    "features.",
                    f"num_directions={self.num_directions} of {width} features",
                    "Damp fewer.",
                )
            )
        self.add_standardisation(width, self.num_directions)
        self.damping = self.add_fixed("damping", (self.num_directions,))
        rows, columns = _square(width)
        self.rows = self.add_fixed("rows", (rows, rows))
        self.columns = self.add_fixed("columns", (columns, columns))
        self.built = True

    def adapt(
        self, features: ArrayLike, neighbours: ArrayLike, seed: int = 0
    ) -> float:
        """Learns the map.

        Args:
            features: `(windows, features)` array, of at least
                `num_directions` windows.
            neighbours: the same, of another window soon before or after each
                of these.
            seed: int. Of the randomised decomposition and the rotation.
                Defaults to `0`.

        Returns:
            float: the share of the differences of neighbours that is in the
            damped directions.

        Raises:
            ValueError: if `features` is no such array, has values that are not
                finite, or is constant, `neighbours` are not like it, or all
                neighbours are equal.
        """
        from sklearn.utils.extmath import randomized_svd  # slow to import

        values, mean, scale = standardised(
            features, neighbours, self.num_directions
        )
        num_windows = len(values) // 2
        changes = values[:num_windows] - values[num_windows:]
        changes /= np.sqrt(2 * num_windows)
        total = float(np.sum(changes**2))
        if not total > 0:
            raise ValueError(
                message(
                    "`neighbours` must differ from their windows.",
                    "features that are equal to those of the neighbours",
                    "Take windows that begin later.",
                )
            )
        if not self.built:
            self.build(values.shape)
        _, sizes, directions = randomized_svd(
            changes, self.num_directions, random_state=seed
        )
        variances = sizes**2
        least = self.shrinkage * total / len(mean)
        self.mean.assign(mean)
        self.scale.assign(scale)
        rounded, steps = in_eight_bits(directions.T)
        self.directions.assign(rounded)
        damping = np.sqrt(least / (variances + least)) - 1
        self.damping.assign(damping * steps**2)
        generator = np.random.default_rng(seed)
        for part in (self.rows, self.columns):
            normal = generator.normal(size=part.shape)
            part.assign(np.linalg.qr(normal)[0])
        return float(variances.sum() / total)

    def call(self, features: Tensor) -> Tensor:
        values, directions = self.standardise(features), self.float_directions()
        damped = ops.matmul(values, directions) * self.damping
        values = values + ops.matmul(damped, ops.transpose(directions))
        rows, columns = self.rows.shape[0], self.columns.shape[0]
        spare = rows * columns - values.shape[-1]
        square = ops.reshape(
            ops.pad(values, ((0, 0), (0, spare))), (-1, rows, columns)
        )
        rotated = ops.matmul(ops.matmul(self.rows, square), self.columns)
        return ops.reshape(rotated, (-1, rows * columns))

    def compute_output_shape(self, features_shape: Shape) -> Shape:
        rows, columns = _square(features_shape[-1])
        return (*features_shape[:-1], rows * columns)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_directions": self.num_directions,
            "shrinkage": self.shrinkage,
        }


def _square(width):
    """The sides of a rectangle, almost a square, that holds so many."""
    columns = math.isqrt(width)
    rows = -(-width // max(columns, 1))
    return rows, columns
