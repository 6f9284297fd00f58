"""Curves: ROC, calibration, and the losses of a training."""

import math

import numpy as np

from keras_relcon.evaluation.metrics.calibration import reliability
from keras_relcon.evaluation.report.plots import drawing
from keras_relcon.evaluation.report.tables import calibration_error

_RATES = np.linspace(0, 1, 201)


def plot_roc_curves(report, representations=None):
    """One ROC curve per class against the others, the mean over folds.

    At each false positive rate the true positive rates of the folds are
    averaged, and so are their areas: scores of different classifiers are
    never ranked together. A fold is not part of the curve of a class if it
    tests only windows of this class, or none.

    Args:
        report: `Report` of a classification.
        representations: sequence of str. Defaults to `None`, all.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ImportError: if matplotlib is missing.
        ValueError: if a fold has no probabilities, no curve is defined, or a
            representation is unknown.
    """
    below = 0.4 + 0.2 * len(report.classes)
    figure, panels = drawing.report_panels(
        report, representations, drawing.PANEL_WIDTH, 3.1 + below
    )
    for axis, name in panels:
        _draw_roc(axis, report, mean_roc_curves(report, name))
        axis.set_title(drawing.label(name, 40), fontsize=11)
    return figure


def mean_roc_curves(report, representation):
    """Mean curve and area of each class over the folds that define them.

    Args:
        report: `Report` of a classification.
        representation: str.

    Returns:
        dict of class to (`(rates,)` false positive rates, `(rates,)` true
        positive rates, area).

    Raises:
        ValueError: if a fold has no probabilities, or no curve is defined.
    """
    results = report.of(representation)
    if any(result.probabilities is None for result in results):
        raise ValueError(
            "A ROC curve needs probabilities. Received: none for "
            f"{representation!r}. Use a task with `predict_proba`."
        )
    curves = {}
    for label in report.classes:
        folds = [_roc_curve(result, label) for result in results]
        folds = [fold for fold in folds if fold is not None]
        if folds:
            heights = np.mean([heights for heights, _ in folds], axis=0)
            area = float(np.mean([area for _, area in folds]))
            curves[label] = (_RATES, heights, area)
    if not curves:
        raise ValueError(
            "A ROC curve needs a fold that tests two classes. Received: one "
            f"class in every fold of {representation!r}. Use larger folds."
        )
    return curves


def _roc_curve(result, label):
    from sklearn.metrics import roc_auc_score, roc_curve

    is_class = result.y_true == label
    if is_class.all() or not is_class.any():
        return None
    if label not in result.classes:
        return _RATES, 0.5  # as `classification_metrics` counts it
    scores = result.probabilities[:, result.classes.index(label)]
    false_rates, true_rates, _ = roc_curve(is_class, scores)
    heights = np.interp(_RATES, false_rates, true_rates)
    heights[0] = 0.0
    return heights, float(roc_auc_score(is_class, scores))


def _draw_roc(axis, report, curves):
    for index, name in enumerate(report.classes):
        if name not in curves:
            continue
        rates, heights, area = curves[name]
        axis.plot(
            rates,
            heights,
            drawing.line(index),
            color=drawing.color(index),
            linewidth=1.6,
            label=f"{drawing.label(name, 36)} ({area:.3f})",
        )
    _finish(
        axis,
        ("false positive rate", "true positive rate"),
        ((-0.01, 1), (0, 1.01)),
        "class (area, mean over folds)",
    )


