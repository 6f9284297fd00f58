"""Reads named columns of .csv, .npz, .parquet, .feather and .h5 files."""

from pathlib import Path

import numpy as np

from keras_relcon.checks import nearest
from keras_relcon.data.file_limits import check_is_file
from keras_relcon.data.readers.array_tables import (
    ARRAY_SUFFIXES,
    array_blocks,
    arrays_beside,
    list_arrays,
    read_array_head,
    time_zone_of_array,
)
from keras_relcon.data.readers.csv_blocks import csv_blocks
from keras_relcon.data.readers.csv_layout import (
    CSV_SUFFIXES,
    head_lines,
    is_csv,
    is_number,
    read_layout,
    split_lines,
)
from keras_relcon.data.readers.other_formats import other_format_message

# `.csv` first: messages list them.
TABLE_SUFFIXES = tuple(dict.fromkeys((".csv", *ARRAY_SUFFIXES, *CSV_SUFFIXES)))
NUM_HEAD = 1000


def table_blocks(path, numeric, text=(), delimiter=",", is_timed=True):
    """Reads named columns of a file, block by block.

    In a .csv file an empty cell of a numeric column is NaN: a missing sample.
    A row with any other text in a numeric column, too few or too many cells, or
    a quote that is not closed is left out, or NaN where only its place tells
    its time; a warning counts such rows and names their lines.

    Args:
        path: str or path, ending in .csv (also with .gz, .bz2 or .zst behind
            it), .npz, .parquet, .feather, .h5 or .hdf5.
        numeric: list of str. Columns of numbers. In .h5 files a name is the
            path of a dataset; in .h5 and .npz files `name.x`, `name.y` and
            `name.z` are the columns of an array of shape (num_rows, 3).
        text: list of str. Columns of anything.
        delimiter: str. Between the cells of a .csv file. Defaults to `","`.
        is_timed: bool. Whether one of the columns is the time of the row.
            Defaults to `True`.

    Yields:
        dict of column name to `(rows_of_block,)`: float64; for `text` what
        `text_columns` is about, or datetime64 where the file holds such.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the kind of file or a column is unknown, the file is
            damaged, most rows of a .csv file are not numeric, or no row has
            numbers.
    """
    path = check_path(path)
    if is_csv(path):
        layout = read_layout(path, delimiter)
        check_columns([*numeric, *text], layout.header, path)
        blocks = csv_blocks(path, layout, numeric, text, is_timed)
    else:
        check_columns([*numeric, *text], list_arrays(path), path)
        blocks = array_blocks(path, numeric, text)
    yield from with_rows(blocks, numeric[0], path)


def with_rows(blocks, name, path):
    """Yields blocks; raises if they hold no row of a column."""
    num_rows = 0
    for block in blocks:
        num_rows += len(block[name])
        yield block
    if not num_rows:
        raise ValueError(
            "The file must have rows of numbers. "
            f"Received: path={str(path)!r}, with none."
        )


def list_columns(path, delimiter=","):
    """Returns the column names of a file that `table_blocks` reads."""
    path = check_path(path)
    if is_csv(path):
        return list(read_layout(path, delimiter).header)
    return list_arrays(path)


def columns_beside(path, name, delimiter=","):
    """Returns the names of columns with a cell for each row of another one.

    A name that stands twice in a .csv file is none.
    """
    path = check_path(path)
    if not is_csv(path):
        check_columns([name], list_arrays(path), path)
        return arrays_beside(path, name)
    names = list_columns(path, delimiter)
    return [other for other in names if names.count(other) == 1]


def read_head(path, name, delimiter=","):
    """Returns the first values of one column: str of a .csv file."""
    path = check_path(path)
    if not is_csv(path):
        return read_array_head(path, name, NUM_HEAD)
    layout = read_layout(path, delimiter)
    at, first = layout.header.index(name), layout.num_head_lines
    lines, _ = head_lines(path)
    rows = split_lines(lines[first : first + NUM_HEAD], layout.delimiter)
    cells = [row[at] for row in rows if len(row) > at]
    if layout.decimal != ".":
        cells = [
            cell.replace(",", ".") if is_number(cell, ",") else cell
            for cell in cells
        ]
    return np.array(cells, dtype=str)


def stated_time_zone(path, name):
    """The time zone that a file states of a column of dates, or `None`."""
    path = check_path(path)
    return None if is_csv(path) else time_zone_of_array(path, name)


def check_path(path):
    """Returns a path of a file that `table_blocks` knows, or raises."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"`path` must be an existing file. Received: path={str(path)!r}. "
            "Check its name and folder."
        )
    check_is_file(path)
    if not str(path).lower().endswith(TABLE_SUFFIXES):
        endings = f"{', '.join(TABLE_SUFFIXES)}"
        endings += ", or be a device file (.cwa, .bin, .gt3x)"
        raise ValueError(other_format_message(path, endings))
    return path


def check_columns(wanted, available, path):
    """Raises on the first wanted column that is not available once."""
    for name in wanted:
        if name not in available:
            raise ValueError(
                f"Column {name!r} must be in the file. Received: "
                f"path={str(path)!r} with the columns {list(available)}. "
                f"{nearest(name, available, 'Name one of these.')}"
            )
        if list(available).count(name) > 1:
            raise ValueError(
                f"Column {name!r} must be in the file once. Received: "
                f"path={str(path)!r} with the columns {list(available)}. "
                "Rename one of them."
            )
