"""What was predicted against what is true: a matrix, or points."""

import numpy as np

from keras_relcon.evaluation.metrics.regression import subject_means
from keras_relcon.evaluation.report.confusion import confusion_counts
from keras_relcon.evaluation.report.confusion_tables import MOST_WITH_COUNTS
from keras_relcon.evaluation.report.plots import drawing


def plot_confusion_matrix(report, representations=None):
    """One matrix per representation, over the test windows of all folds.

    Colour and percentage are the share of the row (the true class); up to 8
    classes the number of windows stands below.

    Args:
        report: `Report` of a classification.
        representations: sequence of str. Defaults to `None`, all.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ImportError: if matplotlib is missing.
        ValueError: if the report is of a regression, or a representation is
            unknown.
    """
    drawing.check_kind(report, "classification")
    num_classes = len(report.classes)
    cell = 0.62 if num_classes <= MOST_WITH_COUNTS else 0.42
    side = max(4.5, 2.0 + cell * num_classes)
    figure, panels = drawing.report_panels(report, representations, side, side)
    for axis, name in panels:
        image = _draw_matrix(
            axis, confusion_counts(report, name), report.classes
        )
        score = f"macro-F1 {100 * report.mean(name):.1f} %"
        title = drawing.wrapped(name, int(9 * side))
        axis.set_title("\n".join([*title, score]))
    bar = figure.colorbar(image, ax=[axis for axis, _ in panels], shrink=0.6)
    bar.set_label("share of the true class (%)")
    return figure


def _draw_matrix(axis, counts, classes):
    totals = counts.sum(axis=1, keepdims=True)
    shares = 100 * counts / np.maximum(totals, 1)
    image = axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    ticks = np.arange(len(classes))
    labels = [drawing.label(name, 22) for name in classes]
    axis.set_xticks(ticks, labels, rotation=90 if len(ticks) > 8 else 40)
    if len(ticks) <= 8:
        for tick in axis.get_xticklabels():
            tick.set(ha="right", rotation_mode="anchor")
    axis.set_yticks(ticks, labels)
    axis.set(xlabel="predicted class", ylabel="true class")
    is_small = len(classes) > MOST_WITH_COUNTS
    for row, column in np.argwhere(counts > 0):
        share = shares[row, column]
        text = f"{share:.1f} %\n{counts[row, column]}"
        if is_small:
            text = f"{share:.0f}" if share >= 1 else "<1"
        axis.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=8,
            color="white" if share > 55 else "black",
        )
    return image


def plot_predictions(report, representations=None):
    """Predicted against true target, a point per tested subject and fold.

    Both are means over the windows of the subject, as in Figure 3 of
    [RelCon](https://arxiv.org/abs/2411.18822). On the line they are equal.

    Args:
        report: `Report` of a regression.
        representations: sequence of str. Defaults to `None`, all.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ImportError: if matplotlib is missing.
        ValueError: if the report is of a classification, a fold does not tell
            the subject of each window, or a representation is unknown.
    """
    drawing.check_kind(report, "regression")
    figure, panels = drawing.report_panels(
        report,
        representations,
        drawing.PANEL_WIDTH,
        3.8,
        legend=[f"fold {fold + 1}" for fold in report.folds],
    )
    for axis, name in panels:
        ends = [
            _draw_points(axis, index, result)
            for index, result in enumerate(report.of(name))
        ]
        low, high = np.min(ends), np.max(ends)
        margin = 0.05 * (high - low) or 1.0
        limits = (low - margin, high + margin)
        axis.plot(limits, limits, color=drawing.GUIDE, linewidth=0.8)
        score = drawing.correlation(report, name)
        axis.set_title(
            f"{drawing.label(name, 40)}\ncorrelation {score}", fontsize=11
        )
        target = target_name(report)
        axis.set(
            xlabel=drawing.label(f"true {target}, mean of a subject", 44),
            ylabel=drawing.label(f"predicted {target}, mean of a subject", 44),
            xlim=limits,
            ylim=limits,
        )
        axis.set_aspect("equal")
        drawing.tidy(axis)
    handles, names = panels[0][0].get_legend_handles_labels()
    drawing.legend_below(figure, handles, names)
    return figure


def target_name(report):
    """What is predicted, from the settings, or `"target"`."""
    task = report.settings.get("task")
    target = task.get("target") if isinstance(task, dict) else None
    return "target" if target is None else str(target)


def _draw_points(axis, index, result):
    if result.window_subjects is None:
        raise ValueError(
            "This figure needs the subject of each window. Received: "
            f"window_subjects=None in fold {result.fold + 1} of "
            f"{result.representation!r}. Give it to `FoldResult`."
        )
    true, predicted = subject_means(
        result.y_true, result.y_pred, result.window_subjects
    )
    axis.scatter(
        true,
        predicted,
        s=22,
        alpha=0.8,
        linewidths=0,
        color=drawing.color(index),
        marker=drawing.marker(index),
        label=f"fold {result.fold + 1}",
    )
    both = np.concatenate([true, predicted])
    return both.min(), both.max()
