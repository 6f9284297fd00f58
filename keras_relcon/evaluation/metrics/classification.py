"""Scores of a classification, by window and by recording."""

import numpy as np
from numpy.typing import ArrayLike

METRICS = ("macro_f1", "kappa", "accuracy", "macro_auc")
RECORDING = "recording_"  # before the name of a metric by recording


def classification_metrics(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    probabilities: ArrayLike,
    classes: ArrayLike,
) -> dict[str, float]:
    """Scores predictions: macro-F1, kappa, accuracy and macro-AUC.

    - `macro_f1`: mean F1 over the classes that occur in `y_true` or in
      `y_pred`. A class that is predicted but absent, or present but never
      predicted, counts 0.
    - `kappa`: Cohen's; NaN if `y_true` and `y_pred` hold one and the same
      single class.
    - `accuracy`: share of rows that are right.
    - `macro_auc`: mean one-versus-rest area under the ROC curve over the
      classes that occur in `y_true`. A class that the classifier does not
      know (it is not in `classes`) gets 0.5, the area of no information.
      NaN if `y_true` holds a single class.

    Args:
        y_true: `(rows,)`, labels.
        y_pred: `(rows,)`, labels.
        probabilities: `(rows, classes)`.
        classes: `(classes,)`, the label of each column.

    Returns:
        dict of floats, all at most 1.

    Raises:
        ValueError: if there is no row or the lengths differ.
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    probabilities, classes = np.asarray(probabilities), np.asarray(classes)
    _check_rows(y_true, y_pred, probabilities, classes)
    from sklearn.metrics import f1_score

    return {
        "macro_f1": float(
            f1_score(y_true, y_pred, average="macro", zero_division=0)
        ),
        "kappa": _kappa(y_true, y_pred),
        "accuracy": float(np.mean(y_true == y_pred)),
        "macro_auc": _macro_auc(y_true, probabilities, classes),
    }


def recording_metrics(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    probabilities: ArrayLike,
    classes: ArrayLike,
    bouts: ArrayLike,
) -> dict[str, float]:
    """Scores one vote per recording instead of one per window.

    Args:
        y_true, y_pred, probabilities, classes: see `classification_metrics`.
        bouts: `(rows,)` int. Number of the recording of each window. All
            windows of a recording have one label.

    Returns:
        dict of `recording_macro_f1`, `recording_kappa`, `recording_accuracy`
        and `recording_macro_auc`, floats, all at most 1.

    Raises:
        ValueError: if a recording has two labels, a prediction is not one of
            `classes`, there is no row, or the lengths differ.
    """
    votes = recording_votes(y_true, y_pred, probabilities, classes, bouts)
    scores = classification_metrics(*votes, classes)
    return {f"{RECORDING}{name}": value for name, value in scores.items()}


def recording_votes(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    probabilities: ArrayLike,
    classes: ArrayLike,
    bouts: ArrayLike,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Makes one prediction per recording of those of its windows.

    Section 4.2.1 of [RelCon](https://arxiv.org/abs/2411.18822): a workout gets
    the class that is predicted for most of its windows. At a tie the class
    with the larger sum of probabilities wins. The probabilities of a recording
    are the mean of those of its windows.

    Args:
        y_true, y_pred, probabilities, classes: see `classification_metrics`.
        bouts: `(rows,)` int. Number of the recording of each window, see
            `find_bouts` of this module. All windows of a recording have one
            label.

    Returns:
        `(recordings,)` labels, `(recordings,)` votes and `(recordings,
        classes)` probabilities, in the order of the numbers.

    Raises:
        ValueError: if a recording has two labels, a prediction is not one of
            `classes`, there is no row, or the lengths differ.

    Differs from the paper: nothing that it states. It does not state how ties
    are broken, nor how a macro-AUC by workout is computed.
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    probabilities, classes = np.asarray(probabilities), np.asarray(classes)
    _check_rows(y_true, y_pred, probabilities, classes)
    first, codes = _first_and_codes(bouts, y_true)
    counts = np.zeros((len(first), len(classes)))
    np.add.at(counts, (codes, _columns(y_pred, classes)), 1)
    sums = np.zeros((len(first), len(classes)))
    np.add.at(sums, codes, probabilities)
    means = sums / counts.sum(axis=1, keepdims=True)
    is_most = counts == counts.max(axis=1, keepdims=True)
    winner = np.where(is_most, means, -np.inf).argmax(axis=1)
    return y_true[first], classes[winner], means


def find_bouts(subjects, recordings, start_seconds, labels):
    """Numbers the runs of one label in the recordings of each subject.

    A recording of one activity is one bout. A recording of several activities,
    such as a day, is cut where the label changes.

    Args:
        subjects, recordings, start_seconds, labels: `(windows,)`.

    Returns:
        `(windows,)` int.
    """
    _, subject = np.unique(subjects, return_inverse=True)
    _, recording = np.unique(recordings, return_inverse=True)
    _, label = np.unique(labels, return_inverse=True)
    order = np.lexsort((start_seconds, recording, subject))
    columns = np.stack([subject, recording, label])[:, order]
    is_new = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    bouts = np.empty(len(order), dtype=np.int64)
    bouts[order] = np.concatenate([[0], np.cumsum(is_new)])
    return bouts


def _check_rows(y_true, y_pred, probabilities, classes):
    shape = (len(y_true), len(classes))
    if (
        not len(y_true)
        or y_pred.shape != y_true.shape
        or probabilities.shape != shape
    ):
        raise ValueError(
            "Expected `y_true` and `y_pred` of one length, at least 1, and "
            "`probabilities` of shape (rows, classes). Received: shapes "
            f"{y_true.shape}, {y_pred.shape} and {probabilities.shape} for "
            f"{len(classes)} classes. Pass one row per window."
        )


def _kappa(y_true, y_pred):
    from sklearn.metrics import cohen_kappa_score

    if len(np.union1d(y_true, y_pred)) < 2:
        return float("nan")
    return float(cohen_kappa_score(y_true, y_pred))


def _macro_auc(y_true, probabilities, classes):
    from sklearn.metrics import roc_auc_score

    present = np.unique(y_true)
    if len(present) < 2:
        return float("nan")
    areas = []
    for label in present:
        column = np.flatnonzero(classes == label)
        if len(column):
            scores = probabilities[:, column[0]]
            areas.append(roc_auc_score(y_true == label, scores))
        else:
            areas.append(0.5)
    return float(np.mean(areas))


def _first_and_codes(bouts, y_true):
    bouts = np.asarray(bouts)
    if bouts.shape != y_true.shape:
        raise ValueError(
            "`bouts` must hold one number per row. Received: shape "
            f"{bouts.shape} for {len(y_true)} rows. Make it with "
            "`find_bouts` from the same windows."
        )
    _, first, codes = np.unique(bouts, return_index=True, return_inverse=True)
    is_other = y_true != y_true[first][codes]
    if is_other.any():
        raise ValueError(
            "All windows of a recording must have one label. Received: "
            f"{len(np.unique(codes[is_other]))} of {len(first)} recordings "
            "with several. Cut them where the label changes, as "
            "`find_bouts` does."
        )
    return first, codes


def _columns(y_pred, classes):
    column = {label: index for index, label in enumerate(classes.tolist())}
    unknown = sorted(set(y_pred.tolist()) - set(column))
    if unknown:
        raise ValueError(
            f"Every prediction must be one of `classes`, {list(column)}. "
            f"Received: {unknown}. Pass the classes of the classifier."
        )
    return [column[label] for label in y_pred.tolist()]
