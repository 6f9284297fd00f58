"""Guesses which columns of a file are axes, timestamps and labels."""

import logging
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from keras_relcon.data.readers.tables import list_columns
from keras_relcon.data.readers.timestamps import (
    guess_timestamp_unit,
    warn_of_other_rate,
)

logger = logging.getLogger(__name__)

# Names are compared in lower case, by their letters and digits.
AXIS_LAST = re.compile(r"(.*?)([xyz])(?:axis)?(?:g|ms2|mps2)?")
AXIS_FIRST = re.compile(r"([xyz])(?:axis)?(.*)")
OTHER_SENSOR = re.compile(r"gyr|magn|rotat|grav|orient|quat|euler|attitude")
WITHOUT_GRAVITY = re.compile(r"useracc|linearacc")
TIME = re.compile(
    r"[a-z]*?(?:timestamp|datetime|time|date|epoch|elapsed)"
    r"(?:s|ms|us|ns|sec|secs|seconds?|milli(?:s|seconds?)|micro(?:s|seconds?)"
    r"|nano(?:s|seconds?)|utc|iso|unix|local)*"
)
LABEL = re.compile(
    r"labels?|activity(?:label|name|id)?|activities|class|gt|groundtruth"
    r"|annotations?"
)
UNIT = re.compile(r"\(.*?\)|\[.*?\]|m/s\W*2?", re.IGNORECASE)


@dataclass(frozen=True)
class ColumnNames:
    """Which columns of a file are read; `None` is to be guessed.

    Args:
        columns: three str, or one str for an array of three columns.
        timestamp_column: str, or `False` for none.
        timestamp_unit: str.
        label_column: str, or `False` for none.
    """

    columns: tuple | str | None = None
    timestamp_column: str | bool | None = None
    timestamp_unit: str | None = None
    label_column: str | bool | None = None


def guess_columns(path, delimiter=","):
    """Returns what `read_recording` takes where no column is named.

    Axes are three columns with the same name up to `x`, `y`, `z`, such as
    `x`, `acc_x`, `AccelX`, `ax`, `Accelerometer X (g)`, `userAcceleration.x`
    or `wrist/acceleration/x`; other sensors are passed over. Timestamps are
    called `time`, `timestamp`, `datetime`, `epoch`, `elapsed`, or so; labels
    `label`, `activity`, `class`, `annotation`, or so. The unit of timestamps
    is the one in the column's name (`time_ms`), `"iso"` for text and dates, or
    else the one in which there are 1 to 1000 rows per second.

    Args:
        path: str or path. A table that `read_recording` reads.
        delimiter: str. Between the cells of a .csv file. Defaults to `","`.

    Returns:
        dict of `columns`, `timestamp_column`, `timestamp_unit` and
        `label_column`, arguments of `read_recording`; `False` for a column
        that is not there, and then `None` for the unit.

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
    return vars(_fill(path, ColumnNames(), delimiter))


def choose_columns(path, wanted, delimiter, sample_rate_hz):
    """Returns `ColumnNames` with nothing left to guess, and logs guesses.

    Timestamps are guessed where there is no sample rate. Where there is one,
    and times that are not used tell another, a warning says so.

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
        if field != "timestamp_unit"
    ):
        logger.info("%s", _describe(path, names))
    return names


def _fill(path, wanted, delimiter, sample_rate_hz=None):
    available = list_columns(path, delimiter)
    columns = _as_three(wanted.columns, available)
    if columns is None:
        columns = guess_axes(available, path)
    time, unit = wanted.timestamp_column, wanted.timestamp_unit
    if time is None and sample_rate_hz is None:
        time = guess_one(TIME, "timestamp_column", available, columns, path)
        if time and unit is None:
            unit = guess_timestamp_unit(path, time, delimiter)
    elif time is None:
        time, unused = False, _fitting(TIME, available, columns)
        if len(unused) == 1:
            warn_of_other_rate(path, unused[0], delimiter, sample_rate_hz)
    label = wanted.label_column
    if label is None:
        label = guess_one(LABEL, "label_column", available, columns, path)
    return ColumnNames(columns, time, (unit or "s") if time else None, label)


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
    return tuple(columns)


def guess_axes(names, path):
    """Returns the three names of the axes, or raises."""
    groups = {}
    for name in names:
        stem, axis = _split_axis(name)
        if axis is None:
            continue
        while axis in groups.setdefault(stem, {}):
            stem += "'"  # `acc_x` and `AccX` are two sets
        groups[stem][axis] = name
    found = [
        tuple(group[axis] for axis in "xyz")
        for group in groups.values()
        if len(group) == 3
    ]
    if len(found) == 1:
        _warn_without_gravity(found[0])
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
        raise ValueError(
            f"One column must look like the `{argument}`. "
            f"Received: path={str(path)!r} with {found}. Pass one of them as "
            f"`{argument}`, or `{argument}=False` to use none."
        )
    return found[0] if found else False


def _fitting(pattern, names, axes):
    """Names that fit a pattern, in the groups around the axes if any."""
    folder = _folder(axes[0])
    return [
        name
        for name in names
        if name not in axes
        and folder.startswith(_folder(name))
        and pattern.fullmatch(_letters(name[len(_folder(name)) :]))
    ]


def _split_axis(name):
    """`(stem, axis)`, or `(None, None)` for another kind of column."""
    folder = _folder(name)
    key = _letters(name[len(folder) :])
    whole = _letters(name)
    if OTHER_SENSOR.search(whole) and "acc" not in whole:
        return None, None
    for pattern, stem_at, axis_at in ((AXIS_LAST, 1, 2), (AXIS_FIRST, 2, 1)):
        match = pattern.fullmatch(key)
        if match:
            stem = match[stem_at]
            if stem in ("", "a") or "acc" in stem:
                return folder + stem, match[axis_at]
    return None, None


def _warn_without_gravity(columns):
    if WITHOUT_GRAVITY.search(_letters(columns[0])):
        warnings.warn(
            f"The columns {list(columns)} are acceleration without gravity, "
            "which most encoders are not trained on. Add the gravity columns "
            "where the file has them.",
            stacklevel=5,
        )


def _letters(name):
    """Lower-case letters and digits, without a unit."""
    return re.sub(r"[\W_]", "", _masked(name).lower())


def _folder(name):
    return name[: _masked(name).rfind("/") + 1]


def _masked(name):
    """The name with `_` in place of each letter of a unit."""
    return UNIT.sub(lambda match: "_" * len(match[0]), name)


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
