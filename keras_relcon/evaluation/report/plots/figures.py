"""The figures of a report, their captions, and their drawing."""

import dataclasses
import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_relcon.evaluation.report.confusion_tables import ONE_VOTE
from keras_relcon.evaluation.report.pictures import Picture, Section
from keras_relcon.evaluation.report.plots.curves import (
    loss_curves,
    mean_roc_curves,
    plot_calibration,
    plot_loss_curves,
    plot_roc_curves,
)
from keras_relcon.evaluation.report.plots.drawing import (
    correlation,
    import_figure,
    to_png,
)
from keras_relcon.evaluation.report.plots.embedding_map import (
    EmbeddingMaps,
    plot_embedding_map,
)
from keras_relcon.evaluation.report.plots.predictions import (
    plot_confusion_matrix,
    plot_predictions,
)
from keras_relcon.evaluation.report.plots.svg import to_svg
from keras_relcon.evaluation.report.tables import calibration_error

# All that a report may draw.
FILES = (
    "calibration.png",
    "confusion_matrix.png",
    "embedding_map.png",
    "loss_curves.png",
    "predictions.png",
    "recording_confusion_matrix.png",
    "recording_roc_curves.png",
    "roc_curves.png",
    "umap_map.png",
)


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A figure that a report can draw.

    Attributes:
        file: str. Name of its PNG file.
        title: str. Heading in the page.
        caption: str. What is shown and how it was made.
        draw: callable from a sequence of names, or `None` for all, to
            `matplotlib.figure.Figure`.
        describe: callable from a name to what is seen, in words; `None` if
            the page shows it in another way.
        names: sequence of str, a picture of the page each. Representations,
            or the titles of curves.
    """

    file: str
    title: str
    caption: str
    draw: Callable[..., Any]
    describe: Callable[..., Any] | None = None
    names: tuple[str, ...] = ()


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
        votes = report.by_recording()
        found = [
            *(_confusion(report), _roc(report)),
            *([] if votes is None else _of_recordings(votes)),
            _calibration(report),
        ]
    found.append(_map(report, "t-SNE", "embedding_map.png"))
    if importlib.util.find_spec("umap") is not None:
        found.append(_map(report, "UMAP", "umap_map.png"))
    found = [
        dataclasses.replace(each, names=report.representations)
        for each in found
    ]
    if histories:
        found.append(_losses(histories))
    return found


def draw_figures(report, histories=None):
    """Draws the figures of a report, one after the other.

    Args:
        report: `Report`.
        histories: dict of name to `{metric: list}`, or `None`.

    Yields:
        Tuple of the name of a PNG file, its bytes, or `None` if it cannot be
        drawn, and the `Section` that shows it in the page, or `None`.

    Raises:
        ImportError: if matplotlib is missing.
    """
    import_figure()
    for drawing in drawings(report, histories):
        content, problem = _attempt(drawing, None, to_png)
        if problem:  # one warning; the page says it at each figure
            text = f"{drawing.file} is left out: {problem}"
            warnings.warn(text, stacklevel=3)
        section = None
        if drawing.describe is not None:
            pictures = [_picture(drawing, name) for name in drawing.names]
            section = Section(drawing.title, drawing.caption, pictures)
        yield drawing.file, content, section


def _confusion(report):
    return Drawing(
        "confusion_matrix.png",
        "Confusion matrices",
        "Test windows of all folds. Percent of the true class.",
        lambda names: plot_confusion_matrix(report, names),
    )


def _of_recordings(votes):
    """Figures 4 and 5 of RelCon: curves and matrices by recording."""
    return [
        dataclasses.replace(
            each,
            file=f"recording_{each.file}",
            title=f"{each.title} by recording",
            caption=each.caption.replace("windows", "recordings")
            + f" {ONE_VOTE}",
        )
        for each in (_confusion(votes), _roc(votes))
    ]


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
            f"{correlation(report, name)}."
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


def _losses(histories):
    curves = loss_curves(histories)

    def describe(title):
        name, metric = curves[title]
        parts = [
            f"{part} from {values[0]:.4g} to {values[-1]:.4g}"
            for part, key in (
                ("training", metric),
                ("validation", f"val_{metric}"),
            )
            if len(values := histories[name].get(key, ()))
        ]
        return f"{title}, by epoch: {'; '.join(parts)}."

    return Drawing(
        "loss_curves.png",
        "Loss curves",
        "Each has its own scale. Training solid, validation dashed.",
        lambda titles: plot_loss_curves(histories, titles),
        describe,
        tuple(curves),
    )


def _picture(drawing, name):
    def to_page(figure):
        return to_svg(figure, f"{drawing.file} {name}", drawing.describe(name))

    return Picture(name, *_attempt(drawing, (name,), to_page))


def _attempt(drawing, names, convert):
    """Returns what is drawn and `None`, or `None` and the problem."""
    try:
        return convert(drawing.draw(names)), None
    # The report must be written whatever a drawing library raises.
    except Exception as error:
        return None, str(error)
