"""Checks the input of `cross_validate`, and drops what it cannot use."""

import dataclasses
import warnings

import numpy as np

from keras_relcon.checks import check_kind
from keras_relcon.data.windows import Windows
from keras_relcon.evaluation.metrics.classification import find_bouts
from keras_relcon.evaluation.protocols.folds import Fold, LeakyFold


def is_regression(task):
    """Whether a task predicts a target. By default a task classifies."""
    return getattr(task, "kind", "classification") == "regression"


def check_task_and_data(task, data):
    """Raises a TypeError unless they are a task and `Windows`."""
    is_task = hasattr(task, "fit") and hasattr(task, "predict")
    if isinstance(task, type) or not is_task:
        raise TypeError(
            "`task` must be a task, with `fit` and `predict`. Received: "
            f"task={task!r}. Make one, such as `LinearProbe()`."
        )
    check_kind(
        "data",
        data,
        Windows,
        "`Windows`",
        "Cut recordings with `make_windows`.",
    )


def usable_windows(task, data):
    """Leaves out windows that are invalid or have no label or target.

    Warns about them.

    Returns:
        `(windows, y, bouts)`: `Windows` with subjects of str, labels or
        targets, and numbers as of `find_bouts`, `None` for a regression.
        Windows without a label end a bout.
    """
    y = _labels_or_target(task, data)
    has_value = np.isfinite(y) if is_regression(task) else y.astype(str) != ""
    keep = np.asarray(data.valid, dtype=bool) & has_value
    if not keep.any():
        raise ValueError(
            "There must be valid windows. Received: "
            f"{len(data)} windows, none of them valid with a label or "
            "target. Check the recording and the targets."
        )
    if not keep.all():
        warnings.warn(
            f"{int(np.sum(~keep))} of {len(keep)} windows are invalid or "
            "without a label or target, and are left out.",
            stacklevel=3,
        )
    bouts = None
    if not is_regression(task):
        bouts = find_bouts(
            data.subjects,
            data.recordings,
            data.start_seconds,
            y.astype(str),
        )[keep]
    windows, y = data.select(keep), y[keep]
    if y.dtype.hasobject and len({type(value) for value in y.tolist()}) == 1:
        y = np.array(y.tolist())  # scikit-learn takes no ints as objects
    windows = dataclasses.replace(
        windows, subjects=windows.subjects.astype(str)
    )
    num_values = len(np.unique(y))
    if num_values < 2:
        raise ValueError(
            "`data` must hold at least two classes, or two values of the "
            f"target. Received: {np.unique(y).tolist()} in {len(windows)} "
            "valid windows. Check the labels."
        )
    return windows, y, bouts


def _labels_or_target(task, data):
    if not is_regression(task):
        if data.labels is None:
            raise ValueError(
                "`data` must be labelled windows. Received: data.labels=None. "
                "Cut the windows from recordings that have labels."
            )
        return np.asarray(data.labels)
    if task.target not in data.targets:
        raise ValueError(
            "`task.target` must be a target of the windows, one of "
            f"{sorted(data.targets)}. Received: target={task.target!r}. "
            "Choose one of these, or add it to `Windows.targets`."
        )
    return np.asarray(data.targets[task.target], "float64")


def usable_folds(task, protocol, windows, y, num_dropped=0):
    """Returns the folds as a list, after checking each with the windows.

    Warns about classes that are in the test part of a fold and not in its
    training or validation part.
    """
    kinds = (Fold, LeakyFold)
    is_several = hasattr(protocol, "__iter__")
    folds = list(protocol) if is_several else [protocol]
    if not folds or not all(isinstance(fold, kinds) for fold in folds):
        raise ValueError(
            "`protocol` must be a list of `Fold`, at least one. "
            f"Received: protocol={protocol!r}. Make it with `grouped_k_fold`."
        )
    present = set(np.unique(windows.subjects).tolist())
    for index, fold in enumerate(folds):
        if isinstance(fold, LeakyFold):
            _check_rows(fold, index, len(windows), num_dropped)
            continue
        named = fold.train + fold.validation + fold.test
        absent = [subject for subject in named if subject not in present]
        if absent:
            raise ValueError(
                "Every subject of a fold must have valid windows. Received: "
                f"fold {index + 1} names {absent}, and `data` holds "
                f"{sorted(present)}. Make the protocol from data.subjects."
            )
        if not is_regression(task):
            _check_classes(fold, index, windows, y)
    return folds


def rows_of_folds(folds, windows):
    """Which windows are of the subjects in the folds, `(windows,)` bool."""
    if any(isinstance(fold, LeakyFold) for fold in folds):
        return np.ones(len(windows), bool)  # such folds name rows
    named = set().union(*(f.train + f.validation + f.test for f in folds))
    return np.isin(windows.subjects, sorted(named))


def _check_rows(fold, index, num_windows, num_dropped):
    if num_dropped:
        raise ValueError(
            "The rows of a `LeakyFold` count valid windows only. Received: "
            f"{num_dropped} windows that are invalid or without a target. "
            "Drop them before the folds are made: "
            "windows.select(windows.valid)."
        )
    last = max(max(rows, default=0) for rows in fold.rows(None).values())
    if last >= num_windows:
        raise ValueError(
            f"The rows of a `LeakyFold` must be those of the {num_windows} "
            f"valid windows. Received: row {last} in fold {index + 1}. Make "
            "the folds from the same windows."
        )


def _check_classes(fold, index, windows, y):
    rows = fold.rows(windows.subjects)
    trained = np.unique(y[rows["train"]])
    if len(trained) < 2:
        raise ValueError(
            f"Fold {index + 1} trains on {trained.tolist()}; it needs at least "
            f"two classes. Received: training subjects {fold.train}. Use "
            "fewer folds, or more training subjects."
        )
    fitted = np.concatenate([rows["train"], rows["validation"]])
    unseen = np.setdiff1d(y[rows["test"]], y[fitted])
    if len(unseen):
        warnings.warn(
            f"Fold {index + 1} tests classes that its training and "
            f"validation subjects lack: {unseen.tolist()}. Their windows "
            "count as errors.",
            stacklevel=4,
        )
