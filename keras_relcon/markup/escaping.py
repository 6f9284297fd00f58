"""Text from data in what is written beside pages: nothing in it is obeyed.

A label that begins with `=` is a formula to a spreadsheet, a subject may be
called `<script>`, and a file name may hold what moves a terminal's cursor.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKS = "\\|*`[]"


def spreadsheet_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula.

    Text that begins with one of `= + - @`, a tab or a carriage return, and is
    no number, gets an apostrophe before it. Anything else is returned as it
    is.
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def csv_text(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str] | None = None
) -> str:
    """A table as CSV, for spreadsheets and for programs.

    Args:
        rows: sequence of dicts from a column to a cell. NaN becomes an empty
            cell; of text see `spreadsheet_cell`.
        names: sequence of str. The columns. Defaults to `None`: those of the
            first row.

    Returns:
        str, lines that end with a line feed. A byte of a file name that is no
        UTF-8 is written as an escape, such as `\\udcff`.
    """
    if names is None:
        names = list(rows[0]) if rows else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(spreadsheet_cell, names))
    for row in rows:
        cells = [row.get(name, "") for name in names]
        writer.writerow(
            "" if cell != cell else spreadsheet_cell(cell) for cell in cells
        )
    return text.getvalue().encode("utf-8", "backslashreplace").decode()


def markdown(text: str) -> str:
    """Takes from data what Markdown would read as markup."""
    for mark in _MARKS:
        text = text.replace(mark, "\\" + mark)
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return " ".join(text.split())


def markdown_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    is_of_numbers: bool = True,
) -> str:
    """A table in Markdown, of cells that are escaped already.

    Args:
        head: sequence of str; the first is that of the row names.
        rows: iterable of sequences of str.
        is_of_numbers: bool. Whether the columns but the first are set to the
            right. Defaults to `True`.
    """
    side = "---:" if is_of_numbers else "---"
    lines = [head, ["---"] + [side] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def printable(text: str) -> str:
    r"""Text for a terminal: what would move its cursor is shown as `\x1b`.

    Line feeds and tabs stay. Control characters, and those that change the
    direction of a line, are written as escapes of Python.
    """
    return "".join(
        character
        if character in "\n\t"
        or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
