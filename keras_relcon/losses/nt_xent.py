from typing import Any

import keras
from keras import ops

from keras_relcon.checks import check_number, check_same_shape
from keras_relcon.losses.contrastive_base import (
    LARGE_NEGATIVE,
    TemperatureLoss,
)
from keras_relcon.losses.unit_rows import unit_rows
from keras_relcon.types import Tensor


def nt_xent_loss(
    first: Tensor, second: Tensor, temperature: float = 0.1
) -> Tensor:
    """The NT-Xent loss of each pair of views.

    Eq. 1 of [SimCLR](https://arxiv.org/abs/2002.05709). The rows of both views
    are L2-normalised and stacked, `z`; the positive of a row is the same window
    in the other view, its negatives are all rows of other windows:

    ```
    s = z @ z.T / temperature
    row_loss[i] = log(sum_{k != i} exp(s[i, k])) - s[i, positive(i)]
    loss[b] = (row_loss[b] + row_loss[b + batch]) / 2
    ```

    The mean over the batch is the mean over all `2 * batch` rows. Computed in
    float32.

    Args:
        first, second: `(batch, dim)`, unitless. Two views of each window, of
            any length above 0.
        temperature: float, above 0. Defaults to `0.1`.

    Returns:
        `(batch,)`: one number per pair.

    Raises:
        ValueError: if the views are not matrices of one shape, or
            `temperature` is not above 0.

    Differs from the paper: nothing. The code of Tang et al. (2020) adds the
    means of the two directions, twice this.
    """
    check_number("temperature", temperature, above=0)
    first, second = ops.cast(first, "float32"), ops.cast(second, "float32")
    check_same_shape("(batch, dim)", first=first, second=second)
    rows = unit_rows(ops.concatenate([first, second], axis=0))
    num_rows = ops.shape(rows)[0]
    logits = ops.matmul(rows, ops.transpose(rows)) / temperature
    row = ops.arange(num_rows, dtype="int32")
    is_itself = row[:, None] == row[None, :]
    log_sum = ops.logsumexp(
        ops.where(is_itself, LARGE_NEGATIVE, logits), axis=-1
    )
    partner = (row + num_rows // 2) % num_rows
    positive = ops.take_along_axis(logits, partner[:, None], axis=1)[:, 0]
    # (2, batch): one line per view
    return ops.mean(ops.reshape(log_sum - positive, (2, -1)), axis=0)


@keras.saving.register_keras_serializable(package="keras_relcon")
class NTXentLoss(TemperatureLoss):
    """`nt_xent_loss`, averaged over the pairs of a batch.

    Args:
        temperature: float, above 0. Defaults to `0.1` (code of Tang et al.;
            RelCon's SimCLR has 1, A.1).
        reduction: as in `keras.losses.Loss`. The default is the mean over
            pairs.

    Call arguments:
        y_true: `(batch, dim)`, unitless. First views.
        y_pred: `(batch, dim)`, unitless. Second views. The gradient flows to
            both.

    Returns:
        float32 scalar, or `(batch,)` with `reduction=None`.

    Raises:
        ValueError: if `temperature` is not above 0, or as `nt_xent_loss`.

    Differs from the paper: see `nt_xent_loss`.
    """

    function = staticmethod(nt_xent_loss)

    def __init__(
        self,
        temperature: float = 0.1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = "float32",
    ) -> None:
        super().__init__(temperature, reduction, name, dtype)
