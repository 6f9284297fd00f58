"""Models one after the other."""

import keras


def chain(parts, name=None):
    """`keras.Sequential`, whose input no global policy rounds.

    Args:
        parts: sequence of Keras layers and models.
        name: str. Defaults to `None`.

    Returns:
        `keras.Sequential`.
    """
    model = keras.Sequential(list(parts), name=name)
    model.dtype_policy = keras.DTypePolicy("float32")
    return model
