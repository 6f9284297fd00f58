"""Tells tables that hold the rows of several people, devices or sensors."""

import re

from keras_relcon.checks import message
from keras_relcon.data.readers.axis_names import letters
from keras_relcon.data.readers.csv_layout import is_number
from keras_relcon.data.readers.text_columns import encode_text

PERSON = r"(?:subject|user|participant|person)(?:id|name)?"
DEVICE = r"(?:sensor|device)(?:id|name|type)"
SOURCE = re.compile(rf"{PERSON}|{DEVICE}|sensor|device")
# Under these names a column may hold what a sensor measures.
MAY_BE_NUMBERS = ("sensor", "device")


def source_columns(names):
    """The names of columns that say whose rows, or which device's, they are."""
    return [name for name in names if SOURCE.fullmatch(letters(name))]


def with_one_source(blocks, names, path):
    """Yields blocks; raises where a column that tells sources tells two.

    Empty cells are of no source.

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
            if letters(name) in MAY_BE_NUMBERS:
                values = [value for value in values if not is_number(value)]
            found[name] |= dict.fromkeys(v for v in values if v.strip())
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
