"""Reads named columns of .csv files."""

import csv
import warnings
from itertools import islice

import numpy as np

# With fewer numeric rows than this share, a wrong column or file was named.
MIN_NUMERIC_SHARE = 0.5
BLOCK_ROWS = 100_000  # that are Python objects at a time


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


def read_csv(path, numeric, text, delimiter, is_timed):
    """`read_table` of a .csv file that has these columns."""
    header = list_csv(path, delimiter)
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
        rows = islice(_rows(path, delimiter, not is_timed), 1, None)
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
