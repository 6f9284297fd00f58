import numpy as np

from keras_relcon.evaluation.report.plots import drawing


def plot_loss_curves(histories):
    """Training curves, solid, and validation curves, dashed, per metric.

    Args:
        histories: dict of name to `{metric: list}`, such as
            `{"relcon": model.fit(...).history}`.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ImportError: if matplotlib is missing.
        ValueError: if there is no curve.
    """
    keys = [key for history in histories.values() for key in history]
    metrics = list(dict.fromkeys(key.removeprefix("val_") for key in keys))
    if not metrics:
        raise ValueError(
            "`histories` must hold curves. Received: "
            f"histories={histories!r}. Pass {{name: model.fit(...).history}}."
        )
    figure, axes = drawing.panels(len(metrics), 5.0, 3.6)
    for axis, metric in zip(axes, metrics):
        for index, (name, history) in enumerate(histories.items()):
            _draw(axis, index, name, history, metric)
        axis.set(xlabel="epoch", ylabel=metric.replace("_", " "))
        axis.grid(alpha=0.25)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False)
    return figure


def _draw(axis, index, name, history, metric):
    for key, line in ((metric, "-"), (f"val_{metric}", "--")):
        values = history.get(key, ())
        if len(values):
            part = "validation" if line == "--" else "training"
            axis.plot(
                np.arange(1, len(values) + 1),
                values,
                line,
                color=drawing.color(index),
                marker="." if len(values) < 30 else None,
                label=f"{drawing.label(name)}, {part}",
            )
