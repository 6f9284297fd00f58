from typing import Any

import keras
from keras import ops

from keras_relcon.baselines.rebuilt_windows import (
    RebuiltWindows,
    squared_errors,
)
from keras_relcon.checks import check_number, check_whole, message
from keras_relcon.distributed import ReplicaSeedGenerator
from keras_relcon.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class MaskedReconstruction(RebuiltWindows):
    """Pretrains an encoder to fill in the samples that are hidden from it.

    Masked reconstruction on acceleration, [Haresamudram et al.,
    2020](https://doi.org/10.1145/3410531.3414306), the row "MAE" of RelCon's
    Table 4. A mask `M` is drawn for each window; hidden samples are set to 0 g,
    and the error is taken there only, of all windows of the batch together:

    ```
    loss = sum(M * (rebuilt - window)**2) / sum(M)    over all channels
    ```

    `fit` takes windows: an array, `keras_relcon.data.WindowBatches`, or a
    `tf.data.Dataset`. Validation draws masks too. Afterwards `encoder` is what
    was trained.

    Args:
        encoder: Keras model with `sequences`, see `SequenceMethod`. The
            source's is like `TransformerEncoder1D()`.
        decoder: Keras layer, `(batch, steps, width)` to `(batch, time,
            channels)`; or `"linear"` for a `SequenceDecoder1D`. Discarded after
            training. Defaults to `"linear"`.
        ratio: float in [0, 1). Share of the samples that are hidden, in all
            channels at once. Defaults to `0.1`.
        span: int, samples. Samples are hidden in spans of this length, which
            may overlap and reach beyond the edges; each sample is hidden with
            the probability `ratio`. Defaults to `1`.
        channel_ratio: float in [0, 1). Probability with which a channel of a
            window is hidden as a whole ([Wang et al.,
            2023](https://arxiv.org/abs/2312.04147)). Defaults to `0.0`.
        seed: int or `None`. Of the masks. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        dict of `rebuilt` and `target`, `(batch, time, channels)` float32, g;
        `mask`, `(batch, time, 1)` float32, or `(batch, time, channels)` with a
        `channel_ratio`, 1 where a sample was hidden; and `embedding`, `(batch,
        width)`, the mean over time of the sequence of the masked windows. To
        embed a window, call `encoder`.

    Metrics: `loss`; `embedding_spread` of the mean of the sequence over time, 0
    is collapse (`EmbeddingSpread`).

    Raises:
        TypeError: if `encoder` or `decoder` is no layer, or the encoder has no
            `sequences`.
        ValueError: if an argument is wrong, or the input is no windows.

    Uncertain: of the source only what it does in words was at hand. That a
    tenth of the samples is hidden, by zeros, and the squared error are as
    remembered; decoder and spans are our choice, and so is that each channel is
    drawn by itself. A batch in which nothing was hidden has a loss of 0.

    Example:

    >>> model = keras_relcon.baselines.MaskedReconstruction(
    ...     encoder=keras_relcon.layers.TransformerEncoder1D()
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=64))
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Layer | str = "linear",
        ratio: float = 0.1,
        span: int = 1,
        channel_ratio: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, seed, **kwargs)
        check_number("ratio", ratio, least=0, below=1)
        check_whole("span", span)
        check_number("channel_ratio", channel_ratio, least=0, below=1)
        if not ratio and not channel_ratio:
            raise ValueError(
                message(
                    "`ratio` or `channel_ratio` must be above 0.",
                    {"ratio": ratio, "channel_ratio": channel_ratio},
                    "Use a ratio of 0.1.",
                )
            )
        self.ratio = ratio
        self.span = span
        self.channel_ratio = channel_ratio
        self.seed_generator = ReplicaSeedGenerator(seed)

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        windows = ops.cast(windows, "float32")
        mask = self.draw_mask(ops.shape(windows))
        outputs = self.rebuild((1 - mask) * windows, windows, training)
        return {**outputs, "mask": mask}

    def draw_mask(self, shape: Shape) -> Tensor:
        """Draws what is hidden of windows.

        Args:
            shape: `(batch, time, channels)`.

        Returns:
            float32, 1 where hidden: `(batch, time, 1)`, or `(batch, time,
            channels)` with a `channel_ratio`.
        """
        batch, time, channels = shape
        # A sample is seen if none of the `span` spans that reach it begins.
        begins = 1 - (1 - self.ratio) ** (1 / self.span)
        begin = self._draw((batch, time + self.span - 1, 1), begins)
        # Sums of the last `span`, by differences of (batch, time + span, 1).
        count = ops.pad(ops.cumsum(begin, axis=1), ((0, 0), (1, 0), (0, 0)))
        hidden = count[:, self.span :] - count[:, : -self.span] > 0
        if self.channel_ratio:
            is_off = self._draw((batch, 1, channels), self.channel_ratio) > 0
            hidden = ops.logical_or(hidden, is_off)
        return ops.cast(hidden, "float32")

    def _draw(self, shape, probability):
        chance = keras.random.uniform(shape, seed=self.seed_generator)
        return ops.cast(chance < probability, "int32")

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        errors = squared_errors(outputs)
        mask = ops.cast(outputs["mask"], "float32")
        # A mask of one channel counts for each.
        mask = ops.broadcast_to(mask, ops.shape(errors))
        return ops.sum(mask * errors) / ops.maximum(ops.sum(mask), 1.0)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "ratio": self.ratio,
            "span": self.span,
            "channel_ratio": self.channel_ratio,
        }
