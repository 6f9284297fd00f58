from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from keras_relcon.checks import (
    check_length,
    check_number,
    check_one_of,
    check_whole,
    check_windows_shape,
    message,
)
from keras_relcon.layers.layout import (
    channel_axis,
    internal_data_format,
    swap_layout,
)
from keras_relcon.layers.reflected_conv1d import ReflectedConv1D
from keras_relcon.layers.seeded_dropout import SeededDropout
from keras_relcon.types import Shape, Tensor

# What the encoders that keep every step make one vector of a window with.
POOLINGS = {"mean": ops.mean, "max": ops.max}


@keras.saving.register_keras_serializable(package="keras_relcon")
class ConvEncoder1D(keras.Model):
    """Three convolutions that keep every sample, and the maximum over time.

    The encoder of contrastive predictive coding on acceleration, [Haresamudram
    et al., 2021](https://arxiv.org/abs/2012.05333), and of the same authors'
    convolutional autoencoder ([2022](https://arxiv.org/abs/2202.12938)):
    convolutions of 3 samples with reflected edges, without bias, each with
    ReLU and dropout. 31,008 weights by default.

    Args:
        widths: sequence of int, channels of each convolution. Defaults to `(32,
            64, 128)`.
        kernel_size: int, samples. Defaults to `3`.
        dropout: float in [0, 1), after each convolution: 0.2 in contrastive
            predictive coding, none in the autoencoder. Defaults to `0.0`.
        pooling: `"max"` or `"mean"`, over time. Defaults to `"max"`.

    Call arguments:
        x: `(batch, time, channels)`, g. `time` is above `kernel_size // 2`.

    Returns:
        `(batch, widths[-1])`, unitless. Not normalised.

    Raises:
        ValueError: if an argument is wrong, or `x` has another rank or is too
            short to be reflected.

    Differs from the paper: nothing of the convolutions. Contrastive predictive
    coding is read out at its recurrent layers, see `CPC.contexts`.

    Example:

    >>> encoder = keras_relcon.layers.ConvEncoder1D()
    >>> encoder(keras.ops.ones((2, 256, 3))).shape
    (2, 128)
    >>> encoder.sequences(keras.ops.ones((2, 256, 3)))[-1].shape
    (2, 256, 128)
    """

    def __init__(
        self,
        widths: Sequence[int] = (32, 64, 128),
        kernel_size: int = 3,
        dropout: float = 0.0,
        pooling: Literal["max", "mean"] = "max",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_widths("widths", widths)
        check_whole("kernel_size", kernel_size)
        check_number("dropout", dropout, least=0, below=1)
        check_one_of("pooling", pooling, list(POOLINGS))
        self.widths = tuple(widths)
        self.kernel_size = kernel_size
        self.dropout = dropout
        self.pooling = pooling
        self.data_format = internal_data_format()
        self.convolutions = [
            ReflectedConv1D(
                width,
                kernel_size,
                use_bias=False,
                activation="relu",
                data_format=self.data_format,
                dtype=self.dtype_policy,
                name=f"conv_{index}",
            )
            for index, width in enumerate(widths)
        ]
        self.dropouts = [
            SeededDropout(dropout, dtype=self.dtype_policy) for _ in widths
        ]

    def build(self, input_shape: Shape) -> None:
        check_windows_shape(
            "x", input_shape, "Add the batch axis with `window[None]`."
        )
        self._check(input_shape)
        # Any longer window may follow.
        shape: list[int | None] = [None, None, None]
        channels = input_shape[-1]
        for convolution, dropout in zip(self.convolutions, self.dropouts):
            shape[channel_axis(self.data_format)] = channels
            convolution.build(tuple(shape))
            dropout.build(tuple(shape))
            channels = convolution.filters
        self.input_spec = keras.layers.InputSpec(
            ndim=3, axes={2: input_shape[-1]}
        )
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        pool = POOLINGS[self.pooling]
        return pool(self.sequences(x, training)[-1], axis=1)

    def sequences(self, x: Tensor, training: bool = False) -> list[Tensor]:
        """What each convolution hands on, before the pooling over time.

        Args:
            x: `(batch, time, channels)`, g.
            training: bool. For the dropout. Defaults to `False`.

        Returns:
            list of `(batch, time, width)`, unitless, one per convolution.
        """
        self._check(x.shape)
        x = swap_layout(x, self.data_format)
        outputs = []
        for convolution, dropout in zip(self.convolutions, self.dropouts):
            x = dropout(convolution(x), training=training)
            outputs.append(swap_layout(x, self.data_format))
        return outputs

    def _check(self, shape):
        check_length(
            "ConvEncoder1D",
            shape,
            self.kernel_size // 2 + 1,
            " with this `kernel_size`: the edges are reflected",
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.widths[-1])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "widths": self.widths,
            "kernel_size": self.kernel_size,
            "dropout": self.dropout,
            "pooling": self.pooling,
        }


def check_widths(name, widths):
    """Raises a ValueError unless there is one int of 1 or more, or several."""
    if not hasattr(widths, "__len__") or not len(widths):
        raise ValueError(
            message(
                f"`{name}` must have one int for each convolution.",
                {name: widths},
                "Pass a tuple, such as (32, 64, 128).",
            )
        )
    for width in widths:
        check_whole(name, width)
