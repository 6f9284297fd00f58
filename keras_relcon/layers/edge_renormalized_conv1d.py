from typing import Any

import keras
from keras import ops

from keras_relcon.checks import message
from keras_relcon.layers.layout import time_axis
from keras_relcon.types import Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class EdgeRenormalizedConv1D(keras.layers.Conv1D):
    """`Conv1D` whose zero padding does not fade the window's edges.

    Every output is multiplied by `kernel_size / (inputs inside the window)`
    before the bias is added, a partial convolution
    ([Liu et al., 2018](https://arxiv.org/abs/1804.07723), Eq. 1) with a mask of
    ones. At the first sample of a 15 sample kernel that is 15 / 8.

    Takes the arguments of `keras.layers.Conv1D`, of which these are fixed:
    `padding="same"`, to be given; stride, dilation and groups 1; an odd
    kernel; with bias and without activation.

    Call arguments:
        inputs: `(batch, time, channels)`, on `data_format="channels_first"`
            `(batch, channels, time)`.
        seen: `(batch or 1, time, 1)` in the same layout, or `None`. The mask,
            if it is not of ones: inputs where it is 0 count as outside the
            window, and an output without any input is 0. Defaults to `None`.

    Returns:
        `(batch, time, filters)`, in the layout of the inputs.

    Raises:
        ValueError: if a fixed argument is another.

    Differs from the paper: nothing. Liu et al. write it for images.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_possible = (
            self.padding == "same"
            and self.strides == self.dilation_rate == (1,)
            and self.groups == 1
            and self.kernel_size[0] % 2 == 1
            and self.use_bias
            and self.activation is keras.activations.linear
        )
        if not is_possible:
            names = (
                "padding strides dilation_rate groups kernel_size use_bias "
                "activation"
            )
            raise ValueError(
                message(
                    "`EdgeRenormalizedConv1D` takes padding='same', stride, "
                    "dilation and groups of 1, an odd kernel, a bias and no "
                    "activation.",
                    {name: getattr(self, name) for name in names.split()},
                )
            )

    def call(self, inputs: Tensor, seen: Tensor | None = None) -> Tensor:
        if seen is not None:
            inputs = inputs * seen
        outputs = self.convolution_op(inputs, self.kernel)
        first = self.data_format == "channels_first"
        if seen is None:
            inside = self.num_inside(inputs)
            inside = inside if first else inside[:, None]
        else:
            inside = ops.conv(
                seen,
                ops.ones((*self.kernel_size, 1, 1), dtype=seen.dtype),
                padding="same",
                data_format=self.data_format,
            )
        inside = ops.cast(inside, outputs.dtype)
        bias = ops.cast(self.bias, outputs.dtype)
        scale = self.kernel_size[0] / ops.maximum(inside, 1)
        outputs = outputs * scale + (bias[:, None] if first else bias)
        return outputs if seen is None else ops.where(inside > 0, outputs, 0.0)

    def num_inside(self, inputs: Tensor) -> Tensor:
        """How many inputs each output has inside the window, `(time,)`."""
        length = ops.shape(inputs)[time_axis(self.data_format)]
        position = ops.arange(length, dtype="int32")
        reach = self.kernel_size[0] // 2
        return (
            ops.minimum(position, reach)
            + ops.minimum(length - 1 - position, reach)
            + 1
        )
