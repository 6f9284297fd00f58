import math
from typing import Any, Literal, TypeAlias

import keras
from keras import ops

from keras_relcon.checks import check_number, check_one_of, message
from keras_relcon.losses.contrastive_base import LARGE_NEGATIVE
from keras_relcon.losses.unit_rows import unit_rows
from keras_relcon.types import Tensor

Normalizer: TypeAlias = Literal["batch", "row"]

# Of an image batch of the paper's code.
ALPHA = 1 / 65536
# The least density ratio that the estimate tells from 0.
LEAST_RATIO = 1e-10


def renyi_contrastive_loss(
    queries: Tensor,
    keys: Tensor,
    gamma: float = 2.0,
    alpha: float = ALPHA,
    temperature: float = 0.5,
    normalizer: Normalizer = "batch",
) -> Tensor:
    """Minus the skew Rényi divergence of pairs of views from other pairs.

    [RényiCL](https://arxiv.org/abs/2208.06270). Both are L2-normalised, and
    `f = queries @ keys.T / temperature`; `P` are the entries of a window with
    itself, `Q` all others. With a mean over the entries for `E`:

    ```
    first = log(E exp((gamma - 1) * P)) / (gamma - 1)    # E P for gamma = 1
    second = log(alpha * E exp(gamma * P)
                 + (1 - alpha) * E exp(gamma * Q)) / gamma
    loss = second - first
    ```

    A larger `gamma` gives easy positives and hard negatives more weight. By
    row, `gamma=1` and `alpha=1 / batch` is InfoNCE less `log(batch)`. The keys
    get no gradient. Computed in float32.

    Args:
        queries: `(batch, dim)`, or `(batch, sources, dim)` for several views of
            each window; unitless, of any length above 0.
        keys: `(batch, dim)`, unitless. One target of each window.
        gamma: float, at least 1. The order. Defaults to `2.0`.
        alpha: float in (0, 1). Share of the positives in what they are
            compared with; it bounds the density ratio by its inverse. Defaults
            to `1 / 65536`.
        temperature: float, above 0. Defaults to `0.5`.
        normalizer: `"batch"` for one mean over all pairs of the batch,
            `"row"` for one of each window, then the mean over windows. Defaults
            to `"batch"`.

    Returns:
        float32 scalar, in nats; 0 for one window, which has no others.

    Raises:
        ValueError: if queries and keys do not fit, or an argument is out of
            range.

    Differs from the paper: its code takes the gradient by weights that get
    none; this is the formula itself, and its gradient is equal.
    """
    check_number("gamma", gamma, least=1)
    check_one_of("normalizer", normalizer, ["batch", "row"])
    positives, negatives = _critics(queries, keys, alpha, temperature)
    num_windows = _num_windows(keys)
    if normalizer == "batch":
        positives, negatives = (
            ops.reshape(x, (1, -1)) for x in (positives, negatives)
        )
    first = _soft_mean(positives, gamma - 1)
    second = ops.logaddexp(
        math.log(alpha) + _log_mean_exp(gamma * positives),
        math.log1p(-alpha) + _log_mean_exp_of_others(negatives, gamma),
    )
    loss = ops.mean(second / gamma - first)
    return ops.where(num_windows > 1, loss, 0.0)


def renyi_mutual_information(
    queries: Tensor,
    keys: Tensor,
    alpha: float = ALPHA,
    temperature: float = 0.5,
) -> Tensor:
    """How much two views tell of each other, by the critic of the loss.

    The estimate of the code of [RényiCL](https://arxiv.org/abs/2208.06270), by
    row of `P` and `Q` of `renyi_contrastive_loss`; the skewed density ratio
    `r` is brought back to one without skew:

    ```
    r = exp(E P) / (alpha * E exp(P) + (1 - alpha) * E exp(Q))
    estimate = log(max((1 - alpha) * r / (1 - alpha * r), 1e-10))
    ```

    With one query of each window the ratio is `exp(P) / E exp(Q)`, whatever
    `alpha` is. No gradient. Computed in float32.

    Args:
        queries, keys, alpha, temperature: as of `renyi_contrastive_loss`.

    Returns:
        float32 scalar, in nats: the mean over windows. It is below 0 where
        views are as near to other windows, and 0 for one window.

    Raises:
        ValueError: as `renyi_contrastive_loss`.

    Differs from the paper: nothing.
    """
    positives, negatives = _critics(queries, keys, alpha, temperature)
    mean = ops.mean(positives, axis=1)
    # 1 / r - alpha = (alpha * (E exp(P) - exp(E P)) + (1 - alpha) * E exp(Q))
    # / exp(E P), without the difference of large numbers.
    most = ops.max(positives, axis=1)
    gap = ops.mean(ops.exp(positives - most[:, None]), axis=1)
    gap = ops.maximum(gap - ops.exp(mean - most), 1e-30)
    log_rest = ops.logaddexp(
        math.log(alpha) + ops.log(gap) + most,
        math.log1p(-alpha) + _log_mean_exp_of_others(negatives, 1.0),
    )
    ratio = math.log1p(-alpha) + mean - log_rest
    ratio = ops.maximum(ratio, math.log(LEAST_RATIO))
    estimate = ops.where(_num_windows(keys) > 1, ops.mean(ratio), 0.0)
    return ops.stop_gradient(estimate)


