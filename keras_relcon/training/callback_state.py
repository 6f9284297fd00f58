"""What a Keras callback remembers between epochs, as plain data."""

import numpy as np

NUMBERS = (bool, int, float, np.integer, np.floating)


def get_state(callback):
    """Counters, best scores and best weights of a callback.

    Args:
        callback: `keras.callbacks.Callback`.

    Returns:
        `(values, arrays)`: dict of its attributes that are numbers, and of
        its public ones that are None; and dict of those that are lists of
        arrays, such as `EarlyStopping.best_weights`.
    """
    values, arrays = {}, {}
    for name, value in vars(callback).items():
        if isinstance(value, NUMBERS):
            values[name] = value.item() if hasattr(value, "item") else value
        elif value is None and not name.startswith("_"):
            values[name] = None
        elif _is_list_of_arrays(value):
            arrays[name] = value
    return values, arrays


def set_state(callback, values, arrays):
    """Gives a callback what `get_state` took of it."""
    for name, value in {**values, **arrays}.items():
        setattr(callback, name, value)


def _is_list_of_arrays(value):
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(item, np.ndarray) for item in value)
    )
