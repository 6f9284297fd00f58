"""Reads named columns of .csv and .npz files."""

import csv
import difflib
import warnings
from pathlib import Path

import numpy as np


def read_table(path, numeric, text=(), delimiter=","):
    """Reads named columns of a file.

    In a .csv file an empty cell of a numeric column is NaN: a missing sample.
    A row with any other text in a numeric column is left out, with a warning
    that counts such rows.

    Args:
        path: str or path, ending in .csv or .npz.
        numeric: list of str. Columns of numbers.
        text: list of str. Columns of anything.
        delimiter: str. Between the cells of a .csv file. Defaults to `","`.

    Returns:
        dict of column name to `(num_rows,)`: float64, or str for `text`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the kind of file or a column is unknown, or no row has
            numbers.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"`path` must be an existing file. Received: path={str(path)!r}."
        )
    if path.suffix == ".npz":
        table = _read_npz(path, numeric, text)
    elif path.suffix == ".csv":
        table = _read_csv(path, numeric, text, delimiter)
    else:
        raise ValueError(
            "`path` must end in .csv or .npz. "
            f"Received: path={str(path)!r}. Save the signal as one of these, "
            "or make a `Recording` of the array."
        )
    if len(table[numeric[0]]) == 0:
        raise ValueError(
            "The file must have rows of numbers. "
            f"Received: path={str(path)!r}, with none."
        )
    return table


def list_columns(path, delimiter=","):
    """Returns the column names of a .csv or .npz file."""
    path = Path(path)
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return list(arrays)
    with open(path, newline="", encoding="utf-8-sig") as file:
        header = next(csv.reader(file, delimiter=delimiter), [])
    return [name.strip() for name in header]


def check_columns(wanted, available, path):
    """Raises on the first wanted column that is not available."""
    for name in wanted:
        if name not in available:
            near = difflib.get_close_matches(name, available, n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"Column {name!r} must be in the file. Received: "
                f"path={str(path)!r} with the columns {list(available)}.{hint}"
            )


def _read_npz(path, numeric, text):
    with np.load(path) as arrays:
        check_columns([*numeric, *text], list(arrays), path)
        table = {name: np.asarray(arrays[name], float) for name in numeric}
        table.update({name: arrays[name].astype(str) for name in text})
    shapes = {name: values.shape for name, values in table.items()}
    if len(set(shapes.values())) > 1 or table[numeric[0]].ndim != 1:
        raise ValueError(
            "The columns must be 1-D and equally long. "
            f"Received: path={str(path)!r} with shapes {shapes}."
        )
    return table


def _read_csv(path, numeric, text, delimiter):
    header = list_columns(path, delimiter)
    if not header:
        raise ValueError(
            "The file must have a header and rows. "
            f"Received: path={str(path)!r}, which is empty."
        )
    check_columns([*numeric, *text], header, path)
    options = {
        "delimiter": delimiter,
        "skiprows": 1,
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
        return _read_csv_rows(path, header, numeric, text, delimiter)


def _read_csv_rows(path, header, numeric, text, delimiter):
    numeric_at = [header.index(name) for name in numeric]
    text_at = [header.index(name) for name in text]
    numbers, texts, num_dropped = [], [], 0
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file, delimiter=delimiter)
        next(rows)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            try:
                numbers.append([_number(row[i]) for i in numeric_at])
                texts.append([row[i] for i in text_at])
            except (ValueError, IndexError):
                num_dropped += 1
                del numbers[len(texts) :]
    if num_dropped:
        warnings.warn(
            f"{num_dropped} rows of {path.name} are not numeric and are left "
            "out.",
            stacklevel=5,
        )
    numbers = np.array(numbers, dtype=float).reshape(len(texts), len(numeric))
    texts = np.array(texts, dtype=str).reshape(len(texts), len(text))
    return {**dict(zip(numeric, numbers.T)), **dict(zip(text, texts.T))}


def _number(cell):
    return float(cell) if cell.strip() else float("nan")
