"""Knows the .csv files that GENEActiv's software writes.

By the maker's manual, "Understanding .csv files", the rows of raw data have
seven columns. Those of epochs have twelve.
"""

from keras_relcon.checks import message
from keras_relcon.data.readers.csv_layout import GENEACTIV
from keras_relcon.data.readers.text_columns import as_arrow

NAMES = ("time", "x", "y", "z", "light", "button", "temperature")


def is_geneactiv_export(preamble):
    return bool(GENEACTIV.match(preamble[0]))


def check_is_raw(header, path):
    """Raises if a row has other cells than one of raw data."""
    if len(header) != len(NAMES):
        raise ValueError(
            message(
                "A GENEActiv export must hold raw data: a time, x, y, z, "
                "light, button and temperature.",
                f"path={str(path)!r}, with {len(header)} columns",
                "Export raw data in place of epochs, or read the .bin file.",
            )
        )


def with_iso_times(blocks):
    """Yields blocks with a point before the milliseconds of `time`."""
    import pyarrow.compute

    for block in blocks:
        times = pyarrow.compute.replace_substring_regex(
            as_arrow(block["time"]),
            r"^(\s*\S+ \d+:\d+:\d+):(\d+)\s*$",
            r"\1.\2",
        )
        yield {**block, "time": times}
