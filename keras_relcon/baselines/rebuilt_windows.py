from typing import Any, ClassVar

import keras
from keras import ops

from keras_relcon.baselines.sequence_method import SequenceMethod
from keras_relcon.checks import check_kind, check_one_of, message
from keras_relcon.layers.sequence_decoder1d import SequenceDecoder1D
from keras_relcon.types import Shape, Tensor


class RebuiltWindows(SequenceMethod):
    """Base of the methods that rebuild windows from an encoder's sequence.

    Args:
        encoder: Keras model with `sequences`, see `SequenceMethod`.
        decoder: Keras layer, `(batch, steps, width)` to `(batch, time,
            channels)`; or the name of one of `DECODERS`, a `SequenceDecoder1D`
            with that output. It belongs to one length of windows. Discarded
            after training.
        seed: int or `None`. Defaults to `None`.

    Returns:
        dict of `rebuilt` and `target`, `(batch, time, channels)` float32, g;
        and `embedding`, `(batch, width)`, the mean of the sequence over time.
        To embed a window, call `encoder`.

    Raises:
        TypeError: as `SequenceMethod`, or if `decoder` is no layer.
        ValueError: as `SequenceMethod`; if `decoder` names none, or gives
            something else than windows.
    """

    PARTS = ("encoder", "decoder")
    DECODERS: ClassVar[tuple[str, ...]] = ("linear",)

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Layer | str = "linear",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, seed, **kwargs)
        if isinstance(decoder, str):
            check_one_of(
                "decoder", decoder, self.DECODERS, "Or give a Keras layer."
            )
        else:
            check_kind("decoder", decoder, keras.Layer, "a Keras layer")
        self.decoder: Any = decoder

    def build_parts(self, window_shape: Shape) -> None:
        shape = self.sequence_shape(window_shape)
        if isinstance(self.decoder, str):
            _, length, channels = window_shape
            self.decoder = SequenceDecoder1D(
                length,
                channels,
                output_activation=self.decoder,
                name="decoder",
            )
        self.input_spec = keras.layers.InputSpec(
            shape=(None, *window_shape[1:])
        )
        if not self.decoder.built:
            self.decoder.build(shape)
        rebuilt = tuple(self.decoder.compute_output_shape(shape))
        if rebuilt[1:] != tuple(window_shape[1:]):
            raise ValueError(
                message(
                    "`decoder` must give windows of the shape of the input, "
                    f"{tuple(window_shape)}.",
                    f"{rebuilt}",
                    "Give a decoder for this length, or windows of its length.",
                )
            )

    def rebuild(
        self, windows: Tensor, targets: Tensor, training: bool
    ) -> dict[str, Tensor]:
        """What is rebuilt from windows, beside what they should be.

        Args:
            windows, targets: `(batch, time, channels)`, g.
            training: bool.

        Returns:
            dict as that of `call`.
        """
        sequence = self.sequence_of(windows, training)
        rebuilt = self.decoder(sequence, training=training)
        return {
            "rebuilt": ops.cast(rebuilt, "float32"),
            "target": ops.cast(targets, "float32"),
            "embedding": ops.mean(sequence, axis=1),
        }


def squared_errors(outputs: dict[str, Tensor]) -> Tensor:
    """`(batch, time, channels)` float32, g**2: rebuilt against target."""
    rebuilt = ops.cast(outputs["rebuilt"], "float32")
    return ops.square(rebuilt - ops.cast(outputs["target"], "float32"))
