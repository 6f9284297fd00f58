import keras
from keras import ops


def rematerialize(layer, x):
    """Calls a layer in training without keeping what it computes inside.

    The backward pass computes it again from `x`: less memory for one more
    forward pass. Unlike `keras.remat` alone it works on layers that update
    variables, such as batch norm.

    Args:
        layer: built Keras layer without a seed generator of its own.
        x: tensor.

    Returns:
        `layer(x, training=True)`. Its variables are updated once.

    On a CPU, XLA merges both computations again and JAX saves nothing.
    """
    num_trainable = len(layer.trainable_variables)

    def function(x, *values):
        return layer.stateless_call(
            values[:num_trainable], values[num_trainable:], x, training=True
        )

    variables = layer.trainable_variables + layer.non_trainable_variables
    # Copies, because the originals change before the backward pass.
    values = [ops.copy(variable) for variable in variables]
    output, updates = keras.remat(function)(x, *values)
    for variable, value in zip(layer.non_trainable_variables, updates):
        variable.assign(value)
    return output
