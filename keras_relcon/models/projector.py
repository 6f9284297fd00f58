import keras


def mlp_projector(widths):
    """The usual head between embedding and contrastive loss.

    Dense layers with ReLU between them, none after the last, as in section
    2.1 of [SimCLR](https://arxiv.org/abs/2002.05709). Discarded after
    training.

    Args:
        widths: list of int, of each layer; the last is the projection's.

    Returns:
        `keras.Sequential`, `(batch, dim)` to `(batch, widths[-1])`.

    Raises:
        ValueError: if there is no width, or one is below 1.

    Differs from the paper: RelCon has no projector.

    Example:

    >>> model = RelConModel(encoder, distance, projector=mlp_projector([256]))
    """
    widths = list(widths)
    if not widths or min(widths) < 1:
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
