import numpy as np

from keras_relcon.evaluation.protocols.joined_rows import (
    cut_joined_rows,
    parse_folds,
)
from keras_relcon.evaluation.protocols.pamap2_files import pamap2_files

CLASSES = (
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
# train | validation | test, as the released code draws them; 1 is "101"
_FOLDS = (
    "4 9 5 3 7 | 6 1 | 8 2",
    "8 4 6 5 9 | 2 3 | 1 7",
    "7 3 6 5 8 | 1 2 | 4 9",
    "8 4 7 5 9 | 1 2 | 6 3",
    "1 9 3 6 4 8 | 2 7 | 5",
)


def pamap2_ankle_folds():
    """The five folds of PAMAP2 at the ankle in Table 4 of the paper.

    Returns:
        list of `Fold` over the subjects "101" to "109"; each is tested once.
        Subject 109 has a single one of the classes.

    Example:
    >>> keras_relcon.evaluation.pamap2_ankle_folds()[4].test
    ('105',)
    """
    return parse_folds(_FOLDS, prefix="10")


def pamap2_ankle_windows(recordings):
    """The windows of PAMAP2 at the ankle in Table 4 of the paper.

    In each file and axis missing values are interpolated linearly from row to
    row; at the ends the nearest value is repeated. Then the rows of the 12
    classes are kept. A subject's rows, those of `Protocol` before those of
    `Optional`, are joined and cut into windows of 200 rows without overlap,
    so a window may straddle activities. Starts are strictly below
    `rows - 200`. The label is the most frequent one; at a tie, the first in
    the order of `CLASSES`.

    Args:
        recordings: iterable of `Recording` of
            `keras_relcon.data.tfds_recordings("pamap2/ankle")`.

    Returns:
        `Windows` `(windows, 200, 3)`, g, 100 Hz. `start_seconds` counts from
        the start of the subject's joined signal; `recordings` names the
        file, that of most samples.

    Raises:
        TypeError: if an item is no `Recording`.
        ValueError: if there is no recording, one is not of this dataset and
            sensor or is there twice, or nobody has rows enough for a window.

    Differs from the released code: rows are in g, not m/s2, which the
    protocol's standardisation takes back; at a tie that code may take a
    later class.
    """
    parts_of = {}
    for file in pamap2_files(recordings, "ankle"):
        rows = np.stack([_fill(axis) for axis in file.acceleration.T], axis=1)
        is_kept = np.isin(file.labels, CLASSES)
        names = np.full(is_kept.sum(), file.name)
        part = rows[is_kept], file.labels[is_kept], names
        parts_of.setdefault(file.subject, []).append(part)
    rows_of = {
        subject: tuple(np.concatenate(column) for column in zip(*parts))
        for subject, parts in parts_of.items()
    }
    return cut_joined_rows(rows_of, CLASSES)


def _fill(axis):
    is_known = np.isfinite(axis)
    if not is_known.any():
        return axis
    rows = np.arange(len(axis))
    return np.interp(rows, rows[is_known], axis[is_known]).astype("float32")
