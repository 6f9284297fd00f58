import numpy as np

from keras_relcon.evaluation.metrics.regression import subject_means
from keras_relcon.evaluation.report.plots import drawing


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
        4.2,
        4.2,
        legend=[f"fold {fold}" for fold in report.folds],
    )
    for axis, name in panels:
        ends = [
            _draw(axis, index, result)
            for index, result in enumerate(report.of(name))
        ]
        low, high = np.min(ends), np.max(ends)
        margin = 0.05 * (high - low) or 1.0
        limits = (low - margin, high + margin)
        axis.plot(limits, limits, color="0.5", linewidth=0.8)
        score = report.mean(name, "correlation")
        text = f"{score:.3f}" if np.isfinite(score) else "not defined"
        axis.set_title(f"{drawing.label(name, 44)}\ncorrelation {text}")
        target = target_name(report)
        axis.set(
            xlabel=drawing.label(f"true {target}, mean of a subject", 48),
            ylabel=drawing.label(f"predicted {target}, mean of a subject", 48),
            xlim=limits,
            ylim=limits,
        )
        axis.set_aspect("equal")
        axis.grid(alpha=0.25)
    handles, names = panels[0][0].get_legend_handles_labels()
    drawing.legend_below(figure, handles, names)
    return figure


def target_name(report):
    """What is predicted, from the settings, or `"target"`."""
    task = report.settings.get("task")
    target = task.get("target") if isinstance(task, dict) else None
    return "target" if target is None else str(target)


def _draw(axis, index, result):
    if result.window_subjects is None:
        raise ValueError(
            "This figure needs the subject of each window. Received: "
            f"window_subjects=None in fold {result.fold} of "
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
        marker=drawing.MARKERS[index % len(drawing.MARKERS)],
        label=f"fold {result.fold}",
    )
    both = np.concatenate([true, predicted])
    return both.min(), both.max()