def plot_calibration(report, representations=None):
    """Accuracy by confidence, one curve per fold.

    On the diagonal, accuracy equals confidence. The legend has the expected
    calibration error of each fold.

    Args:
        report: `Report` of a classification.
        representations: sequence of str. Defaults to `None`, all.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ImportError: if matplotlib is missing.
        ValueError: if a fold has no probabilities, or a representation is
            unknown.
    """
    below = 0.4 + 0.2 * math.ceil(len(report.folds) / 2)
    figure, panels = drawing.report_panels(
        report, representations, drawing.PANEL_WIDTH, 3.1 + below
    )
    for axis, name in panels:
        errors = [
            _draw_calibration(axis, index, result)
            for index, result in enumerate(report.of(name))
        ]
        axis.set_title(
            f"{drawing.label(name, 40)}\nexpected calibration error "
            f"{100 * np.mean(errors):.1f} %",
            fontsize=11,
        )
        _finish(
            axis,
            ("confidence (largest probability)", "share of right windows"),
            ((0, 1.02), (-0.02, 1.02)),
            "fold (expected calibration error)",
            num_columns=2,
        )
    return figure


def _draw_calibration(axis, index, result):
    if result.probabilities is None:
        raise ValueError(
            "A calibration curve needs probabilities. Received: none for "
            f"{result.representation!r}. Use a task with `predict_proba`."
        )
    error = calibration_error(result)
    confidence, accuracy, _ = reliability(
        result.y_true, result.probabilities, result.classes
    )
    axis.plot(
        confidence,
        accuracy,
        drawing.line(index),
        color=drawing.color(index),
        marker=drawing.marker(index),
        markersize=4,
        linewidth=1.2,
        label=f"fold {result.fold + 1} ({100 * error:.1f} %)",
    )
    return error


def loss_curves(histories):
    """The curves of `plot_loss_curves`.

    Returns:
        dict of title to `(name, metric)`, an entry for each panel.
    """
    found = {}
    for name, history in histories.items():
        for key, values in history.items():
            metric = key.removeprefix("val_")
            if len(values):
                title = f"{name}: {metric.replace('_', ' ')}"
                found[title] = (name, metric)
    return found


def plot_loss_curves(histories, titles=None):
    """A panel with its own scale for each metric of each history.

    Losses of different methods have different units: on one axis all but the
    largest would look flat. Training is solid, validation dashed.

    Args:
        histories: dict of name to `{metric: list}`, such as
            `{"relcon": model.fit(...).history}`.
        titles: sequence of str, some of `"name: metric"`. Defaults to `None`,
            all.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ImportError: if matplotlib is missing.
        ValueError: if there is no curve.
    """
    curves = loss_curves(histories)
    if not curves:
        raise ValueError(
            "`histories` must hold curves. Received: "
            f"histories={histories!r}. Pass {{name: model.fit(...).history}}."
        )
    titles = tuple(curves) if titles is None else titles
    figure, axes = drawing.panels(len(titles), drawing.PANEL_WIDTH, 2.6)
    for axis, title in zip(axes, titles):
        name, metric = curves[title]
        _draw_losses(axis, histories[name], metric)
        axis.set_title(drawing.label(title, 40), fontsize=11)
        axis.set(xlabel="epoch", ylabel=metric.replace("_", " "))
        drawing.tidy(axis)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend(frameon=False, fontsize=9)
    return figure


def _draw_losses(axis, history, metric):
    parts = {"training": metric, "validation": f"val_{metric}"}
    for index, (part, key) in enumerate(parts.items()):
        values = history.get(key, ())
        if len(values):
            axis.plot(
                np.arange(1, len(values) + 1),
                values,
                drawing.line(index),
                color=drawing.color(3 * index),
                marker=drawing.marker(index) if len(values) < 30 else None,
                markersize=4,
                label=part,
            )


def _finish(axis, labels, limits, title, num_columns=1):
    """A square with its diagonal, and a legend below."""
    axis.plot([0, 1], [0, 1], color=drawing.GUIDE, linewidth=0.8)
    axis.set(xlabel=labels[0], ylabel=labels[1], xlim=limits[0], ylim=limits[1])
    axis.set_aspect("equal")
    drawing.tidy(axis)
    axis.legend(
        title=title,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.17),
        ncols=num_columns,
        frameon=False,
        fontsize=9,
        title_fontsize=9,
    )
