"""Reads named columns of .csv, .npz, .parquet and .h5 files."""

import difflib
from pathlib import Path

from keras_relcon.data.readers.array_tables import (
    ARRAY_SUFFIXES,
    list_arrays,
    read_array_head,
    read_arrays,
)
from keras_relcon.data.readers.csv_tables import (
    list_csv,
    read_csv,
    read_csv_head,
)

TABLE_SUFFIXES = (".csv", *ARRAY_SUFFIXES)
NUM_HEAD = 1000


def read_table(path, numeric, text=(), delimiter=",", is_timed=True):
    """Reads named columns of a file.

    In a .csv file an empty cell of a numeric column is NaN: a missing sample.
    A row with any other text in a numeric column is left out, or NaN where
    only its place tells its time; a warning counts such rows.

    Args:
        path: str or path, ending in .csv, .npz, .parquet, .h5 or .hdf5.
        numeric: list of str. Columns of numbers. In .h5 files a name is the
            path of a dataset; in .h5 and .npz files `name.x`, `name.y` and
            `name.z` are the columns of an array of shape (num_rows, 3).
        text: list of str. Columns of anything.
        delimiter: str. Between the cells of a .csv file. Defaults to `","`.
        is_timed: bool. Whether one of the columns is the time of the row.
            Defaults to `True`.

    Returns:
        dict of column name to `(num_rows,)`: float64; str for `text`, or
        datetime64 where the file holds such.

    Raises:
        FileNotFoundError: if there is no such file.
        ImportError: if a .parquet file is read without pyarrow.
        ValueError: if the kind of file or a column is unknown, the file is
            damaged, most rows of a .csv file are not numeric, or no row has
            numbers.
    """
    path = check_path(path)
    check_columns([*numeric, *text], list_columns(path, delimiter), path)
    if path.suffix.lower() == ".csv":
        table = read_csv(path, numeric, text, delimiter, is_timed)
    else:
        table = read_arrays(path, numeric, text)
    if len(table[numeric[0]]) == 0:
        raise ValueError(
            "The file must have rows of numbers. "
            f"Received: path={str(path)!r}, with none."
        )
    return table


def list_columns(path, delimiter=","):
    """Returns the column names of a file that `read_table` reads."""
    path = check_path(path)
    if path.suffix.lower() == ".csv":
        return list_csv(path, delimiter)
    return list_arrays(path)


def read_head(path, name, delimiter=","):
    """Returns the first values of one column: str of a .csv file."""
    path = check_path(path)
    if path.suffix.lower() == ".csv":
        return read_csv_head(path, name, delimiter, NUM_HEAD)
    return read_array_head(path, name, NUM_HEAD)


def check_path(path):
    """Returns a path of a file that `read_table` knows, or raises."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"`path` must be an existing file. Received: path={str(path)!r}. "
            "Check its name and folder."
        )
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise ValueError(
            f"`path` must end in {', '.join(TABLE_SUFFIXES)}, or be a device "
            f"file (.cwa, .bin, .gt3x). Received: path={str(path)!r}. Save the "
            "signal as one of these, or make a `Recording` of the array."
        )
    return path


def check_columns(wanted, available, path):
    """Raises on the first wanted column that is not available once."""
    for name in wanted:
        if name not in available:
            near = difflib.get_close_matches(name, available, n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"Column {name!r} must be in the file. Received: "
                f"path={str(path)!r} with the columns {list(available)}.{hint}"
            )
        if list(available).count(name) > 1:
            raise ValueError(
                f"Column {name!r} must be in the file once. Received: "
                f"path={str(path)!r} with the columns {list(available)}. "
                "Rename one of them."
            )
