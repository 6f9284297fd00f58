def check_same_shape(axes, **arrays):
    """Raises where two arrays would be broadcast, or are no matrices.

    A dimension that is not known while a graph is traced fits any other.
    """
    shapes = [tuple(array.shape) for array in arrays.values()]
    is_same = len(shapes[0]) == len(shapes[1]) == 2 and all(
        a is None or b is None or a == b for a, b in zip(*shapes)
    )
    if not is_same:
        first, second = arrays
        raise ValueError(
            f"`{first}` and `{second}` must have one shape, {axes}. "
            f"Received: {shapes[0]} and {shapes[1]}."
        )
