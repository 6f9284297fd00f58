import keras
from keras import ops

from keras_relcon.losses.contrastive_base import (
    TemperatureLoss,
    checked_logits,
    mean_against,
    nearest_of,
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
    distances, logits, valid = checked_logits(
        distances, similarities, temperature, valid
    )
    if valid is None:
        valid = ops.ones_like(distances, dtype="bool")
    is_nearest = nearest_of(distances, valid)
    is_farther = ops.logical_and(valid, ops.logical_not(is_nearest))
    return mean_against(logits, is_nearest, is_farther)


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

    function = staticmethod(binary_contrastive_loss)
