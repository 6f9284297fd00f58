"""Reads named columns of .csv, .npz, .parquet and .h5 files."""

import csv
import difflib
import warnings
from itertools import islice
from pathlib import Path

import numpy as np

from keras_relcon.data.readers.array_tables import (
    ARRAY_SUFFIXES,
    list_arrays,
    read_array_head,
    read_arrays,
)
from keras_relcon.data.readers.other_formats import other_format_message

TABLE_SUFFIXES = (".csv", *ARRAY_SUFFIXES)
NUM_HEAD = 1000
# With fewer numeric rows than this share, a wrong column or file was named.
MIN_NUMERIC_SHARE = 0.5
BLOCK_ROWS = 100_000  # that are Python objects at a time


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
        endings = f"{', '.join(TABLE_SUFFIXES)}"
        endings += ", or be a device file (.cwa, .bin, .gt3x)"
        raise ValueError(other_format_message(path, endings))
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


def list_csv(path, delimiter):
    """Returns the names in the header."""
    header = next(_rows(path, delimiter), [])
    if not header:
        raise ValueError(
            "The file must have a header and rows. "
            f"Received: path={str(path)!r}, which is empty."
        )
    return [name.strip() for name in header]


def read_csv_head(path, name, delimiter, num_rows):
    """Returns the first cells of one column, as str."""
    at = list_csv(path, delimiter).index(name)
    rows = islice(_rows(path, delimiter), 1, num_rows + 1)
    return np.array([row[at] for row in rows if len(row) > at], dtype=str)


def read_csv(
    path, numeric, text, delimiter, is_timed, header=None, num_head_rows=1
):
    """`read_table` of a .csv file that has these columns.

    Args:
        path, numeric, text, delimiter, is_timed: as of `read_table`.
        header: list of str. Names of all columns. Defaults to `None`, the
            first row.
        num_head_rows: int. Rows before the first that is read. Defaults to `1`.
    """
    header = list_csv(path, delimiter) if header is None else header
    options = {
        "delimiter": delimiter,
        "skiprows": num_head_rows,
        "comments": None,
        "quotechar": '"',
        "encoding": "utf-8-sig",
        "ndmin": 2,
    }
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "loadtxt: input contained no")
            columns = [header.index(name) for name in numeric]
            numbers = np.loadtxt(path, usecols=columns, **options)
            table = dict(zip(numeric, numbers.T))
            for name in text:
                column = np.loadtxt(
                    path, str, usecols=header.index(name), **options
                )
                table[name] = column[:, 0]
        return table
    except ValueError:  # some cell is not a number: look at each row
        rows = _rows(path, delimiter, not is_timed)
        rows = islice(rows, num_head_rows, None)
        return _read_each_row(path, rows, header, numeric, text, is_timed)


def _rows(path, delimiter, keeps_blank=False):
    """Yields the header, and rows with text, or rows of more than one cell."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file, delimiter=delimiter)
            for index, row in enumerate(rows):
                is_kept = keeps_blank and len(row) > 1
                if index == 0 or is_kept or any(cell.strip() for cell in row):
                    yield row
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            "A .csv file must be text in UTF-8. "
            f"Received: path={str(path)!r}: {error}. Save it again as UTF-8."
        ) from None


def _read_each_row(path, rows, header, numeric, text, is_timed):
    """Without times a row must keep its place: a bad one is missing there."""
    numeric_at = [header.index(name) for name in numeric]
    text_at = [header.index(name) for name in text]
    numbers = [np.empty((0, len(numeric)))]
    texts = [np.empty((0, len(text)), str)]
    num_bad, example = 0, None
    while block := list(islice(rows, BLOCK_ROWS)):
        values, words, bad = _read_block(block, numeric_at, text_at, is_timed)
        numbers.append(values)
        texts.append(words)
        num_bad += len(bad)
        example = example or next(iter(bad), None)
    numbers, texts = np.concatenate(numbers), np.concatenate(texts)
    num_rows = len(numbers) + num_bad * is_timed
    _report(path, numeric, num_rows, num_bad, example, is_timed)
    return {**dict(zip(numeric, numbers.T)), **dict(zip(text, texts.T))}


def _read_block(rows, numeric_at, text_at, is_timed):
    """Two arrays, of numbers and of texts, and the rows that are bad."""
    numbers, texts, bad = [], [], []
    for row in rows:
        try:
            values = [_number(row[i]) for i in numeric_at]
            words = [row[i] for i in text_at]
        except (ValueError, IndexError):
            bad.append(row)
            if is_timed:
                continue
            values, words = [np.nan] * len(numeric_at), [""] * len(text_at)
        numbers.append(values)
        texts.append(words)
    numbers = np.array(numbers, dtype=float).reshape(-1, len(numeric_at))
    texts = np.array(texts, dtype=str).reshape(len(numbers), len(text_at))
    return numbers, texts, bad


def _report(path, numeric, num_rows, num_bad, example, is_timed):
    if num_rows - num_bad < MIN_NUMERIC_SHARE * num_rows:
        raise ValueError(
            f"Most rows must hold numbers in the columns {list(numeric)}. "
            f"Received: path={str(path)!r}, where {num_bad} of "
            f"{num_rows} rows do not; the first is "
            f"{example}. Name other `columns`, or the `delimiter`."
        )
    if num_bad:
        outcome = "left out" if is_timed else "missing samples"
        warnings.warn(
            f"{num_bad} rows of {path.name} are not numeric and are {outcome}.",
            stacklevel=6,
        )


def _number(cell):
    return float(cell) if cell.strip() else float("nan")
