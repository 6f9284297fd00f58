from typing import Any, Literal, Self

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.baselines.view_pairs import ViewPairs
from keras_relcon.checks import check_windows_shape, message
from keras_relcon.losses.nt_xent import NTXentLoss
from keras_relcon.models.built_first import BuiltFirst
from keras_relcon.models.embedding_spread import (
    EmbeddingSpread,
    similarities_to_others,
)
from keras_relcon.models.projector import mlp_projector
from keras_relcon.types import Shape, Tensor

# Of "soar".
PROJECTOR_WIDTHS = (256, 128, 50)


@keras.saving.register_keras_serializable(package="keras_relcon")
class SimCLR(BuiltFirst, keras.Model):
    """Pretrains an encoder by telling two views of a window from others'.

    [Tang et al., 2020](https://arxiv.org/abs/2011.11542), SimCLR
    ([Chen et al., 2020](https://arxiv.org/abs/2002.05709)) on acceleration:
    each window is augmented twice, and the loss asks the two projections to be
    nearer to each other than to those of the other windows (`nt_xent_loss`).

    `fit` takes windows: an array, `keras_relcon.data.WindowBatches`, or a
    `tf.data.Dataset`. Both views pass the encoder as one batch. Validation
    draws views too. Afterwards `encoder` is what was trained; the projector is
    discarded.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        projector: Keras model or layer, `(batch, dim)` to `(batch, any)`;
            `"soar"` for dense layers of 256, 128 and 50 units with ReLU
            between; or `None`. Defaults to `"soar"`.
        temperature: float, above 0. Defaults to `0.1` (Tang et al.; RelCon
            trains all methods with 1, A.1).
        views: `"soar"`, `"tang"`, `"relcon"` or a layer, see `ViewPairs`.
            Defaults to `"soar"`, which RelCon follows.
        seed: int or `None`. Of the views. Defaults to `None`.

    Call arguments:
        windows: `(batch, time, channels)`, g. A batch of 2 or more has
            negatives.

    Returns:
        dict of `embedding`, `(batch, 2, dim)`, and `projection`, `(batch, 2,
        any)`: of two views of each window. To embed a window as it is, call
        `encoder`.

    Metrics: `loss`; `embedding_spread` of the first views, 0 is collapse
    (`EmbeddingSpread`).

    Raises:
        ValueError: if an argument is wrong, or the input is no windows.

    Differs from the papers: the encoder is any; RelCon does not state the
    projector, "soar" is that of the tutorial which it follows.

    Example:

    >>> model = keras_relcon.baselines.SimCLR(
    ...     encoder=keras_relcon.layers.ResNet1D34()
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.WindowBatches(store, batch_size=64))
    """

    def __init__(
        self,
        encoder: keras.Model,
        projector: keras.Layer | Literal["soar"] | None = "soar",
        temperature: float = 0.1,
        views: keras.Layer | Literal["soar", "tang", "relcon"] = "soar",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        # The signal stays in float32 under a policy of mixed precision.
        super().__init__(autocast=False, **kwargs)
        if isinstance(projector, str) and projector != "soar":
            raise ValueError(
                message(
                    '`projector` must be "soar", a layer or None.',
                    {"projector": projector},
                )
            )
        self.encoder = encoder
        self.temperature = temperature
        self.views = views
        self.seed = seed
        self.has_default_projector = projector == "soar"
        self.projector: keras.Layer | None = (
            mlp_projector(PROJECTOR_WIDTHS)
            if self.has_default_projector
            else projector
        )
        self.view_pairs = ViewPairs(views, seed)
        self.contrastive_loss = NTXentLoss(temperature)
        self.embedding_spread = EmbeddingSpread()

    def build(self, input_shape: Shape) -> None:
        check_windows_shape(
            "windows",
            input_shape,
            "`keras_relcon.data.WindowBatches` yields such batches.",
        )
        # No weight depends on the batch or the length.
        shape = (None, None, input_shape[-1])
        self.view_pairs.build(shape)
        if not self.encoder.built:
            self.encoder.build((None, *input_shape[1:]))
        if self.projector is not None and not self.projector.built:
            self.projector.build(
                self.encoder.compute_output_shape((None, *input_shape[1:]))
            )
        self.built = True

    def call(
        self, windows: Tensor, training: bool = False
    ) -> dict[str, Tensor]:
        views = ops.concatenate(self.view_pairs(windows), axis=0)
        embeddings = self.encoder(views, training=training)
        projections = embeddings
        if self.projector is not None:
            projections = self.projector(embeddings, training=training)
        return {
            "embedding": _pair_up(embeddings),
            "projection": _pair_up(projections),
        }

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        projections = y_pred["projection"]
        loss = self.contrastive_loss(projections[:, 0], projections[:, 1])
        return distributed.with_penalties(loss, self.losses)

    def compute_metrics(
        self,
        x: Tensor,
        y: Tensor,
        y_pred: Tensor,
        sample_weight: Tensor | None = None,
    ) -> dict[str, Any]:
        self.embedding_spread.update_state(
            similarities_to_others(y_pred["embedding"][:, 0])
        )
        return self.get_metrics_result()

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        projector = "soar" if self.has_default_projector else self.projector
        return {
            **super().get_config(),
            "encoder": serialize(self.encoder),
            "projector": serialize(projector),
            "temperature": self.temperature,
            "views": serialize(self.views),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        config = dict(config)
        for name in ("encoder", "projector", "views"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


def _pair_up(x):
    """First views, then second, `(2 * batch, dim)`: to `(batch, 2, dim)`."""
    x = ops.reshape(x, (2, -1, x.shape[-1]))
    return ops.transpose(x, (1, 0, 2))
