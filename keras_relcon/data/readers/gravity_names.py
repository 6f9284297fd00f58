"""Knows the names of acceleration without gravity, and of gravity."""

import re
import warnings
from pathlib import Path

import numpy as np

from keras_relcon.data.readers.axis_names import (
    AXIS_FIRST,
    AXIS_LAST,
    axis_groups,
    folder_of,
    letters,
)

WITHOUT_GRAVITY = re.compile(
    r"useracc|lin(?:ear)?acc|acc(?:el|eleration)?lin|freeacc|bodyacc"
    r"|dynamicacc|withoutg|nograv|gravity(?:free|removed)"
)
FILE_WITHOUT_GRAVITY = re.compile(
    r"(?<![a-z])(?:user|lin(?:ear)?|free)[\W_]*acc"
    r"|without[\W_]*g|no[\W_]*grav|gravity[\W_]*(?:free|removed)",
    re.IGNORECASE,
)
# `gFx` is of Physics Toolbox, beside what it calls `ax`.
WITH_GRAVITY = re.compile(r"total|includ|withgrav|^gf[xyz]$")
GRAVITY = re.compile(r"grav")
# Sensor Logger writes acceleration without gravity to `Accelerometer.csv`, and
# with it to `TotalAcceleration.csv`; both have these columns.
SENSOR_LOGGER = ("time", "seconds_elapsed", "z", "y", "x")
# Physics Toolbox writes the size of linear acceleration beside it.
PHYSICS_TOOLBOX = re.compile(r"at(?:otal)?(?:ms2)?")


def lacks_gravity(columns):
    """Whether the names of the axes say that gravity is taken away."""
    return bool(WITHOUT_GRAVITY.search(letters(columns[0])))


def with_gravity_first(found):
    """Returns the sets of axes that are left when one with gravity is known.

    Args:
        found: list of tuples of three names.
    """
    total = [axes for axes in found if WITH_GRAVITY.search(letters(axes[0]))]
    measured = [axes for axes in found if not _is_gravity(axes[0])]
    complete = [axes for axes in measured if not lacks_gravity(axes)]
    for left in (total, complete, measured):
        if len(left) == 1:
            return left
    return found


def warn_without_gravity(path, columns, gravity, names):
    name = Path(path).name.partition(".")[0]
    stem = letters(name)
    is_bare = letters(columns[0]) in ("x", "y", "z")
    is_named = lacks_gravity(columns) or (
        is_bare and FILE_WITHOUT_GRAVITY.search(name)
    )
    advice = "Add the gravity columns where the file has them."
    is_calibrated = stem.startswith("accelerometer") and "uncal" not in stem
    if is_calibrated and set(names) == set(SENSOR_LOGGER):
        advice = "Read `TotalAcceleration.csv` of Sensor Logger in its place."
    elif _is_physics_toolbox(columns, names):
        advice = "Record with the g-force meter of Physics Toolbox."
    elif not is_named:
        return
    if gravity:
        advice = (
            f"The columns {list(gravity)} are added; pass `gravity_columns="
            "False` to leave them out."
        )
    warnings.warn(
        f"The columns {list(columns)} are acceleration without gravity, "
        f"which most encoders are not trained on. {advice}",
        stacklevel=6,
    )


def _is_physics_toolbox(columns, names):
    axes = [letters(name) for name in columns]
    has_size = any(PHYSICS_TOOLBOX.fullmatch(letters(n)) for n in names)
    return axes == ["ax", "ay", "az"] and has_size


def guess_gravity(names, columns):
    """Three names of gravity in the folder of the axes, or `False`."""
    others = [name for name in names if name not in columns]
    found = axis_groups(others, _split_gravity)
    folder = folder_of(columns[0])
    # `motion/acceleration/x` stands beside `motion/gravity/x`.
    parent = folder_of(folder.rstrip("/"))
    found = [group for group in found if folder_of(group[0]).startswith(parent)]
    return found[0] if len(found) == 1 else False


def _is_gravity(name):
    key = letters(name)
    others = (WITHOUT_GRAVITY, WITH_GRAVITY)
    is_other = any(pattern.search(key) for pattern in others)
    return bool(GRAVITY.search(key)) and not is_other


def _split_gravity(name):
    folder = folder_of(name)
    if not _is_gravity(name):
        return None, None
    for pattern, stem_at, axis_at in ((AXIS_LAST, 1, 2), (AXIS_FIRST, 2, 1)):
        match = pattern.fullmatch(letters(name[len(folder) :]))
        if match:
            return folder + match[stem_at], match[axis_at]
    return None, None


def add_gravity(blocks, columns, gravity):
    """Adds gravity to the axes, unless they are the sum already.

    Where their names do not say, the axes are without gravity if their mean
    over 50 rows is nearer to 0 than half of gravity, in the first block.

    Args:
        blocks: iterable of dict of column name to `(rows_of_block,)`, in one
            unit.
        columns, gravity: three str each. Names of the axes.

    Yields:
        the blocks.
    """
    is_without = True if lacks_gravity(columns) else None
    for block in blocks:
        if is_without is None and len(block[columns[0]]):
            is_without = _is_without(block, columns, gravity)
        if is_without:
            sums = [block[a] + block[b] for a, b in zip(columns, gravity)]
            block = {**block, **dict(zip(columns, sums))}
        yield block


def _is_without(block, columns, gravity):
    sizes = [
        np.linalg.norm(_means(np.stack([block[n] for n in names], 1)), axis=1)
        for names in (columns, gravity)
    ]
    if not np.nanmedian(sizes[0]) < 0.5 * np.nanmedian(sizes[1]):
        return False
    warnings.warn(
        f"The columns {list(columns)} are acceleration without gravity: "
        "the gravity of the file is added. Pass `gravity_columns=False` "
        "to leave it out.",
        stacklevel=6,
    )
    return True


def _means(values, length=50):
    count = max(len(values) // length, 1)
    return np.stack(
        [rows.mean(axis=0) for rows in np.array_split(values, count)]
    )
