"""Guesses which columns of a file are axes, timestamps and labels."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_relcon.checks import message
from keras_relcon.data.readers.axis_names import (
    axis_groups,
    folder_of,
    is_of_other_sensor,
    letters,
    split_axis,
)
from keras_relcon.data.readers.gravity_names import (
    guess_gravity,
    warn_without_gravity,
    with_gravity_first,
)
from keras_relcon.data.readers.tables import list_columns
from keras_relcon.data.readers.time_columns import (
    choose_time_column,
    warn_of_other_rates,
)
from keras_relcon.data.readers.timestamps import guess_timestamp_unit
from keras_relcon.types import PathLike

logger = logging.getLogger(__name__)

TIME = re.compile(
    r"[a-z]*?(?:timestamp|datetime|time|date|epoch|elapsed)"
    r"(?:s|ms|us|ns|sec|secs|seconds?|milli(?:s|seconds?)|micro(?:s|seconds?)"
    r"|nano(?:s|seconds?)|utc|iso|unix|local)*"
)
LABEL = re.compile(
    r"labels?|activity(?:label|name|id)?|activities|class|gt|groundtruth"
    r"|annotations?"
)


@dataclass(frozen=True)
class ColumnNames:
    """Which columns of a file are read; `None` is to be guessed.

    Args:
        columns: three str, or one str for an array of three columns.
        timestamp_column: str, or `False` for none.
        timestamp_unit: str.
        label_column: str, or `False` for none.
        gravity_columns: three str, added to the axes, or `False` for none.
    """

    columns: tuple[str, ...] | str | None = None
    timestamp_column: str | bool | None = None
    timestamp_unit: str | None = None
    label_column: str | bool | None = None
    gravity_columns: tuple[str, ...] | bool | None = None


def guess_columns(path: PathLike, delimiter: str = ",") -> dict[str, Any]:
    """Returns what `read_recording` takes where no column is named.

    Axes are three columns with the same name up to `x`, `y`, `z`, such as
    `x`, `acc_x`, `AccelX`, `ax`, `Accelerometer X (g)`, `userAcceleration.x`
    or `wrist/acceleration/x`; other sensors are passed over. Timestamps are
    called `time`, `timestamp`, `datetime`, `epoch`, `elapsed`, or so; labels
    `label`, `activity`, `class`, `annotation`, or so. The unit of timestamps
    is the one in the column's name (`time_ms`), `"iso"` for text and dates, or
    else the one in which there are 1 to 1000 rows per second. Of several
    columns of timestamps that tell one rate the first in Unix time or dates is
    taken, or else the first.

    Of several sets of axes the one with gravity is taken. Axes whose name says
    that they are without it (`userAcceleration`, `FreeAcc`, `linear
    acceleration`; `Accelerometer.csv` of Sensor Logger, and what Physics
    Toolbox calls linear) are warned of; where the file has gravity too, such
    as `gravity.x`, the two are added.

    Args:
        path: str or path. A table that `read_recording` reads.
        delimiter: str. Between the cells of a .csv file. Defaults to `","`.

    Returns:
        dict of `columns`, `timestamp_column`, `timestamp_unit` and
        `label_column`, arguments of `read_recording`; `False` for a column
        that is not there, and then `None` for the unit. `gravity_columns` too,
        where there are such.

    Raises:
        FileNotFoundError: if there is no such file.
        ImportError: if the package that reads this kind of file is missing.
        ValueError: if no three columns look like axes, or more than one
            column, or set of axes, could be what is looked for, the message
            lists them; or if the file is no such table.

    Example:

    >>> guess = guess_columns("walk.csv")
    >>> guess["columns"] = ("wrist_x", "wrist_y", "wrist_z")
    >>> recording = read_recording("walk.csv", subject="s01", **guess)
    """
    guess = dict(vars(_fill(path, ColumnNames(), delimiter)))
    if not guess["gravity_columns"]:
        del guess["gravity_columns"]
    return guess


def choose_columns(path, wanted, delimiter, sample_rate_hz):
    """Returns `ColumnNames` with nothing left to guess, and logs guesses.

    Timestamps are guessed where there is no sample rate. Where times that are
    not used tell another rate than those that are, or than the given one, a
    warning says so.

    Args:
        path: str or path.
        wanted: `ColumnNames`. What the caller named.
        delimiter: str.
        sample_rate_hz: float, or `None`. What the caller gave.

    Raises:
        ValueError: if there is no one guess, or neither a rate nor timestamps.
    """
    names = _fill(path, wanted, delimiter, sample_rate_hz)
    if sample_rate_hz is None and not names.timestamp_column:
        raise ValueError(
            "Either `sample_rate_hz` or `timestamp_column` must be given. "
            f"Received: neither, and path={str(path)!r} has no column named as "
            "timestamps are. Pass the samples per second of the device, or "
            "the name of the column of times."
        )
    if any(
        value is None and getattr(names, field)
        for field, value in vars(wanted).items()
        if field not in ("timestamp_unit", "gravity_columns")
    ):
        logger.info("%s", _describe(path, names))
    return names


def _fill(path, wanted, delimiter, sample_rate_hz=None):
    available = list_columns(path, delimiter)
    columns = _as_three(wanted.columns, available)
    gravity = _as_three(wanted.gravity_columns or None, available) or False
    if columns is None:
        columns = guess_axes(available, path)
        if wanted.gravity_columns is None:
            gravity = guess_gravity(available, columns)
        warn_without_gravity(path, columns, gravity, available)
    time, unit = wanted.timestamp_column, wanted.timestamp_unit
    is_given, times = time is not None, _fitting(TIME, available, columns)
    if not is_given:
        time = False
        if times and sample_rate_hz is None:
            time = times[0]
            if len(times) > 1:
                time = choose_time_column(path, times, delimiter)
            unit = unit or guess_timestamp_unit(path, time, delimiter)
    if time or not is_given:
        others = [name for name in times if name != time]
        warn_of_other_rates(path, time, others, delimiter, sample_rate_hz)
    label = wanted.label_column
    if label is None:
        label = guess_one(LABEL, "label_column", available, columns, path)
    unit = (unit or "s") if time else None
    return ColumnNames(columns, time, unit, label, gravity)


def _as_three(columns, available):
    if columns is None:
        return None
    if isinstance(columns, str):
        for separator in "./":  # an array of three columns, or a group
            three = tuple(f"{columns}{separator}{axis}" for axis in "xyz")
            if set(three) <= set(available):
                return three
    if isinstance(columns, str) or len(columns) != 3:
        raise ValueError(
            "`columns` must be three names, of the x, y and z axes, or one "
            "name of an array of shape (num_samples, 3) in a .npz or HDF5 "
            f"file. Received: columns={columns!r}. The file has {available}."
        )
    if not all(isinstance(name, str) for name in columns):
        raise ValueError(
            message(
                "`columns` must be the names of three columns.",
                {"columns": columns},
                f"The file has {available}.",
            )
        )
    if len(set(columns)) != 3:
        raise ValueError(
            message(
                "`columns` must be three different names.",
                {"columns": columns},
                f"The file has {available}.",
            )
        )
    return tuple(columns)


def guess_axes(names, path):
    """Returns the three names of the axes, or raises."""
    found = axis_groups(names, split_axis)
    found = with_gravity_first(found)
    if len(found) == 1 and is_of_other_sensor(path, found[0]):
        raise ValueError(
            message(
                "The axes must be those of an accelerometer.",
                f"path={str(path)!r}, by its name the file of another sensor",
                "Read the file of the accelerometer, or pass the three names "
                "as `columns` if it is this one.",
            )
        )
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(
            "One set of columns must look like the axes of an accelerometer. "
            f"Received: path={str(path)!r} with {found}. Pass the three names "
            "as `columns`."
        )
    raise ValueError(
        "Three columns must look like the axes of an accelerometer. "
        f"Received: path={str(path)!r} with the columns {list(names)}. "
        f"{_advice(names)}"
    )


def guess_one(pattern, argument, names, axes, path):
    """Returns the name that fits a pattern, `False` if none does, or raises."""
    found = _fitting(pattern, names, axes)
    if len(found) > 1:
        # What a person noted, beside what an app guessed.
        found = [name for name in found if letters(name) == "label"] or found
    if len(found) > 1:
        raise ValueError(
            f"One column must look like the `{argument}`. "
            f"Received: path={str(path)!r} with {found}. Pass one of them as "
            f"`{argument}`, or `{argument}=False` to use none."
        )
    return found[0] if found else False


def _fitting(pattern, names, axes):
    """Names that fit a pattern, in the groups around the axes if any."""
    folder = folder_of(axes[0])
    return [
        name
        for name in names
        if name not in axes
        and folder.startswith(folder_of(name))
        and pattern.fullmatch(letters(name[len(folder_of(name)) :]))
    ]


def _advice(names):
    is_number = [re.fullmatch(r"[-+.\deE]+", name) for name in names]
    if names and all(is_number):
        return "Add a first line with the names of the columns."
    if len(names) == 1 and re.search(r"[;\t|]", names[0]):
        return "Pass the `delimiter` between the cells."
    return "Pass the three names as `columns`."


def _describe(path, names):
    time = "no timestamps"
    if names.timestamp_column:
        time = f"timestamps {names.timestamp_column!r} in "
        time += repr(names.timestamp_unit)
    label = "no labels"
    if names.label_column:
        label = f"labels {names.label_column!r}"
    return (
        f"{Path(path).name}: axes {names.columns}, {time}, {label}. Pass "
        "`columns`, `timestamp_column` or `label_column` to read others."
    )
