import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_all_finite, check_whole


def reliability(y_true, probabilities, classes, num_bins=10):
    """Accuracy of a classifier by its confidence.

    Confidence is the largest probability of a window; a window is right if
    the class of that probability is its label. Bins are of equal width,
    closed above: `(0.9, 1.0]` is the last of ten.

    Args:
        y_true: `(rows,)`, labels.
        probabilities: `(rows, classes)`.
        classes: `(classes,)`, the label of each column.
        num_bins: int. Defaults to `10`.

    Returns:
        Three arrays over the bins that hold windows: mean confidence, share
        of right windows, number of windows.

    Raises:
        ValueError: if there is no row, the lengths differ, or there is no
            bin.
    """
    check_whole("num_bins", num_bins, advice="Use 10.")
    y_true, classes = np.asarray(y_true), np.asarray(classes)
    probabilities = np.asarray(probabilities, "float64")
    if not len(y_true) or probabilities.shape != (len(y_true), len(classes)):
        raise ValueError(
            "Expected labels, at least 1, and `probabilities` of shape "
            f"(rows, classes). Received: {len(y_true)} labels, shape "
            f"{probabilities.shape} and {len(classes)} classes. Pass one row "
            "per window."
        )
    check_all_finite("probabilities", probabilities)
    confidence = probabilities.max(axis=1)
    is_right = classes[probabilities.argmax(axis=1)] == y_true
    bins = np.ceil(confidence * num_bins).astype(int) - 1
    bins = np.clip(bins, 0, num_bins - 1)
    counts = np.bincount(bins, minlength=num_bins)
    filled = counts > 0
    sums = np.bincount(bins, confidence, num_bins)[filled]
    right = np.bincount(bins, is_right, num_bins)[filled]
    counts = counts[filled]
    return sums / counts, right / counts, counts


def expected_calibration_error(
    y_true: ArrayLike,
    probabilities: ArrayLike,
    classes: ArrayLike,
    num_bins: int = 10,
) -> float:
    """Mean difference of confidence and accuracy.

    Section 3 of [Guo et al. 2017](https://arxiv.org/abs/1706.04599):
    confidence is the largest probability of a window. The mean is over bins
    of equal width in confidence, weighted by their number of windows. 0 means
    calibrated.

    Args:
        y_true: `(rows,)`, labels.
        probabilities: `(rows, classes)`.
        classes: `(classes,)`, the label of each column.
        num_bins: int. Defaults to `10`.

    Returns:
        float in `[0, 1]`.

    Raises:
        ValueError: if there is no row, the lengths differ, or there is no bin.

    Differs from the source: 10 bins, not 15.
    """
    confidence, accuracy, counts = reliability(
        y_true, probabilities, classes, num_bins
    )
    gaps = np.abs(confidence - accuracy)
    return float(np.sum(counts * gaps) / np.sum(counts))
