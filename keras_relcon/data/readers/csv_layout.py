"""Looks at the head of a .csv file: how its lines are to be read."""

import csv
import re
from codecs import BOM_UTF16_LE
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from keras_relcon.checks import message

COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
CSV_SUFFIXES = (".csv", *(f".csv{ending}" for ending in COMPRESSED))
HEAD_BYTES = 1 << 20
SEP = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
# What GENEActiv's software writes above the rows has no end of its own.
GENEACTIV = re.compile(r'"?Device Type\W+GENEActiv')
GENEACTIV_ROW = re.compile(r'"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}"?[,;\t]')
MAX_GENEACTIV_LINES = 200
ACTIGRAPH = re.compile(r"-+ ?Data.*ActiGraph", re.IGNORECASE)
RULE = re.compile(r'"?-{10,}"?[,;\t"]*')
MAX_PREAMBLE_LINES = 20
OTHER_DELIMITERS = (";", "\t")
DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
MAX_UNIT_LINES = 2
# What is no unit: a number, or what stands for one that is missing.
DIGITS = re.compile(r"\d[.,:\-]?\d|^\s*\d")
MISSING = re.compile(
    r"\s*[+-]?(nan|na|n/a|null|none|nil|inf|infinity|-+|\?)\s*", re.IGNORECASE
)
# Names are followed by rows with so many numbers, and units are none.
MIN_NUMBERS = 3
POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
NUM_LOOKED_AT = 50  # rows at a time, for the decimal mark


@dataclass(frozen=True)
class CsvLayout:
    """How the lines of a .csv file are to be read.

    Args:
        delimiter: str. Between the cells.
        header: tuple of str. Names of the columns; the first row, whatever it
            holds.
        num_head_lines: int. Lines before the first row of data.
        decimal: str. `"."` or `","`.
        encoding: str. Of the characters.
        preamble: tuple of str. Lines of an ActiGraph export above the names,
            or of a GENEActiv export above the rows.
    """

    delimiter: str
    header: tuple[str, ...]
    num_head_lines: int = 1
    decimal: str = "."
    encoding: str = "utf-8"
    preamble: tuple[str, ...] = ()


def is_csv(path):
    """Whether the name is that of a .csv file, compressed or not."""
    return str(path).lower().endswith(CSV_SUFFIXES)


def read_layout(path, delimiter=","):
    """Returns the `CsvLayout` of a file.

    A first line `sep=;` says the delimiter. Where the first row has semicolons
    or tabs and no comma, one of these is it, in place of a comma. Lines of
    units below the names, and what the software of ActiGraph and GENEActiv
    writes above them, are no rows. The decimal mark is a comma where the first
    numbers with a mark are written with one and none with a point.

    Raises:
        ValueError: if the file is empty, or no text in UTF-8 or UTF-16.
    """
    lines, encoding = head_lines(path)
    if len(delimiter) != 1:
        raise ValueError(
            message(
                "`delimiter` must be one character.",
                {"delimiter": delimiter},
                'Use ";", for example.',
            )
        )
    num_head = _first_with_text(lines, 0)
    if lines[num_head:] and (sep := SEP.fullmatch(lines[num_head])):
        delimiter = sep[1]
        num_head = _first_with_text(lines, num_head + 1)
    preamble = _preamble(lines[num_head:])
    num_head += len(preamble)
    if delimiter == ",":
        delimiter = _other_delimiter("".join(lines[num_head : num_head + 1]))
    rows = split_lines(lines[num_head : num_head + NUM_LOOKED_AT], delimiter)
    if not rows or not rows[0]:
        raise ValueError(
            "The file must have a header and rows. "
            f"Received: path={str(path)!r}, which is empty."
        )
    header = [name.strip() for name in rows[0]]
    num_units = _num_unit_rows(rows)
    data = rows[1 + num_units :]
    if data:
        header = _as_long_as(header, data[0])
    return CsvLayout(
        delimiter,
        tuple(header),
        num_head + 1 + num_units,
        _decimal(lines[num_head + bool(data) * (1 + num_units) :], delimiter),
        encoding,
        preamble,
    )


@contextmanager
def open_text(path):
    """Opens a file, compressed or not, as a stream of its bytes."""
    import pyarrow

    damaged = (OSError, EOFError, UnicodeError, pyarrow.ArrowException)
    try:
        kind = COMPRESSED.get(Path(path).suffix.lower())
        with pyarrow.input_stream(str(path), compression=kind) as stream:
            yield stream
    except FileNotFoundError:
        raise
    except UnicodeEncodeError:
        raise ValueError(
            message(
                "The name of a file must be text in UTF-8.",
                repr(str(path)),
                "Rename the file.",
            )
        ) from None
    except damaged as error:
        raise ValueError(
            message(
                "`path` must be a complete file.",
                f"path={str(path)!r}, which cannot be read: {error}",
                "Copy or export the file again.",
            )
        ) from None


