from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_number
from keras_relcon.losses.contrastive_base import checked_candidates
from keras_relcon.types import Tensor


def log_ratio_loss(
    distances: Tensor,
    similarities: Tensor,
    epsilon: float = 1e-6,
    valid: Tensor | None = None,
) -> Tensor:
    """The log-ratio loss of each anchor.

    Kim et al., "Deep Metric Learning Beyond Binary Supervision", CVPR 2019:
    the ratio of two candidates' distances in the embedding shall be that of
    their motif distances, for all pairs of candidates. The "softer metric
    loss" of Table 6 of [RelCon](https://arxiv.org/abs/2411.18822).

    ```
    D = 2 - 2 * similarities              # squared distance of unit vectors
    u = log(D + epsilon) - log(distances + epsilon)
    loss = mean_{i < j} (u_i - u_j)**2 = 2 * N / (N - 1) * variance(u)
    ```

    The two forms are equal (`sum_{i < j} (u_i - u_j)**2` is `N**2` times the
    variance), so no pair is looped over. Candidates at an infinite distance,
    which the motif distance gives where it cannot be computed, have no ratio
    and take no part. Computed in float32.

    Args:
        distances: `(batch, candidates)`, g**2, not negative. From the anchor to
            each candidate, by the motif distance, a squared error already. No
            gradient flows to them.
        similarities: `(batch, candidates)`, unitless. Cosine similarity of the
            embeddings, in the order of the distances.
        epsilon: float, above 0. Added to both distances, so that neither
            logarithm is infinite. Defaults to `1e-6`.
        valid: `(batch, candidates)` bool, or `None`. Candidates that are
            `False` take no part. Defaults to `None`.

    Returns:
        `(batch,)`: one number per anchor; 0 with fewer than two candidates.

    Raises:
        ValueError: if the arrays are not matrices of one shape, or
            `epsilon` is not above 0.

    Differs from the paper: RelCon names the loss and gives no details; here
    both distances are squared, as in Kim et al., and embeddings are
    L2-normalised, as RelCon compares them. The code of Kim et al. takes
    unsquared distances, on both sides, which divides the loss by 4.
    """
    check_number("epsilon", epsilon, above=0)
    distances, similarities, valid = checked_candidates(
        distances, similarities, valid
    )
    takes_part = ops.isfinite(distances)
    if valid is not None:
        takes_part = ops.logical_and(takes_part, valid)
    # Replaced before the logarithm, so that no infinity meets a gradient.
    distances = ops.where(takes_part, distances, 1.0)
    # Rounding takes the similarity of equal embeddings beyond 1.
    embedding_distances = ops.maximum(2.0 - 2.0 * similarities, 0.0)
    log_ratios = ops.log(embedding_distances + epsilon) - ops.log(
        distances + epsilon
    )
    weight = ops.cast(takes_part, "float32")
    count = ops.sum(weight, axis=-1)
    mean = ops.sum(weight * log_ratios, axis=-1) / ops.maximum(count, 1.0)
    deviations = weight * ops.square(log_ratios - mean[:, None])
    # 2 N / (N - 1) of the mean of N squares
    return 2.0 * ops.sum(deviations, axis=-1) / ops.maximum(count - 1.0, 1.0)


@keras.saving.register_keras_serializable(package="keras_relcon")
class LogRatioLoss(keras.losses.Loss):
    """`log_ratio_loss`, averaged over the anchors of a batch.

    `RelConModel.compile(loss=LogRatioLoss())` is the "softer metric loss" of
    Table 6 of [RelCon](https://arxiv.org/abs/2411.18822).

    Args:
        epsilon: float, above 0. Added to both distances. Defaults to `1e-6`.
        reduction: as in `keras.losses.Loss`. The default is the mean over
            anchors.

    Call arguments:
        y_true: `(batch, candidates)`, g**2. Motif distances.
        y_pred: `(batch, candidates)`, unitless. Cosine similarities.

    Returns:
        float32 scalar, or `(batch,)` with `reduction=None`.

    Raises:
        ValueError: if `epsilon` is not above 0, or as `log_ratio_loss`.

    Differs from the paper: see `log_ratio_loss`.
    """

    def __init__(
        self,
        epsilon: float = 1e-6,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_ratio_loss",
        dtype: Any = "float32",
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_number("epsilon", epsilon, above=0)
        self.epsilon = epsilon

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return log_ratio_loss(y_true, y_pred, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("dtype", None)
        return {**config, "epsilon": self.epsilon}
