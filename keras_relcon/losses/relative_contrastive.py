import keras
from keras import ops

from keras_relcon.losses.contrastive_base import (
    LARGE_NEGATIVE,
    TemperatureLoss,
    checked_logits,
)
from keras_relcon.types import Tensor


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
    distances, logits, valid = checked_logits(
        distances, similarities, temperature, valid
    )
    # farther[b, i, j]: candidate j is a negative while i is the positive.
    farther = distances[:, None, :] > distances[:, :, None]
    if valid is not None:
        farther = ops.logical_and(farther, valid[:, None, :])
    negatives = ops.where(farther, logits[:, None, :], LARGE_NEGATIVE)
    log_negatives = ops.logsumexp(negatives, axis=-1)
    terms = ops.logaddexp(logits, log_negatives) - logits
    if valid is not None:
        terms = ops.where(valid, terms, 0.0)
    return ops.sum(terms, axis=-1)


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

    function = staticmethod(relative_contrastive_loss)
