import numpy as np

from keras_relcon.evaluation.report.plots import drawing

_MOST_WITH_COUNTS = 8


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
    cell = 0.62 if num_classes <= _MOST_WITH_COUNTS else 0.42
    side = max(4.5, 2.0 + cell * num_classes)
    figure, panels = drawing.report_panels(report, representations, side, side)
    for axis, name in panels:
        image = _draw(axis, confusion_counts(report, name), report.classes)
        score = f"macro-F1 {100 * report.mean(name):.1f} %"
        title = drawing.wrapped(name, int(9 * side))
        axis.set_title("\n".join([*title, score]))
    bar = figure.colorbar(image, ax=[axis for axis, _ in panels], shrink=0.6)
    bar.set_label("share of the true class (%)")
    return figure


def confusion_counts(report, representation):
    """Windows by true and predicted class, over all folds.

    Args:
        report: `Report` of a classification.
        representation: str.

    Returns:
        `(classes, classes)` int, rows being the true classes.
    """
    from sklearn.metrics import confusion_matrix

    results = report.of(representation)
    return confusion_matrix(
        np.concatenate([result.y_true for result in results]),
        np.concatenate([result.y_pred for result in results]),
        labels=list(report.classes),
    )


def _draw(axis, counts, classes):
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
    is_small = len(classes) > _MOST_WITH_COUNTS
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
