import math

import numpy as np

from keras_relcon.evaluation.metrics.calibration import reliability
from keras_relcon.evaluation.report.plots import drawing
from keras_relcon.evaluation.report.tables import calibration_error


def plot_calibration(report, representations=None):
    """Share of right windows by confidence, a curve per fold.

    On the diagonal a classifier is as often right as it says. The legend
    holds the expected calibration error of each fold.

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
    below = 0.9 + 0.2 * math.ceil(len(report.folds) / 2)
    figure, panels = drawing.report_panels(
        report, representations, 4.2, 4.0 + below
    )
    for axis, name in panels:
        errors = [
            _draw(axis, index, result)
            for index, result in enumerate(report.of(name))
        ]
        axis.set_title(
            f"{drawing.label(name, 44)}\nexpected calibration error "
            f"{100 * np.mean(errors):.1f} %"
        )
        _finish(axis)
    return figure


def _draw(axis, index, result):
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
        marker=drawing.MARKERS[index % len(drawing.MARKERS)],
        markersize=4,
        linewidth=1.2,
        label=f"fold {result.fold} ({100 * error:.1f} %)",
    )
    return error


def _finish(axis):
    axis.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    axis.set(
        xlabel="confidence (largest probability)",
        ylabel="share of right windows",
        xlim=(0, 1.02),
        ylim=(-0.02, 1.02),
    )
    axis.set_aspect("equal")
    axis.grid(alpha=0.25)
    axis.legend(
        title="fold (expected calibration error)",
        loc="upper center",
        bbox_to_anchor=(0.5, -0.14),
        ncols=2,
        frameon=False,
        fontsize=9,
        title_fontsize=9,
    )
