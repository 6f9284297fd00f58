import numbers
from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_kind
from keras_relcon.types import Shape, Tensor

if keras.backend.backend() == "torch":
    from keras_relcon.layers.kernels import torch_sparsemax

# The rounding of a float32 sum of 1, several times over.
TOLERANCE = 1e-6
GROUP_SIZE = 8


def sparsemax(logits: Tensor, axis: int = -1) -> Tensor:
    """Euclidean projection of the logits onto the probability simplex.

    [Martins and Astudillo, 2016](https://arxiv.org/abs/1602.02068), Eq. 2:
    `p = max(z - tau, 0)` with the threshold `tau` for which `sum(p) = 1`.

    The threshold is found without a sort. `sum(max(z - tau, 0)) - 1` is convex
    and piecewise linear in `tau`, so Newton's steps from below the root rise
    monotonically and reach it exactly after finitely many of them, whatever
    the size of the support. They start from the threshold of the maxima of
    groups of logits: that of a subset is never above that of the whole.

    The gradient is that of the exact projection (their Eq. 12): the incoming
    gradient minus its mean over the support, on the support.

    Args:
        logits: float tensor of any shape, any unit.
        axis: int. The axis that sums to one. Defaults to `-1`.

    Returns:
        Tensor of the shape and dtype of `logits`. Computed in float32 when
        `logits` is of lower precision. Rows with a NaN, with infinity, or with
        negative infinity alone are NaN.

    Raises:
        TypeError: if `logits` are no floats.

    Differs from the paper: nothing but the search for the threshold, which
    their Algorithm 1 finds by a sort.
    """
    logits = ops.convert_to_tensor(logits)
    if not keras.backend.is_float_dtype(logits.dtype):
        raise TypeError(
            "`logits` must be floats. Received: dtype="
            f"{keras.backend.standardize_dtype(logits.dtype)}. Cast them to "
            "float32."
        )
    if axis not in (-1, len(logits.shape) - 1):
        return ops.swapaxes(sparsemax(ops.swapaxes(logits, axis, -1)), axis, -1)
    return ops.cast(_project(logits), logits.dtype)


def _project(logits):
    if keras.backend.backend() == "torch":
        return torch_sparsemax.project(
            _in_full_precision(logits), GROUP_SIZE, TOLERANCE
        )
    return _compiled_project(logits)


def _in_full_precision(logits):
    dtype = keras.backend.standardize_dtype(logits.dtype)
    half = dtype in ("float16", "bfloat16")
    return ops.cast(logits, "float32") if half else logits


@ops.custom_gradient
def _compiled_project(logits):
    leaders = _leaders(logits)
    maximum = _in_full_precision(ops.max(leaders, axis=-1, keepdims=True))
    # Relative to the maximum, the threshold lies in [-1, 0).
    # Of an infinite maximum, the threshold and so the whole row is NaN.
    threshold = ops.where(
        ops.isfinite(maximum), ops.full_like(maximum, -1.0), float("nan")
    )
    threshold = _newton(leaders, maximum, threshold)
    threshold = _newton(logits, maximum, threshold)
    output = _above(logits, maximum, threshold)

    def gradient(upstream):
        support = ops.sign(output)
        mean = ops.sum(upstream * support, axis=-1, keepdims=True) / ops.sum(
            support, axis=-1, keepdims=True
        )
        return ops.cast(support * (upstream - mean), logits.dtype)

    return output, gradient


def _above(logits, maximum, threshold):
    # Widened and shifted here, inside each pass over the logits, so that no
    # copy of theirs is kept: half precision is read as such.
    return ops.relu(_in_full_precision(logits) - maximum - threshold)


def _leaders(logits):
    """The maximum of each group, and the logits left over.

    Neighbours fall into different groups: large logits come in runs.
    """
    # In a graph of TensorFlow the number may be unknown.
    num_groups = (logits.shape[-1] or 0) // GROUP_SIZE
    if num_groups == 0:
        return logits
    size = num_groups * GROUP_SIZE
    groups = ops.reshape(
        logits[..., :size],
        (*ops.shape(logits)[:-1], GROUP_SIZE, num_groups),
    )
    return ops.concatenate(
        [ops.max(groups, axis=-2), logits[..., size:]], axis=-1
    )


def _newton(logits, maximum, threshold):
    def step(threshold):
        above = _above(logits, maximum, threshold)
        excess = ops.sum(above, axis=-1, keepdims=True) - 1.0
        size = ops.sum(ops.sign(above), axis=-1, keepdims=True)
        return ops.where(
            excess > TOLERANCE, threshold + excess / size, threshold
        )

    return ops.while_loop(
        lambda old, new: ops.any(new > old),
        lambda old, new: (new, step(new)),
        (threshold, step(threshold)),
    )[0]


@keras.saving.register_keras_serializable(package="keras_relcon")
class Sparsemax(keras.layers.Layer):
    """Sparsemax activation, a softmax whose small probabilities are exact 0.

    See `keras_relcon.layers.sparsemax` for the equation. It replaces
    `keras.ops.sparsemax`, which is wrong for supports of more than one entry
    up to Keras 3.15.

    Args:
        axis: int. The axis that sums to one. Defaults to `-1`.

    Call arguments:
        logits: float tensor of any shape.

    Returns:
        Tensor of the shape of `logits`, non-negative, summing to 1 over `axis`.

    Raises:
        TypeError: if `axis` is no int, or `logits` are no floats.

    Differs from the paper: nothing.

    Example:

    >>> logits = keras.ops.array([[1.0, 0.5, -1.0]])
    >>> float(keras_relcon.layers.Sparsemax()(logits)[0, 0])
    0.75
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_kind("axis", axis, numbers.Integral, "an int", "Use -1.")
        self.axis = axis
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        self.built = True

    def call(self, logits: Tensor) -> Tensor:
        return sparsemax(logits, axis=self.axis)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
