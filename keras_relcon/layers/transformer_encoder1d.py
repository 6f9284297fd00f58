import math
from typing import Any, Literal

import keras
from keras import ops

from keras_relcon.checks import (
    check_number,
    check_one_of,
    check_whole,
    check_windows_shape,
    message,
)
from keras_relcon.layers.conv_encoder1d import POOLINGS
from keras_relcon.layers.seeded_dropout import SeededDropout
from keras_relcon.types import Shape, Tensor

# Of the positions, Vaswani et al., section 3.5.
LONGEST_PERIOD = 10_000.0


@keras.saving.register_keras_serializable(package="keras_relcon")
class TransformerEncoder1D(keras.Model):
    """Self-attention over the samples of a window.

    [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762): a dense layer on
    each sample, positions as sines and cosines, then blocks of attention and of
    a dense layer with ReLU, each with a layer norm before it and a sum around
    it; a layer norm after the last, and the mean over time. 299,520 weights by
    default. Memory and time grow with the square of the samples.

    Args:
        width: int, even. Features of a sample. Defaults to `128`.
        num_blocks: int. Defaults to `3`.
        num_heads: int, which divides `width`. Defaults to `4`.
        hidden_width: int, of the dense layer of a block. Defaults to `128`.
        dropout: float in [0, 1), on what each half of a block adds. Defaults to
            `0.1`.
        pooling: `"mean"` or `"max"`, over time. Defaults to `"mean"`.

    Call arguments:
        x: `(batch, time, channels)`, g.

    Returns:
        `(batch, width)`, unitless. Not normalised.

    Raises:
        ValueError: if an argument is wrong, or `x` has another rank.

    Uncertain: that masked reconstruction of acceleration ([Haresamudram et
    al., 2020](https://doi.org/10.1145/3410531.3414306)) trains a transformer
    is known; sizes, the place of the norms and the pooling are our choice.

    Example:

    >>> encoder = keras_relcon.layers.TransformerEncoder1D()
    >>> encoder(keras.ops.ones((2, 100, 3))).shape
    (2, 128)
    """

    def __init__(
        self,
        width: int = 128,
        num_blocks: int = 3,
        num_heads: int = 4,
        hidden_width: int = 128,
        dropout: float = 0.1,
        pooling: Literal["mean", "max"] = "mean",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        sizes = {
            "width": width,
            "num_blocks": num_blocks,
            "num_heads": num_heads,
            "hidden_width": hidden_width,
        }
        for name, size in sizes.items():
            check_whole(name, size)
        if width % 2 or width % num_heads:
            raise ValueError(
                message(
                    "`width` must be even, and a multiple of `num_heads`.",
                    {"width": width, "num_heads": num_heads},
                    "Use 128 and 4.",
                )
            )
        check_number("dropout", dropout, least=0, below=1)
        check_one_of("pooling", pooling, list(POOLINGS))
        self.width = width
        self.num_blocks = num_blocks
        self.num_heads = num_heads
        self.hidden_width = hidden_width
        self.dropout = dropout
        self.pooling = pooling
        self.first = keras.layers.Dense(
            width, dtype=self.dtype_policy, name="first"
        )
        self.blocks = [
            TransformerBlock(
                num_heads,
                hidden_width,
                dropout,
                dtype=self.dtype_policy,
                name=f"block_{index}",
            )
            for index in range(num_blocks)
        ]
        self.last_norm = keras.layers.LayerNormalization(
            epsilon=1e-5, dtype=self.dtype_policy, name="last_norm"
        )

    def build(self, input_shape: Shape) -> None:
        check_windows_shape(
            "x", input_shape, "Add the batch axis with `window[None]`."
        )
        self.first.build((None, None, input_shape[-1]))
        for layer in (*self.blocks, self.last_norm):
            layer.build((None, None, self.width))
        self.input_spec = keras.layers.InputSpec(
            ndim=3, axes={2: input_shape[-1]}
        )
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        pool = POOLINGS[self.pooling]
        return pool(self.sequences(x, training)[-1], axis=1)

    def sequences(self, x: Tensor, training: bool = False) -> list[Tensor]:
        """What each block hands on, before the pooling over time.

        Args:
            x: `(batch, time, channels)`, g.
            training: bool. For the dropout. Defaults to `False`.

        Returns:
            list of `(batch, time, width)`, unitless, one per block; the last
            after the last layer norm.
        """
        x = self.first(x)
        x = x + ops.cast(positions(ops.shape(x)[1], self.width), x.dtype)
        outputs = []
        for block in self.blocks:
            x = block(x, training=training)
            outputs.append(x)
        outputs[-1] = self.last_norm(x)
        return outputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.width)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "width": self.width,
            "num_blocks": self.num_blocks,
            "num_heads": self.num_heads,
            "hidden_width": self.hidden_width,
            "dropout": self.dropout,
            "pooling": self.pooling,
        }


class TransformerBlock(keras.layers.Layer):
    """Attention, then a dense layer with ReLU; each added to what it reads.

    Args:
        num_heads, hidden_width, dropout: as of `TransformerEncoder1D`.

    Call arguments:
        x: `(batch, time, width)`.
        training: bool. For the dropout.

    Returns:
        `(batch, time, width)`.
    """

    def __init__(
        self, num_heads: int, hidden_width: int, dropout: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.hidden_width = hidden_width
        self.dropout = SeededDropout(dropout, dtype=self.dtype_policy)
        self.norms = [
            keras.layers.LayerNormalization(
                epsilon=1e-5, dtype=self.dtype_policy
            )
            for _ in range(2)
        ]

    def build(self, input_shape: Shape) -> None:
        width = input_shape[-1]
        self.attention = keras.layers.MultiHeadAttention(
            self.num_heads, width // self.num_heads, dtype=self.dtype_policy
        )
        self.attention.build(input_shape, input_shape)
        self.hidden = keras.layers.Dense(
            self.hidden_width, activation="relu", dtype=self.dtype_policy
        )
        self.hidden.build(input_shape)
        self.output_layer = keras.layers.Dense(width, dtype=self.dtype_policy)
        self.output_layer.build((*input_shape[:-1], self.hidden_width))
        for layer in (*self.norms, self.dropout):
            layer.build(input_shape)
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        y = self.norms[0](x)
        y = self.attention(y, y, training=training)
        x = x + self.dropout(y, training=training)
        y = self.output_layer(self.hidden(self.norms[1](x)))
        return x + self.dropout(y, training=training)


def positions(length, width):
    """Sines of a sample's place, then cosines, `(length, width)` float32.

    Periods rise from 2 pi samples to 10,000 times that.
    """
    place = ops.cast(ops.arange(length), "float32")[:, None]
    exponent = ops.arange(width // 2, dtype="float32")[None, :] * 2 / width
    angle = place * ops.exp(-math.log(LONGEST_PERIOD) * exponent)
    return ops.concatenate([ops.sin(angle), ops.cos(angle)], axis=-1)
