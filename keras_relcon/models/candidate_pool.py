"""Who is a candidate of whom in a batch: one order, shared by all."""

from keras import ops


def candidate_index(batch_size, num_candidates, num_anchors=None, first=0):
    """Which windows of the pool are candidates of which anchor.

    The pool is all anchors, then the within-subject candidates of the batch.
    Row `i` lists the anchors after anchor `first + i`, modulo their number,
    then the candidates of row `i`.

    Args:
        batch_size: int. Rows, the anchors of this replica.
        num_candidates: int. Within-subject candidates of each.
        num_anchors: int. Anchors of all replicas. Defaults to `batch_size`.
        first: int. Which of them is that of row 0. Defaults to `0`.

    Returns:
        `(batch_size, num_anchors - 1 + num_candidates)` int32.
    """
    num_anchors = batch_size if num_anchors is None else num_anchors
    row = ops.arange(batch_size, dtype="int32")[:, None]
    step = ops.arange(1, num_anchors, dtype="int32")[None, :]
    within = ops.arange(num_candidates, dtype="int32")[None, :]
    return ops.concatenate(
        [
            (first + row + step) % num_anchors,
            num_anchors + row * num_candidates + within,
        ],
        axis=1,
    )


def candidate_pool(anchors, candidates):
    """Stacks anchors and candidates, `(anchors + batch * candidates, ...)`."""
    shape = ops.shape(candidates)
    flat = ops.reshape(candidates, (shape[0] * shape[1], *shape[2:]))
    return ops.concatenate([anchors, flat], axis=0)


def check_candidate_group(anchor_shape, candidate_shape, is_gathered=False):
    """Raises a ValueError unless the shapes are those of a candidate group.

    `is_gathered`: there are anchors of other replicas beside those of the
    candidates.
    """
    fits = (
        len(anchor_shape) == 3
        and len(candidate_shape) == 4
        and tuple(anchor_shape[1:]) == tuple(candidate_shape[2:])
        and (is_gathered or anchor_shape[0] == candidate_shape[0])
    )
    if not fits:
        raise ValueError(
            "Expected anchors (batch, time, channels) and candidates (batch, "
            "num_candidates, time, channels) of the same windows. Received: "
            f"anchors {tuple(anchor_shape)}, candidates "
            f"{tuple(candidate_shape)}."
        )


def check_num_anchors(num_anchors):
    """Raises a ValueError unless an anchor has other anchors."""
    if num_anchors == 1:
        raise ValueError(
            "A batch needs 2 anchors or more: the other anchors are the "
            "candidates from other subjects. Received: a batch of 1. Raise "
            "`batch_size`."
        )
