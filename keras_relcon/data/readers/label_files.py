"""Reads labels that are kept beside a recording, in a file of their own."""

import csv
import re
from os.path import exists
from pathlib import Path

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.clock_time import FIRST_UNIX_SECOND
from keras_relcon.data.label_intervals import LabelIntervals
from keras_relcon.data.readers.axis_names import letters
from keras_relcon.data.readers.columns import LABEL
from keras_relcon.data.readers.csv_layout import COMMA, encoding_of, not_text
from keras_relcon.data.readers.date_text import parse_date
from keras_relcon.data.readers.file_kinds import stem_of
from keras_relcon.data.readers.text_columns import label_name
from keras_relcon.data.readers.time_units import (
    LONG_UNIT_IN_NAME,
    SECONDS_PER_LONG_UNIT,
    UNIT_IN_NAME,
)
from keras_relcon.data.readers.timestamps import utc_seconds
from keras_relcon.types import PathLike

ENDING = ".labels.csv"
PATH_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", "/", "\\")
START = re.compile(r"(?:start|begin|from|onset).*")
STOP = re.compile(r"(?:stop|end|to$|until).*")
DURATION = re.compile(r"(?:duration|length|dur$).*")
TIMES = (START, STOP, DURATION)
OWNER = re.compile(r"(?:subject|recording|file|filename)(?:id|name)?")
# Words in the name of a column that is in no unit of time.
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
COUNTS = {"sample", "frame", "row", "idx", "index"}
DELIMITERS = ",;\t"
EXPECTED = (
    "A file of labels must have a header with `start`, `end` (or `duration`) "
    "and `label`."
)


