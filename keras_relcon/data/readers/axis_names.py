"""Takes the names of columns apart: a sensor, and one of its axes."""

import re

# Names are compared in lower case, by their letters and digits.
AXIS_LAST = re.compile(r"(.*?)([xyz])(?:axis)?(?:g|ms2|mps2)?")
AXIS_FIRST = re.compile(r"([xyz])(?:axis)?(.*)")
OTHER_SENSOR = re.compile(r"gyr|magn|rotat|grav|orient|quat|euler|attitude")
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
    for pattern, stem_at, axis_at in ((AXIS_LAST, 1, 2), (AXIS_FIRST, 2, 1)):
        match = pattern.fullmatch(key)
        if match:
            stem = match[stem_at]
            if stem in ("", "a") or "acc" in stem:
                return folder + stem, match[axis_at]
    return None, None


def letters(name):
    """Returns the lower-case letters and digits, without a unit."""
    return re.sub(r"[\W_]", "", _masked(name).lower())


def folder_of(name):
    """Returns what stands before the last slash, with it."""
    return name[: _masked(name).rfind("/") + 1]


def _masked(name):
    """The name with `_` in place of each letter of a unit."""
    return UNIT.sub(lambda match: "_" * len(match[0]), name)
