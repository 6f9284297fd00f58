from typing import Any

import keras
from keras import ops

from keras_relcon.baselines.sequence_method import SequenceMethod
from keras_relcon.checks import check_number, check_whole, message
from keras_relcon.layers.seeded_dropout import SeededDropout
from keras_relcon.types import Shape, Tensor

# Of the published code, whose windows have 50 steps.
NUM_STEPS = 28


@keras.saving.register_keras_serializable(package="keras_relcon")
class CPC(SequenceMethod):
    """Pretrains an encoder to foretell its own sequence.

    Contrastive predictive coding ([van den Oord et al.,
    2018](https://arxiv.org/abs/1807.03748), Eq. 4) on acceleration,
    [Haresamudram et al., 2021](https://arxiv.org/abs/2012.05333). Recurrent
    layers read the encoder's sequence `z` up to a step `t`, which is drawn once
    for a batch; a linear layer for each `k` makes of their output `c` at `t` a
    prediction of `z` at `t + k`. Of all windows `j` of the batch, the
    prediction of window `i` itself must suit `z` of `i` best:

    ```
    loss = -mean_{i, k}(log_softmax_j(dot(z[i, t + k], W_k c[j, t])) at j = i)
    ```

    `fit` takes windows: an array, `keras_relcon.data.WindowBatches`, or a
    `tf.data.Dataset`. Validation draws `t` too. Afterwards `encoder` is what
    was trained; `contexts` gives what the source reads out.

    Args:
        encoder: Keras model with `sequences`, see `SequenceMethod`. The
            source's is `ConvEncoder1D(dropout=0.2)`.
        num_steps: int or `None`. Steps that are foretold, fewer than the
            sequence has. Defaults to `None`: 28, or half of the steps of the
            sequence if that is less.
        context_width: int. Units of a recurrent layer. Defaults to `256`.
        num_layers: int. Recurrent layers. Defaults to `2`.
        dropout: float in [0, 1), between recurrent layers. Defaults to `0.2`.
        seed: int or `None`. Of `t` and of the dropout. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g. A batch of 2 or more has
            negatives.

    Returns:
        dict of `target` and `prediction`, `(batch, num_steps, width)` float32,
        `z` and `W_k c` at the steps `t + 1` to `t + num_steps`; and
        `embedding`, `(batch, width)`, the mean of `z` over time. To embed a
        window, call `encoder`.

    Metrics: `loss`; `embedding_spread` of the mean of the sequence over time, 0
    is collapse (`EmbeddingSpread`).

    Raises:
        TypeError: as `SequenceMethod`.
        ValueError: if an argument is wrong, the input is no windows, or a
            sequence has not more steps than are foretold.

    Differs from the papers: the encoder is any. One of fewer steps than samples
    foretells further ahead with as many steps: those of `ResNet1D34` are four
    samples apart.

    Example:

    >>> model = keras_relcon.baselines.CPC(
    ...     encoder=keras_relcon.layers.ConvEncoder1D(dropout=0.2)
    ... )
    >>> model.compile(optimizer=keras.optimizers.Adam(5e-4))
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=64))
    """

    def __init__(
        self,
        encoder: keras.Model,
        num_steps: int | None = None,
        context_width: int = 256,
        num_layers: int = 2,
        dropout: float = 0.2,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, seed, **kwargs)
        if num_steps is not None:
            check_whole("num_steps", num_steps)
        check_whole("context_width", context_width)
        check_whole("num_layers", num_layers)
        check_number("dropout", dropout, least=0, below=1)
        self.num_steps = num_steps
        self.context_width = context_width
        self.num_layers = num_layers
        self.dropout = dropout
        self.recurrent = [
            keras.layers.GRU(
                context_width, return_sequences=True, name=f"recurrent_{index}"
            )
            for index in range(num_layers)
        ]
        self.dropouts = [
            SeededDropout(dropout, None if seed is None else seed + 1 + index)
            for index in range(num_layers - 1)
        ]
        # All replicas have one `t`.
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build_parts(self, window_shape: Shape) -> None:
        _, length, self.width = self.sequence_shape(window_shape)
        self.num_foretold = self.num_steps or min(NUM_STEPS, length // 2) or 1
        self._check_length(length)
        shape = (None, None, self.width)
        for layer in self.recurrent:
            layer.build(shape)
            shape = (None, None, self.context_width)
        # All W_k side by side, each drawn as if alone: by its input width.
        self.predictor = keras.layers.Dense(
            self.num_foretold * self.width,
            kernel_initializer=keras.initializers.VarianceScaling(
                1 / 3, mode="fan_in", distribution="uniform"
            ),
            name="predictor",
        )
        self.predictor.build((None, self.context_width))

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        sequence = self.sequence_of(windows, training)
        length = sequence.shape[1]
        self._check_length(length)
        start = keras.random.randint(
            (1,), 0, length - self.num_foretold, seed=self.seed_generator
        )
        steps = start + 1 + ops.arange(self.num_foretold, dtype="int32")
        # Recurrent layers look back only: c at `start` is that of z up to it.
        contexts = self._recur(sequence, training)
        context = ops.take(contexts, start, axis=1)[:, 0]
        return {
            "target": ops.take(sequence, steps, axis=1),
            "prediction": self.predictions(context),
            "embedding": ops.mean(sequence, axis=1),
        }

    def predictions(self, context: Tensor) -> Tensor:
        """What a context foretells.

        Args:
            context: `(batch, context_width)`, unitless. At one step.

        Returns:
            `(batch, num_steps, width)` float32, of the steps that follow.
        """
        predictions = ops.cast(self.predictor(context), "float32")
        return ops.reshape(predictions, (-1, self.num_foretold, self.width))

    def contexts(self, windows: Tensor, training: bool = False) -> Tensor:
        """What the recurrent layers make of windows.

        The source's features of a window are those of the last step.

        Args:
            windows: `(batch, time, channels)`, g.
            training: bool. For norms and dropout. Defaults to `False`.

        Returns:
            `(batch, steps, context_width)` float32, in [-1, 1].
        """
        return self._recur(self.sequence_of(windows, training), training)

    def _recur(self, x, training):
        x = self.recurrent[0](x)
        for dropout, layer in zip(self.dropouts, self.recurrent[1:]):
            x = layer(dropout(x, training=training))
        return ops.cast(x, "float32")

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        targets = ops.cast(outputs["target"], "float32")
        predictions = ops.cast(outputs["prediction"], "float32")
        # (steps, windows i, contexts j)
        logits = ops.einsum("ikw,jkw->kij", targets, predictions)
        own = ops.transpose(ops.sum(targets * predictions, axis=-1))
        return ops.mean(ops.logsumexp(logits, axis=-1) - own)

    def _check_length(self, length):
        if length <= self.num_foretold:
            raise ValueError(
                message(
                    "The encoder's sequence must have more steps than are "
                    f"foretold, which are {self.num_foretold}.",
                    f"a sequence of {length} steps",
                    "Set a smaller `num_steps`, or use longer windows or an "
                    "encoder of smaller strides.",
                )
            )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_steps": self.num_steps,
            "context_width": self.context_width,
            "num_layers": self.num_layers,
            "dropout": self.dropout,
        }
