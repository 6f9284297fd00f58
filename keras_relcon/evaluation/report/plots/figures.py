"""The figures of a report, their captions, and their drawing."""

import dataclasses
import importlib.util
import warnings
from collections.abc import Callable

import numpy as np

from keras_relcon.evaluation.report.pictures import Picture, Section
from keras_relcon.evaluation.report.plots.curves import (
    mean_roc_curves,
    plot_calibration,
    plot_loss_curves,
    plot_roc_curves,
)
from keras_relcon.evaluation.report.plots.drawing import import_figure, to_png
from keras_relcon.evaluation.report.plots.embedding_map import (
    EmbeddingMaps,
    plot_embedding_map,
)
from keras_relcon.evaluation.report.plots.predictions import (
    plot_confusion_matrix,
    plot_predictions,
)
from keras_relcon.evaluation.report.tables import calibration_error

_PAGE_DPI = 192  # two pixels for one of the page


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A figure that a report can draw.

    Attributes:
        file: str. Name of its PNG file.
        title: str. Heading in the page.
        caption: str. What is shown and how it was made.
        draw: callable from a sequence of representations, or `None` for all,
            to `matplotlib.figure.Figure`.
        describe: callable from a representation to the text in place of the
            picture; `None` if there is one picture for all.
    """

    file: str
    title: str
    caption: str
    draw: Callable
    describe: Callable | None = None


def drawings(report, histories=None):
    """Lists the figures of a report; draws none.

    Args:
        report: `Report`.
        histories: dict of name to `{metric: list}`, or `None`.

    Returns:
        list of `Drawing`.
    """
    if report.kind == "regression":
        found = [_predictions(report)]
    else:
        found = [_confusion(report), _roc(report), _calibration(report)]
    found.append(_map(report, "t-SNE", "embedding_map.png"))
    if importlib.util.find_spec("umap") is not None:
        found.append(_map(report, "UMAP", "umap_map.png"))
    if histories:
        found.append(
            Drawing(
                "loss_curves.png",
                "Loss curves",
                "Training solid, validation dashed.",
                lambda names: plot_loss_curves(histories),
            )
        )
    return found


def draw_figures(report, histories=None):
    """Draws the figures of a report, one after the other.

    Args:
        report: `Report`.
        histories: dict of name to `{metric: list}`, or `None`.

    Yields:
        Tuple of the name of a PNG file, its bytes, or `None` if it cannot be
        drawn, and the `Section` that shows it in the page.

    Raises:
        ImportError: if matplotlib is missing.
    """
    import_figure()
    for drawing in drawings(report, histories):
        content, problem = _attempt(drawing, None, 150)
        if drawing.describe is None:
            pictures = [Picture("", drawing.title, content, problem)]
        else:
            pictures = [
                _picture(drawing, name) for name in report.representations
            ]
        section = Section(drawing.title, drawing.caption, pictures)
        yield drawing.file, content, section


def _confusion(report):
    def describe(name):
        return (
            f"Confusion matrix of {name}, accuracy "
            f"{100 * report.mean(name, 'accuracy'):.1f} %. The table below "
            "holds the numbers of windows."
        )

    return Drawing(
        "confusion_matrix.png",
        "Confusion matrices",
        "Test windows of all folds. Percent of the true class.",
        lambda names: plot_confusion_matrix(report, names),
        describe if "accuracy" in report.metrics else _name_only("Confusion"),
    )


def _roc(report):
    def describe(name):
        areas = ", ".join(
            f"{label} {area:.3f}"
            for label, (_, _, area) in mean_roc_curves(report, name).items()
        )
        return f"ROC curves of {name}. Areas: {areas}."

    return Drawing(
        "roc_curves.png",
        "ROC curves",
        "One class against the others: the mean over the folds that test "
        "both. The area is the mean of theirs.",
        lambda names: plot_roc_curves(report, names),
        describe,
    )


def _calibration(report):
    def describe(name):
        errors = [100 * calibration_error(result) for result in report.of(name)]
        return (
            f"Calibration of {name}. Expected calibration error, mean of "
            f"{len(errors)} folds: {np.mean(errors):.1f} %, from "
            f"{min(errors):.1f} to {max(errors):.1f}."
        )

    return Drawing(
        "calibration.png",
        "Calibration",
        "Share of right windows by the largest probability, in ten bins of "
        "equal width. On the diagonal a classifier is as often right as it "
        "says.",
        lambda names: plot_calibration(report, names),
        describe,
    )


def _predictions(report):
    def describe(name):
        return (
            f"Predicted against true values of {name}, a point per tested "
            "subject and fold; correlation, mean over folds, "
            f"{_correlation(report, name)}."
        )

    return Drawing(
        "predictions.png",
        "Predicted against true values",
        "Means over the windows of each tested subject, per fold. On the line "
        "they are equal.",
        lambda names: plot_predictions(report, names),
        describe,
    )


def _map(report, method, file):
    maps = EmbeddingMaps(report, method)  # every drawing shares its points
    says = "target" if report.kind == "regression" else "true label"
    return Drawing(
        file,
        f"{method} maps",
        f"{maps.describe()}, by {says}. Distances between groups mean little.",
        lambda names: plot_embedding_map(report, names, maps),
        lambda name: f"{method} map of the test embeddings of {name}.",
    )


def _correlation(report, name):
    value = report.mean(name, "correlation")
    return f"{value:.3f}" if np.isfinite(value) else "not defined"


def _name_only(title):
    return lambda name: f"{title} of {name}."


def _picture(drawing, name):
    content, problem = _attempt(drawing, (name,), _PAGE_DPI)
    text = drawing.describe(name) if content else ""
    return Picture(name, text, content, problem)


def _attempt(drawing, names, dpi):
    """Returns the PNG and `None`, or `None` and the problem."""
    try:
        return to_png(drawing.draw(names), dpi), None
    # The report must be written whatever a drawing library raises.
    except Exception as error:
        if names is None:  # one warning; the page says it at each figure
            warnings.warn(f"{drawing.file} is left out: {error}", stacklevel=4)
        return None, str(error)
