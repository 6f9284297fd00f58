import numbers
from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from keras_relcon.checks import (
    check_length,
    check_one_of,
    check_whole,
    check_windows_shape,
    message,
)
from keras_relcon.layers.fused_batch_norm import FusedBatchNorm
from keras_relcon.layers.gravity_alignment import GravityAlignment
from keras_relcon.layers.layout import (
    channel_axis,
    internal_data_format,
    swap_layout,
    time_axis,
)
from keras_relcon.layers.rematerialize import in_turn, parts, rematerialize
from keras_relcon.layers.residual_block1d import BATCH_NORM, ResidualBlock1D
from keras_relcon.types import Shape, Tensor

STEM_KERNEL_SIZE = 7
# Two halvings in the stem leave 6 steps of 32 samples.
MINIMUM_LENGTH = 32
POOLINGS = ("mean", "mean_std")
ALIGNMENTS = (None, "gravity")
# Added, so that the gradient of a silent channel's deviation stays finite.
ADDED_VARIANCE = 1e-4


@keras.saving.register_keras_serializable(package="keras_relcon")
class ResNet1D34(keras.Model):
    """The 1-D ResNet-34 that encodes a window of acceleration.

    The encoder of [RelCon](https://arxiv.org/abs/2411.18822), section 4.1: a
    stem (convolution of 7 samples with stride 2, batch norm, ReLU, max pooling
    of 3 with stride 2), four stages of pre-activation residual blocks, and the
    mean over time. The default has 3,943,552 trainable parameters ("3.9 M" in
    the paper).

    Args:
        embedding_dim: int. Size of the embedding. If the pooling gives another
            number, a dense layer follows it. Defaults to `256` (paper, 5.2).
        num_blocks: sequence of int, one per stage. Defaults to `(3, 4, 6, 3)`.
        widths: sequence of int, channels of each stage. The stem has
            `widths[0]`. Defaults to `(64, 128, 256, 256)`.
        kernel_sizes: sequence of int, samples, one per stage. Defaults to
            `(3, 3, 3, 3)`.
        strides: sequence of int, of the first block of each stage. Defaults to
            `(1, 1, 1, 1)`.
        rematerialize: bool. Whether training keeps the inputs of the stem and
            of the blocks alone, of the narrow ones several at once, and
            computes the rest again: about half of the memory, for a tenth to a
            fifth more time on TensorFlow and two fifths on PyTorch; none is
            saved on JAX without a GPU. Defaults to `False`.
        pooling: str. `"mean"` over time, or `"mean_std"`, mean and standard
            deviation over time side by side, which tells a strong rhythm from
            a weak one. Defaults to `"mean"` (paper).
        final_norm: bool. Whether a batch norm and a ReLU come before the
            pooling, as pre-activation blocks usually end
            ([He et al., 2016](https://arxiv.org/abs/1603.05027)). Defaults to
            `False` (released code).
        alignment: str. `"gravity"`: `GravityAlignment` turns each window
            first, so that it does not matter how the sensor was worn. Defaults
            to `None` (paper).

    Call arguments:
        x: `(batch, time, channels)`, g. `time` is at least 32.

    Returns:
        `(batch, embedding_dim)`, unitless. Not normalised.

    Raises:
        ValueError: if the four sequences are empty, differ in length or hold
            anything but ints of 1 or more, `embedding_dim` is no such int,
            `pooling` or `alignment` is not one of those, or `x` has another
            rank or is shorter than 32 samples.

    Differs from the paper: nothing that the paper states. The released code
    has three stages and 3,635,840 parameters: `num_blocks=(3, 4, 6),
    widths=(64, 128, 256), kernel_sizes=(3, 4, 4), strides=(1, 1, 1)`.

    Example:

    >>> encoder = keras_relcon.layers.ResNet1D34()
    >>> encoder(keras.ops.ones((2, 256, 3))).shape
    (2, 256)
    """

    def __init__(
        self,
        embedding_dim: int = 256,
        num_blocks: Sequence[int] = (3, 4, 6, 3),
        widths: Sequence[int] = (64, 128, 256, 256),
        kernel_sizes: Sequence[int] = (3, 3, 3, 3),
        strides: Sequence[int] = (1, 1, 1, 1),
        rematerialize: bool = False,
        pooling: Literal["mean", "mean_std"] = "mean",
        final_norm: bool = False,
        alignment: Literal["gravity"] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_whole("embedding_dim", embedding_dim)
        stages = {
            "num_blocks": num_blocks,
            "widths": widths,
            "kernel_sizes": kernel_sizes,
            "strides": strides,
        }
        are_sequences = all(hasattr(x, "__len__") for x in stages.values())
        if (
            not are_sequences
            or len({len(sizes) for sizes in stages.values()}) != 1
            or len(num_blocks) == 0
            or not all(
                isinstance(size, numbers.Integral) and size > 0
                for sizes in stages.values()
                for size in sizes
            )
        ):
            raise ValueError(
                message(
                    "`num_blocks`, `widths`, `kernel_sizes` and `strides` must "
                    "have one entry per stage each, an int of 1 or more.",
                    stages,
                )
            )
        check_one_of("pooling", pooling, POOLINGS)
        check_one_of("alignment", alignment, ALIGNMENTS)
        self.embedding_dim = embedding_dim
        self.num_blocks = tuple(num_blocks)
        self.widths = tuple(widths)
        self.kernel_sizes = tuple(kernel_sizes)
        self.strides = tuple(strides)
        self.rematerialize = rematerialize
        self.pooling = pooling
        self.final_norm = final_norm
        self.alignment = alignment
        self.align = None
        if alignment == "gravity":
            self.align = GravityAlignment(name="align")
        self.data_format = internal_data_format()
        self.stem_conv = keras.layers.Conv1D(
            self.widths[0],
            STEM_KERNEL_SIZE,
            strides=2,
            data_format=self.data_format,
            dtype=self.dtype_policy,
            name="stem_conv",
        )
        self.stem_norm = FusedBatchNorm(
            dtype=self.dtype_policy,
            name="stem_norm",
            **BATCH_NORM,
        )
        self.stem_pool = keras.layers.MaxPooling1D(
            3,
            strides=2,
            data_format=self.data_format,
            dtype=self.dtype_policy,
            name="stem_pool",
        )
        self.blocks = [
            ResidualBlock1D(
                width,
                kernel_size,
                stride=stride if index == 0 else 1,
                dtype=self.dtype_policy,
                name=f"stage_{stage}_block_{index}",
            )
            for stage, (count, width, kernel_size, stride) in enumerate(
                zip(num_blocks, widths, kernel_sizes, strides)
            )
            for index in range(count)
        ]
        self.last_norm = None
        if final_norm:
            self.last_norm = FusedBatchNorm(
                dtype=self.dtype_policy, name="last_norm", **BATCH_NORM
            )
        self.head = None
        if embedding_dim != self._pooled_dim():
            self.head = keras.layers.Dense(
                embedding_dim, dtype=self.dtype_policy, name="head"
            )

    def build(self, input_shape: Shape) -> None:
        check_windows_shape(
            "x", input_shape, "Add the batch axis with `window[None]`."
        )
        check_length(type(self).__name__, input_shape, MINIMUM_LENGTH)
        if self.align is not None:
            self.align.build(input_shape)
        # Weights do not depend on the batch or the length, so they are left
        # open and any longer window may follow.
        channels = self.widths[0]
        shape: list[int | None] = [None, None, None]
        shape[channel_axis(self.data_format)] = input_shape[-1]
        self.stem_conv.build(shape)
        shape[channel_axis(self.data_format)] = channels
        self.stem_norm.build(shape)
        for block in self.blocks:
            shape[channel_axis(self.data_format)] = channels
            block.build(tuple(shape))
            channels = block.width
        if self.last_norm is not None:
            shape[channel_axis(self.data_format)] = channels
            self.last_norm.build(shape)
        if self.head is not None:
            self.head.build((None, self._pooled_dim()))
        self.input_spec = keras.layers.InputSpec(
            ndim=3, axes={2: input_shape[-1]}
        )
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        x = self._run_stem(x, training)
        for blocks in parts(self.blocks):
            x = self._run(in_turn(blocks), blocks, x, training)
        x = self._pool(self._activate_last(x, training))
        return x if self.head is None else self.head(x)

    def sequences(self, x: Tensor, training: bool = False) -> list[Tensor]:
        """What each block hands on, before the pooling over time.

        Args:
            x: `(batch, time, channels)`, g. `time` is at least 32.
            training: bool. For the batch norms. Defaults to `False`.

        Returns:
            list of `(batch, time', width)`, unitless, one per block in order:
            the output of the block after the batch norm and the ReLU that
            follow it. Those of the last block are the final ones; without
            `final_norm` its output is given as it is.
        """
        # What a block's own call does before its parts.
        x = ops.cast(self._run_stem(x, training), self.compute_dtype)
        outputs = []
        for block in self.blocks:
            outputs.append(block.activate(x, training=training))
            x = block.add_residual(x, outputs[-1], training=training)
        outputs.append(self._activate_last(x, training))
        # The first is that of the stem.
        return [swap_layout(x, self.data_format) for x in outputs[1:]]

    def _run_stem(self, x, training):
        check_length(type(self).__name__, x.shape, MINIMUM_LENGTH)
        if self.align is not None:
            x = self.align(x)
        x = swap_layout(x, self.data_format)
        stem = [self.stem_conv, self.stem_norm]
        return self._run(self._stem, stem, x, training)

    def _activate_last(self, x, training):
        if self.last_norm is None:
            return x
        return ops.relu(self.last_norm(x, training=training))

    def _stem(self, x, training):
        x = self.stem_conv(x)
        x = ops.relu(self.stem_norm(x, training=training))
        return self.stem_pool(x)

    def _run(self, function, layers, x, training):
        if not (training and self.rematerialize):
            return function(x, training=training)
        return rematerialize(lambda x: function(x, training=True), layers, x)

    def _pool(self, x):
        axis = time_axis(self.data_format)
        if self.pooling == "mean":
            return ops.mean(x, axis=axis)
        x = ops.cast(x, self.variable_dtype)
        mean = ops.mean(x, axis=axis, keepdims=True)
        variance = ops.mean(ops.square(x - mean), axis=axis)
        std = ops.sqrt(variance + ADDED_VARIANCE)
        pooled = ops.concatenate([ops.squeeze(mean, axis), std], axis=-1)
        return ops.cast(pooled, self.compute_dtype)

    def _pooled_dim(self):
        return self.widths[-1] * (2 if self.pooling == "mean_std" else 1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.embedding_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "embedding_dim": self.embedding_dim,
            "num_blocks": self.num_blocks,
            "widths": self.widths,
            "kernel_sizes": self.kernel_sizes,
            "strides": self.strides,
            "rematerialize": self.rematerialize,
            "pooling": self.pooling,
            "final_norm": self.final_norm,
            "alignment": self.alignment,
        }