def open_utf8(stream, encoding):
    """The stream in UTF-8, whatever the file is in."""
    import pyarrow

    if encoding.startswith("utf-8"):
        return stream
    return pyarrow.transcoding_input_stream(stream, encoding, "utf-8")


def head_lines(path):
    """`(lines, encoding)` of the first megabyte."""
    with open_text(path) as stream:
        head = stream.read(HEAD_BYTES)
    encoding = encoding_of(head)
    if len(head) == HEAD_BYTES:  # its last character may be cut
        head = head[: head.rfind(b"\n") + 1] or head
        is_little = encoding == "utf-16-le" or head.startswith(BOM_UTF16_LE)
        head += b"\0" if is_little else b""
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as error:
        raise not_text(path, error) from None
    end = "\n" if "\n" in text else "\r"  # as the blocks are cut
    lines = [line.rstrip("\r") for line in text.lstrip("\ufeff").split(end)]
    return lines if lines[-1] else lines[:-1], encoding


def not_text(path, error):
    return ValueError(
        "A .csv file must be text in UTF-8 or UTF-16. "
        f"Received: path={str(path)!r}: {error}. Save it again as UTF-8."
    )


def split_lines(lines, delimiter):
    """Rows of cells, each of a line; quotes do not reach over lines."""
    return [split_line([line], delimiter) or [] for line in lines]


def split_line(lines, delimiter):
    """The cells of one row, or `None` where it is none."""
    try:
        return next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error:
        return None


def is_number(cell, decimal="."):
    try:
        float(cell.replace(decimal, "."))
        return True
    except ValueError:
        return False


def encoding_of(head):
    """The encoding that the first bytes of a text tell."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[1:2] == b"\0":
        return "utf-16-le"
    if head[:1] == b"\0":
        return "utf-16-be"
    return "utf-8-sig"


def _first_with_text(lines, index):
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _other_delimiter(line):
    """What is between the cells of a line where it is no comma."""
    if "," in DECIMAL_COMMA.sub("", line):
        return ","
    found = [other for other in OTHER_DELIMITERS if line.count(other) >= 2]
    return found[0] if found else ","


def _preamble(lines):
    """The lines up to the second rule, or of GENEActiv up to the first row."""
    if lines and GENEACTIV.match(lines[0]):
        head = lines[:MAX_GENEACTIV_LINES]
        above = takewhile(lambda line: not GENEACTIV_ROW.match(line), head)
        found = tuple(above)
        return found if len(found) < len(head) else ()
    if not lines or not ACTIGRAPH.match(lines[0].strip('"')):
        return ()
    for index in range(1, min(len(lines), MAX_PREAMBLE_LINES)):
        if RULE.fullmatch(lines[index].strip()):
            return tuple(lines[: index + 1])
    return ()


def _num_unit_rows(rows):
    """Rows of text between names and numbers."""

    def holds_numbers(row):
        return sum(is_number(cell, ",") for cell in row) >= MIN_NUMBERS

    def is_text(row):
        return any(cell.strip() for cell in row) and not any(
            MISSING.fullmatch(cell) or DIGITS.search(cell) for cell in row
        )

    units = list(takewhile(is_text, rows[1 : 1 + MAX_UNIT_LINES]))
    below = rows[1 + len(units) : 2 + len(units)]
    if not below or not holds_numbers(below[0]) or holds_numbers(rows[0]):
        return 0
    # A row of data may lack its numbers and have a label.
    is_of_numbers = [is_number(cell, ",") for cell in below[0]]
    is_unit = any(
        cell.strip() and of_numbers
        for row in units
        for cell, of_numbers in zip(row, is_of_numbers)
    )
    return len(units) if is_unit else 0


def _as_long_as(header, row):
    """The header, where a delimiter at the end of lines adds a cell."""
    extra = len(row) - len(header)
    if extra > 0 and not any(cell.strip() for cell in row[-extra:]):
        return header + [""] * extra
    if extra < 0 and not any(header[extra:]):
        return header[:extra]
    return header


def _decimal(lines, delimiter):
    """The mark of the first rows that have one; a point goes before."""
    marks = '."' if delimiter == "," else ".,"
    lines = [line for line in lines if any(mark in line for mark in marks)]
    for first in range(0, len(lines), NUM_LOOKED_AT):
        rows = split_lines(lines[first : first + NUM_LOOKED_AT], delimiter)
        cells = [cell.strip() for row in rows for cell in row]
        if any(POINT.fullmatch(cell) for cell in cells):
            return "."
        if any(COMMA.fullmatch(cell) for cell in cells):
            return ","
    return "."
