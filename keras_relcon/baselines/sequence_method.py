from typing import Any

import keras
from keras import ops

from keras_relcon.baselines.pretraining_method import PretrainingMethod
from keras_relcon.checks import message
from keras_relcon.types import Shape, Tensor


class SequenceMethod(PretrainingMethod):
    """Base of the methods that read an encoder before its pooling over time.

    The encoder has a method `sequences(x, training)`, which lists what its
    blocks hand on; the last, `(batch, steps, width)`, is what the loss is of.
    What follows in the encoder must have no weights: nothing would train them.

    Args:
        encoder: Keras model with `sequences`, such as `ResNet1D34`,
            `ConvEncoder1D` or `TransformerEncoder1D`; without a dense layer
            after the pooling.
        seed: int or `None`. Of what the method draws. Defaults to `None`.

    Metrics: `loss`; `embedding_spread` of the mean of the sequence over time, 0
    is collapse (`EmbeddingSpread`).

    Raises:
        TypeError: if `encoder` is no layer, or has no `sequences`.
        ValueError: if `encoder` has a dense layer after the pooling, or the
            windows are of any length.
    """

    def __init__(
        self, encoder: keras.Model, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(encoder, seed, **kwargs)
        if not hasattr(encoder, "sequences"):
            raise TypeError(
                message(
                    "`encoder` must have a method `sequences`.",
                    f"encoder of type {type(encoder).__name__}",
                    "Use `ResNet1D34` or `ConvEncoder1D`, or give your encoder "
                    "one.",
                )
            )
        if getattr(encoder, "head", None) is not None:
            raise ValueError(
                message(
                    "`encoder` must end with its pooling: the loss is of the "
                    "sequence before it, and would not train a dense layer "
                    "after it.",
                    f"encoder with {encoder.head!r}",
                    "Give `embedding_dim` the number that the pooling gives.",
                )
            )

    def sequence_of(self, windows: Tensor, training: bool) -> Tensor:
        """`(batch, steps, width)` float32, of windows."""
        sequence = self.encoder.sequences(windows, training=training)[-1]
        return ops.cast(sequence, "float32")

    def sequence_shape(self, window_shape: Shape) -> Shape:
        """`(None, steps, width)`, of the sequences of such windows.

        Raises:
            ValueError: if the length of the windows is not known.
        """
        if window_shape[1] is None:
            raise ValueError(
                message(
                    f"`{type(self).__name__}` needs windows of a known length.",
                    f"shape={tuple(window_shape)}",
                    "Give batches a static shape.",
                )
            )
        window = ops.zeros((1, *window_shape[1:]))
        return (None, *self.sequence_of(window, training=False).shape[1:])
