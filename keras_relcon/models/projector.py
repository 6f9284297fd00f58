import numbers
from collections.abc import Sequence

import keras


def mlp_projector(widths: Sequence[int]) -> keras.Sequential:
    """The usual head between embedding and contrastive loss.

    Dense layers with ReLU between them, none after the last, as in section
    2.1 of [SimCLR](https://arxiv.org/abs/2002.05709). Discarded after
    training.

    Args:
        widths: list of int, of each layer; the last is the projection's.

    Returns:
        `keras.Sequential`, `(batch, dim)` to `(batch, widths[-1])`, unitless.

    Raises:
        ValueError: if `widths` is no list, is empty, or one is not an int of 1
            or more.

    Differs from the paper: RelCon has no projector.

    Example:

    >>> model = RelConModel(encoder, distance, projector=mlp_projector([256]))
    """
    are_widths = hasattr(widths, "__len__") and all(
        isinstance(width, numbers.Integral) and width > 0 for width in widths
    )
    if not are_widths or len(widths) == 0:
        raise ValueError(
            "`widths` must be one positive int per layer, such as [256, 128]. "
            f"Received: widths={widths}."
        )
    return keras.Sequential(
        [
            keras.layers.Dense(
                width, activation="relu" if place < len(widths) - 1 else None
            )
            for place, width in enumerate(widths)
        ],
        name="projector",
    )
