import keras

from keras_relcon.checks import message


def batch_inputs(data):
    """What a step takes of a batch: its inputs, without targets.

    Args:
        data: what Keras gives the step.

    Raises:
        ValueError: if the batch has weights, for the loss is of pairs.
    """
    inputs, _, weights = keras.utils.unpack_x_y_sample_weight(data)
    if weights is not None:
        raise ValueError(
            message(
                "A model that learns from windows without labels takes no "
                "weights: its loss compares the windows of a batch.",
                "`sample_weight` or `class_weight`",
                "Leave them out; have a stream draw what should count more "
                "more often.",
            )
        )
    return inputs
