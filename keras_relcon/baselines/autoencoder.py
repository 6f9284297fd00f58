from typing import Any

import keras
from keras import ops

from keras_relcon.baselines.rebuilt_windows import (
    RebuiltWindows,
    squared_errors,
)
from keras_relcon.types import Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class Autoencoder(RebuiltWindows):
    """Pretrains an encoder to keep what a window is rebuilt from.

    The convolutional autoencoder of [Haresamudram et al.,
    2022](https://arxiv.org/abs/2202.12938), as their published code has it:

    ```
    loss = mean((decoder(sequence of the window) - window)**2)
    ```

    An encoder that keeps every sample has no bottleneck: it can come near to
    handing the window on. It is here to compare with.

    `fit` takes windows: an array, `keras_relcon.data.WindowBatches`, or a
    `tf.data.Dataset`. Afterwards `encoder` is what was trained.

    Args:
        encoder: Keras model with `sequences`, see `SequenceMethod`. The
            source's is `ConvEncoder1D()`.
        decoder: Keras layer, `(batch, steps, width)` to `(batch, time,
            channels)`; `"linear"` for a `SequenceDecoder1D`, the mirror of that
            encoder; or `"relu"` for one with ReLU on its output. Discarded
            after training. Defaults to `"linear"`.
        seed: int or `None`. Nothing is drawn. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g.

    Returns:
        dict of `rebuilt` and `target`, `(batch, time, channels)` float32, g;
        and `embedding`, `(batch, width)`, the mean of the sequence over time.
        To embed a window, call `encoder`.

    Metrics: `loss`; `embedding_spread` of the mean of the sequence over time, 0
    is collapse (`EmbeddingSpread`).

    Raises:
        TypeError: if `encoder` or `decoder` is no layer, or the encoder has no
            `sequences`.
        ValueError: if an argument is wrong, or the input is no windows.

    Differs from the source: the published code has ReLU on the output too,
    which cannot rebuild what is below 0; its windows are standardised.

    Example:

    >>> model = keras_relcon.baselines.Autoencoder(
    ...     encoder=keras_relcon.layers.ConvEncoder1D()
    ... )
    >>> model.compile(optimizer=keras.optimizers.AdamW(1e-4))
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=256))
    """

    DECODERS = ("linear", "relu")

    def call(self, windows: Tensor, training: bool = False) -> dict[str, Any]:
        return self.rebuild(windows, windows, training)

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        return ops.mean(squared_errors(outputs))
