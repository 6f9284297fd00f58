"""Table 4: windows of 200 rows of a subject's joined signal, and its folds."""

import numpy as np

from keras_relcon.data.windows import Windows
from keras_relcon.evaluation.protocols.folds import Fold, natural_order

SAMPLE_RATE_HZ = 100.0
WINDOW_LENGTH = 200


def cut_joined_rows(rows_of, classes):
    """Cuts each subject's rows into windows without overlap.

    Starts are strictly below `rows - 200`: the last full window is lost if
    the number of rows is a multiple of 200. The label is the most frequent
    one; at a tie, the class that comes first in `classes`. The recording is
    also the most frequent one; at a tie, the earlier one. Windows with a value
    that is not finite are marked as not valid.

    Args:
        rows_of: dict of subject to `(acceleration, labels, recordings)`,
            `(rows, 3)`, g, at 100 Hz and twice `(rows,)` str.
        classes: sequence of str. All labels that occur.

    Returns:
        `Windows`, subjects in natural order. `start_seconds` counts from the
        start of the subject's signal.

    Raises:
        ValueError: if no subject has enough rows for a window.
    """
    subjects = natural_order(rows_of)
    parts = [
        _cut(*rows_of[subject], np.asarray(classes)) for subject in subjects
    ]
    counts = [len(labels) for _, labels, _ in parts]
    if not any(counts):
        raise ValueError(
            "At least one subject must have more rows of the classes than a "
            f"window, {WINDOW_LENGTH}. Received: "
            f"{max(len(rows[1]) for rows in rows_of.values())} rows at "
            "most. Pass all recordings of the dataset."
        )
    acceleration, labels, recordings = map(np.concatenate, zip(*parts))
    is_finite = np.isfinite(acceleration)
    acceleration[~is_finite] = 0.0
    starts = [np.arange(count) * WINDOW_LENGTH for count in counts]
    return Windows(
        acceleration=acceleration,
        subjects=np.repeat(subjects, counts),
        labels=labels,
        recordings=recordings,
        start_seconds=np.concatenate(starts) / SAMPLE_RATE_HZ,
        valid=is_finite.all(axis=(1, 2)),
        sample_rate_hz=SAMPLE_RATE_HZ,
    )


def rows_by_subject(parts):
    """Joins parts, `(subject, acceleration, labels, recordings)`, in order."""
    parts_of = {}
    for subject, *columns in parts:
        parts_of.setdefault(subject, []).append(columns)
    return {
        subject: tuple(map(np.concatenate, zip(*columns)))
        for subject, columns in parts_of.items()
    }


def parse_folds(lines, prefix=""):
    """Makes folds from lines of subjects, `"train | validation | test"`."""
    return [
        Fold(
            *(
                tuple(prefix + subject for subject in part.split())
                for part in line.split("|")
            )
        )
        for line in lines
    ]


def _cut(rows, labels, recordings, classes):
    num_windows = len(range(0, len(rows) - WINDOW_LENGTH, WINDOW_LENGTH))
    used = num_windows * WINDOW_LENGTH
    windows = rows[:used].reshape(num_windows, WINDOW_LENGTH, 3)
    recordings = np.asarray(recordings)
    first = np.sort(np.unique(recordings, return_index=True)[1])
    return (
        windows.astype("float32"),
        _most_frequent(labels[:used], classes),
        _most_frequent(recordings[:used], recordings[first]),
    )


def _most_frequent(values, candidates):
    values = values.reshape(-1, WINDOW_LENGTH)
    votes = np.stack([(values == name).sum(axis=1) for name in candidates])
    # argmax takes the first of equal counts
    return candidates[votes.argmax(axis=0)]
