"""Checks of single arguments that users give to layers, losses and models."""

import numbers

import keras


def check_count(name, value, least=1):
    """Raises a ValueError unless the value is an int of `least` or more."""
    if not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(
            f"`{name}` must be an int, at least {least}. Received: "
            f"{name}={value!r}."
        )


def check_not_negative(name, value):
    """Raises a ValueError unless the value is a number of 0 or more."""
    if not isinstance(value, numbers.Real) or not value >= 0:
        raise ValueError(
            f"`{name}` must be a number and must not be negative. Received: "
            f"{name}={value!r}."
        )


def check_above_zero(name, value):
    """Raises a ValueError unless a number is above 0.

    A tensor passes: while a graph is traced it has no value.
    """
    is_number = isinstance(value, numbers.Real)
    if not is_number and hasattr(value, "dtype"):
        return
    if not is_number or not value > 0:
        raise ValueError(
            f"`{name}` must be above 0, a float. Received: {name}={value!r}."
        )


def check_is_layer(name, value):
    """Raises a TypeError unless the value is a Keras layer, or `None`."""
    if value is not None and not isinstance(value, keras.Layer):
        raise TypeError(
            f"`{name}` must be a Keras layer or model, or None. Received: "
            f"{name}={value!r}."
        )
