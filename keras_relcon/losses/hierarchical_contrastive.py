from keras import ops

from keras_relcon.checks import check_number, check_whole, message
from keras_relcon.losses.contrastive_base import LARGE_NEGATIVE
from keras_relcon.types import Tensor


def level_loss(
    first: Tensor, second: Tensor, level: int = 0, alpha: float = 0.5
) -> Tensor:
    """The contrastive loss of two views at one resolution of time.

    Eq. 1 to 3 of [TS2Vec](https://arxiv.org/abs/2106.10466). Both views are
    pooled over time by the maximum of `2**level` neighbours; steps that are
    left over are dropped. `n` steps remain, at least one. Then, with dot
    products of rows that are not normalised, and without a temperature:

    ```
    row_loss = log(sum of exp(row @ other) over all others) - row @ partner
    instance: the rows of one step, of all windows and both views
    temporal: the rows of one window, of all steps and both views
    loss = alpha * mean(instance) + (1 - alpha) * mean(temporal)
    ```

    The partner is the same window and step in the other view. `instance` is 0
    for one window, and `temporal` for one step: they have no negatives. It is
    computed in float32.

    Args:
        first, second: `(batch, time, dim)`, unitless. The same steps of two
            views. `time` is known.
        level: int, not negative. Defaults to `0`, without pooling.
        alpha: float in [0, 1]. Weight of `instance`. Defaults to `0.5`.

    Returns:
        float32 scalar.

    Raises:
        ValueError: if the views are not of one shape `(batch, time, dim)` with
            a known time, `level` is no int of 0 or more, or `alpha` is not in
            [0, 1].

    Differs from the paper: nothing. Its equations have sums, its released code
    means as here.

    Example:

    >>> loss = keras_relcon.losses.level_loss(first, second, level=2)
    """
    check_whole("level", level, least=0)
    check_number("alpha", alpha, least=0, most=1)
    first, second = _as_views(first, second)
    first, second = _pool(first, 2**level), _pool(second, 2**level)
    # (step, 2 * batch, dim) and (batch, 2 * step, dim)
    by_step = [ops.transpose(x, (1, 0, 2)) for x in (first, second)]
    instance = _mean_row_loss(*by_step)
    temporal = _mean_row_loss(first, second)
    return alpha * instance + (1 - alpha) * temporal


def num_resolutions(length: int) -> int:
    """Number of resolutions of a view that have two steps or more.

    Args:
        length: int. Steps of the view.

    Returns:
        int, `floor(log2(length))`.
    """
    return int(length).bit_length() - 1


def resolution_losses(
    first: Tensor, second: Tensor, alpha: float = 0.5
) -> list[Tensor]:
    """`level_loss` of each resolution of two steps or more, coarsest first.

    Counted so, the same place is the same number of steps, or nearly, for
    views of any length: place 0 has 2 or 3 steps, place 1 has 4 to 7.

    Args:
        first, second, alpha: as of `level_loss`.

    Returns:
        list of float32 scalars, `floor(log2(time))` of them.

    Raises:
        ValueError: as `level_loss`.
    """
    first, second = _as_views(first, second)
    count = num_resolutions(first.shape[1])
    return [
        level_loss(first, second, level, alpha)
        for level in reversed(range(count))
    ]


def hierarchical_contrastive_loss(
    first: Tensor,
    second: Tensor,
    alpha: float = 0.5,
    include_length_one: bool = True,
) -> Tensor:
    """The mean of `level_loss` over all resolutions of time.

    Algorithm 1 of [TS2Vec](https://arxiv.org/abs/2106.10466): levels 0 to
    `floor(log2(time))`. At the last one step is left, where the instance term
    alone counts.

    Args:
        first, second: `(batch, time, dim)`, unitless. The same steps of two
            views. `time` is known.
        alpha: float in [0, 1]. Weight of the instance term. Defaults to `0.5`.
        include_length_one: bool. Whether the level of one step counts.
            `False` is Eq. 4 of the adaptive resolution loss, see
            `AdaptiveResolution`. Defaults to `True` (TS2Vec).

    Returns:
        float32 scalar.

    Raises:
        ValueError: as `level_loss`, or if no level is left.

    Differs from the paper: with `include_length_one=False` it is the mean over
    levels, where Eq. 4 has the sum.

    Example:

    >>> loss = keras_relcon.losses.hierarchical_contrastive_loss(first, second)
    """
    first, second = _as_views(first, second)
    losses = resolution_losses(first, second, alpha)
    if include_length_one:
        losses.append(level_loss(first, second, len(losses), alpha))
    if not losses:
        raise ValueError(
            message(
                "Without the level of one step, views must have 2 steps or "
                "more.",
                f"{first.shape[1]} step",
                "Give longer views, or `include_length_one=True`.",
            )
        )
    return sum(losses[1:], start=losses[0]) / len(losses)


def _as_views(first, second):
    first = ops.cast(first, "float32")
    second = ops.cast(second, "float32")
    shapes = tuple(first.shape), tuple(second.shape)
    is_good = all(len(shape) == 3 and shape[1] for shape in shapes) and all(
        a is None or b is None or a == b for a, b in zip(*shapes)
    )
    if not is_good:
        raise ValueError(
            message(
                "`first` and `second` must have one shape, (batch, time, dim), "
                "with a known time.",
                f"{shapes[0]} and {shapes[1]}",
            )
        )
    return first, second


def _pool(x, width):
    """Maxima of neighbours, `(batch, max(time // width, 1), dim)`."""
    _, time, dim = x.shape
    width = min(width, time)
    steps = time // width
    x = ops.reshape(x[:, : steps * width], (-1, steps, width, dim))
    return ops.max(x, axis=2)


def _mean_row_loss(first, second):
    """The mean of `row_loss`, the others of a row being those of its group.

    Args:
        first, second: `(group, row, dim)`. Partners are at the same place.
    """
    rows = ops.concatenate([first, second], axis=1)
    logits = ops.matmul(rows, ops.transpose(rows, (0, 2, 1)))
    place = ops.arange(ops.shape(rows)[1], dtype="int32")
    is_itself = place[:, None] == place[None, :]
    log_sum = ops.logsumexp(
        ops.where(is_itself, LARGE_NEGATIVE, logits), axis=-1
    )
    positive = ops.sum(first * second, axis=-1)
    positive = ops.concatenate([positive, positive], axis=1)
    return ops.mean(log_sum - positive)
