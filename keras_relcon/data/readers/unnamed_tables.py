"""Reads tables of devices that have no names of columns.

- Empatica E4: the start (Unix s, three times), the rate in Hz (three times),
  then rows of x, y, z in 1/64 g.
- Axivity AX3 and AX6, as OMGUI exports them: rows of a time (Unix s, or a date
  with a space in the middle), x, y, z in g, and three columns more of a
  gyroscope, and others.
- ActiGraph, as ActiLife exports raw data: ten lines about the recording, names,
  and rows of x, y, z in g, with or without a time in the form that the first
  line says.
- GENEActiv, as its software exports raw data: about a hundred lines about the
  recording, and rows of a date, x, y, z in g, light, button and temperature.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.at_rest import REST_STD_G
from keras_relcon.data.large_arrays import chunks, empty
from keras_relcon.data.readers.actigraph_export import (
    export_facts,
    export_names,
    holds_samples,
    with_export_times,
)
from keras_relcon.data.readers.csv_blocks import csv_blocks
from keras_relcon.data.readers.csv_layout import (
    head_lines,
    is_csv,
    read_layout,
    split_lines,
)
from keras_relcon.data.readers.file_clock import OWN_CLOCK, UNIX
from keras_relcon.data.readers.geneactiv_export import (
    check_is_raw,
    is_geneactiv_export,
    with_iso_times,
)
from keras_relcon.data.readers.read_rows import read_rows
from keras_relcon.data.readers.tables import with_rows
from keras_relcon.data.units import E4_STEPS_PER_G

E4 = "Empatica E4"
GENEACTIV = "GENEActiv export"
AXES = ("x", "y", "z")
DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?")
UNIX_SECONDS = (1e8, 1e10)  # 1973 to 2286
RATES_HZ = (1, 1000)
NUM_ROWS_KNOWN, NUM_ROWS_SEEN = 4, 100
INTEGER = re.compile(r"[+-]?\d+")


@dataclass(frozen=True)
class UnnamedTable:
    """What is in a table without names.

    Args:
        kind: str. Whose table it is.
        names: tuple of str. Of the columns.
        num_head_rows: int. Rows before the first sample.
        time_unit: str, or `None` for equal steps.
        date_form: str. Of ActiGraph's times, such as `"dd/MM/yyyy"`.
        start: float, Unix s, and rate_hz: float, of equal steps.
        steps_per_g: int. Of the axes.
    """

    kind: str
    names: tuple[str, ...]
    num_head_rows: int = 0
    time_unit: str | None = None
    start: float | None = None
    rate_hz: float | None = None
    steps_per_g: int = 1
    date_form: str | None = None


def recognise_unnamed(path, delimiter=","):
    """Returns the `UnnamedTable` of a .csv file, or `None` for another."""
    path = Path(path)
    if not is_csv(path) or not path.is_file():
        return None
    try:
        layout = read_layout(path, delimiter)
        lines, _ = head_lines(path)
    except ValueError:
        return None  # said where the table is read
    if layout.preamble:
        is_geneactiv = is_geneactiv_export(layout.preamble)
        return _geneactiv(layout) if is_geneactiv else _actigraph(layout)
    rows = split_lines(lines[:NUM_ROWS_SEEN], layout.delimiter)
    rows = [[_with_point(cell, layout) for cell in row] for row in rows]
    first = rows[:NUM_ROWS_KNOWN]
    # A line of names may have been put above the two rows of an E4.
    e4 = _e4(first, 0) or _e4(first, 1)
    return e4 or (None if _has_another_column(rows) else _axivity(first))


def read_unnamed(path, table, delimiter=","):
    """Reads a table that was recognised.

    Returns:
        `(seconds, acceleration, zones, put_back)`: `(num_rows,)`, s since
        1970, on the clock of the device but for an E4, which counts in UTC;
        `(num_rows, 3)`, in g for the tables above; the time zones of the
        times, and the moments at which their clock was put back, see
        `file_clock`.
    """
    layout = read_layout(path, delimiter)
    if table.kind == GENEACTIV:
        check_is_raw(table.names, path)
    layout = replace(
        layout,
        header=table.names,
        num_head_lines=table.num_head_rows,
    )
    time = "time" if table.time_unit else None
    is_date = table.time_unit == "iso" or bool(table.date_form)
    path, unit = Path(path), table.time_unit
    numeric = [*AXES, "time"] if time and not is_date else AXES
    text = ["time"] if is_date else []
    blocks = csv_blocks(path, layout, numeric, text, is_timed=bool(time))
    blocks = with_rows(blocks, "x", path)
    if table.kind == GENEACTIV:
        blocks = with_iso_times(blocks)
    if table.date_form:
        blocks = with_export_times(blocks, table.date_form)
    if table.steps_per_g != 1:
        blocks = _in_g(blocks, table.steps_per_g)
    seconds, acceleration, *_, put_back = read_rows(blocks, AXES, time, unit)
    if seconds is None:
        seconds = empty(len(acceleration), np.float64)
        for rows in chunks(seconds):
            steps = np.arange(rows.start, rows.stop) / table.rate_hz
            seconds[rows] = table.start + steps
    zones = UNIX if table.kind == E4 else OWN_CLOCK
    return seconds, acceleration, zones, put_back


def _in_g(blocks, steps_per_g):
    for block in blocks:
        yield {axis: block[axis] / steps_per_g for axis in AXES}


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
    is_count = all(value.is_integer() for row in samples for value in row)
    if not (is_start and is_rate and is_count):
        return None
    return UnnamedTable(
        E4,
        AXES,
        num_head_rows=first + 2,
        start=starts[0],
        rate_hz=rates[0],
        steps_per_g=E4_STEPS_PER_G,
    )


def _actigraph(layout):
    """Of raw data; a table of counts an epoch is no acceleration."""
    facts = export_facts(layout.preamble)
    names = export_names(layout.header)
    if facts is None or names is None:
        return None
    has_time = "time" in names
    return UnnamedTable(
        "ActiGraph export",
        names,
        num_head_rows=layout.num_head_lines - holds_samples(layout.header),
        time_unit="s" if has_time else None,
        start=facts.start,
        rate_hz=facts.rate_hz,
        date_form=facts.date_form if has_time else None,
    )


def _geneactiv(layout):
    others = [f"other {k}" for k in range(len(layout.header))]
    return UnnamedTable(
        GENEACTIV,
        ("time", *AXES, *others[4:]),
        num_head_rows=layout.num_head_lines - 1,
        time_unit="iso",
    )


def _has_another_column(rows):
    """Whether one of the axes is in whole numbers, unlike the others.

    Such as a light meter or the number of a device. Where there are no columns
    but those of a time and the axes, all are what they must be.
    """
    columns = list(zip(*rows))[1:]
    if len(columns) <= len(AXES):
        return False
    axes = columns[: len(AXES)]
    is_whole = [all(map(INTEGER.fullmatch, axis)) for axis in axes]
    if not any(is_whole) or all(is_whole):
        return False
    values = np.array([_numbers(axis) or [np.nan] * len(axis) for axis in axes])
    is_at_rest = (values.std(axis=1) < REST_STD_G).all()
    # Where it lies still, an axis may be at 0 or 1 g all the time.
    return not (is_at_rest and abs(np.linalg.norm(values[:, 0]) - 1) < 0.1)


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


def _with_point(cell, layout):
    return cell.strip().replace(layout.decimal, ".")


def _numbers(cells):
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _is_within(value, limits):
    return limits[0] <= value <= limits[1]
