from keras import ops

from keras_relcon.checks import check_number, message
from keras_relcon.losses.contrastive_base import (
    checked_logits,
    mean_against,
    nearest_of,
)
from keras_relcon.types import Tensor


def rebar_loss(
    distances: Tensor,
    similarities: Tensor,
    is_within: Tensor,
    temperature: float = 0.1,
    alpha: float = 0.5,
) -> Tensor:
    """The two terms of REBAR's second stage, by anchor.

    The contrast of [REBAR](https://arxiv.org/abs/2311.00519). The positive is
    the nearest of the within-subject candidates. One term contrasts it with
    the other within-subject candidates, one with the other anchors:

    ```
    s = similarities / temperature
    p = argmin of distances over the within-subject candidates
    within  = log(sum_{j within} exp(s_j)) - s_p
    between = log(exp(s_p) + sum_{j not within} exp(s_j)) - s_p
    loss = alpha * between + (1 - alpha) * within
    ```

    Distances of other candidates are not read. Within-subject candidates that
    are nearest together are each the positive in turn, and the terms are
    means over them; they are not negatives of each other, as in
    `binary_contrastive_loss`. Computed in float32.

    Args:
        distances: `(batch, candidates)`, g**2 or any unit. From the anchor to
            each candidate, by the motif distance. No gradient flows to them.
        similarities: `(batch, candidates)`, unitless. Cosine similarity of the
            embeddings, in the order of the distances.
        is_within: `(batch, candidates)` or `(candidates,)` bool. Whether a
            candidate is of the anchor's subject.
        temperature: float, above 0. Defaults to `0.1` (REBAR's code, for
            accelerations).
        alpha: float in `[0, 1]`, the weight of `between`. Defaults to `0.5`
            (REBAR's code; it has 0 for accelerations).

    Returns:
        `(batch,)`: one number per anchor; 0 for one without within-subject
        candidates.

    Raises:
        ValueError: if the arrays are not matrices of one shape, `temperature`
            is not above 0, or `alpha` is outside `[0, 1]`.

    Differs from the paper: only its code could be read. The code takes the
    first of tied candidates, and divides the mean by the batch size once more.

    Example:

    >>> loss = keras_relcon.losses.rebar_loss(
    ...     distances, similarities, is_within, alpha=0.0
    ... )
    """
    check_number("alpha", alpha, least=0, most=1)
    distances, logits, _ = checked_logits(distances, similarities, temperature)
    is_within = ops.cast(is_within, "bool")
    if tuple(is_within.shape[-1:]) != tuple(distances.shape[-1:]):
        raise ValueError(
            message(
                "`is_within` must have one value for each of the "
                f"{distances.shape[-1]} candidates.",
                f"shape={tuple(is_within.shape)}",
            )
        )
    is_within = ops.broadcast_to(is_within, ops.shape(distances))
    is_between = ops.logical_not(is_within)
    is_nearest = nearest_of(distances, is_within)
    is_farther = ops.logical_and(is_within, ops.logical_not(is_nearest))
    within = mean_against(logits, is_nearest, is_farther)
    between = mean_against(logits, is_nearest, is_between)
    return alpha * between + (1 - alpha) * within
