from typing import Any, Literal

import keras
from keras import ops

from keras_relcon.checks import (
    check_number,
    check_one_of,
    check_whole,
    check_windows_shape,
)
from keras_relcon.distributed import ReplicaSeedGenerator
from keras_relcon.layers.layout import (
    channel_axis,
    internal_data_format,
    swap_layout,
)
from keras_relcon.layers.seeded_dropout import SeededDropout
from keras_relcon.types import Shape, Tensor

POOLINGS = ("max", "mean")


@keras.saving.register_keras_serializable(package="keras_relcon")
class DilatedConvEncoder1D(keras.Model):
    """The dilated convolutions of TS2Vec: an embedding for every sample.

    Section 2.2 of [TS2Vec](https://arxiv.org/abs/2106.10466): a dense layer
    for each sample, a mask on its output in training, and `depth + 1` residual
    blocks of which block `i` has dilation `2**i`:

    ```
    x = dense(x) * mask
    for i in range(depth + 1):
        y = conv(gelu(x), dilation=2**i)
        x = conv(gelu(y), dilation=2**i) + shortcut(x)
    ```

    The shortcut is a convolution of one sample in the last block, which has
    another width, and the identity elsewhere. An output sample sees `4 *
    (2**(depth + 1) - 1) + 1` input samples with a kernel of 3.

    Args:
        embedding_dim: int. Defaults to `320`.
        hidden_dim: int. Channels of all blocks but the last. Defaults to `64`.
        depth: int, not negative. Blocks before the last. Defaults to `10`,
            8189 samples; 5 are enough for windows of 256 samples.
        kernel_size: int. Samples. Defaults to `3`.
        mask_rate: float in [0, 1). Share of the samples that the blocks do not
            see in training, drawn for each window. Defaults to `0.5`.
        dropout: float in [0, 1). Of the output, in training. Defaults to
            `0.1`.
        pooling: str. Over time, for the embedding of a window: `"max"`
            (TS2Vec), or `"mean"` (adaptive resolution loss). Defaults to
            `"max"`.
        seed: int or `None`. Of mask and dropout. Defaults to `None`.

    Call arguments:
        x: `(batch, time, channels)`, g. A sample with a NaN is masked, in
            training or not.
        training: bool. Whether to draw a mask, and to drop out. Defaults to
            `False`.

    Returns:
        `(batch, embedding_dim)`, unitless. Not normalised.

    Raises:
        ValueError: if an argument is wrong, or `x` has another rank.

    Differs from the paper: nothing. All numbers are those of the released
    code.

    Example:

    >>> encoder = keras_relcon.layers.DilatedConvEncoder1D(depth=5)
    >>> encoder(keras.ops.ones((2, 256, 3))).shape
    (2, 320)
    """

    def __init__(
        self,
        embedding_dim: int = 320,
        hidden_dim: int = 64,
        depth: int = 10,
        kernel_size: int = 3,
        mask_rate: float = 0.5,
        dropout: float = 0.1,
        pooling: Literal["max", "mean"] = "max",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_whole("embedding_dim", embedding_dim)
        check_whole("hidden_dim", hidden_dim)
        check_whole("depth", depth, least=0)
        check_whole("kernel_size", kernel_size)
        check_number("mask_rate", mask_rate, least=0, below=1)
        check_number("dropout", dropout, least=0, below=1)
        check_one_of("pooling", pooling, POOLINGS)
        self.embedding_dim = embedding_dim
        self.hidden_dim = hidden_dim
        self.depth = depth
        self.kernel_size = kernel_size
        self.mask_rate = mask_rate
        self.dropout = dropout
        self.pooling = pooling
        self.seed = seed
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.drop = SeededDropout(
            dropout, None if seed is None else seed + 1, dtype=self.dtype_policy
        )
        self.data_format = internal_data_format()
        self.first = keras.layers.Dense(
            hidden_dim, dtype=self.dtype_policy, name="first"
        )
        self.blocks = [
            DilatedConvBlock1D(
                embedding_dim if index == depth else hidden_dim,
                kernel_size,
                dilation=2**index,
                has_shortcut=index == depth,
                dtype=self.dtype_policy,
                name=f"block_{index}",
            )
            for index in range(depth + 1)
        ]

    def build(self, input_shape: Shape) -> None:
        check_windows_shape(
            "x", input_shape, "Add the batch axis with `window[None]`."
        )
        self.first.build((None, None, input_shape[-1]))
        # No weight depends on the batch or the length.
        shape: list[int | None] = [None, None, None]
        shape[channel_axis(self.data_format)] = self.hidden_dim
        for block in self.blocks:
            block.build(tuple(shape))
        self.input_spec = keras.layers.InputSpec(
            ndim=3, axes={2: input_shape[-1]}
        )
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        x = self._run(x, training)
        if self.pooling == "max":
            return ops.max(x, axis=1)
        return ops.mean(x, axis=1)

    def sequences(self, x: Tensor, training: bool = False) -> list[Tensor]:
        """What is handed on to the pooling over time.

        Args:
            x: `(batch, time, channels)`, g.
            training: bool. Defaults to `False`.

        Returns:
            list of one tensor, `(batch, time, embedding_dim)`, unitless: an
            embedding of each sample.
        """
        return [self._run(x, training)]

    def _run(self, x, training):
        x = ops.cast(x, self.compute_dtype)
        is_seen = ops.logical_not(ops.any(ops.isnan(x), axis=-1, keepdims=True))
        x = self.first(ops.where(is_seen, x, 0.0))
        if training and self.mask_rate > 0:
            share = keras.random.uniform(
                ops.shape(is_seen), dtype="float32", seed=self.seed_generator
            )
            is_kept = share >= self.mask_rate
            is_seen = ops.logical_and(is_seen, is_kept)
        x = swap_layout(ops.where(is_seen, x, 0.0), self.data_format)
        for block in self.blocks:
            x = block(x)
        x = swap_layout(x, self.data_format)
        return self.drop(x, training=training)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.embedding_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "embedding_dim": self.embedding_dim,
            "hidden_dim": self.hidden_dim,
            "depth": self.depth,
            "kernel_size": self.kernel_size,
            "mask_rate": self.mask_rate,
            "dropout": self.dropout,
            "pooling": self.pooling,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="keras_relcon")
