"""Takes the names of columns apart: a sensor, and one of its axes."""

import re
from pathlib import Path

# Names are compared in lower case, by their letters and digits.
AXIS_LAST = re.compile(r"(.*?)([xyz])(?:axis)?(?:g|ms2|mps2)?")
AXIS_FIRST = re.compile(r"([xyz])(?:axis)?(.*)")
OTHER_SENSOR = re.compile(r"gyr|magn|rotat|grav|orient|quat|euler|attitude")
NO_ACCELERATION = re.compile(r"jerk|angular|accura")
OTHER_UNIT = re.compile(
    r"[(\[]\s*(?:rad|deg(?:rees?)?|\xb0|dps|rps|[mun\xb5\u03bc]+t|gauss)"
    r"\s*(?:(?:/|per\b|\*|\xb7)[^)\]]*)?[)\]]",
    re.IGNORECASE,
)
# Apps write the same names of columns for each sensor, into files of its name.
OTHER_SENSOR_FILE = re.compile(
    r"(?:raw|head|watch|wrist)?(?:gyro(?:scope)?|magnetometer|gravity"
    r"|orientation|rotation(?:vector|rate)?)(?:uncalibrated)?"
)
# Of acceleration: `x`, `ax`, and what Physics Toolbox calls `gFx`.
BARE_STEMS = ("", "a", "gf")
UNIT = re.compile(r"\(.*?\)|\[.*?\]|m/s\W*2?", re.IGNORECASE)


def axis_groups(names, split):
    """Returns tuples of three names that differ in the axis alone.

    Args:
        names: sequence of str.
        split: function of a name that returns `(stem, axis)`, or
            `(None, None)`.
    """
    groups = {}
    for name in names:
        stem, axis = split(name)
        if axis is None:
            continue
        while axis in groups.setdefault(stem, {}):
            stem += "'"  # `acc_x` and `AccX` are two sets
        groups[stem][axis] = name
    return [
        tuple(group[axis] for axis in "xyz")
        for group in groups.values()
        if len(group) == 3
    ]


def split_axis(name):
    """`(stem, axis)`, or `(None, None)` for another kind of column."""
    folder = folder_of(name)
    key = letters(name[len(folder) :])
    whole = letters(name)
    if OTHER_SENSOR.search(whole) and "acc" not in whole:
        return None, None
    is_in_other_unit = "acc" not in whole and OTHER_UNIT.search(name)
    if NO_ACCELERATION.search(key) or is_in_other_unit:
        return None, None
    for pattern, stem_at, axis_at in ((AXIS_LAST, 1, 2), (AXIS_FIRST, 2, 1)):
        match = pattern.fullmatch(key)
        if match:
            stem = match[stem_at]
            if stem in BARE_STEMS or "acc" in stem:
                return folder + stem, match[axis_at]
    return None, None


def is_of_other_sensor(path, columns=("x",)):
    """Whether a file's name is another sensor's, and its columns do not say."""
    is_bare = letters(columns[0]) in ("x", "y", "z")
    stem = letters(Path(path).name.partition(".")[0])
    return is_bare and bool(OTHER_SENSOR_FILE.fullmatch(stem))


def letters(name):
    """Returns the lower-case letters and digits, without a unit."""
    return re.sub(r"[\W_]", "", _masked(name).lower())


def folder_of(name):
    """Returns what stands before the last slash, with it."""
    return name[: _masked(name).rfind("/") + 1]


def _masked(name):
    """The name with `_` in place of each letter of a unit."""
    return UNIT.sub(lambda match: "_" * len(match[0]), name)
