"""Rows of length 1, which cosine similarities are products of."""

from keras import ops

from keras_relcon.types import Tensor

# The square of a length below which a row counts as one of zeros.
LEAST_SQUARE = 1e-12


def unit_rows(x: Tensor) -> Tensor:
    """Divides rows by their lengths; rows of zeros stay as they are.

    An encoder without biases makes such a row of a window of zeros. Its
    gradient is finite here; that of `ops.normalize` is not, and one such window
    would make all weights NaN.

    Args:
        x: `(..., dim)`.

    Returns:
        `(..., dim)` float32.
    """
    x = ops.cast(x, "float32")
    squares = ops.sum(ops.square(x), axis=-1, keepdims=True)
    return x / ops.sqrt(ops.where(squares < LEAST_SQUARE, 1.0, squares))
