"""What the maps of features share that are learned without labels."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_relcon.checks import check_all_finite, check_same_shape, message
from keras_relcon.types import Shape, Tensor

# A feature that hardly varies is not scaled up to the others.
LEAST_STD = 1e-6


def standardised(features, neighbours, least):
    """Features over their standard deviation, after their checks.

    Args:
        features: `(windows, features)` array, of at least `least` windows.
        neighbours: the same of another window near each, or `None`.
        least: int.

    Returns:
        `(values, mean, scale)`: `(windows, features)` float64, neighbours
        after the windows; `(features,)`, of both; and one over their standard
        deviation, 0 where a feature is constant.

    Raises:
        ValueError: if `features` is no such array, has values that are not
            finite, or is constant, or `neighbours` are not like it.
    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or len(features) < least:
        raise ValueError(
            message(
                "`features` must be (windows, features), of at least "
                f"{least} windows.",
                f"shape {features.shape}",
                "Take more windows, or keep fewer directions.",
            )
        )
    check_all_finite("features", features)
    if neighbours is not None:
        neighbours = np.asarray(neighbours, dtype=np.float64)
        check_same_shape(
            "(windows, features)", features=features, neighbours=neighbours
        )
        check_all_finite("neighbours", neighbours)
        features = np.concatenate([features, neighbours])
    mean, std = features.mean(axis=0), features.std(axis=0)
    if not np.any(std > LEAST_STD):
        raise ValueError(
            message(
                "`features` must differ between windows.",
                f"{features.shape[1]} features that are constant",
                "Check the windows: a signal at rest has no others.",
            )
        )
    scale = np.where(std > LEAST_STD, 1 / np.maximum(std, LEAST_STD), 0)
    return (features - mean) * scale, mean, scale


def in_eight_bits(directions):
    """Rounds each column to int8, which takes a quarter of the room.

    Args:
        directions: `(features, columns)` float64.

    Returns:
        `(rounded, steps)`: `(features, columns)` int8, and `(columns,)`
        float64, by which they are to be multiplied.
    """
    steps = np.abs(directions).max(axis=0) / 127
    rounded = np.round(directions / np.where(steps > 0, steps, 1))
    return rounded.astype(np.int8), steps


class FeatureMap(keras.Model):
    """Base of the maps: standardises features, and keeps directions in int8.

    A subclass calls `add_standardisation` in `build`, and says in
    `get_config` what it takes.
    """

    def __init__(self, **kwargs: Any) -> None:
        # Whatever the global policy is: see what it returns.
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def add_fixed(
        self, name: str, shape: Shape, dtype: str | None = None
    ) -> keras.Variable:
        """Adds a weight that `adapt` fills, and no training changes."""
        return self.add_weight(
            shape=shape,
            initializer="zeros",
            trainable=False,
            name=name,
            dtype=dtype,
        )

    def add_standardisation(self, width: int, num_directions: int) -> None:
        self.mean = self.add_fixed("mean", (width,))
        self.scale = self.add_fixed("scale", (width,))
        self.directions = self.add_fixed(
            "directions", (width, num_directions), "int8"
        )

    def standardise(self, features: Tensor) -> Tensor:
        return (features - self.mean) * self.scale

    def float_directions(self) -> Tensor:
        return ops.cast(self.directions, "float32")

    def get_build_config(self) -> dict[str, Any]:
        return {"input_shape": (None, self.mean.shape[0])}

    def build_from_config(self, config: dict[str, Any]) -> None:
        self.build(config["input_shape"])
