import numbers
from collections.abc import Sequence

import keras

from keras_relcon.layers.residual_block1d import BATCH_NORM


def mlp_projector(
    widths: Sequence[int],
    batch_norm: bool = False,
    last_batch_norm: bool = False,
    name: str = "projector",
) -> keras.Sequential:
    """The usual head between embedding and loss, or between two projections.

    Dense layers with ReLU between them, none after the last, as in section
    2.1 of [SimCLR](https://arxiv.org/abs/2002.05709); with batch norm as in
    section 3 of [SimSiam](https://arxiv.org/abs/2011.10566). Discarded after
    training.

    Args:
        widths: list of int, of each layer; the last is the projection's.
        batch_norm: bool. Whether a batch norm comes before each ReLU. The
            layer before it has no bias, which the norm would take out again.
            Defaults to `False`.
        last_batch_norm: bool. Whether a batch norm without scale and shift
            ends the head. Defaults to `False`.
        name: str. Defaults to `"projector"`.

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
    *hidden, last = widths
    layers = []
    for width in hidden:
        if batch_norm:
            layers.append(keras.layers.Dense(width, use_bias=False))
            layers.append(keras.layers.BatchNormalization(**BATCH_NORM))
            layers.append(keras.layers.ReLU())
        else:
            layers.append(keras.layers.Dense(width, activation="relu"))
    layers.append(keras.layers.Dense(last, use_bias=not last_batch_norm))
    if last_batch_norm:
        layers.append(
            keras.layers.BatchNormalization(
                center=False, scale=False, **BATCH_NORM
            )
        )
    return keras.Sequential(layers, name=name)
