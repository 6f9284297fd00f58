"""Computes again in the backward pass what is not kept: less memory."""

from typing import Any

import keras
from keras import ops

from keras_relcon.layers.added_losses import sum_added_losses


def rematerialize(function, layers, x):
    """Calls a function in training without keeping what it computes inside.

    The backward pass computes it again from `x`: less memory for one more
    forward pass. Unlike `keras.remat` alone it works on layers that update
    variables, such as batch norm.

    Args:
        function: callable of `x` that runs `layers`.
        layers: list of built Keras layers without seed generators of their own.
        x: tensor.

    Returns:
        `function(x)`. The variables of the layers are updated once, and what
        they add to the loss is added by the first of them.

    On a CPU, XLA merges both computations again and JAX saves nothing.
    """
    trainable = [v for layer in layers for v in layer.trainable_variables]
    others = [v for layer in layers for v in layer.non_trainable_variables]
    variables = trainable + others
    changed: list[Any] = []

    def stateless(x, *values):
        mapping = zip(variables, values)
        with keras.StatelessScope(mapping, collect_losses=True) as scope:
            before = [scope.get_current_value(v) for v in others]
            output = function(x)
        after = [scope.get_current_value(v) for v in others]
        # Frozen weights stay: under mixed precision their copies are rounded.
        pairs = enumerate(zip(before, after))
        changed[:] = [i for i, (old, new) in pairs if new is not old]
        added = sum_added_losses(scope, layers)
        losses = [added] if scope.losses else []
        return output, losses, [after[i] for i in changed]

    # Copies, because the originals change before the backward pass.
    values = [ops.copy(variable) for variable in variables]
    output, losses, updates = keras.remat(stateless)(x, *values)
    for loss in losses:
        keras.Layer.add_loss(layers[0], loss)
    for i, value in zip(changed, updates):
        others[i].assign(value)
    return output


def parts(blocks):
    """Neighbours that are together no wider than the widest block.

    What `rematerialize` computes again at once: of narrow blocks, which are
    cheap, one input is kept, and no part holds more than the widest block.
    """
    widest = max(block.width for block in blocks)
    parts: list[list[Any]] = [[]]
    for block in blocks:
        if sum(other.width for other in parts[-1]) + block.width > widest:
            parts.append([])
        parts[-1].append(block)
    return parts


def in_turn(blocks):
    """One function of several blocks, each called on the last one's output."""

    def call(x, training):
        for block in blocks:
            x = block(x, training=training)
        return x

    return call
