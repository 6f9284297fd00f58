"""The title, format and direction of each metric."""

import dataclasses
import math

from keras_relcon.evaluation.metrics.classification import RECORDING

_TITLES = {
    "macro_f1": "macro-F1",
    "kappa": "kappa",
    "accuracy": "accuracy",
    "macro_auc": "macro-AUC",
    "mse": "MSE",
    "sdse": "SDSE",
    "mae": "MAE",
    "sdae": "SDAE",
    "correlation": "correlation",
}
_PERCENT = ("macro_f1", "kappa", "accuracy", "macro_auc")
_LOWER_IS_BETTER = ("mse", "sdse", "mae", "sdae")
_NO_VALUE = "-"


@dataclasses.dataclass(frozen=True)
class Level:
    """Metrics that score the same things: windows, recordings or subjects.

    Attributes:
        title: str. What is scored.
        head: str. Title of the first column of its table.
        metrics: tuple of str.
        main: str. The main metric, one of `metrics`.
    """

    title: str
    head: str
    metrics: tuple[str, ...]
    main: str


def main_metric(metrics):
    """The main metric: `"macro_f1"`, or `"mae"` in a regression.

    Raises:
        ValueError: if there is neither.
    """
    for metric in ("macro_f1", "mae"):
        if metric in metrics:
            return metric
    raise ValueError(
        'The metrics of a fold must hold "macro_f1" or "mae". '
        f"Received: {tuple(metrics)}. Score it with `classification_metrics` "
        "or with `regression_metrics`."
    )


def levels(metrics):
    """Groups the metrics of a report into one or two `Level`s."""
    main = main_metric(metrics)
    recording = tuple(m for m in metrics if m.startswith(RECORDING))
    others = tuple(m for m in metrics if m not in recording)
    if main == "mae":
        return [Level("by subject", "representation", tuple(metrics), main)]
    found = [Level("by window", "representation (%)", others, main)]
    if RECORDING + main in recording:
        found.append(
            Level(
                "by recording, majority vote of its windows",
                "by recording (%)",
                recording,
                RECORDING + main,
            )
        )
    return found


def title(metric):
    """The name of a metric in tables, without its level."""
    name = metric.removeprefix(RECORDING)
    return _TITLES.get(name, name.replace("_", " "))


def is_percent(metric):
    return metric.removeprefix(RECORDING) in _PERCENT


def is_lower_better(metric):
    return metric in _LOWER_IS_BETTER


def decimals(metric, values):
    """Digits after the point that show `values` with four figures."""
    if is_percent(metric):
        return 2
    sizes = [abs(v) for v in values if math.isfinite(v) and v]
    if metric == "correlation" or not sizes:
        return 4
    return min(max(3 - math.floor(math.log10(max(sizes))), 0), 9)


def show(metric, value, digits, sign=""):
    """Text of a value, in percent where the metric is a share.

    Args:
        metric: str.
        value: float or None; `"-"` stands for NaN and None.
        digits: int, after the point.
        sign: str. `"+"` writes the sign of positive values too.
    """
    if value is None or not math.isfinite(value):
        return _NO_VALUE
    scale = 100 if is_percent(metric) else 1
    return f"{scale * value:{sign}.{digits}f}"


def show_spread(metric, mean, std, digits):
    """Text of `mean ± std`; the mean alone where `std` is `None`."""
    text = show(metric, mean, digits)
    if text == _NO_VALUE or std is None:
        return text
    return f"{text} ± {show(metric, std, digits)}"