def read_labels(path: PathLike) -> LabelIntervals:
    """Reads a .csv file of labels: one stretch of time in each row.

    The header names a start (`start`, `begin`, `from`, `onset`, and what may
    follow, as in `start_time`), an end (`end`, `stop`, `to`) or a `duration`,
    and a label (`label`, `activity`, `annotation`, or so). Cells are separated
    by commas, semicolons or tabs.

    Times are dates (ISO 8601), or numbers: of 1e8 and more Unix time, in
    seconds, ms, us or ns by their size; else seconds from the first sample.
    A unit in the name of a column, as in `start_ms`, is that of its numbers.
    Durations are in seconds unless their name says another unit. A column
    `subject` or `recording` says of which a row is; its values are subjects or
    recording ids.

    Dates with an offset from UTC, and Unix times, are exact. Dates without one
    are of the clock of the recording: of its own dates without an offset, of
    the clock of a device, or local times where its dates have an offset or its
    time zone is given. Of a time that such a clock shows twice, as it is put
    back, the first is taken, with a warning.

    Args:
        path: str or path.

    Returns:
        `LabelIntervals`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a column is missing, or a time cannot be read; the
            message names the line.

    Example:

    >>> labels = keras_relcon.data.read_labels("walk.labels.csv")
    >>> recording = read_recording("walk.csv", subject="s01", labels=labels)
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            message("`labels` must be an existing file.", {"path": str(path)})
        )
    header, rows = _rows(path)
    start_at = _column(header, START, path)
    label_at = _column(header, LABEL, path)
    stop_at = _column(header, STOP, path, is_needed=False)
    duration_at = None
    if stop_at is None:
        duration_at = _column(header, DURATION, path)
    owner_at = _column(header, OWNER, path, is_needed=False)
    starts, clock = _times(rows, start_at, header, path)
    if duration_at is None:
        stops, stop_clock = _times(rows, stop_at, header, path)
        if stop_clock != clock:
            raise ValueError(
                message(
                    "Starts and ends must be on one clock.",
                    f"{path.name} with starts that are {clock!r} and ends that "
                    f"are {stop_clock!r}",
                    "Write both in one form.",
                )
            )
    else:
        scale = _seconds_per_unit(header[duration_at]) or 1.0
        stops = starts + _numbers(rows, duration_at, path) * scale
    return LabelIntervals(
        starts,
        stops,
        [label_name(row[label_at]) for _, row in rows],
        clock,
        None if owner_at is None else [r[owner_at].strip() for _, r in rows],
        path.name,
    )


def labels_for(path, labels, label_column):
    """The `LabelIntervals` of a recording, or `None` where there are none.

    Args:
        path: str or path. The recording.
        labels: as of `read_recording`.
        label_column: as of `read_recording`.
    """
    if isinstance(labels, LabelIntervals):
        return labels
    if labels is None and label_column is None:
        labels = labels_beside(path)
    return read_labels(labels) if is_path(labels) else None


def labels_beside(path):
    """The file `<name>.labels.csv` beside a recording, or `None`."""
    beside = Path(path).with_name(stem_of(path) + ENDING)
    return beside if beside.is_file() else None


def is_path(labels):
    """Whether the argument `labels` is a path, and no label."""
    is_text = isinstance(labels, str)
    is_named = is_text and labels.lower().endswith(PATH_ENDINGS)
    is_there = is_text and any(map(labels.count, "/\\")) and exists(labels)
    return is_named or is_there or isinstance(labels, Path)


def _rows(path):
    """The header, and `(line, cells)` of each row that is not empty."""
    content = path.read_bytes()
    try:
        text = content.decode(encoding_of(content)).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise not_text(path, error) from None
    lines = text.splitlines()
    delimiter = max(DELIMITERS, key="".join(lines[:1]).count)
    reader = csv.reader(lines, delimiter=delimiter)
    rows = [
        (reader.line_num, row) for row in reader if any(map(str.strip, row))
    ]
    if not rows:
        raise ValueError(message(EXPECTED, f"{path}, which is empty"))
    (_, header), *rows = rows
    wrong = [
        line
        for line, row in rows
        if len(row) < len(header) or any(map(str.strip, row[len(header) :]))
    ]
    if wrong:
        raise ValueError(
            message(
                "Each row of a file of labels must have a cell for each column "
                f"of its header, {header}, and no other.",
                f"{path} with {len(wrong)} rows that do not, the first in line "
                f"{wrong[0]}",
                "Complete them, put a label with a comma in quotes, or leave "
                "them out.",
            )
        )
    if delimiter != ",":
        rows = [(line, _with_points(header, row)) for line, row in rows]
    return header, rows


def _with_points(header, row):
    """A row whose times have a point for a decimal comma."""
    is_time = [
        any(form.fullmatch(letters(name.lower())) for form in TIMES)
        for name in header
    ]
    return [
        cell.replace(",", ".")
        if known and COMMA.fullmatch(cell.strip())
        else cell
        for cell, known in zip(row, is_time)
    ]


def _column(header, pattern, path, is_needed=True):
    found = [
        at
        for at, name in enumerate(header)
        if pattern.fullmatch(letters(name.lower()))
    ]
    if len(found) == 1 or (not found and not is_needed):
        return found[0] if found else None
    raise ValueError(
        message(
            EXPECTED,
            f"{path} with the columns {header}",
            "Rename its columns." if len(found) > 1 else "Add what is missing.",
        )
    )


def _times(rows, at, header, path):
    """Seconds, and the clock that they are of."""
    if not rows:
        return np.empty(0), "elapsed"
    cells = [row[at].strip() for _, row in rows]
    if _is_number(cells[0]):
        values = _numbers(rows, at, path)
        return _seconds(values, header[at])
    moments = []
    for (line, _), cell in zip(rows, cells):
        try:
            moments.append(parse_date(cell))
        except ValueError:
            raise _unreadable(path, line, cell) from None
    has_offset = [moment.tzinfo is not None for moment in moments]
    if any(has_offset) and not all(has_offset):
        line = rows[has_offset.index(False)][0]
        raise ValueError(
            message(
                "Either all dates of a file of labels say their offset from "
                "UTC, or none.",
                f"{path}, where line {line} has none",
                "Add it there.",
            )
        )
    return utc_seconds(moments), "utc" if any(has_offset) else "local"


def _seconds(values, name):
    scale = _seconds_per_unit(name)
    if scale is None:
        largest = np.max(np.abs(values))
        scale = 1.0
        while largest * scale >= 1000 * FIRST_UNIX_SECOND:  # ms, us or ns
            scale /= 1000
    seconds = values * scale
    is_unix = np.max(np.abs(seconds)) >= FIRST_UNIX_SECOND
    return seconds, "utc" if is_unix else "elapsed"


def _seconds_per_unit(name):
    """Of the unit in the name of a column, or `None` if it names none."""
    unit = UNIT_IN_NAME.search(name) or LONG_UNIT_IN_NAME.search(name)
    if unit:
        return SECONDS_PER_LONG_UNIT[unit.lastgroup]
    words = {word.lower().removesuffix("s") for word in WORDS.findall(name)}
    if words & COUNTS and "time" not in words:
        raise ValueError(
            message(
                "Times of labels must be in a unit of time.",
                f"the column {name!r}",
                "Give seconds: divide samples by the rate of the recording.",
            )
        )
    return None


def _numbers(rows, at, path):
    values = []
    for line, row in rows:
        if not _is_number(row[at]):
            raise _unreadable(path, line, row[at])
        values.append(float(row[at]))
    return np.array(values)


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _unreadable(path, line, cell):
    return ValueError(
        message(
            "Times of labels must all be numbers, or all ISO 8601 dates.",
            f"{path} with {cell!r} in line {line}",
            "Write it as the others are.",
        )
    )
