from keras_relcon.presets.preset_directory import (
    BUNDLED,
    bundled_presets,
    read_preset,
)

COLUMNS = ("name", "parameters", "window", "weights", "trained on")


def list_presets(print_fn=print):
    """Prints a table of the presets that come with the package.

    Its columns are the name, the number of parameters, the window (samples,
    and their rate in Hz), the number type of the weights, and the training
    data.

    Args:
        print_fn: callable. Is given each line. Defaults to `print`.

    Returns:
        list of str, their names.

    Example:

    >>> names = keras_relcon.presets.list_presets()
    """
    names = bundled_presets()
    rows = [COLUMNS] + [_row(name) for name in names]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print_fn("  ".join(cells).rstrip())
    if not names:
        print_fn("(none are bundled)")
    return names


def _row(name):
    _, metadata = read_preset(BUNDLED / name)
    parameters = metadata.num_parameters
    return (
        name,
        f"{parameters / 1e6:.1f} M" if parameters else "?",
        f"{metadata.window_length} samples at {metadata.sample_rate_hz:g} Hz",
        metadata.weights["dtype"],
        str(metadata.facts.get("data", "not stated")),
    )