class DilatedConvBlock1D(keras.layers.Layer):
    """GELU and a dilated convolution, twice, beside a shortcut.

    Works in the backend's internal layout (`layers/layout.py`). GELU is the
    exact one (erf).

    Args:
        width: int. Output channels.
        kernel_size: int. Samples.
        dilation: int. Samples between two of the kernel.
        has_shortcut: bool. Whether a convolution of one sample leads past the
            others; else the input itself does, if it has `width` channels.
            Defaults to `False`.

    Call arguments:
        x: `(batch, time, channels)`, on PyTorch `(batch, channels, time)`.

    Returns:
        `(batch, time, width)`, in the layout of `x`.

    Raises:
        ValueError: if a number is not an int of 1 or more.

    Differs from the paper: nothing.
    """

    def __init__(
        self,
        width: int,
        kernel_size: int,
        dilation: int,
        has_shortcut: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_whole("width", width)
        check_whole("kernel_size", kernel_size)
        check_whole("dilation", dilation)
        self.width = width
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.has_shortcut = has_shortcut
        self.data_format = internal_data_format()
        self.conv_1 = self._make_conv(kernel_size, dilation, "conv_1")
        self.conv_2 = self._make_conv(kernel_size, dilation, "conv_2")
        self.shortcut = None
        if has_shortcut:
            self.shortcut = self._make_conv(1, 1, "shortcut")

    def _make_conv(self, kernel_size, dilation, name):
        return keras.layers.Conv1D(
            self.width,
            kernel_size,
            dilation_rate=dilation,
            padding="same",
            data_format=self.data_format,
            dtype=self.dtype_policy,
            name=name,
        )

    def build(self, input_shape: Shape) -> None:
        inner_shape = list(input_shape)
        inner_shape[channel_axis(self.data_format)] = self.width
        self.conv_1.build(input_shape)
        self.conv_2.build(tuple(inner_shape))
        if self.shortcut is not None:
            self.shortcut.build(input_shape)
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        shortcut = x if self.shortcut is None else self.shortcut(x)
        x = self.conv_1(ops.gelu(x, approximate=False))
        return self.conv_2(ops.gelu(x, approximate=False)) + shortcut

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        shape = list(input_shape)
        shape[channel_axis(self.data_format)] = self.width
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "width": self.width,
            "kernel_size": self.kernel_size,
            "dilation": self.dilation,
            "has_shortcut": self.has_shortcut,
        }
