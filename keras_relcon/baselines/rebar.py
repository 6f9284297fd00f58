from typing import Any, Self

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.losses.binary_contrastive import BinaryContrastiveLoss
from keras_relcon.models.motif_distance import MotifDistance
from keras_relcon.models.relcon_model import RelConModel
from keras_relcon.types import Tensor


@keras.saving.register_keras_serializable(package="keras_relcon")
class REBAR(RelConModel):
    """Pretrains an encoder to find the nearest candidate among all.

    "Accel REBAR" of [RelCon](https://arxiv.org/abs/2411.18822), section 4.1:
    the second stage of [REBAR](https://arxiv.org/abs/2311.00519). It is
    `RelConModel` but for the loss: of the candidates of an anchor, the nearest
    by the motif distance is the positive and all others are negatives
    (`binary_contrastive_loss`), whatever their distances.

    `fit` takes `keras_relcon.data.CandidateGroups`. Afterwards `encoder` is
    what was trained.

    Args:
        encoder: Keras model, `(batch, time, channels)` to `(batch, dim)`.
        motif_distance: `MotifDistance`, trained, or
            `MaskedMotifDistance`, REBAR's own. It is set to
            `trainable = False`.
        temperature: float, above 0. Defaults to `1.0` (RelCon, A.1).
        projector: as in `RelConModel`. Defaults to `None`.
        augmentation: layer from windows to windows of the same shape, for what
            the encoder sees in training, as `RandomAugmentations()`; the
            distance sees the windows as they are. `None` for no augmentation.
            Defaults to `None`.

    Call arguments:
        inputs: dict of `anchor`, `(batch, time, channels)`, and `candidates`,
            `(batch, num_candidates, time, channels)`, both in g.

    Returns:
        `(batch, batch - 1 + num_candidates)` float32, cosine similarities in
        the order of `MotifDistance.candidate_distances`.

    Metrics: those of `RelConModel`. `loss_per_candidate` is of the relative
    loss, so the two methods can be compared by it.

    Raises:
        TypeError: if `motif_distance` is no `MotifDistance`.
        ValueError: if `temperature` is not above 0, or the input is not a
            candidate group, or of one anchor.

    Differs from the papers: RelCon names SimCLR's augmentations without saying
    whether distance or encoder sees them; `MotifDistance` trains with them, and
    `augmentation` shows them to the encoder. REBAR takes the positive among
    the within-subject candidates alone, and has a second term against the
    other anchors; Eq. 5 of RelCon has one set of negatives, here all other
    candidates.

    Example:

    >>> model = keras_relcon.baselines.REBAR(
    ...     encoder=keras_relcon.layers.ResNet1D34(), motif_distance=distance
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.CandidateGroups(store))
    """

    def __init__(
        self,
        encoder: keras.Model,
        motif_distance: MotifDistance,
        temperature: float = 1.0,
        projector: keras.Layer | None = None,
        augmentation: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            encoder=encoder,
            motif_distance=motif_distance,
            temperature=temperature,
            projector=projector,
            **kwargs,
        )
        self.augmentation = augmentation
        self.binary_loss = BinaryContrastiveLoss(temperature)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if self.augmentation is not None and not self.augmentation.built:
            self.augmentation.build((None, *input_shape["anchor"][1:]))

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        if self.augmentation is not None and training:
            candidates = inputs["candidates"]
            shape = ops.shape(candidates)
            flat = ops.reshape(candidates, (shape[0] * shape[1], *shape[2:]))
            flat = self.augmentation(flat, training=True)
            inputs = {
                "anchor": self.augmentation(inputs["anchor"], training=True),
                "candidates": ops.reshape(flat, shape),
            }
        return super().call(inputs, training=training)

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        if self._compile_loss is not None:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        loss = self.binary_loss(y, y_pred)
        return distributed.with_penalties(loss, self.losses)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "augmentation": keras.saving.serialize_keras_object(
                self.augmentation
            ),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        config = dict(config)
        config["augmentation"] = keras.saving.deserialize_keras_object(
            config["augmentation"]
        )
        return super().from_config(config)
