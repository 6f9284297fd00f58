"""PAMAP2: the ankle as in Table 4, the wrist as in Table 3."""

import numpy as np

from keras_relcon.evaluation.protocols.source_files import (
    SourceLayout,
    join_parts,
)
from keras_relcon.evaluation.protocols.table3 import (
    cut_half_shifted,
    finite_rows,
    table3_folds,
)
from keras_relcon.evaluation.protocols.table4 import (
    cut_joined_rows,
    parse_folds,
    rows_by_subject,
)

ANKLE_CLASSES = (
    "lying",
    "sitting",
    "standing",
    "walking",
    "running",
    "cycling",
    "nordic_walking",
    "ascending_stairs",
    "descending_stairs",
    "vacuum_cleaning",
    "ironing",
    "rope_jumping",
)
# train | validation | test, as in the released code; 1 is "101"
_ANKLE_FOLDS = (
    "4 9 5 3 7 | 6 1 | 8 2",
    "8 4 6 5 9 | 2 3 | 1 7",
    "7 3 6 5 8 | 1 2 | 4 9",
    "8 4 7 5 9 | 1 2 | 6 3",
    "1 9 3 6 4 8 | 2 7 | 5",
)
WRIST_CLASSES = (
    "lying",
    "sitting",
    "standing",
    "walking",
    "ascending_stairs",
    "descending_stairs",
    "vacuum_cleaning",
    "ironing",
)
WRIST_SUBJECTS = tuple(str(number) for number in range(101, 109))


def pamap2_ankle_folds():
    """The five folds of PAMAP2 at the ankle in Table 4 of the paper.

    Returns:
        list of `Fold` over the subjects "101" to "109"; each is tested once.
        Subject 109 has only one of the classes.

    Example:
    >>> keras_relcon.evaluation.pamap2_ankle_folds()[4].test
    ('105',)
    """
    return parse_folds(_ANKLE_FOLDS, prefix="10")


def pamap2_ankle_windows(recordings):
    """The windows of PAMAP2 at the ankle in Table 4 of the paper.

    In each file and axis, missing values are interpolated linearly between
    rows; at the ends the nearest value is repeated. Then the rows of the 12
    classes are kept. A subject's rows, those of `Protocol` before those of
    `Optional`, are joined and cut into windows of 200 rows without overlap,
    so a window may contain several activities. Starts are strictly below
    `rows - 200`. The label is the most frequent one; at a tie, the first in
    the order of `ANKLE_CLASSES`.

    Args:
        recordings: iterable of `Recording` of
            `keras_relcon.data.tfds_recordings("pamap2/ankle")`.

    Returns:
        `Windows` `(windows, 200, 3)`, g, 100 Hz. `start_seconds` counts from
        the start of the subject's joined signal. `recordings` names the file
        of most of the samples.

    Raises:
        TypeError: if an item is not a `Recording`.
        ValueError: if there is no recording, one is not of this dataset and
            sensor or is given twice, or no subject has enough rows for a
            window.

    Differs from the released code: rows are in g, not m/s2; the standardisation
    of the protocol removes this difference. At a tie that code may choose a
    later class.
    """
    parts = []
    for file in _files(recordings, "ankle"):
        rows = np.stack([_fill(axis) for axis in file.acceleration.T], axis=1)
        is_kept = np.isin(file.labels, ANKLE_CLASSES)
        names = np.full(is_kept.sum(), file.name)
        columns = rows[is_kept], file.labels[is_kept], names
        parts.append((file.subject, *columns))
    return cut_joined_rows(rows_by_subject(parts), ANKLE_CLASSES)


def pamap2_wrist_folds(variant="corrected", validation="highest", windows=None):
    """The eight folds of PAMAP2 at the wrist in Table 3; each tests a subject.

    Subject 109 did none of the eight activities.

    Args:
        variant: str. `"corrected"`: leave one subject out. `"released"`: the
            rows of the released code, where the test windows of most folds are
            in training or validation. Defaults to `"corrected"`.
        validation: str. Which of the other subjects is the validation subject
            of a corrected fold: `"highest"`, as the released code intends, or
            `"lowest"`, as [Yuan et al.](https://arxiv.org/abs/2206.02909) do.
            Defaults to `"highest"`.
        windows: `Windows` of `pamap2_wrist_windows`. Needed for the released
            variant, whose folds are rows of them. Defaults to `None`.

    Returns:
        list of `Fold`, or of `LeakyFold` if released, by tested subject.

    Raises:
        ValueError: if an argument is none of these, or the released variant
            does not have the windows of all eight subjects.

    Differs from the released code: a corrected fold has no window of the
    tested subject elsewhere, and each fold is fitted by itself.

    Example:
    >>> keras_relcon.evaluation.pamap2_wrist_folds()[7].validation
    ('107',)
    """
    return table3_folds(WRIST_SUBJECTS, variant, validation, windows)


def pamap2_wrist_windows(recordings):
    """The windows of PAMAP2 at the wrist in Table 3 of the paper.

    In each file the rows with a missing value are left out and the gaps
    closed. Each file has n consecutive windows of 1000 rows (10 s), and n - 1
    windows that are shifted by half a window. The label of a window is the
    most frequent of all 18 activities; at a tie, the one of the smallest code.
    Then the windows of `WRIST_CLASSES` are kept. A window is left out if half
    of its rows or more have no activity. Values are clipped to 3 g. Both
    variants of `pamap2_wrist_folds` use these windows.

    Args:
        recordings: iterable of `Recording` of
            `keras_relcon.data.tfds_recordings("pamap2/hand")`.

    Returns:
        `Windows` `(windows, 1000, 3)`, g, 100 Hz: the files of `Protocol`,
        then those of `Optional`. `start_seconds` counts from the start of the
        file without its gaps.

    Raises:
        TypeError: if an item is not a `Recording`.
        ValueError: if a recording is not of this dataset and sensor or is
            given twice, or there is no window.

    Differs from the released code: files are sorted. That code uses the order
    of the file system.
    """
    files = _files(recordings, "hand")
    return cut_half_shifted(
        [(f.subject, f.name, *finite_rows(f)) for f in files],
        activities(),
        WRIST_CLASSES,
        sample_rate_hz=100,
    )


def activities():
    """All labels, by the codes of the data set: no activity, 0, is first."""
    from tfds_builders.pamap2.parse import NAME_OF_ACTIVITY

    return ("null", *NAME_OF_ACTIVITY.values())


def _files(recordings, position):
    """Source files of one sensor: `Protocol/` first, each folder by subject.

    Args:
        recordings: see `join_parts`.
        position: str. `"hand"` or `"ankle"`.

    Returns:
        list of `SourceFile`.
    """
    layout = SourceLayout(
        builder=f"pamap2/{position}",
        name=r"(Protocol|Optional)/subject\d+",
        position=position,
        rates_hz=(100,),
        classes=activities(),
    )
    files = join_parts(recordings, layout)
    return sorted(
        files, key=lambda f: (not f.name.startswith("Protocol"), f.name)
    )


def _fill(axis):
    is_known = np.isfinite(axis)
    if not is_known.any():
        return axis
    rows = np.arange(len(axis))
    return np.interp(rows, rows[is_known], axis[is_known]).astype("float32")
