"""Scores of the forecast of rare events."""

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import message


def rare_event_metrics(
    y_true: ArrayLike, probabilities: ArrayLike, threshold: float = 0.5
) -> dict[str, float]:
    """Scores two classes of which one, the event, is rare.

    The scores of EXCON (Vural et al.), from the right and wrong forecasts of
    events (`tp`, `fn`) and of the rest (`tn`, `fp`), with `p = tp + fn` events
    and `n = tn + fp` others:

    ```
    tss  = tp / p - fp / n
    hss2 = 2 (tp tn - fn fp) / (p (fn + tn) + n (tp + fp))
    gss  = (tp - c) / (tp + fp + fn - c),   c = (tp + fp) p / (p + n)
    f1   = 2 tp / (2 tp + fp + fn)
    ```

    The true skill statistic does not depend on how rare the event is; the
    Heidke score is 0 for a forecast that is right as often as chance; Gilbert's
    leaves out what is right about the rest. All are 1 at best, and 0 where
    nothing or everything is forecast (`f1`: where nothing is).

    Args:
        y_true: `(rows,)` bool, or 0 and 1. Where there was an event.
        probabilities: `(rows,)`, in [0, 1]. Of an event.
        threshold: float. An event is forecast from this probability on.
            Defaults to `0.5`.

    Returns:
        dict of `tss`, in [-1, 1], `hss2`, in [-1, 1], `gss`, in [-1/3, 1],
        `f1`, in [0, 1], and `auc`, the area under the ROC curve, in [0, 1].

    Raises:
        ValueError: if the shapes differ, a label is neither 0 nor 1, a
            probability is not in [0, 1], or there is no event, or nothing
            else.

    Differs from the paper: the released code takes the area of the forecasts
    after the threshold, not of the probabilities.

    Example:

    >>> rare_event_metrics([0, 0, 0, 1], [0.1, 0.2, 0.7, 0.9])["tss"]
    0.6666666666666667
    """
    y_true, probabilities = np.asarray(y_true), np.asarray(probabilities)
    _check(y_true, probabilities)
    from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score

    y_true = y_true.astype(bool)
    forecast = probabilities >= threshold
    counts = confusion_matrix(y_true, forecast, labels=[False, True])
    tn, fp, fn, tp = counts.ravel().tolist()
    p, n = tp + fn, tn + fp
    chance = (tp + fp) * p / (p + n)
    return {
        "tss": tp / p - fp / n,
        "hss2": 2 * (tp * tn - fn * fp) / (p * (fn + tn) + n * (tp + fp)),
        "gss": (tp - chance) / (tp + fp + fn - chance),
        "f1": float(f1_score(y_true, forecast, zero_division=0)),
        "auc": float(roc_auc_score(y_true, probabilities)),
    }


def _check(y_true, probabilities):
    if y_true.ndim != 1 or probabilities.shape != y_true.shape:
        raise ValueError(
            message(
                "`y_true` and `probabilities` must be of one shape, (rows,).",
                f"shapes {y_true.shape} and {probabilities.shape}",
                "Give the probability of the event alone.",
            )
        )
    if set(np.unique(y_true).tolist()) != {0, 1}:
        raise ValueError(
            message(
                "`y_true` must hold events, 1, and others, 0, and both.",
                f"{np.unique(y_true)[:5].tolist()}",
                "Say which class is the event, as in `labels == 'fall'`.",
            )
        )
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError(
            message(
                "`probabilities` must be in [0, 1].",
                f"{float(np.min(probabilities))} to "
                f"{float(np.max(probabilities))}",
                "Give what `predict_proba` returns.",
            )
        )
