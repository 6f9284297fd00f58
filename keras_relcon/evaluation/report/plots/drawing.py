"""What all figures share: panels, colours, and text from data."""

import io
import math
import textwrap

from keras_relcon.evaluation.report import statements

# Okabe and Ito (2008), distinct for any colour vision; the two blues are far
# from each other. Neighbours also differ in marker and line style.
COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#4D4D4D",
    "#56B4E9",
)
MARKERS = ("o", "^", "s", "D")
LINES = ("-", "--", "-.", ":")
GRID = "#E0E0E0"
GUIDE = "#808080"  # what curves are compared with
LEAK = "#8B0000"
PANEL_WIDTH = 3.8  # inches: three side by side on a screen, one on a phone
_LEGEND_ROW = 0.2  # inches of a line
_LEAK_ROW = 0.25


def import_figure():
    """Returns matplotlib's `Figure`, or says how to install it."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "Figures need matplotlib. Received: no module named matplotlib. "
            "Run `pip install keras-relcon[report]`, or save with "
            "`figures=False`."
        ) from error
    return Figure


def panels(count, width, height, leaks=(), below=0.0):
    """A figure with a panel per representation, three in a row.

    Args:
        count: int. Panels.
        width, height: float. Inches of a panel.
        leaks: sequence of str, written above the panels.
        below: float. Inches under the panels, for a legend.

    Returns:
        `matplotlib.figure.Figure` and a list of its axes.

    Raises:
        ImportError: if matplotlib is missing.
    """
    figure_class = import_figure()
    num_columns = num_columns_of(count)
    num_rows = math.ceil(count / num_columns)
    total_width = width * num_columns
    lines = [
        line for leak in leaks for line in wrapped(leak, int(11 * total_width))
    ]
    total_height = height * num_rows + 0.6 + below + _LEAK_ROW * len(lines)
    figure = figure_class(
        figsize=(total_width, total_height), layout="constrained"
    )
    axes = figure.subplots(num_rows, num_columns, squeeze=False).ravel()
    for axis in axes[count:]:
        axis.remove()
    if lines:
        figure.suptitle("\n".join(lines), color=LEAK, fontsize=9, weight="bold")
    return figure, list(axes[:count])


def num_columns_of(count):
    return min(count, 3)


def report_panels(report, names, width, height, legend=()):
    """`panels`, one for each named representation, all if `None`.

    Args:
        report: `Report`.
        names: sequence of str, or `None`.
        width, height: float. Inches of a panel.
        legend: sequence of str. What `legend_below` will hold.

    Returns:
        `matplotlib.figure.Figure` and a list of (axis, name).
    """
    names = report.representations if names is None else tuple(names)
    leaks = statements.leak_sentences(report)
    total_width = width * num_columns_of(len(names))
    below = 0.0
    if legend:
        num_rows = math.ceil(len(legend) / _legend_columns(legend, total_width))
        below = _LEGEND_ROW * num_rows * _num_lines(legend)
    figure, axes = panels(len(names), width, height, leaks, below)
    return figure, list(zip(axes, names))


def check_kind(report, kind):
    if report.kind != kind:
        raise ValueError(
            f"This figure is of a {kind}. Received: a report of a "
            f"{report.kind}. Use `plot_confusion_matrix` or "
            "`plot_predictions`, whichever fits."
        )


def correlation(report, name):
    """Of true and predicted targets, as text."""
    value = report.mean(name, "correlation")
    return f"{value:.3f}" if math.isfinite(value) else "not defined"


def tidy(axis):
    """A light grid, and no frame but the axes."""
    axis.grid(color=GRID, linewidth=0.7)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def color(index):
    return COLORS[index % len(COLORS)]


def marker(index):
    return MARKERS[index % len(MARKERS)]


def line(index):
    return LINES[index % len(LINES)]


def wrapped(text, width):
    """Lines of text from data, without anything that mathtext would parse."""
    lines = textwrap.wrap(str(text), max(width, 8)) or [""]
    return [part.replace("$", r"\$") for part in lines]


def label(text, width=24):
    """A name from data as the label of an axis or in a legend."""
    text = "\n".join(wrapped(text, width))
    # matplotlib leaves what begins with an underscore out of legends
    return f" {text}" if text.startswith("_") else text


def legend_below(figure, handles, names):
    """A legend under the panels, in as many columns as the names allow."""
    figure.legend(
        handles,
        list(map(label, names)),
        loc="outside lower center",
        ncols=_legend_columns(names, figure.get_figwidth()),
        markerscale=1.6,
        frameon=False,
        fontsize=9,
    )


def _legend_columns(names, width):
    lines = [line for name in names for line in label(name).split("\n")]
    return int(
        min(len(names), max(1, 13 * width // (max(map(len, lines)) + 5)))
    )


def _num_lines(names):
    return max(label(name).count("\n") + 1 for name in names)


def to_png(figure, dpi=150):
    """Returns the bytes of a PNG file."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=dpi, bbox_inches="tight")
    return content.getvalue()
