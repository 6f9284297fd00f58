import keras
from keras import ops


def sparsemax(logits, axis=-1):
    """Euclidean projection of the logits onto the probability simplex.

    [Martins and Astudillo, 2016](https://arxiv.org/abs/1602.02068), Eq. 2:
    `p = max(z - tau, 0)` with the threshold `tau` for which `sum(p) = 1`.

    The threshold is found without a sort. `sum(max(z - tau, 0)) - 1` is convex
    and piecewise linear in `tau`, so Newton's steps from `max(z) - 1` rise
    monotonically and reach the root exactly after finitely many of them,
    whatever the size of the support. The gradient is that of the exact
    projection (their Eq. 12): the incoming gradient minus its mean over the
    support, on the support.

    Args:
        logits: tensor of any shape, any unit.
        axis: int. The axis that sums to one. Defaults to `-1`.

    Returns:
        Tensor of the shape and dtype of `logits`. Computed in float32 when
        `logits` is of lower precision. Rows with a NaN are NaN.
    """
    logits = ops.convert_to_tensor(logits)
    dtype = keras.backend.standardize_dtype(logits.dtype)
    if dtype in ("float16", "bfloat16"):
        logits = ops.cast(logits, "float32")
    logits = logits - ops.stop_gradient(
        ops.max(logits, axis=axis, keepdims=True)
    )
    threshold = _find_threshold(ops.stop_gradient(logits), axis)
    # Through one more Newton step, which moves nothing, the threshold depends
    # on the logits of the support, hence the exact gradient.
    threshold = _newton_step(logits, threshold, axis)
    return ops.cast(ops.relu(logits - threshold), dtype)


def _newton_step(logits, threshold, axis):
    support = logits > threshold
    size = ops.sum(ops.cast(support, logits.dtype), axis=axis, keepdims=True)
    total = ops.sum(ops.where(support, logits, 0.0), axis=axis, keepdims=True)
    return (total - 1.0) / size


def _find_threshold(logits, axis):
    # The maximum is 0 here, so the threshold lies in [-1, 0) and the support
    # is never empty.
    threshold = -ops.ones_like(ops.max(logits, axis=axis, keepdims=True))
    return ops.while_loop(
        lambda old, new: ops.any(new > old),
        lambda old, new: (
            ops.maximum(old, new),
            ops.maximum(new, _newton_step(logits, new, axis)),
        ),
        (threshold, _newton_step(logits, threshold, axis)),
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
        logits: tensor of any shape.

    Returns:
        Tensor of the shape of `logits`, non-negative, summing to 1 over `axis`.

    Differs from the paper: nothing.

    Example:

    >>> float(keras_relcon.layers.Sparsemax()([[1.0, 0.9, 0.0]])[0, 0])
    0.55
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def build(self, input_shape):
        self.built = True

    def call(self, logits):
        return sparsemax(logits, axis=self.axis)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}
