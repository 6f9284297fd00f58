import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_relcon.checks import check_one_of, check_whole, message
from keras_relcon.layers.conv_encoder1d import check_widths
from keras_relcon.layers.layout import (
    channel_axis,
    internal_data_format,
    swap_layout,
)
from keras_relcon.layers.reflected_conv1d import ReflectedConv1D
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class SequenceDecoder1D(keras.layers.Layer):
    """Rebuilds windows from the sequence that an encoder makes of them.

    Convolutions of 3 samples with reflected edges and without bias, ReLU
    between them: the mirror of `ConvEncoder1D`. Where an encoder has fewer
    steps than the window has samples, a dense layer first makes several steps
    of each, as many as needed, and linear interpolation brings them to the
    length of the window.

    Args:
        window_length: int, samples.
        num_channels: int.
        widths: sequence of int, channels of the convolutions but the last.
            Defaults to `(64, 32)`.
        kernel_size: int, samples. Defaults to `3`.
        output_activation: `"linear"` or `"relu"`. Defaults to `"linear"`.

    Call arguments:
        x: `(batch, steps, width)`, unitless.

    Returns:
        `(batch, window_length, num_channels)`, g.

    Raises:
        ValueError: if an argument is wrong, or the sequence has no known
            number of steps.

    Differs from the paper: [Haresamudram et al., 2022](
    https://arxiv.org/abs/2202.12938) keep every sample, so that nothing is
    interpolated; the code of their tutorial has ReLU on the output too, which
    then is never negative.

    Example:

    >>> decoder = keras_relcon.layers.SequenceDecoder1D(256, 3)
    >>> decoder(keras.ops.ones((2, 62, 256))).shape
    (2, 256, 3)
    """

    def __init__(
        self,
        window_length: int,
        num_channels: int,
        widths: Sequence[int] = (64, 32),
        kernel_size: int = 3,
        output_activation: str = "linear",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_whole("kernel_size", kernel_size)
        check_whole("window_length", window_length, least=kernel_size // 2 + 1)
        check_whole("num_channels", num_channels)
        check_widths("widths", widths)
        check_one_of("output_activation", output_activation, ["linear", "relu"])
        self.window_length = window_length
        self.num_channels = num_channels
        self.widths = tuple(widths)
        self.kernel_size = kernel_size
        self.output_activation = output_activation
        self.data_format = internal_data_format()
        self.convolutions = [
            ReflectedConv1D(
                width,
                kernel_size,
                use_bias=False,
                activation=activation,
                data_format=self.data_format,
                dtype=self.dtype_policy,
                name=f"conv_{index}",
            )
            for index, (width, activation) in enumerate(
                [(width, "relu") for width in widths]
                + [(num_channels, output_activation)]
            )
        ]
        self.expand: keras.layers.Dense | None = None

    def build(self, input_shape: Shape) -> None:
        num_steps, channels = input_shape[1:]
        if num_steps is None:
            raise ValueError(
                message(
                    "`SequenceDecoder1D` needs sequences of a known number of "
                    "steps.",
                    f"shape={tuple(input_shape)}",
                    "Give batches a static shape.",
                )
            )
        self.factor = math.ceil(self.window_length / num_steps)
        if self.factor > 1:
            channels = self.widths[0]
            self.expand = keras.layers.Dense(
                self.factor * channels, dtype=self.dtype_policy, name="expand"
            )
            self.expand.build(input_shape)
        shape: list[int | None] = [None, None, None]
        for convolution in self.convolutions:
            shape[channel_axis(self.data_format)] = channels
            convolution.build(tuple(shape))
            channels = convolution.filters
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        if self.expand is not None:
            num_steps = self.factor * x.shape[1]
            # (batch, steps, factor * width) to (batch, steps * factor, width)
            x = ops.reshape(self.expand(x), (-1, num_steps, self.widths[0]))
        x = resample(x, self.window_length)
        x = swap_layout(x, self.data_format)
        for convolution in self.convolutions:
            x = convolution(x)
        return swap_layout(x, self.data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.window_length, self.num_channels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "window_length": self.window_length,
            "num_channels": self.num_channels,
            "widths": self.widths,
            "kernel_size": self.kernel_size,
            "output_activation": self.output_activation,
        }


def resample(x, length):
    """Linear interpolation over time, `(batch, length, channels)`.

    Both span the same time: the middle of step `i` of `n` is at `(i + 0.5) /
    n`. Beyond the middles at the ends their values stay.

    Args:
        x: `(batch, steps, channels)`. The number of steps is static.
        length: int.
    """
    num_steps = x.shape[1]
    if num_steps == length:
        return x
    place = (np.arange(length) + 0.5) * num_steps / length - 0.5
    place = np.clip(place, 0, num_steps - 1)
    before = np.floor(place).astype("int32")
    after = np.minimum(before + 1, num_steps - 1)
    share = ops.convert_to_tensor((place - before)[None, :, None], x.dtype)
    return (1 - share) * ops.take(x, before, axis=1) + share * ops.take(
        x, after, axis=1
    )
