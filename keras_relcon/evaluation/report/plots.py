import io
import math

import numpy as np

# Okabe and Ito (2008), told apart with any colour vision; markers go on
# where the colours end.
_COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#000000",
)
_MARKERS = ("o", "^", "s", "D")
_MAX_MAP_POINTS = 2000
_MAP_SEED = 0


def figures(report, histories=None):
    """Draws every figure of a report.

    Args:
        report: `Report`.
        histories: dict of name to `{metric: list}`, or `None`.

    Returns:
        dict of file name to `matplotlib.figure.Figure`.
    """
    drawn = {
        "confusion_matrix.png": plot_confusion_matrix(report),
        "embedding_map.png": plot_embedding_map(report),
    }
    if histories:
        drawn["loss_curves.png"] = plot_loss_curves(histories)
    return drawn


def plot_confusion_matrix(report):
    """One matrix per representation, over the test windows of all folds.

    Colour and percentage are the share of the row (the true class); the
    number of windows stands below.

    Args:
        report: `Report`.

    Returns:
        `matplotlib.figure.Figure`.
    """
    from sklearn.metrics import confusion_matrix

    side = max(4.5, 1.2 + 0.75 * len(report.classes))
    figure, axes = _panels(len(report.representations), side, side)
    for axis, name in zip(axes, report.representations):
        results = report.of(name)
        counts = confusion_matrix(
            np.concatenate([result.y_true for result in results]),
            np.concatenate([result.y_pred for result in results]),
            labels=list(report.classes),
        )
        image = _draw_matrix(axis, counts, report.classes)
        axis.set_title(f"{name}\nmacro-F1 {100 * report.mean(name):.1f} %")
    bar = figure.colorbar(image, ax=axes, shrink=0.6, pad=0.02)
    bar.set_label("share of the true class (%)")
    return figure


def plot_embedding_map(report):
    """A t-SNE map of test embeddings per representation, by true label.

    At most 2000 windows, drawn once with a fixed seed and the same for every
    representation. Distances between groups in such a map mean little.

    Args:
        report: `Report`.

    Returns:
        `matplotlib.figure.Figure`.
    """
    figure, axes = _panels(len(report.representations), 4.8, 4.8)
    for axis, name in zip(axes, report.representations):
        results = report.of(name)
        labels = np.concatenate([result.y_true for result in results])
        embeddings = np.concatenate([result.embeddings for result in results])
        rows = np.random.default_rng(_MAP_SEED).permutation(len(labels))
        rows = rows[:_MAX_MAP_POINTS]
        _draw_map(axis, _t_sne(embeddings[rows]), labels[rows], report.classes)
        axis.set_title(name)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="outside lower center",
        ncols=min(len(names), 6),
        frameon=False,
        markerscale=2,
    )
    return figure


def plot_loss_curves(histories):
    """Training curves, solid, and validation curves, dashed, per metric.

    Args:
        histories: dict of name to `{metric: list}`, such as
            `{"relcon": model.fit(...).history}`.

    Returns:
        `matplotlib.figure.Figure`.
    """
    keys = [key for history in histories.values() for key in history]
    metrics = list(dict.fromkeys(key.removeprefix("val_") for key in keys))
    figure, axes = _panels(len(metrics), 5.0, 3.6)
    for axis, metric in zip(axes, metrics):
        for index, (name, history) in enumerate(histories.items()):
            color = _COLORS[index % len(_COLORS)]
            for key, line in ((metric, "-"), (f"val_{metric}", "--")):
                values = history.get(key, ())
                if len(values):
                    part = "validation" if line == "--" else "training"
                    axis.plot(
                        np.arange(1, len(values) + 1),
                        values,
                        line,
                        color=color,
                        marker="." if len(values) < 30 else None,
                        label=f"{name}, {part}",
                    )
        axis.set(xlabel="epoch", ylabel=metric.replace("_", " "))
        axis.grid(alpha=0.25)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False)
    return figure


def to_png(figure):
    """Returns the bytes of a PNG file."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150, bbox_inches="tight")
    return content.getvalue()


def _panels(count, width, height):
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "Figures need matplotlib. Received: no module named matplotlib. "
            "Run `pip install keras-relcon[report]`, or save with "
            "`figures=False`."
        ) from error
    num_columns = min(count, 3)
    num_rows = math.ceil(count / num_columns)
    figure = Figure(
        figsize=(width * num_columns + 0.8, height * num_rows + 0.6),
        layout="constrained",
    )
    axes = figure.subplots(num_rows, num_columns, squeeze=False).ravel()
    for axis in axes[count:]:
        axis.remove()
    return figure, list(axes[:count])


def _draw_matrix(axis, counts, classes):
    totals = counts.sum(axis=1, keepdims=True)
    shares = 100 * counts / np.maximum(totals, 1)
    image = axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    ticks = np.arange(len(classes))
    axis.set_xticks(ticks, classes, rotation=40, ha="right")
    axis.set_yticks(ticks, classes)
    axis.set(xlabel="predicted class", ylabel="true class")
    size = 8 if len(classes) <= 8 else 6
    for row, column in np.argwhere(counts > 0):
        axis.text(
            column,
            row,
            f"{shares[row, column]:.1f} %\n{counts[row, column]}",
            ha="center",
            va="center",
            fontsize=size,
            color="white" if shares[row, column] > 55 else "black",
        )
    return image


def _draw_map(axis, points, labels, classes):
    for index, label in enumerate(classes):
        chosen = points[labels == label]
        axis.scatter(
            chosen[:, 0],
            chosen[:, 1],
            s=8,
            alpha=0.7,
            linewidths=0,
            color=_COLORS[index % len(_COLORS)],
            marker=_MARKERS[index // len(_COLORS) % len(_MARKERS)],
            label=label,
        )
    axis.set(xlabel="t-SNE 1 (no unit)", ylabel="t-SNE 2 (no unit)")
    axis.set_xticks([])
    axis.set_yticks([])


def _t_sne(embeddings):
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(embeddings.astype("float64"))
    num_rows, dim = scaled.shape
    if num_rows < 5:
        padded = np.pad(scaled, ((0, 0), (0, 2)))
        return padded[:, :2]  # too few to map
    if dim > 50:  # as the authors of t-SNE advise, and faster
        components = min(50, num_rows)
        scaled = PCA(components, random_state=_MAP_SEED).fit_transform(scaled)
    perplexity = min(30, (num_rows - 1) / 3)
    t_sne = TSNE(
        perplexity=perplexity,
        init="pca" if scaled.shape[1] > 1 else "random",
        random_state=_MAP_SEED,
    )
    return t_sne.fit_transform(scaled)
