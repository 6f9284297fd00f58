import keras
from keras import ops

from keras_relcon.layers.layout import time_axis
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class ReflectedConv1D(keras.layers.Conv1D):
    """A convolution whose windows are reflected at both edges.

    As many samples come out as went in; the sample at the edge is not doubled.

    Args:
        filters, kernel_size, data_format, activation, use_bias: as of
            `keras.layers.Conv1D`.

    Call arguments:
        x: `(batch, time, channels)`, on PyTorch `(batch, channels, time)` with
            `data_format="channels_first"`. `time` is above `kernel_size // 2`.

    Returns:
        `(batch, time, filters)`, in the layout of `x`.
    """

    def call(self, x: Tensor) -> Tensor:
        (size,) = self.kernel_size
        edges = [(0, 0)] * 3
        edges[time_axis(self.data_format)] = ((size - 1) // 2, size // 2)
        return super().call(ops.pad(x, edges, mode="reflect"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if self.data_format == "channels_first":
            return (input_shape[0], self.filters, input_shape[2])
        return (*input_shape[:2], self.filters)
