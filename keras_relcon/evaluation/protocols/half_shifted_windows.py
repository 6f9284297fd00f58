"""Cuts the windows of Table 3: 1000 rows of a file, then half a window on."""

import numpy as np

from keras_relcon.data.windows import Windows

WINDOW_LENGTH = 1000
LARGEST_G = 3.0


def cut_half_shifted(files, labels_in_order, classes, sample_rate_hz):
    """Cuts each file into n windows, and n - 1 that begin half a window on.

    Rows behind the n-th window are not used. The label is the most frequent
    one, the first in order at a tie. Windows whose label is not of `classes`
    are left out; among them are all of which half or more has no activity.
    Values are clipped to 3 g on either side.

    Args:
        files: iterable of `(subject, name, acceleration, labels)`:
            `(rows, 3)`, g, finite, and `(rows,)` str.
        labels_in_order: sequence of str. All labels, by the dataset's codes:
            no activity, `"null"`, is 0 and the first.
        classes: sequence of str. Labels to keep.
        sample_rate_hz: float. Rate of the rows.

    Returns:
        `Windows`, in the order of the files; of each, the consecutive windows
        before the shifted ones.

    Raises:
        ValueError: if there is no window of the classes.
    """
    parts = [
        _cut(*file, np.asarray(labels_in_order), classes) for file in files
    ]
    acceleration, subjects, names, labels, starts = (
        np.concatenate(column) for column in zip(*parts)
    )
    if not len(labels):
        raise ValueError(
            f"There must be a window of {WINDOW_LENGTH} rows of one of the "
            f"classes {list(classes)}. Received: {len(parts)} files without. "
            "Pass all recordings of the dataset."
        )
    return Windows(
        acceleration=np.clip(acceleration, -LARGEST_G, LARGEST_G),
        subjects=subjects,
        labels=labels,
        recordings=names,
        start_seconds=starts / sample_rate_hz,
        valid=np.ones(len(labels), dtype=bool),
        sample_rate_hz=float(sample_rate_hz),
    )


def finite_rows(file):
    """Rows and labels of a `SourceFile` without those that miss a value."""
    is_finite = np.isfinite(file.acceleration).all(axis=1)
    return file.acceleration[is_finite], file.labels[is_finite]


def _cut(subject, name, rows, labels, labels_in_order, classes):
    num_windows = len(rows) // WINDOW_LENGTH
    starts = np.arange(num_windows) * WINDOW_LENGTH
    starts = np.concatenate([starts, starts[:-1] + WINDOW_LENGTH // 2])
    samples = starts[:, None] + np.arange(WINDOW_LENGTH)  # (windows, 1000)
    votes = np.stack(
        [(labels == label)[samples].sum(axis=1) for label in labels_in_order]
    )
    # argmax takes the first of equal counts
    winners = labels_in_order[votes.argmax(axis=0)]
    is_kept = np.isin(winners, classes)
    return (
        rows[samples[is_kept]].astype("float32"),
        np.full(is_kept.sum(), subject),
        np.full(is_kept.sum(), name),
        winners[is_kept],
        starts[is_kept],
    )
