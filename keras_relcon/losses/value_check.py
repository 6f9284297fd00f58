import numbers


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
