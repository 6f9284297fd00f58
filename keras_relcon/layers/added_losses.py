"""The losses that layers add while they run in a stateless scope."""

from keras import ops


def sum_added_losses(scope, layers):
    """Takes the losses of a scope from the layers that added them.

    Layers know their losses by the identity of the tensor, and another tensor
    may have it once those of the scope are gone: a loss would count twice.

    Args:
        scope: `keras.StatelessScope(..., collect_losses=True)`.
        layers: list of Keras layers that ran in it.

    Returns:
        `()` float32, or 0 where no layer added any.
    """
    if not scope.losses:
        return 0.0
    taken = {id(loss) for loss in scope.losses}
    for layer in layers:
        for part in layer._flatten_layers():
            part._loss_ids.difference_update(taken)
    return sum(ops.cast(ops.sum(loss), "float32") for loss in scope.losses)
