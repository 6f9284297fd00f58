import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_relcon.checks import (
    check_list,
    check_number,
    check_one_of,
    check_whole,
    message,
)
from keras_relcon.models.parts import HasParts
from keras_relcon.types import Shape, Tensor

# The blocks of a ResNet-34 that validation sets favour, counted from 1.
BLOCKS = (2, 3, 4, 6, 7, 8, 10, 12, 13, 14, 16)
# Any window that the encoder takes tells how many channels a block has.
NAMED_LENGTH = 64
# Keeps the gradient of the standard deviation of a silent channel finite.
VARIANCE_FLOOR = 1e-12


def _std(x):
    variance = ops.var(x, axis=1)
    return ops.sqrt(ops.maximum(variance, VARIANCE_FLOOR))


STATISTICS = {
    "mean": lambda x: ops.mean(x, axis=1),
    "std": _std,
    "max": lambda x: ops.max(x, axis=1),
    "share_above_zero": lambda x: ops.mean(ops.cast(x > 0, "float32"), axis=1),
}


def stretched(x: Tensor, scale: float) -> Tensor:
    """Windows that are drawn out over time, or drawn together.

    Args:
        x: `(batch, time, channels)`.
        scale: float, a power of two. Each doubling reads, by linear
            interpolation, a quarter of a step before and after each sample;
            each halving takes the mean of two, and leaves out a last one that
            is alone.

    Returns:
        `(batch, scale * time, channels)`.
    """
    for _ in range(round(math.log2(max(scale, 1)))):
        x = ops.repeat(x, 2, axis=1)
        before = ops.concatenate([x[:, :1], x[:, :-1]], axis=1)
        after = ops.concatenate([x[:, 1:], x[:, -1:]], axis=1)
        x = 0.5 * x + 0.25 * (before + after)
    for _ in range(round(-math.log2(min(scale, 1)))):
        x = ops.average_pool(x, 2, 2, data_format="channels_last")
    return x


@keras.saving.register_keras_serializable(package="keras_relcon")
class StageFeatures(HasParts, keras.Model):
    """Reads an encoder out at many depths, not at its end alone.

    Of what each block hands on (`ResNet1D34.sequences`), the statistics over
    time, side by side. The embedding of an encoder keeps what its loss asks
    for; the blocks before it know more.

    Args:
        encoder: Keras model with `sequences`, such as `ResNet1D34`.
        blocks: sequence of int, counted from 1, in rising order. Those that
            the encoder lacks are passed over. Defaults to the eleven of
            `BLOCKS`.
        statistics: sequence of str, of `"mean"`, `"std"`, `"max"` and
            `"share_above_zero"`. Defaults to all four.
        scales: sequence of float, powers of two. The encoder reads the window
            once at each: with `2`, drawn out to twice as many samples, so that
            a fast motion looks to it like a slow one. Defaults to `(1,)`.

    Call arguments:
        x: `(batch, time, channels)`, g.

    Returns:
        `(batch, features)` float32, unitless: for each scale, for each block,
        for each statistic, all in order, its channels. `feature_names` names
        them.

    Raises:
        TypeError: if the encoder has no `sequences`.
        ValueError: if a block is no int of 1 or more, the encoder has none of
            the blocks, a statistic is not one of the four, or a scale is no
            power of two.

    Differs from the paper: RelCon is read out at its embedding alone.

    Example:

    >>> features = keras_relcon.models.StageFeatures(encoder)
    >>> features(keras.ops.ones((2, 256, 3))).shape
    (2, 5120)
    """

    PARTS = ("encoder",)

    def __init__(
        self,
        encoder: keras.Model,
        blocks: Sequence[int] = BLOCKS,
        statistics: Sequence[str] = tuple(STATISTICS),
        scales: Sequence[float] = (1,),
        **kwargs: Any,
    ) -> None:
        # Whatever the global policy is: see what it returns.
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        if not hasattr(encoder, "sequences"):
            raise TypeError(
                message(
                    "`encoder` must have a method `sequences`.",
                    f"encoder of type {type(encoder).__name__}",
                    "Use `ResNet1D34`, or give your encoder one.",
                )
            )
        check_list("blocks", blocks, "Use (2, 4) for blocks 2 and 4.")
        for block in blocks:
            check_whole("blocks", block, advice="Blocks are counted from 1.")
        check_list("statistics", statistics, f"Use {tuple(STATISTICS)}.")
        for statistic in statistics:
            check_one_of("statistics", statistic, list(STATISTICS))
        check_scales(scales)
        self.encoder = encoder
        self._channels = None  # of the windows
        self.blocks = tuple(blocks)
        self.statistics = tuple(statistics)
        self.scales = tuple(scales)

    def build(self, input_shape: Shape) -> None:
        if not self.encoder.built:
            self.encoder.build(input_shape)
        self._channels = input_shape[-1]
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        return ops.concatenate(
            [
                self._read(stretched(x, scale), training)
                for scale in self.scales
            ],
            axis=-1,
        )

    def _read(self, x, training):
        sequences = self.encoder.sequences(x, training=training)
        chosen = [
            ops.cast(sequences[block - 1], "float32")
            for block in self._blocks_of(sequences)
        ]
        return ops.concatenate(
            [
                STATISTICS[statistic](sequence)
                for sequence in chosen
                for statistic in self.statistics
            ],
            axis=-1,
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], len(self._names(input_shape[-1])))

    def _blocks_of(self, sequences):
        blocks = [block for block in self.blocks if block <= len(sequences)]
        if not blocks:
            raise ValueError(
                message(
                    "`blocks` must name blocks of the encoder, which has "
                    f"{len(sequences)}.",
                    {"blocks": self.blocks},
                    "Count them from 1.",
                )
            )
        return blocks

    def feature_names(self) -> list[str]:
        """Names of the features, in order, as `"block_16_mean_255"`.

        Those of another scale begin with it: `"times_2_block_16_mean_255"`.
        """
        return self._names(self._channels or _channels_of(self.encoder))

    def _names(self, channels):
        window = ops.zeros((1, NAMED_LENGTH, channels))
        sequences = self.encoder.sequences(window)
        return [
            f"{prefix}block_{block}_{statistic}_{channel}"
            for prefix in map(_prefix_of, self.scales)
            for block in self._blocks_of(sequences)
            for statistic in self.statistics
            for channel in range(sequences[block - 1].shape[-1])
        ]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "blocks": self.blocks,
            "statistics": self.statistics,
            "scales": self.scales,
        }


def check_scales(scales: Sequence[float]) -> None:
    """Raises a ValueError unless these are one or more powers of two."""
    check_list("scales", scales, "Use (1, 2).")
    for scale in scales:
        check_number("scales", scale, above=0, advice="Use (1, 2).")
    if any(math.log2(scale) % 1 for scale in scales):
        raise ValueError(
            message(
                "`scales` must be powers of two, at least one.",
                {"scales": scales},
                "Use (1, 2), or (1,) for the window as it is.",
            )
        )


def _prefix_of(scale):
    return "" if scale == 1 else f"times_{scale:g}_"


def _channels_of(encoder):
    """Those that a layer was built for; 3 where it was not, or tells none."""
    config = encoder.get_build_config() or {}
    return (config.get("input_shape") or (3,))[-1]
