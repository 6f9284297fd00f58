"""Momentum mixup of SANE: queries between a window and another's positive."""

from keras import ops

from keras_relcon.types import Tensor


def mixed_labels(labels: Tensor, weight: Tensor) -> Tensor:
    """Labels of mixtures, over the keys of a window and of its partner.

    Args:
        labels: `(batch, 1 + size)`. Of each window; its positive comes first.
        weight: `(batch, 1)`. Share of the window.

    Returns:
        `(batch, 1 + size + 1)`; the partner's positive comes last.
    """
    own, others = weight * labels, (1 - weight) * partner(labels)
    return ops.concatenate(
        [own[:, :1], own[:, 1:] + others[:, 1:], others[:, :1]], axis=1
    )


def mixture(x: Tensor, positives: Tensor, weight: Tensor) -> Tensor:
    """Each row mixed with the positive of its partner.

    Args:
        x, positives: `(batch, ...)`. In the same order.
        weight: `(batch, 1, ...)` float32. Share of the row.

    Returns:
        `(batch, ...)` float32.
    """
    x, positives = ops.cast(x, "float32"), ops.cast(positives, "float32")
    return weight * x + (1 - weight) * partner(positives)


def partner(x: Tensor) -> Tensor:
    """For each row the one before it, for the first the last."""
    return ops.roll(x, 1, axis=0)
