from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_whole
from keras_relcon.layers.fused_batch_norm import FusedBatchNorm
from keras_relcon.layers.layout import channel_axis, internal_data_format
from keras_relcon.types import Shape, Tensor

# Of the released code, in the convention of Keras (PyTorch's is 0.1).
BATCH_NORM = {"momentum": 0.9, "epsilon": 1e-5}


@keras.saving.register_keras_serializable(package="keras_relcon")
class ResidualBlock1D(keras.layers.Layer):
    """Pre-activation basic block: BN-ReLU-conv-BN-ReLU-conv plus a shortcut.

    [He et al., 2016](https://arxiv.org/abs/1603.05027), figure 4(e). Works in
    the backend's internal layout (`layers/layout.py`): `(batch, channels,
    time)` on PyTorch and `(batch, time, channels)` elsewhere.
    The shortcut is a convolution of one sample where width or stride change,
    applied to the raw input, and the identity elsewhere.

    Args:
        width: int. Output channels.
        kernel_size: int. Samples.
        stride: int. Of the first convolution. Defaults to `1`.

    Call arguments:
        x: `(batch, time, channels)`, on PyTorch `(batch, channels, time)`.
        training: bool. For the batch norms. Defaults to `False`.

    Returns:
        `(batch, ceil(time / stride), width)`, in the layout of `x`.

    Raises:
        ValueError: if a number is not an int of 1 or more.

    Differs from the paper: one dimension instead of two.
    """

    def __init__(
        self, width: int, kernel_size: int, stride: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_whole("width", width)
        check_whole("kernel_size", kernel_size)
        check_whole("stride", stride)
        self.width = width
        self.kernel_size = kernel_size
        self.stride = stride
        self.data_format = internal_data_format()
        self.norm_1 = self._make_norm("norm_1")
        self.conv_1 = self._make_conv(kernel_size, stride, "conv_1")
        self.norm_2 = self._make_norm("norm_2")
        self.conv_2 = self._make_conv(kernel_size, 1, "conv_2")
        self.shortcut: keras.layers.Conv1D | None = None

    def _make_norm(self, name):
        return FusedBatchNorm(
            dtype=self.dtype_policy,
            name=name,
            **BATCH_NORM,
        )

    def _make_conv(self, kernel_size, stride, name):
        return keras.layers.Conv1D(
            self.width,
            kernel_size,
            strides=stride,
            padding="same",
            data_format=self.data_format,
            dtype=self.dtype_policy,
            name=name,
        )

    def build(self, input_shape: Shape) -> None:
        axis = channel_axis(self.data_format)
        inner_shape = list(input_shape)
        inner_shape[axis] = self.width
        self.norm_1.build(input_shape)
        self.conv_1.build(input_shape)
        self.norm_2.build(inner_shape)
        self.conv_2.build(inner_shape)
        if input_shape[axis] != self.width or self.stride != 1:
            self.shortcut = self._make_conv(1, self.stride, "shortcut")
            self.shortcut.build(input_shape)
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        activated = self.activate(x, training=training)
        return self.add_residual(x, activated, training=training)

    def activate(self, x: Tensor, training: bool = False) -> Tensor:
        """The batch norm and the ReLU with which the block begins."""
        return ops.relu(self.norm_1(x, training=training))

    def add_residual(
        self, x: Tensor, activated: Tensor, training: bool = False
    ) -> Tensor:
        """The rest of the block, of its input and of `activate(input)`."""
        shortcut = x if self.shortcut is None else self.shortcut(x)
        x = self.conv_1(activated)
        x = ops.relu(self.norm_2(x, training=training))
        return self.conv_2(x) + shortcut

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "width": self.width,
            "kernel_size": self.kernel_size,
            "stride": self.stride,
        }
