"""Macro-F1 of counts of true and predicted classes."""

import numpy as np


def macro_f1(y_true, y_pred, num_classes):
    """Mean F1 of the classes that are in `y_true` or `y_pred`."""
    pairs = np.asarray(y_true) * num_classes + np.asarray(y_pred)
    counts = np.bincount(pairs, minlength=num_classes**2)
    return float(macro_f1_of(counts.reshape(num_classes, num_classes)))


def macro_f1_of(confusion):
    """Macro-F1 of counts, `(..., true, predicted)`; NaN if all are 0."""
    confusion = np.asarray(confusion, "float64")
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    total = confusion.sum(-1) + confusion.sum(-2)  # 2 TP + FP + FN
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sum(
            2 * hits / np.where(total > 0, total, 1), axis=-1
        ) / np.sum(total > 0, axis=-1)
