"""Trains an encoder on more windows than fit into memory at once."""

import keras
from keras import ops

from keras_relcon.checks import message
from keras_relcon.layers.added_losses import sum_added_losses
from keras_relcon.models.backend_programs import one_by_one


def encode_in_micro_batches(encoder, windows, size):
    """Calls an encoder in training on a few windows at a time.

    Loss and gradient of all windows are those of one call, in the memory of a
    few: nothing but windows and embeddings is kept, and the backward pass
    computes each micro-batch again, as in
    [gradient caching](https://arxiv.org/abs/2101.06983), for one more forward
    pass.

    Args:
        encoder: built Keras model, `(batch, time, channels)` to
            `(batch, dim)`.
        windows: `(num_windows, time, channels)`, g.
        size: int. Windows at a time; `num_windows` is a multiple of it.

    Returns:
        `(num_windows, dim)` float32. Variables such as batch norm statistics
        are updated once for each micro-batch.

    Raises:
        ValueError: if the windows cannot be divided.

    Differs from one call where a result depends on the other windows: batch
    norm takes the mean and variance of a micro-batch.
    """
    num_windows, shape = windows.shape[0], ops.shape(windows)[1:]
    if num_windows is not None and num_windows % size:
        raise ValueError(
            message(
                "`micro_batch_size` must divide the windows of a batch, "
                "anchors and candidates.",
                f"micro_batch_size={size} for {num_windows} windows",
            )
        )

    trained = encoder.trainable_variables
    others = encoder.non_trainable_variables

    def encode(weights, state, part):
        mapping = zip(trained + others, [*weights, *state])
        with keras.StatelessScope(mapping, collect_losses=True) as scope:
            output = ops.cast(encoder(part, training=True), "float32")
        state = [scope.get_current_value(variable) for variable in others]
        added = sum_added_losses(scope, [encoder])
        # One more column, of one value: the loops return a single tensor.
        column = ops.zeros((size, 1), "float32") + added
        return state, ops.concatenate([output, column], axis=1)

    state, outputs = one_by_one(
        encode,
        _values(trained),
        _values(others),
        ops.cast(ops.reshape(windows, (-1, size, *shape)), "float32"),
    )
    for variable, value in zip(others, state):
        variable.assign(value)
    # A functional model refuses its own `add_loss`.
    keras.Layer.add_loss(encoder, ops.mean(outputs[:, :, -1]))
    return ops.reshape(outputs[:, :, :-1], (-1, outputs.shape[-1] - 1))


def _values(variables):
    # Copies, because the originals change before the backward pass.
    return [ops.copy(variable) for variable in variables]
