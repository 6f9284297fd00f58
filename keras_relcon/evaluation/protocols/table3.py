"""Table 3: windows of 10 s that overlap by half; leave one subject out.

Both as the protocol should be and as the released code computes it.
"""

import numpy as np

from keras_relcon.checks import check_one_of
from keras_relcon.data.windows import Windows
from keras_relcon.evaluation.protocols.folds import LeakyFold, natural_order
from keras_relcon.evaluation.protocols.splits import leave_one_subject_out

WINDOW_LENGTH = 1000
LARGEST_G = 3.0
VARIANTS = ("corrected", "released")


def cut_half_shifted(files, labels_in_order, classes, sample_rate_hz):
    """Cuts each file into n windows, and n - 1 shifted by half a window.

    Rows after the n-th window are not used. The label is the most frequent
    one; at a tie, the first in order. Windows whose label is not in `classes`
    are left out, and so are those of which half or more has no activity.
    Values are clipped to 3 g on either side.

    Args:
        files: iterable of `(subject, name, acceleration, labels)`:
            `(rows, 3)`, g, finite, and `(rows,)` str.
        labels_in_order: sequence of str. All labels, in the order of the
            dataset's codes. `"null"`, no activity, is 0 and the first.
        classes: sequence of str. Labels to keep.
        sample_rate_hz: float. Rate of the rows.

    Returns:
        `Windows`, in the order of the files. In each file the consecutive
        windows come before the shifted ones.

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
    """Rows and labels of a `SourceFile`, without rows with missing values."""
    is_finite = np.isfinite(file.acceleration).all(axis=1)
    return file.acceleration[is_finite], file.labels[is_finite]


def check_variant(variant):
    check_one_of(
        "variant",
        variant,
        VARIANTS,
        "Use 'corrected', unless you want to repeat published figures.",
    )


def table3_folds(subjects, variant, validation, windows):
    """Makes one fold per subject, in which only this subject is tested.

    Args:
        subjects: sequence of str. The subjects of the benchmark.
        variant: str. `"corrected"` or `"released"`.
        validation: str. `"highest"` or `"lowest"`, for the corrected variant.
        windows: `Windows`, for the released variant.

    Returns:
        list of `Fold`, or of `LeakyFold` if released.

    Raises:
        ValueError: if an argument is none of these, or the released variant
            has no windows, or their subjects are not those of the benchmark.
    """
    check_variant(variant)
    if variant == "corrected":
        return leave_one_subject_out(subjects, validation=validation)
    present = [] if windows is None else windows.subjects.tolist()
    found = natural_order(set(present))
    if found != list(subjects):
        raise ValueError(
            "The released folds are rows of the windows: `windows` must hold "
            f"those of the subjects {list(subjects)}. Received: subjects "
            f"{found}. Pass all windows of the dataset as `windows`."
        )
    return released_folds(windows.subjects)


def released_folds(subjects):
    """Leave one subject out, with the row error of the released code.

    For each tested subject that code splits the rows of the other subjects;
    the last of these subjects is for validation. The split returns positions
    among the rows of the others, but the code uses them as positions among all
    rows. So the training subjects depend little on the tested subject, and
    most tested subjects are among them.

    Args:
        subjects: `(windows,)` str. In the order of the windows.

    Returns:
        list of `LeakyFold`, in the natural order of the tested subjects.
        `leak` says which share of the test windows is in each other part.
    """
    subjects = np.asarray(subjects)
    folds = []
    for tested in natural_order(set(subjects.tolist())):
        others = subjects[subjects != tested]
        is_last = others == natural_order(set(others.tolist()))[-1]
        # found among `others`, but used as rows of `subjects`: the error
        train, validation = np.flatnonzero(~is_last), np.flatnonzero(is_last)
        test = np.flatnonzero(subjects == tested)
        leak = _describe(tested, test, train, validation)
        folds.append(LeakyFold(train, validation, test, (tested,), leak))
    return folds


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


def _describe(tested, test, train, validation):
    in_train = np.isin(test, train).mean()
    in_validation = np.isin(test, validation).mean()
    return (
        f"Of the test windows of subject {tested}, {in_train:.1%} are in the "
        f"training part and {in_validation:.1%} in the validation part: rows "
        "counted among the other subjects were taken for rows of all."
    )
