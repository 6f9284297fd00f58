from typing import Any, Literal

import keras
from keras import ops

from keras_relcon import distributed
from keras_relcon.checks import check_layer, check_number, check_one_of, message
from keras_relcon.losses.binary_contrastive import BinaryContrastiveLoss
from keras_relcon.losses.rebar import rebar_loss
from keras_relcon.models.motif_distance import MotifDistance
from keras_relcon.models.relcon_model import RelConModel
from keras_relcon.types import Tensor

# The weight of the second term, where none is given (REBAR's code).
ALPHA = 0.5


@keras.saving.register_keras_serializable(package="keras_relcon")
class REBAR(RelConModel):
    """Pretrains an encoder to find the nearest candidate.

    The second stage of [REBAR](https://arxiv.org/abs/2311.00519). It is
    `RelConModel` but for the loss: the nearest candidate by the motif distance
    is the positive, and others are negatives, whatever their distances.

    `positives` says among whom the nearest is looked for. `"all"` is "Accel
    REBAR" of [RelCon](https://arxiv.org/abs/2411.18822), section 4.1: all
    candidates, and all others are its negatives
    (`binary_contrastive_loss`). `"within"` is REBAR as published: the
    candidates of the anchor's subject alone, and two terms, against the other
    ones of the subject and against the other anchors (`rebar_loss`).

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
        positives: str, `"all"` or `"within"`. Defaults to `"all"`, the row of
            RelCon's tables: it has RelCon's candidates and, as Eq. 5, one set
            of negatives, so that the two methods differ in nothing else.
        alpha: float in `[0, 1]`. With `positives="within"`, the weight of the
            term against the other anchors; the other term has `1 - alpha`.
            Defaults to `None`: 0.5 (REBAR's code; it has 0, and a temperature
            of 0.1, for accelerations).

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
        ValueError: if `temperature` is not above 0, `positives` is neither of
            the two, `alpha` is outside `[0, 1]` or is given with
            `positives="all"`, or the input is not a candidate group, or of
            one anchor.

    Differs from the papers: RelCon names SimCLR's augmentations without saying
    whether distance or encoder sees them; `MotifDistance` trains with them, and
    `augmentation` shows them to the encoder. With `"all"` the positive may be
    another anchor; RelCon does not say whether it may. With `"within"`
    candidates are drawn by `CandidateGroups` for each anchor by itself, where
    REBAR's code has one set of start times for all series of a batch; and tied
    candidates are each a positive. Both take what `motif_distance` is given:
    REBAR's own is `MaskedMotifDistance`.

    Example:

    >>> model = keras_relcon.baselines.REBAR(
    ...     encoder=keras_relcon.layers.ResNet1D34(),
    ...     motif_distance=distance,
    ...     positives="within",
    ... )
    >>> model.compile(optimizer="adam")
    >>> model.fit(keras_relcon.data.CandidateGroups(store))
    """

    PARTS = (*RelConModel.PARTS, "augmentation")

    def __init__(
        self,
        encoder: keras.Model,
        motif_distance: MotifDistance,
        temperature: float = 1.0,
        projector: keras.Layer | None = None,
        augmentation: keras.Layer | None = None,
        positives: Literal["all", "within"] = "all",
        alpha: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            encoder=encoder,
            motif_distance=motif_distance,
            temperature=temperature,
            projector=projector,
            **kwargs,
        )
        check_one_of("positives", positives, ("all", "within"))
        check_layer("augmentation", augmentation)
        if augmentation is not None and self.anchors == "all":
            raise ValueError(
                message(
                    "`augmentation` needs anchors with candidates of their "
                    "own.",
                    {"anchors": self.anchors},
                    'Pass `anchors="one"`, or leave `augmentation` out.',
                )
            )
        if alpha is not None:
            check_number("alpha", alpha, least=0, most=1)
            if positives == "all":
                raise ValueError(
                    message(
                        '`alpha` weighs the two terms of `positives="within"`.',
                        {"positives": positives, "alpha": alpha},
                        'Pass `positives="within"`, or leave `alpha` out.',
                    )
                )
        self.augmentation = augmentation
        self.positives = positives
        self.alpha = alpha
        self.binary_loss = BinaryContrastiveLoss(temperature)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if self.augmentation is not None and not self.augmentation.built:
            self.augmentation.build((None, *input_shape["anchor"][1:]))

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        if self.augmentation is not None and training:
            anchor = self.augmentation(inputs["anchor"], training=True)
            inputs = {**inputs, "anchor": anchor}
            if self._has_candidates:
                inputs["candidates"] = _each(
                    self.augmentation, inputs["candidates"]
                )
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
        if self.positives == "all":
            loss = self.binary_loss(y, y_pred)
        else:
            alpha = ALPHA if self.alpha is None else self.alpha
            is_within = self._is_within(x, y)
            rows = rebar_loss(y, y_pred, is_within, self.temperature, alpha)
            loss = distributed.own_share(ops.mean(rows))
        return distributed.with_penalties(loss, self.losses)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "positives": self.positives,
            "alpha": self.alpha,
        }


def _each(augmentation, candidates):
    """Augments each candidate by itself."""
    shape = ops.shape(candidates)
    flat = ops.reshape(candidates, (shape[0] * shape[1], *shape[2:]))
    return ops.reshape(augmentation(flat, training=True), shape)
