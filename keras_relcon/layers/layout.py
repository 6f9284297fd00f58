"""The memory layout in which convolutions run fastest on each backend.

Every public shape is `(batch, time, channels)`. Inside a stack of convolutions
PyTorch is faster on `(batch, channels, time)`, the layout of its own kernels,
TensorFlow and JAX on `(batch, time, channels)`. Weights have the same shapes in
both.
"""

import keras
from keras import ops


def internal_data_format():
    """Returns `"channels_first"` on PyTorch, else `"channels_last"`."""
    if keras.backend.backend() == "torch":
        return "channels_first"
    return "channels_last"


def swap_layout(x, data_format):
    """Swaps time and channels if `data_format` is `"channels_first"`.

    Its own inverse: leads into the internal layout and back.
    """
    if data_format == "channels_first":
        return ops.transpose(x, (0, 2, 1))
    return x


def channel_axis(data_format):
    """Returns the axis of the channels in `data_format`."""
    return 1 if data_format == "channels_first" else 2


def time_axis(data_format):
    """Returns the axis of time in `data_format`."""
    return 2 if data_format == "channels_first" else 1
