import keras

from keras_relcon.checks import message


class WithoutWeights:
    """Base of the train steps: refuses weights before anything begins.

    On JAX an error within a step leaves the model without its variables.
    """

    def fit(self, *args, **kwargs):
        check_no_weights(kwargs)
        return super().fit(*args, **kwargs)

    def evaluate(self, *args, **kwargs):
        check_no_weights(kwargs)
        return super().evaluate(*args, **kwargs)


def check_no_weights(arguments):
    """Raises a ValueError if weights are among the arguments of a method."""
    for name in ("sample_weight", "class_weight"):
        if arguments.get(name) is not None:
            raise ValueError(refusal(f"`{name}`"))


def refusal(received):
    return message(
        "A model that learns from windows without labels takes no weights: "
        "its loss compares the windows of a batch.",
        received,
        "Leave them out; have a stream draw what should count more more often.",
    )


def batch_inputs(data):
    """What a step takes of a batch: its inputs, without targets.

    Args:
        data: what Keras gives the step.

    Raises:
        ValueError: if the batch has weights, for the loss is of pairs.
    """
    inputs, _, weights = keras.utils.unpack_x_y_sample_weight(data)
    if weights is not None:
        raise ValueError(refusal("a batch of inputs, targets and weights"))
    return inputs
