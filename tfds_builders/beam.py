"""One Beam transform for every source that is a list of members."""


def beam_examples(members, read_member):
    """A transform that reads members anywhere, and gives their examples.

    Args:
        members: list of picklable. What one call reads.
        read_member: function, picklable: `(index, member)` ->
            iterable of `(key, example)`.

    Returns:
        `beam.PTransform` without input.

    Raises:
        ImportError: if `apache_beam` is not installed.
    """
    try:
        import apache_beam
    except ImportError as error:
        raise ImportError(
            "Preparing a dataset with Beam needs `apache-beam`. Install it "
            'with `pip install "keras-relcon[beam]"`, or use `Builder` '
            "instead of `BeamBuilder`."
        ) from error
    return (
        apache_beam.Create(list(enumerate(members)))
        # Members are many hours of signal each: spread them over the workers.
        | "Spread" >> apache_beam.Reshuffle()
        | "Read" >> apache_beam.FlatMap(read_member)
    )
