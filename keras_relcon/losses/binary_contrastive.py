from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_number, check_same_shape
from keras_relcon.losses.relative_contrastive import (
    LARGE_NEGATIVE,
    TemperatureLoss,
)
from keras_relcon.types import Tensor


def binary_contrastive_loss(
    distances: Tensor,
    similarities: Tensor,
    temperature: float = 1.0,
    valid: Tensor | None = None,
) -> Tensor:
    """The loss of the nearest candidate against all others, by anchor.

    Eq. 5 of [RelCon](https://arxiv.org/abs/2411.18822) with one positive, as
    in [REBAR](https://arxiv.org/abs/2311.00519): the "harder binary loss" of
    RelCon's Table 6, and the loss of `keras_relcon.baselines.REBAR`.

    ```
    s = similarities / temperature
    nearest = argmin(distances)
    loss = log(exp(s_nearest) + sum_{j != nearest} exp(s_j)) - s_nearest
    ```

    Candidates that are nearest together are each a positive in turn, against
    the strictly farther ones, and the loss is their mean: ties are not
    negatives of each other, as in `relative_contrastive_loss`. With all
    distances equal it is 0. Computed in float32.

    Args:
        distances: `(batch, candidates)`, g**2 or any unit. From the anchor to
            each candidate, by the motif distance. No gradient flows to them.
        similarities: `(batch, candidates)`, unitless. Cosine similarity of the
            embeddings, in the order of the distances.
        temperature: float, above 0. Defaults to `1.0`.
        valid: `(batch, candidates)` bool, or `None`. Candidates that are
            `False` are neither positives nor negatives. Defaults to `None`.

    Returns:
        `(batch,)`: one number per anchor; 0 for one without candidates.

    Raises:
        ValueError: if the arrays are not matrices of one shape, or
            `temperature` is not above 0.

    Differs from the paper: nothing that it states. Whether candidates of the
    batch compete to be the positive is not stated; here they do. REBAR's own
    code takes the first of tied candidates.
    """
    check_number("temperature", temperature, above=0)
    distances = ops.stop_gradient(ops.cast(distances, "float32"))
    similarities = ops.cast(similarities, "float32")
    check_same_shape(
        "(batch, candidates)", distances=distances, similarities=similarities
    )
    logits = similarities / temperature
    if valid is None:
        valid = ops.ones_like(distances, dtype="bool")
    valid = ops.cast(valid, "bool")
    check_same_shape(
        "(batch, candidates)", valid=valid, similarities=similarities
    )
    least = ops.min(
        ops.where(valid, distances, float("inf")), axis=-1, keepdims=True
    )
    is_nearest = ops.logical_and(valid, distances <= least)
    is_farther = ops.logical_and(valid, distances > least)
    log_negatives = ops.logsumexp(
        ops.where(is_farther, logits, LARGE_NEGATIVE), axis=-1, keepdims=True
    )
    terms = ops.logaddexp(logits, log_negatives) - logits
    total = ops.sum(ops.where(is_nearest, terms, 0.0), axis=-1)
    num_nearest = ops.sum(ops.cast(is_nearest, "float32"), axis=-1)
    return total / ops.maximum(num_nearest, 1.0)


@keras.saving.register_keras_serializable(package="keras_relcon")
class BinaryContrastiveLoss(TemperatureLoss):
    """`binary_contrastive_loss`, averaged over the anchors of a batch.

    `RelConModel.compile(loss=BinaryContrastiveLoss())` is the "harder binary
    loss" of Table 6 of [RelCon](https://arxiv.org/abs/2411.18822).

    Args:
        temperature: float, above 0. Defaults to `1.0` (paper, A.1).
        reduction: as in `keras.losses.Loss`. The default is the mean over
            anchors.

    Call arguments:
        y_true: `(batch, candidates)`, g**2. Motif distances.
        y_pred: `(batch, candidates)`, unitless. Cosine similarities.

    Returns:
        float32 scalar, or `(batch,)` with `reduction=None`.

    Raises:
        ValueError: if `temperature` is not above 0, or as
            `binary_contrastive_loss`.

    Differs from the paper: see `binary_contrastive_loss`.
    """

    def __init__(
        self,
        temperature: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_contrastive_loss",
        dtype: Any = "float32",
    ) -> None:
        super().__init__(temperature, reduction, name, dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return binary_contrastive_loss(y_true, y_pred, self.temperature)
