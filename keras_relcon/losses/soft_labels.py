from collections.abc import Sequence
from typing import Literal, TypeAlias

from keras import ops

from keras_relcon.checks import (
    check_number,
    check_one_of,
    check_same_shape,
    message,
)
from keras_relcon.losses.info_nce import key_cosines
from keras_relcon.types import Tensor

Schedule: TypeAlias = Literal["confidence", "constant"]


def label_estimates(
    estimates: Tensor,
    positives: Tensor,
    queue: Tensor,
    temperature: float = 0.1,
) -> Tensor:
    """Which keys are of a query's own kind, as one more view of it sees them.

    ```
    p = softmax(estimates @ [its positive, queue].T / temperature)
    ```

    All rows are L2-normalised. No gradient. Computed in float32.

    Args:
        estimates: `(batch, dim)`, unitless. Of a further view of the query's
            window: a view that is a key itself would find itself.
        positives: `(batch, dim)`, unitless. Keys of the positives.
        queue: `(size, dim)`, unitless. Keys of other windows.
        temperature: float, above 0. Defaults to `0.1`.

    Returns:
        `(batch, 1 + size)` float32; each row sums to 1.

    Raises:
        ValueError: as `info_nce_loss`.

    Differs from the paper: see `SLR`.
    """
    check_number("temperature", temperature, above=0)
    logits = key_cosines(estimates, positives, queue) / temperature
    return ops.stop_gradient(ops.softmax(logits, axis=-1))


def refined_labels(
    slow: Tensor,
    online: Tensor | None = None,
    schedule: Schedule = "confidence",
    strength: float = 0.5,
    shares: Sequence[float] = (0.3, 0.0),
) -> Tensor:
    """Labels that leave a part of the positive's 1 to keys that are like it.

    ```
    labels = (1 - a - b) * (1, 0, ..., 0) + a * slow + b * online
    ```

    Args:
        slow, online: `(batch, keys)`, of `label_estimates`, by the slow copy
            and by the encoder itself; the positive comes first. `None` for no
            `online`, then `b = 0`.
        schedule: `"constant"` for the same `shares` of all queries;
            `"confidence"` for more where an estimate is sure, `a = strength *
            max(slow) / (1 + max(slow) + max(online))`, and `b` alike. Defaults
            to `"confidence"`.
        strength: float in [0, 1], of `"confidence"`. Defaults to `0.5`.
        shares: `(a, b)`, not negative, at most 1 together, of `"constant"`.
            Defaults to `(0.3, 0.0)`.

    Returns:
        `(batch, keys)` float32 without a gradient; each row sums to 1.

    Raises:
        ValueError: if an argument is out of range, a share has no estimate,
            or the two have not one shape.

    Differs from the paper: see `SLR`.
    """
    check_refinement(schedule, strength, shares)
    slow = ops.cast(slow, "float32")
    if online is not None:
        online = ops.cast(online, "float32")
        check_same_shape("(batch, keys)", slow=slow, online=online)
    if schedule == "constant":
        of_slow, of_online = shares
        if online is None and of_online > 0:
            raise ValueError(
                message(
                    "`online` must be given where it has a share.",
                    {"online": online, "shares": tuple(shares)},
                    "Give the estimate, or a second share of 0.",
                )
            )
    else:
        sure = ops.max(slow, axis=-1, keepdims=True)
        sure_online = 0.0
        if online is not None:
            sure_online = ops.max(online, axis=-1, keepdims=True)
        rest = 1 + sure + sure_online
        of_slow, of_online = (
            strength * sure / rest,
            strength * sure_online / rest,
        )
    is_positive = ops.cast(ops.arange(slow.shape[1]) == 0, "float32")
    labels = (1 - of_slow - of_online) * is_positive + of_slow * slow
    if online is not None:
        labels = labels + of_online * online
    return ops.stop_gradient(labels)


def soft_label_loss(
    similarities: Tensor, labels: Tensor, temperature: float = 0.2
) -> Tensor:
    """Cross-entropy of the keys of each query with soft labels.

    `-sum_j labels[j] * log(softmax(similarities / temperature)[j])`, computed
    in float32. With the labels `(1, 0, ..., 0)` it is `info_nce_loss`.

    Args:
        similarities: `(batch, keys)`, unitless. Cosine of each query to its
            positive, then to the other keys.
        labels: `(batch, keys)`. No gradient flows to them.
        temperature: float, above 0. Defaults to `0.2`.

    Returns:
        `(batch,)` float32: one number per query.

    Raises:
        ValueError: if `temperature` is not above 0, or the two are not
            matrices of one shape.

    Differs from the paper: see `SLR`.
    """
    check_number("temperature", temperature, above=0)
    logits = ops.cast(similarities, "float32") / temperature
    labels = ops.stop_gradient(ops.cast(labels, "float32"))
    check_same_shape("(batch, keys)", similarities=logits, labels=labels)
    return -ops.sum(labels * ops.log_softmax(logits, axis=-1), axis=-1)


def check_refinement(schedule, strength, shares):
    """Raises a ValueError unless these suit `refined_labels`."""
    check_one_of("schedule", schedule, ["confidence", "constant"])
    check_number("strength", strength, least=0, most=1)
    is_pair = hasattr(shares, "__len__") and len(shares) == 2
    if not is_pair or min(shares) < 0 or sum(shares) > 1:
        raise ValueError(
            message(
                "`shares` must be two numbers, not negative, of at most 1 "
                "together.",
                {"shares": shares},
                "Use (0.3, 0.0).",
            )
        )
