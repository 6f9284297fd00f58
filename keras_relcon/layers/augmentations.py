"""The augmentations of Tang et al. (2020) that change values, and their base.

[Tang et al., 2020](https://arxiv.org/abs/2011.11542) with the parameters of
RelCon's release. Each layer separates the random `draw` from the deterministic
`apply`, so that a draw can be pinned, stored or shared. Those that move samples
in time are in `time_augmentations.py`.
"""

import itertools
import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_relcon.checks import check_number, check_windows_shape, message
from keras_relcon.distributed import ReplicaSeedGenerator
from keras_relcon.types import Shape, Tensor


class Augmentation(keras.layers.Layer):
    """Base of the augmentations: one independent draw per window.

    Those of [Tang et al., 2020](https://arxiv.org/abs/2011.11542) have the
    parameters of RelCon's released code by default.
    Replicas that train together draw differently. Subclasses override `apply`,
    and `draw` if there is something to draw.

    Args:
        seed: int or `None`. Same seed, same draws. Defaults to `None`.
        dtype: as in `keras.layers.Layer`, of what it returns: it is computed
            in float32. Defaults to `"float32"`, whatever the global policy.

    Call arguments:
        x: `(batch, time, channels)`, g.
        training: bool. `False` returns `x` unchanged. Defaults to `True`.

    Returns:
        `(batch, time, channels)`, g.

    Raises:
        ValueError: if `x` has another rank.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        # Warped times and rotations lose their meaning in half precision.
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = ReplicaSeedGenerator(seed)

    def build(self, input_shape: Shape) -> None:
        check_windows_shape("x", input_shape)
        self.built = True

    def draw(self, shape: Shape) -> Any:
        """Draws the parameters for windows of `shape`, one set per window."""
        return None

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        """Applies a draw to the windows `x`."""
        raise NotImplementedError

    def call(self, x: Tensor, training: bool = True) -> Tensor:
        if not training:
            return x
        draw = self.draw(ops.shape(x))
        output = self.apply(ops.cast(x, "float32"), draw)
        return ops.cast(output, self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


class _GaussianAugmentation(Augmentation):
    def __init__(
        self, stddev: float, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_number("stddev", stddev, least=0)
        self.stddev = stddev

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev}


@keras.saving.register_keras_serializable(package="keras_relcon")
class Noise(_GaussianAugmentation):
    """Adds white noise, independent per sample and channel.

    Args:
        stddev: float, g, not negative. Defaults to `0.1`.
        seed: int or `None`. Defaults to `None`.

    Raises:
        ValueError: if `stddev` is negative.

    Differs from the paper: the code of Tang et al. has 0.05.
    """

    def __init__(
        self, stddev: float = 0.1, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(stddev, seed=seed, **kwargs)

    def draw(self, shape: Shape) -> Any:
        return keras.random.normal(
            shape, stddev=self.stddev, seed=self.seed_generator
        )

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        return x + draw


@keras.saving.register_keras_serializable(package="keras_relcon")
class Scaling(_GaussianAugmentation):
    """Multiplies each channel by a factor around 1, constant in time.

    Args:
        stddev: float, of the factor, not negative. Defaults to `0.25`.
        seed: int or `None`. Defaults to `None`.

    Raises:
        ValueError: if `stddev` is negative.

    Differs from the paper: the code of Tang et al. has 0.1.
    """

    def __init__(
        self, stddev: float = 0.25, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(stddev, seed=seed, **kwargs)

    def draw(self, shape: Shape) -> Any:
        return keras.random.normal(
            (shape[0], 1, shape[2]), 1.0, self.stddev, seed=self.seed_generator
        )

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        return x * draw


@keras.saving.register_keras_serializable(package="keras_relcon")
class Rotation(Augmentation):
    """Rotates the three axes about a random axis by a random angle.

    The axis is drawn in the cube `[-1, 1]**3` and normalised, the angle is
    uniform in `(-max_angle, max_angle)`: not the uniform distribution over
    rotations, but the one that Tang et al. and RelCon use.

    Args:
        max_angle: float, radians, above 0 and at most pi. A small one keeps the
            direction of gravity, by which postures differ. Defaults to pi.
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        x: `(batch, time, 3)`, g.

    Raises:
        ValueError: if `max_angle` is out of range, or `x` has not 3 channels.
    """

    def __init__(
        self, max_angle: float = math.pi, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        check_number(
            "max_angle",
            max_angle,
            above=0,
            most=math.pi,
            advice="Give radians, at most pi.",
        )
        self.max_angle = max_angle

    def draw(self, shape: Shape) -> Any:
        _check_three_axes(self, shape)
        axis = keras.random.uniform(
            (shape[0], 3), -1.0, 1.0, seed=self.seed_generator
        )
        angle = keras.random.uniform(
            (shape[0],),
            -self.max_angle,
            self.max_angle,
            seed=self.seed_generator,
        )
        return axis_angle_matrix(axis, angle)

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        return ops.matmul(x, draw)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "max_angle": self.max_angle}


def _check_three_axes(layer, shape):
    if isinstance(shape[2], int) and shape[2] != 3:
        raise ValueError(
            message(
                f"`{type(layer).__name__}` takes windows of 3 channels, "
                "(batch, time, 3).",
                f"{shape[2]} channels",
                "Leave it out of the augmentations of other signals.",
            )
        )


def axis_angle_matrix(axis, angle):
    """Rotation matrices by Rodrigues' formula, `(batch, 3, 3)`.

    Args:
        axis: `(batch, 3)`, of any length above 0.
        angle: `(batch,)`, radians.
    """
    axis = axis / ops.norm(axis, axis=-1, keepdims=True)
    x, y, z = axis[:, 0], axis[:, 1], axis[:, 2]
    zero = ops.zeros_like(x)
    cross = ops.reshape(
        ops.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1), (-1, 3, 3)
    )
    angle = angle[:, None, None]
    return (
        ops.eye(3, dtype=axis.dtype)
        + ops.sin(angle) * cross
        + (1.0 - ops.cos(angle)) * ops.matmul(cross, cross)
    )


@keras.saving.register_keras_serializable(package="keras_relcon")
class Negation(Augmentation):
    """Flips the sign of all channels.

    Args:
        seed: int or `None`. Nothing is drawn. Defaults to `None`.
    """

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        return -x


@keras.saving.register_keras_serializable(package="keras_relcon")
class ChannelShuffle(Augmentation):
    """Reorders the three channels by one of the 5 non-identity permutations.

    Args:
        seed: int or `None`. Defaults to `None`.

    Call arguments:
        x: `(batch, time, 3)`, g.

    Raises:
        ValueError: if `x` has not 3 channels.
    """

    # `itertools` lists the identity first.
    PERMUTATIONS = np.array(list(itertools.permutations(range(3)))[1:])

    def draw(self, shape: Shape) -> Any:
        _check_three_axes(self, shape)
        return keras.random.randint(
            (shape[0],), 0, len(self.PERMUTATIONS), seed=self.seed_generator
        )

    def apply(self, x: Tensor, draw: Any) -> Tensor:
        order = ops.take(
            ops.convert_to_tensor(self.PERMUTATIONS, dtype="int32"),
            draw,
            axis=0,
        )
        return ops.take_along_axis(x, order[:, None, :], axis=2)
