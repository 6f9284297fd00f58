"""Tells tables that hold the rows of several people, devices or sensors."""

import re

from keras_relcon.checks import message
from keras_relcon.data.readers.axis_names import letters
from keras_relcon.data.readers.csv_layout import is_number
from keras_relcon.data.readers.tables import columns_beside, read_head
from keras_relcon.data.readers.text_columns import encode_text, label_name

PERSON = r"(?:subject|user|participant|person)(?:id|name)?"
DEVICE = r"(?:sensor|device)(?:id|name|type)"
SOURCE = re.compile(rf"{PERSON}|{DEVICE}|sensor|device")
# Under these names a column may hold what a sensor measures.
MAY_BE_NUMBERS = ("sensor", "device")


def source_columns(path, axis, known, delimiter=","):
    """The columns that say whose rows, or which device's, they are.

    Args:
        path: path.
        axis: str. A column of the rows that are read.
        known: set of str. Columns that are something else.
        delimiter: str. Defaults to `","`.

    Returns:
        list of str.
    """
    return [
        name
        for name in columns_beside(path, axis, delimiter)
        if SOURCE.fullmatch(letters(name))
        and name not in known
        and _may_tell_sources(path, name, delimiter)
    ]


def _may_tell_sources(path, name, delimiter):
    """Whether a column holds names or numbers, by its first values."""
    try:
        head = read_head(path, name, delimiter)
    except (ValueError, TypeError):  # objects, lists, text of other kinds
        return False
    if head.dtype.kind not in "Uiuf":  # dates, flags
        return False
    if letters(name) not in MAY_BE_NUMBERS:
        return True
    texts = head.tolist() if head.dtype.kind == "U" else []
    return any(text.strip() and not is_number(text) for text in texts)


def with_one_source(blocks, names, path):
    """Yields blocks; raises where a column that tells sources tells two.

    Empty cells, and `NA` and the like, are of no source.

    Args:
        blocks: iterable of dict of column name to `(rows_of_block,)` text.
        names: list of str, of `source_columns`.
        path: path. For the message.

    Raises:
        ValueError: at the block with a second source.
    """
    found = {name: {} for name in names}
    for block in blocks:
        for name in names:
            _, values = encode_text(block[name])
            values = [label_name(value) for value in values if value]
            if letters(name) in MAY_BE_NUMBERS:
                values = [value for value in values if not is_number(value)]
            found[name] |= dict.fromkeys(value for value in values if value)
            if len(found[name]) > 1:
                _refuse(name, list(found[name])[:2], path)
        yield block


def _refuse(name, values, path):
    raise ValueError(
        message(
            "A file must hold the rows of one person, device and sensor.",
            f"path={str(path)!r}, whose column {name!r} has {values[0]!r} and "
            f"{values[1]!r}",
            "Write the rows of each to a file of its own, or read them as "
            "arrays and make a `Recording` of each.",
        )
    )
