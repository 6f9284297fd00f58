"""What the contrastive losses share."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_number, check_same_shape
from keras_relcon.types import Tensor

# exp(-1e9) is exactly 0 in float32, and no infinity reaches a gradient.
LARGE_NEGATIVE = -1e9


def checked_logits(distances, similarities, temperature, valid=None):
    """As `checked_candidates`, the similarities over a temperature above 0."""
    check_number("temperature", temperature, above=0)
    distances, similarities, valid = checked_candidates(
        distances, similarities, valid
    )
    return distances, similarities / temperature, valid


def checked_candidates(distances, similarities, valid=None):
    """Checks what ranks candidates.

    Args:
        distances, similarities: `(batch, candidates)`.
        valid: `(batch, candidates)` bool, or `None`.

    Returns:
        `(distances, similarities, valid)`: float32 without a gradient,
        float32, and bool or `None`.

    Raises:
        ValueError: if the arrays are not matrices of one shape.
    """
    distances = ops.stop_gradient(ops.cast(distances, "float32"))
    similarities = ops.cast(similarities, "float32")
    check_same_shape(
        "(batch, candidates)", distances=distances, similarities=similarities
    )
    if valid is not None:
        valid = ops.cast(valid, "bool")
        check_same_shape(
            "(batch, candidates)", valid=valid, similarities=similarities
        )
    return distances, similarities, valid


def nearest_of(distances, valid):
    """Which valid candidates are nearest, several where they are tied."""
    least = ops.min(
        ops.where(valid, distances, float("inf")), axis=-1, keepdims=True
    )
    return ops.logical_and(valid, distances <= least)


def mean_against(logits, is_positive, is_negative):
    """The mean over positives of the loss of each against all negatives.

    `log(exp(s_positive) + sum of exp(s_negative)) - s_positive`; 0 for a row
    without positives.
    """
    log_negatives = ops.logsumexp(
        ops.where(is_negative, logits, LARGE_NEGATIVE), axis=-1, keepdims=True
    )
    terms = ops.logaddexp(logits, log_negatives) - logits
    total = ops.sum(ops.where(is_positive, terms, 0.0), axis=-1)
    num_positives = ops.sum(ops.cast(is_positive, "float32"), axis=-1)
    return total / ops.maximum(num_positives, 1.0)


class TemperatureLoss(keras.losses.Loss):
    """Base of the losses whose similarities a temperature divides.

    A subclass has a `function`, which takes `y_true`, `y_pred` and the
    temperature.

    Args:
        temperature: float, above 0. Defaults to `1.0`.
        reduction, dtype: as in `keras.losses.Loss`.
        name: str. Defaults to that of the function.

    Raises:
        ValueError: if `temperature` is not above 0.
    """

    function: Callable[..., Tensor]

    def __init__(
        self,
        temperature: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = "float32",
    ) -> None:
        name = name or self.function.__name__
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_number("temperature", temperature, above=0)
        self.temperature = temperature

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return self.function(y_true, y_pred, self.temperature)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("dtype", None)
        return {**config, "temperature": self.temperature}
