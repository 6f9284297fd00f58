import numpy as np
from numpy.typing import ArrayLike

METRICS = ("mse", "sdse", "mae", "sdae", "correlation")


def regression_metrics(
    y_true: ArrayLike, y_pred: ArrayLike, subjects: ArrayLike
) -> dict[str, float]:
    """Scores a regression by subject, as Table 1 of the paper does.

    [RelCon](https://arxiv.org/abs/2411.18822), section 4.2.1: predictions and
    targets are first averaged over all windows of a subject; `e` is the
    difference of these two means. Over subjects,

    - `mse` and `sdse`: mean and population standard deviation of `e**2`;
    - `mae` and `sdae`: mean and population standard deviation of `abs(e)`;
    - `correlation`: Pearson's, of predicted and true means; NaN if there are
      fewer than two subjects or one of the two does not vary.

    Args:
        y_true: `(windows,)`, the target, in its unit.
        y_pred: `(windows,)`, the prediction, in the same unit.
        subjects: `(windows,)` str.

    Returns:
        dict of floats: squared units, squared units, units, units, unitless.

    Raises:
        ValueError: if there is no window, the lengths differ or a value is
            not finite.

    Differs from the paper: it does not give these formulas; they are our
    reading. With population deviations `sdae**2 = mse - mae**2` holds for
    any errors. The columns of Table 1 agree with it within rounding, except
    for one row that prints the same value for MAE and SDAE.
    """
    true, predicted = subject_means(y_true, y_pred, subjects)
    error = predicted - true
    is_constant = not (_varies(true) and _varies(predicted))
    return {
        "mse": float(np.mean(error**2)),
        "sdse": float(np.std(error**2)),
        "mae": float(np.mean(np.abs(error))),
        "sdae": float(np.std(np.abs(error))),
        "correlation": (
            float("nan")
            if is_constant
            else float(np.corrcoef(true, predicted)[0, 1])
        ),
    }


def subject_means(y_true, y_pred, subjects):
    """Means of target and prediction over the windows of each subject.

    Args:
        y_true, y_pred, subjects: `(windows,)`.

    Returns:
        Two `(subjects,)` float64 arrays, subjects in sorted order.
    """
    y_true = np.asarray(y_true, "float64")
    y_pred = np.asarray(y_pred, "float64")
    shapes = [np.shape(part) for part in (y_true, y_pred, subjects)]
    if shapes[0] in ((), (0,)) or shapes != [(len(y_true),)] * 3:
        raise ValueError(
            "Expected `y_true`, `y_pred` and `subjects` of one length, at "
            f"least 1, and one axis. Received: shapes {shapes}. Pass one "
            "value per window."
        )
    num_bad = int(np.sum(~np.isfinite(y_true) | ~np.isfinite(y_pred)))
    if num_bad:
        raise ValueError(
            "Targets and predictions must be finite. Received: "
            f"{num_bad} of {len(y_true)} rows that are not. Leave out "
            "windows without a target."
        )
    _, codes = np.unique(subjects, return_inverse=True)
    counts = np.bincount(codes)
    return (
        np.bincount(codes, y_true) / counts,
        np.bincount(codes, y_pred) / counts,
    )


def _varies(values):
    # The mean of equal values is off by rounding where counts differ.
    return np.ptp(values) > 1e-12 * np.abs(values).max()
