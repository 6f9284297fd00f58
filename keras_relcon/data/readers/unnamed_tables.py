"""Reads tables of devices that have no names of columns.

- Empatica E4: the start (Unix s, three times), the rate in Hz (three times),
  then rows of x, y, z in 1/64 g.
- Axivity AX3 and AX6, as OMGUI exports them: rows of a time (Unix s, or a date
  with a space in the middle), x, y, z in g, and three columns more of a
  gyroscope, and others.
"""

import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.readers.tables import read_csv
from keras_relcon.data.readers.timestamps import to_seconds
from keras_relcon.data.units import E4_STEPS_PER_G

AXES = ("x", "y", "z")
DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?")
UNIX_SECONDS = (1e8, 1e10)  # 1973 to 2286
RATES_HZ = (1, 1000)


@dataclass(frozen=True)
class UnnamedTable:
    """What is in a table without names.

    Args:
        kind: str. Whose table it is.
        names: tuple of str. Of the columns.
        num_head_rows: int. Rows before the first sample.
        time_unit: str, or `None` for equal steps.
        start: float, Unix s, and rate_hz: float, of equal steps.
        steps_per_g: int. Of the axes.
    """

    kind: str
    names: tuple
    num_head_rows: int = 0
    time_unit: str | None = None
    start: float | None = None
    rate_hz: float | None = None
    steps_per_g: int = 1


def recognise_unnamed(path, delimiter=","):
    """Returns the `UnnamedTable` of a .csv file, or `None` for another."""
    path = Path(path)
    if path.suffix.lower() != ".csv" or not path.is_file():
        return None
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(islice(csv.reader(file, delimiter=delimiter), 4))
    except (UnicodeDecodeError, csv.Error):
        return None  # said where the table is read
    rows = [[cell.strip() for cell in row] for row in rows]
    # A line of names may have been put above the two rows of an E4.
    return _e4(rows, 0) or _e4(rows, 1) or _axivity(rows)


def read_unnamed(path, table, delimiter=","):
    """Reads a table that was recognised.

    Returns:
        `(seconds, acceleration)`: `(num_rows,)`, Unix s; `(num_rows, 3)`, in
        g for the tables above.
    """
    times = ["time"] if table.time_unit else []
    is_date = table.time_unit == "iso"
    columns = read_csv(
        Path(path),
        numeric=[*AXES, *([] if is_date else times)],
        text=times if is_date else [],
        delimiter=delimiter,
        is_timed=bool(times),
        header=list(table.names),
        num_head_rows=table.num_head_rows,
    )
    acceleration = np.stack([columns[axis] for axis in AXES], axis=1)
    acceleration /= table.steps_per_g
    if times:
        return to_seconds(columns["time"], table.time_unit), acceleration
    rows = np.arange(len(acceleration))
    return table.start + rows / table.rate_hz, acceleration


def check_unnamed_arguments(table, path, **given):
    """Raises if an argument says again what the device's table says."""
    given = {k: v for k, v in given.items() if v not in (None, False)}
    if given:
        raise ValueError(
            message(
                f"A table of an {table.kind} brings its own times, rate and "
                "columns.",
                {"path": str(path), **given},
                "Leave these arguments out.",
            )
        )


def _e4(rows, first):
    rows = rows[first:]
    if len(rows) < 3 or any(len(row) != 3 for row in rows):
        return None
    starts, rates, *samples = [_numbers(row) for row in rows]
    if None in (starts, rates, *samples):
        return None
    is_start = len(set(starts)) == 1 and _is_within(starts[0], UNIX_SECONDS)
    is_rate = len(set(rates)) == 1 and _is_within(rates[0], RATES_HZ)
    is_count = all(value == round(value) for row in samples for value in row)
    if not (is_start and is_rate and is_count):
        return None
    return UnnamedTable(
        "Empatica E4",
        AXES,
        num_head_rows=first + 2,
        start=starts[0],
        rate_hz=rates[0],
        steps_per_g=E4_STEPS_PER_G,
    )


def _axivity(rows):
    num_cells = {len(row) for row in rows}
    if len(rows) < 2 or len(num_cells) != 1 or min(num_cells) < 4:
        return None
    if any(_numbers(row[1:4]) is None for row in rows):
        return None
    is_date = all(DATE.fullmatch(row[0]) for row in rows)
    times = _numbers([row[0] for row in rows])
    is_unix = times and all(_is_within(t, UNIX_SECONDS) for t in times)
    if not (is_date or is_unix):
        return None
    others = [f"column{index}" for index in range(4, min(num_cells))]
    return UnnamedTable(
        "Axivity device",
        ("time", *AXES, *others),
        time_unit="iso" if is_date else "s",
    )


def _numbers(cells):
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _is_within(value, limits):
    return limits[0] <= value <= limits[1]