@keras.saving.register_keras_serializable(package="keras_relcon")
class RenyiMutualInformation(keras.metrics.Mean):
    """`renyi_mutual_information`, averaged over batches by their windows.

    A batch of one window, which has no others, does not count.

    Args:
        alpha, temperature: as of `renyi_mutual_information`.
        name: str. Defaults to `"mutual_information"`.
        dtype: as in `keras.metrics.Metric`.

    Call arguments:
        queries: `(batch, dim)` or `(batch, sources, dim)`, unitless.
        keys: `(batch, dim)`, unitless.

    Returns:
        `result()` is a float32 scalar, in nats.

    Raises:
        ValueError: as `renyi_mutual_information`.

    Differs from the paper: nothing.

    Example:

    >>> information = keras_relcon.losses.RenyiMutualInformation()
    >>> information.update_state(predictions, targets)
    """

    def __init__(
        self,
        alpha: float = ALPHA,
        temperature: float = 0.5,
        name: str = "mutual_information",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        _check_skew(alpha, temperature)
        self.alpha = alpha
        self.temperature = temperature

    def update_state(
        self, queries: Tensor, keys: Tensor, sample_weight: Any = None
    ) -> None:
        estimate = renyi_mutual_information(
            queries, keys, self.alpha, self.temperature
        )
        num_windows = _num_windows(keys)
        weight = ops.where(num_windows > 1, num_windows, 0.0)
        super().update_state(estimate, sample_weight=weight)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "temperature": self.temperature,
        }


def _num_windows(keys):
    return ops.cast(ops.shape(keys)[0], "float32")


def _check_skew(alpha, temperature):
    check_number("alpha", alpha, above=0, below=1)
    check_number("temperature", temperature, above=0)


def _critics(queries, keys, alpha, temperature):
    """The entries of a window with itself, and with the others.

    Returns `(batch, sources)` and `(batch, sources * batch)`; among the latter
    those with itself are a large negative number.
    """
    _check_skew(alpha, temperature)
    queries, keys = ops.cast(queries, "float32"), ops.cast(keys, "float32")
    if len(queries.shape) == 2:
        queries = queries[:, None]
    _check_fit(queries.shape, keys.shape)
    queries, keys = unit_rows(queries), ops.stop_gradient(unit_rows(keys))
    critic = ops.einsum("isd,jd->isj", queries, keys) / temperature
    batch = ops.shape(keys)[0]
    window = ops.arange(batch, dtype="int32")
    is_itself = (window[:, None] == window[None, :])[:, None]
    positives = ops.sum(ops.where(is_itself, critic, 0.0), axis=2)
    negatives = ops.where(is_itself, LARGE_NEGATIVE, critic)
    return positives, ops.reshape(negatives, (batch, -1))


def _check_fit(queries, keys):
    fits = len(queries) == 3 and len(keys) == 2 and queries[2] == keys[1]
    if not fits or None not in (queries[0], keys[0]) and queries[0] != keys[0]:
        raise ValueError(
            message(
                "`queries` must be (batch, dim) or (batch, sources, dim), and "
                "`keys` (batch, dim) of the same windows.",
                f"{tuple(queries)} and {tuple(keys)}",
            )
        )


def _log_mean_exp(x):
    count = ops.cast(ops.shape(x)[1], "float32")
    return ops.logsumexp(x, axis=1) - ops.log(count)


def _log_mean_exp_of_others(negatives, factor):
    """Of `factor * negatives`; what is no negative does not count."""
    is_other = negatives > LARGE_NEGATIVE / 2
    count = ops.sum(ops.cast(is_other, "float32"), axis=1)
    x = ops.where(is_other, factor * negatives, LARGE_NEGATIVE)
    return ops.logsumexp(x, axis=1) - ops.log(ops.maximum(count, 1.0))


def _soft_mean(x, order):
    """`log(mean(exp(order * x))) / order`, exact near order 0, its mean."""
    if order == 0:
        return ops.mean(x, axis=1)
    most = ops.stop_gradient(ops.max(x, axis=1, keepdims=True))
    mean = ops.mean(ops.expm1(order * (x - most)), axis=1)
    return most[:, 0] + ops.log1p(mean) / order
