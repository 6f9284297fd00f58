import numpy as np

METRICS = ("macro_f1", "kappa", "accuracy", "macro_auc")


def classification_metrics(y_true, y_pred, probabilities, classes):
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
    check_rows(y_true, y_pred, probabilities, classes)
    from sklearn.metrics import f1_score

    return {
        "macro_f1": float(
            f1_score(y_true, y_pred, average="macro", zero_division=0)
        ),
        "kappa": _kappa(y_true, y_pred),
        "accuracy": float(np.mean(y_true == y_pred)),
        "macro_auc": _macro_auc(y_true, probabilities, classes),
    }


def check_rows(y_true, y_pred, probabilities, classes):
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
