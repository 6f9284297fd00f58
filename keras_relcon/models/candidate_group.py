"""What a batch of anchors and their candidates is."""

from keras import ops

from keras_relcon.checks import message


def unpack_group(inputs, *names):
    """The parts of a batch by name, `anchor` and `candidates` by default.

    Args:
        inputs: dict of arrays, or of their shapes.
        *names: str. Defaults to both.

    Returns:
        tuple of the parts.

    Raises:
        ValueError: if one is missing.
    """
    names = names or ("anchor", "candidates")
    try:
        return tuple(inputs[name] for name in names)
    except (KeyError, TypeError, IndexError) as error:
        received = sorted(inputs) if isinstance(inputs, dict) else type(inputs)
        raise ValueError(
            message(
                "`RelConModel` takes a dict with the keys "
                f"{' and '.join(f'`{name}`' for name in names)}.",
                received,
                "`keras_relcon.data.CandidateGroups` yields such batches.",
            )
        ) from error


def augmented_candidates(augmentation, anchors, keep_seeds=False):
    """One augmented copy of each anchor, as its candidate.

    Args:
        augmentation: built layer from windows to windows.
        anchors: `(batch, time, channels)`, g.
        keep_seeds: bool. Whether the next call draws the same copies. Defaults
            to `False`.

    Returns:
        `(batch, 1, time, channels)`, g.
    """
    seeds = [ops.copy(variable) for variable in augmentation.variables]
    copies = augmentation(anchors, training=True)
    if keep_seeds:
        for variable, value in zip(augmentation.variables, seeds):
            variable.assign(value)
    return copies[:, None]


def no_candidates(anchors):
    """Candidates beside the anchors, where there are none.

    Args:
        anchors: `(batch, time, channels)`.

    Returns:
        `(batch, 0, time, channels)`.
    """
    return ops.zeros_like(anchors)[:, None][:, :0]


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
            message(
                "Expected anchors (batch, time, channels) and candidates "
                "(batch, num_candidates, time, channels) of the same windows.",
                f"anchors {tuple(anchor_shape)}, candidates "
                f"{tuple(candidate_shape)}",
            )
        )


def check_num_anchors(num_anchors):
    """Raises a ValueError unless an anchor has other anchors."""
    if num_anchors == 1:
        raise ValueError(
            message(
                "A batch needs 2 anchors or more: the other anchors are the "
                "candidates from other subjects.",
                "a batch of 1",
                "Raise `batch_size`.",
            )
        )
