from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_number, check_same_shape
from keras_relcon.types import Tensor

# exp(-1e9) is exactly 0 in float32, and no infinity reaches a gradient.
LARGE_NEGATIVE = -1e9


def relative_contrastive_loss(
    distances: Tensor,
    similarities: Tensor,
    temperature: float = 1.0,
    valid: Tensor | None = None,
) -> Tensor:
    """The RelCon loss of each anchor.

    Eq. 5 to 7 of [RelCon](https://arxiv.org/abs/2411.18822). Every candidate in
    turn is the positive; the candidates that are strictly farther from the
    anchor are its negatives:

    ```
    s = similarities / temperature
    loss = sum_i log(exp(s_i) + sum_{j: d_j > d_i} exp(s_j)) - s_i
    ```

    Candidates at equal distances are not negatives of each other, and the term
    of the farthest candidate is 0. Only the order of the distances matters.
    Computed in float32.

    Args:
        distances: `(batch, candidates)`, g**2 or any unit. From the anchor to
            each candidate, by the motif distance. No gradient flows to them.
        similarities: `(batch, candidates)`, unitless. Cosine similarity of the
            embeddings, in the order of the distances.
        temperature: float, above 0. Defaults to `1.0`.
        valid: `(batch, candidates)` bool, or `None`. Candidates that are
            `False` are neither positives nor negatives. Defaults to `None`.

    Returns:
        `(batch,)`: the sum over candidates, one number per anchor.

    Raises:
        ValueError: if the arrays are not matrices of one shape, or
            `temperature` is not above 0.

    Differs from the paper: nothing. The released code sorts, so that one of two
    tied candidates becomes a negative of the other in arbitrary order.
    """
    check_number("temperature", temperature, above=0)
    distances = ops.stop_gradient(ops.cast(distances, "float32"))
    similarities = ops.cast(similarities, "float32")
    check_same_shape(
        "(batch, candidates)", distances=distances, similarities=similarities
    )
    logits = similarities / temperature
    # farther[b, i, j]: candidate j is a negative while i is the positive.
    farther = distances[:, None, :] > distances[:, :, None]
    if valid is not None:
        valid = ops.cast(valid, "bool")
        check_same_shape(
            "(batch, candidates)", valid=valid, similarities=similarities
        )
        farther = ops.logical_and(farther, valid[:, None, :])
    negatives = ops.where(farther, logits[:, None, :], LARGE_NEGATIVE)
    log_negatives = ops.logsumexp(negatives, axis=-1)
    terms = ops.logaddexp(logits, log_negatives) - logits
    if valid is not None:
        terms = ops.where(valid, terms, 0.0)
    return ops.sum(terms, axis=-1)


class TemperatureLoss(keras.losses.Loss):
    """Base of the losses whose similarities a temperature divides.

    Args:
        temperature: float, above 0.
        reduction, name, dtype: as in `keras.losses.Loss`.

    Raises:
        ValueError: if `temperature` is not above 0.
    """

    def __init__(
        self,
        temperature: float,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = "float32",
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_number("temperature", temperature, above=0)
        self.temperature = temperature

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("dtype", None)
        return {**config, "temperature": self.temperature}


@keras.saving.register_keras_serializable(package="keras_relcon")
class RelativeContrastiveLoss(TemperatureLoss):
    """`relative_contrastive_loss`, averaged over the anchors of a batch.

    Args:
        temperature: float, above 0. Defaults to `1.0` (paper, A.1; the released
            code runs 0.1).
        reduction: as in `keras.losses.Loss`. The default is the mean over
            anchors.

    Call arguments:
        y_true: `(batch, candidates)`, g**2. Motif distances.
        y_pred: `(batch, candidates)`, unitless. Cosine similarities.

    Returns:
        float32 scalar, or `(batch,)` with `reduction=None`.

    Raises:
        ValueError: if `temperature` is not above 0, or as
            `relative_contrastive_loss`.

    Differs from the paper: see `relative_contrastive_loss`.
    """

    def __init__(
        self,
        temperature: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "relative_contrastive_loss",
        dtype: Any = "float32",
    ) -> None:
        super().__init__(temperature, reduction, name, dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return relative_contrastive_loss(y_true, y_pred, self.temperature)
