"""Checks of numbers that users give to layers and models."""

import numbers


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
