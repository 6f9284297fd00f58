"""Who is a candidate of whom in a batch: one order, shared by all."""

from keras import ops


def candidate_index(batch_size, num_candidates):
    """Which windows of the pool are candidates of which anchor.

    The pool is the anchors, then every anchor's within-subject candidates. Row
    `i` lists the other anchors `i + 1, i + 2, ...` modulo the batch, then the
    candidates of anchor `i`.

    Returns:
        `(batch, batch - 1 + num_candidates)` int32.
    """
    anchor = ops.arange(batch_size, dtype="int32")[:, None]
    step = ops.arange(1, batch_size, dtype="int32")[None, :]
    within = ops.arange(num_candidates, dtype="int32")[None, :]
    return ops.concatenate(
        [
            (anchor + step) % batch_size,
            batch_size + anchor * num_candidates + within,
        ],
        axis=1,
    )


def candidate_pool(anchors, candidates):
    """Stacks anchors and candidates: `(batch * (1 + num_candidates), ...)`."""
    shape = ops.shape(candidates)
    flat = ops.reshape(candidates, (shape[0] * shape[1], *shape[2:]))
    return ops.concatenate([anchors, flat], axis=0)


def check_candidate_group(anchor_shape, candidate_shape):
    """Raises a ValueError unless the shapes are those of a candidate group."""
    fits = (
        len(anchor_shape) == 3
        and len(candidate_shape) == 4
        and tuple(anchor_shape[1:]) == tuple(candidate_shape[2:])
        and anchor_shape[0] == candidate_shape[0]
    )
    if not fits:
        raise ValueError(
            "Expected anchors (batch, time, channels) and candidates (batch, "
            "num_candidates, time, channels) of the same windows. Received: "
            f"anchors {tuple(anchor_shape)}, candidates "
            f"{tuple(candidate_shape)}."
        )
    if anchor_shape[0] == 1:
        raise ValueError(
            "A batch needs 2 anchors or more: the other anchors are the "
            "candidates from other subjects. Received: a batch of 1. Raise "
            "`batch_size`."
        )
