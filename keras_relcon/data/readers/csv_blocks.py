"""Reads the rows of a .csv file in blocks, with pyarrow.

Of the readers compared on a tenth of a week at 100 Hz (6 million rows), pyarrow
is the fastest and needs least memory if it is given blocks of lines, as here:
0.74 s, beside 1.0 s of pandas in chunks and 1.1 s and 280 MB of pyarrow's own
`open_csv`. It rounds numbers exactly, which pandas does not by default.
"""

import warnings

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.file_limits import check_expansion
from keras_relcon.data.readers.csv_layout import (
    not_text,
    open_text,
    open_utf8,
    split_line,
)

BLOCK_BYTES = 1 << 22
MAX_LINE_BYTES = 1 << 24
BOM = b"\xef\xbb\xbf"
# Of a block with a bad row, only so many lines are looked at one by one.
FEW_LINES = 256
# A cell in quotes may go over so many lines.
MAX_LINES_OF_CELL = 50
# With fewer numeric rows than this share, a wrong column or file was named.
MIN_NUMERIC_SHARE = 0.5
MAX_LINES_SHOWN = 5


def csv_blocks(path, layout, numeric, text, is_timed):
    """Yields blocks of named columns of a .csv file.

    A row is bad if it has fewer or more cells than there are names, a quote
    that is not closed, or text in a numeric column. It is left out, or NaN
    where only its place tells its time. A warning counts such rows and names
    their lines when the last block was read.

    Args:
        path: path.
        layout: `CsvLayout`.
        numeric, text, is_timed: as of `table_blocks`.

    Yields:
        dict of column name to `(num_rows,)`, float64 or text, see
        `text_columns`.

    Raises:
        ValueError: if most rows are bad, or the file is damaged.
    """
    rows = _Rows(path, layout, numeric, text, is_timed)
    with open_text(path) as stream:
        for lines, first_line in _blocks_of_lines(stream, layout, path):
            yield from rows.parse(lines, first_line)
    rows.report()


def _blocks_of_lines(stream, layout, path):
    """Yields whole lines, and the number from 1 of their first one."""
    stream = open_utf8(stream, layout.encoding)
    num_skipped, line, rest, num_bytes = layout.num_head_lines, 1, None, 0
    while block := stream.read(BLOCK_BYTES):
        num_bytes += len(block)
        check_expansion(path, num_bytes)
        if rest is not None and len(rest) > MAX_LINE_BYTES:
            raise ValueError(
                message(
                    f"A line may have at most {MAX_LINE_BYTES:,} bytes.",
                    f"path={str(path)!r}, with more from line {line} on",
                    "Check that it is a table of text.",
                )
            )
        block = block.removeprefix(BOM) if rest is None else rest + block
        block = _with_line_feeds(block)
        end = _cut_before(block, len(block))
        block, rest = block[:end], block[end:]
        while num_skipped and block:
            block = block.partition(b"\n")[2]
            line, num_skipped = line + 1, num_skipped - 1
        if block:
            yield block, line
        line += _num_line_feeds(block)
    if rest and not num_skipped:
        yield rest, line


