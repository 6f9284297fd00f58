from keras import ops

from keras_relcon.checks import check_number, check_same_shape, message
from keras_relcon.losses.unit_rows import unit_rows
from keras_relcon.types import Tensor


def info_nce_loss(
    queries: Tensor,
    positives: Tensor,
    queue: Tensor,
    temperature: float = 0.2,
) -> Tensor:
    """The InfoNCE loss of each query, with a queue of keys as negatives.

    Eq. 1 of [MoCo](https://arxiv.org/abs/1911.05722). All rows are
    L2-normalised; the other windows of the batch are no negatives:

    ```
    s = queries @ [its positive, queue].T / temperature
    loss[i] = log(sum_j exp(s[i, j])) - s[i, 0]
    ```

    Positives and queue get no gradient. Computed in float32.

    Args:
        queries, positives: `(batch, dim)`, unitless, of any length above 0.
        queue: `(size, dim)`, unitless. Keys of other windows, see `KeyQueue`.
        temperature: float, above 0. Defaults to `0.2` (second version of
            MoCo; the first has 0.07).

    Returns:
        `(batch,)` float32: one number per query.

    Raises:
        ValueError: if queries and positives are not matrices of one shape, the
            queue is no matrix of their width, or `temperature` is not above 0.

    Differs from the paper: nothing.

    Example:

    >>> negatives = queue(keys)
    >>> loss = info_nce_loss(queries, keys, negatives, temperature=0.2)
    """
    check_number("temperature", temperature, above=0)
    logits = key_cosines(queries, positives, queue) / temperature
    return ops.logsumexp(logits, axis=-1) - logits[:, 0]


def key_cosines(queries: Tensor, positives: Tensor, queue: Tensor) -> Tensor:
    """Cosine of each query to its positive, then to each key of a queue.

    The keys get no gradient.

    Args:
        queries, positives: `(batch, dim)`.
        queue: `(size, dim)`.

    Returns:
        `(batch, 1 + size)` float32, in [-1, 1].

    Raises:
        ValueError: as `info_nce_loss`.
    """
    queries, positives, queue = (
        ops.cast(x, "float32") for x in (queries, positives, queue)
    )
    check_same_shape("(batch, dim)", queries=queries, positives=positives)
    if len(queue.shape) != 2 or queue.shape[-1] != queries.shape[-1]:
        raise ValueError(
            message(
                "`queue` must be a matrix of keys as wide as the queries, "
                f"(size, {queries.shape[-1]}).",
                f"shape={tuple(queue.shape)}",
                "Build the queue with keys of that width.",
            )
        )
    queries = unit_rows(queries)
    positives = ops.stop_gradient(unit_rows(positives))
    queue = ops.stop_gradient(unit_rows(queue))
    own = ops.sum(queries * positives, axis=-1, keepdims=True)
    others = ops.matmul(queries, ops.transpose(queue))
    return ops.concatenate([own, others], axis=-1)
