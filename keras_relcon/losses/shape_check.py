def check_same_shape(distances, similarities):
    """Raises where the two would be broadcast, or are no matrices.

    A dimension that is not known while a graph is traced fits any other.
    """
    shapes = tuple(distances.shape), tuple(similarities.shape)
    is_same = len(shapes[0]) == len(shapes[1]) == 2 and all(
        a is None or b is None or a == b for a, b in zip(*shapes)
    )
    if not is_same:
        raise ValueError(
            "`distances` and `similarities` must have one shape, (batch, "
            f"candidates). Received: {shapes[0]} and {shapes[1]}."
        )