class _Rows:
    """Parses lines into columns, and keeps count of the bad ones."""

    def __init__(self, path, layout, numeric, text, is_timed):
        import pyarrow
        import pyarrow.csv

        self._path, self._layout = path, layout
        self._numeric, self._text = list(numeric), list(text)
        self._is_timed = is_timed
        self._num_rows, self._bad, self._example = 0, [], None
        self._num_bad = 0
        at = [layout.header.index(name) for name in [*numeric, *text]]
        self._numeric_at, self._text_at = at[: len(numeric)], at[len(numeric) :]
        types = {str(k): pyarrow.float64() for k in self._numeric_at}
        self._names = [str(k) for k in range(len(layout.header))]
        self._parse_options = pyarrow.csv.ParseOptions(
            delimiter=layout.delimiter
        )
        self._convert_options = pyarrow.csv.ConvertOptions(
            column_types={
                **types,
                **{str(k): pyarrow.string() for k in self._text_at},
            },
            include_columns=[str(k) for k in dict.fromkeys(at)],
            null_values=[""],
            decimal_point=layout.decimal,
        )

    def parse(self, lines, first_line):
        """Yields the columns of lines, smaller blocks where rows are bad."""
        columns = self._parse_whole(lines)
        if columns is not None:
            if len(columns[self._numeric[0]]):
                yield columns
            return
        middle = _cut_before(lines, len(lines) // 2)
        if _num_line_feeds(lines) <= FEW_LINES or not middle:
            yield self._parse_each(lines, first_line)
            return
        yield from self.parse(lines[:middle], first_line)
        first_line += _num_line_feeds(lines[:middle])
        yield from self.parse(lines[middle:], first_line)

    def report(self):
        """Raises if most rows were bad, and warns if some were."""
        num_all, num_bad = self._num_rows, self._num_bad
        if num_all - num_bad < MIN_NUMERIC_SHARE * num_all:
            raise ValueError(
                "Most rows must hold numbers in the columns "
                f"{self._numeric}. Received: path={str(self._path)!r}, where "
                f"{num_bad} of {num_all} rows do not; the first is "
                f"{self._example}: line {self._bad[0][0]} {self._bad[0][1]}. "
                "Name other `columns`, or the `delimiter`; each row must have "
                "a cell for each name."
            )
        if not num_bad:
            return
        outcome = "left out" if self._is_timed else "missing samples"
        more = ", ..." if num_bad > len(self._bad) else ""
        shown = "; ".join(f"line {line} {why}" for line, why in self._bad)
        warnings.warn(
            f"{num_bad} rows of {self._path.name} are not numeric and are "
            f"{outcome}: {shown}{more}. Look at these lines if they are many.",
            stacklevel=6,
        )

    def _parse_whole(self, lines):
        """The columns, or `None` if a row may be bad."""
        import pyarrow
        import pyarrow.csv

        options = pyarrow.csv.ReadOptions(
            column_names=self._names, block_size=1 << 20
        )
        try:
            table = pyarrow.csv.read_csv(
                pyarrow.BufferReader(lines),
                options,
                self._parse_options,
                self._convert_options,
            )
        except (pyarrow.ArrowInvalid, pyarrow.ArrowKeyError):
            return None
        if b'"' in lines:
            num_lines = _num_line_feeds(lines) + (not lines.endswith(b"\n"))
            if table.num_rows != num_lines:
                return None  # a quote that joins lines
        columns = {
            name: table.column(str(k)).to_numpy()
            for name, k in zip(self._numeric, self._numeric_at)
        }
        for name, k in zip(self._text, self._text_at):
            columns[name] = table.column(str(k)).combine_chunks()
        if self._has_blank_row(columns):
            return None
        self._num_rows += table.num_rows
        return columns

    def _has_blank_row(self, columns):
        is_blank = np.isnan(columns[self._numeric[0]])
        for name in self._numeric[1:]:
            is_blank &= np.isnan(columns[name])
        if is_blank.any():
            for name in self._text:
                is_blank &= np.asarray(columns[name]) == ""
        return self._is_timed and is_blank.any()

    def _parse_each(self, lines, first_line):
        numbers, texts = [], []
        for line, row, fault in self._rows_of(lines, first_line):
            is_blank = not any(cell.strip() for cell in row)
            if is_blank and (self._is_timed or len(row) < 2):
                continue
            values, words = None, [""] * len(self._text)
            if not fault:
                values, words, fault = self._values(row)
            self._num_rows += 1
            if fault:
                self._add_bad(line, row, fault)
                if self._is_timed:
                    continue
                values = [np.nan] * len(self._numeric)
                words = [""] * len(self._text)
            numbers.append(values)
            texts.append(words)
        numbers = np.array(numbers, float).reshape(-1, len(self._numeric))
        texts = np.array(texts, str).reshape(len(numbers), len(self._text))
        return {
            **dict(zip(self._numeric, numbers.T)),
            **dict(zip(self._text, texts.T)),
        }

    def _rows_of(self, lines, first_line):
        """Yields the line number, the cells, and what is wrong or `""`."""
        try:
            lines = lines.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise not_text(self._path, error) from None
        if not lines[-1]:
            lines.pop()
        index = 0
        while index < len(lines):
            joined = self._lines_of_cell(lines, index)
            row = split_line(
                [line + "\n" for line in joined], self._layout.delimiter
            )
            fault = ""
            if row is None:
                row, fault = joined, "is no row of cells"
            elif len(joined) == 1 and joined[0].count('"') % 2:
                fault = "has a quote that is not closed"
            yield first_line + index, row, fault
            index += len(joined)

    def _lines_of_cell(self, lines, index):
        """The lines of a row: several where a cell in quotes holds breaks.

        Not if one of them is a row by itself: then the quote is stray.
        """
        alone = lines[index : index + 1]
        if alone[0].count('"') % 2 == 0:
            return alone
        for stop in range(index + 1, index + MAX_LINES_OF_CELL):
            if stop >= len(lines):
                return alone
            joined = lines[index : stop + 1]
            num_delimiters = lines[stop].count(self._layout.delimiter)
            if num_delimiters >= len(self._names) - 1:
                return alone
            if lines[stop].count('"') % 2:
                return joined
        return alone

    def _values(self, row):
        """`(numbers, words, what is wrong or "")` of a row."""
        num_cells, expected = len(row), len(self._names)
        if num_cells < expected:
            return None, None, f"has {num_cells} cells of {expected}"
        if any(cell.strip() for cell in row[expected:]):
            return None, None, f"has {num_cells} cells, not {expected}"
        try:
            numbers = [self._number(row[k]) for k in self._numeric_at]
        except ValueError:
            cells = [row[k] for k in self._numeric_at]
            return None, None, f"holds {cells}"
        return numbers, [row[k] for k in self._text_at], ""

    def _number(self, cell):
        cell = cell.strip().replace(self._layout.decimal, ".")
        return float(cell) if cell else float("nan")

    def _add_bad(self, line, row, fault):
        self._num_bad += 1
        self._example = self._example or row
        if len(self._bad) < MAX_LINES_SHOWN:
            self._bad.append((line, fault))


def _with_line_feeds(block):
    """Lines that end in a carriage return alone end in a line feed."""
    if b"\n" in block or b"\r" not in block[:-1]:
        return block
    return block.replace(b"\r", b"\n")


def _num_line_feeds(block):
    # Four times as fast as the method `count` of bytes.
    return np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n"))


def _cut_before(block, near):
    """Behind the last line that ends before a place; 0 where there is none.

    If a cell in quotes may be open there, the line that begins it is not taken.
    """
    end = block.rfind(b"\n", 0, near) + 1
    if b'"' not in block or block.count(b'"', 0, end) % 2 == 0:
        return end
    # The quote may be a stray one: then an earlier cut is no better.
    begin = block.rfind(b"\n", 0, block.rfind(b'"', 0, end)) + 1
    is_near = block.count(b"\n", begin, end) < MAX_LINES_OF_CELL
    return begin if begin and is_near else end
