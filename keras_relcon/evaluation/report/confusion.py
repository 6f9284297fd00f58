"""Test windows by true and predicted class."""

import numpy as np


def confusion_counts(report, representation):
    """Windows by true and predicted class, over all folds.

    Args:
        report: `Report` of a classification.
        representation: str.

    Returns:
        `(classes, classes)` int, rows being the true classes.
    """
    from sklearn.metrics import confusion_matrix

    results = report.of(representation)
    return confusion_matrix(
        np.concatenate([result.y_true for result in results]),
        np.concatenate([result.y_pred for result in results]),
        labels=list(report.classes),
    )
