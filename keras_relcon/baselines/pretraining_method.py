from typing import Any

import keras

from keras_relcon import distributed
from keras_relcon.checks import check_encoder, check_windows_shape
from keras_relcon.models.built_first import BuiltFirst
from keras_relcon.models.embedding_spread import (
    EmbeddingSpread,
    similarities_to_others,
)
from keras_relcon.models.own_loss import OwnLoss
from keras_relcon.models.parts import HasParts
from keras_relcon.models.train_steps import TrainStep
from keras_relcon.types import Shape, Tensor


class PretrainingMethod(HasParts, TrainStep, BuiltFirst, OwnLoss, keras.Model):
    """Base of the methods that train an encoder on windows without labels.

    A method says in `call` what it makes of a batch of windows, and in
    `loss_of` what it asks of that. It names in `PARTS` those of its arguments
    that are layers, and keeps each as an attribute of that name; `get_config`
    and `from_config` then know them. Afterwards `encoder` is what was trained.

    On several devices each replica calls the model on its own windows, and
    `loss_of` sees the outputs of all: the loss is that of the global batch.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        seed: int or `None`. Of what the method draws. Defaults to `None`.

    Metrics: `loss`; `embedding_spread` of the windows, or of their first views,
    0 is collapse (`EmbeddingSpread`).

    Raises:
        TypeError: if `encoder` is no layer.
    """

    PARTS: tuple[str, ...] = ("encoder",)

    def __init__(
        self, encoder: keras.Model, seed: int | None = None, **kwargs: Any
    ) -> None:
        # The signal stays in float32 under a policy of mixed precision.
        super().__init__(autocast=False, **kwargs)
        check_encoder(encoder)
        self.encoder = encoder
        self.seed = seed
        self.embedding_spread = EmbeddingSpread()

    def build(self, input_shape: Shape) -> None:
        check_windows_shape(
            "windows",
            input_shape,
            "`keras_relcon.data.WindowBatches` yields such batches.",
        )
        window_shape = (None, *input_shape[1:])
        if not self.encoder.built:
            self.encoder.build(window_shape)
        self.build_parts(window_shape)
        self.built = True

    def build_parts(self, window_shape: Shape) -> None:
        """Builds what the method has beside the encoder, which is built.

        Args:
            window_shape: `(None, time, channels)`.
        """

    def targets_of(self, inputs: Tensor) -> None:
        """Nothing: the targets of a loss come out of the windows alone."""

    def encode(self, windows: Tensor, training: bool) -> Tensor:
        """`(batch, dim)`, the embeddings of windows."""
        if training:
            return self.encode_in_training(windows)
        return self.encoder(windows, training=False)

    def embedding_shape(self, window_shape: Shape) -> Shape:
        """`(None, dim)`, of the embeddings of such windows."""
        return tuple(self.encoder.compute_output_shape(window_shape))

    def loss_of(self, outputs: dict[str, Tensor]) -> Tensor:
        """The loss of a batch.

        Args:
            outputs: what `call` returned, of the windows of all replicas.

        Returns:
            float32 scalar.
        """
        raise NotImplementedError

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Any = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        outputs = keras.tree.map_structure(distributed.gather, y_pred)
        loss = distributed.own_share(self.loss_of(outputs))
        return distributed.with_penalties(loss, self.losses)

    def compute_metrics(
        self,
        x: Tensor,
        y: Tensor,
        y_pred: Any,
        sample_weight: Tensor | None = None,
    ) -> dict[str, Any]:
        embeddings = y_pred["embedding"]
        if len(embeddings.shape) == 3:
            embeddings = embeddings[:, 0]
        self.embedding_spread.update_state(
            similarities_to_others(distributed.gather(embeddings))
        )
        return self.get_metrics_result()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}
