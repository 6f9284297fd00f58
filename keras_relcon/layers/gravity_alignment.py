from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_windows_shape, message
from keras_relcon.types import Shape, Tensor

# Below this length, g, a mean or a motion has no direction to turn to.
LEAST_LENGTH = 1e-6


@keras.saving.register_keras_serializable(package="keras_relcon")
class GravityAlignment(keras.layers.Layer):
    """Turns each window so that it does not matter how the sensor was worn.

    A sensor that turns around the wrist, or is put on the other way round,
    gives the same motion in other axes. Each window is rotated into a frame
    that it defines itself:

    - the third axis is along the mean acceleration, which at rest and on
      average is gravity;
    - the first axis, at a right angle to it, is where the acceleration varies
      most, by the principal axis of the two horizontal components;
    - its sign is the one whose third moment is positive;
    - the second axis makes the frame right-handed.

    So two windows that differ by a rotation of the sensor give the same
    output, but for windows without a mean (free fall) or with equal variance
    in all horizontal directions, which have no such frame. What is lost is the
    posture that the direction of gravity tells.

    Call arguments:
        x: `(batch, time, 3)`, g.

    Returns:
        `(batch, time, 3)`, g, in the dtype of `x`. Lengths are as in `x`.

    Raises:
        ValueError: if `x` is no batch of windows of three channels.

    Differs from the paper: RelCon takes the axes of the sensor.

    Example:

    >>> align = keras_relcon.layers.GravityAlignment()
    >>> align(windows)  # as align(windows @ any_rotation)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.autocast = False

    def build(self, input_shape: Shape) -> None:
        check_windows_shape(
            "x", input_shape, "Add the batch axis with `window[None]`."
        )
        if input_shape[-1] != 3:
            raise ValueError(
                message(
                    "`GravityAlignment` turns three axes of acceleration.",
                    f"shape={tuple(input_shape)}",
                    "Leave other channels out.",
                )
            )
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        signal = ops.cast(x, "float32")
        vertical = _unit(ops.mean(signal, axis=1))
        # Any two horizontal axes will do: the frame is turned from them.
        east = _any_orthogonal(vertical)
        north = _cross(vertical, east)
        horizontal = ops.matmul(signal, ops.stack([east, north], axis=2))
        along, across = _along_principal_axis(horizontal)
        upward = ops.matmul(signal, vertical[:, :, None])[:, :, 0]
        aligned = ops.stack([along, across, upward], axis=2)
        return ops.cast(aligned, x.dtype)

    def compute_output_spec(self, x: Any) -> keras.KerasTensor:
        return keras.KerasTensor(x.shape, dtype=x.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def _unit(vector):
    """`(batch, 3)` of length 1; of no length at all, `(0, 0, 1)`."""
    square = ops.sum(ops.square(vector), axis=-1, keepdims=True)
    # A root has no gradient at 0, also where another value is taken instead.
    is_long = square > 0
    length = ops.where(is_long, ops.sqrt(ops.where(is_long, square, 1.0)), 0.0)
    up = ops.convert_to_tensor([0.0, 0.0, 1.0], dtype=vector.dtype)
    unit = vector / ops.maximum(length, LEAST_LENGTH)
    return ops.where(length > LEAST_LENGTH, unit, up)


def _any_orthogonal(unit):
    """A unit vector at a right angle to each of `(batch, 3)`."""
    x, y, z = unit[:, 0], unit[:, 1], unit[:, 2]
    zero = ops.zeros_like(x)
    # Of the two, the one that is not nearly parallel.
    is_steep = ops.abs(z) > 0.7
    a = ops.where(is_steep[:, None], ops.stack([z, zero, -x], 1), 0.0)
    b = ops.where(is_steep[:, None], 0.0, ops.stack([-y, x, zero], 1))
    return _unit(a + b)


def _cross(a, b):
    # ops.cross warns on PyTorch, and exporters lack it.
    return ops.stack(
        [
            a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1],
            a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
            a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
        ],
        axis=1,
    )


def _along_principal_axis(plane):
    """Turns `(batch, time, 2)` to its principal axis: the two components."""
    centred = plane - ops.mean(plane, axis=1, keepdims=True)
    x, y = centred[:, :, 0], centred[:, :, 1]
    difference = ops.mean(ops.square(x) - ops.square(y), axis=1)
    product = 2 * ops.mean(x * y, axis=1)
    # An exporter of PyTorch divides the two, which at rest are 0.
    is_still = ops.logical_and(product == 0, difference == 0)
    angle = 0.5 * ops.arctan2(product, ops.where(is_still, 1.0, difference))
    cos, sin = ops.cos(angle)[:, None], ops.sin(angle)[:, None]
    moment = ops.mean((x * cos + y * sin) ** 3, axis=1, keepdims=True)
    sign = ops.where(moment < 0, -1.0, 1.0)
    cos, sin = sign * cos, sign * sin
    x, y = plane[:, :, 0], plane[:, :, 1]
    return x * cos + y * sin, y * cos - x * sin
