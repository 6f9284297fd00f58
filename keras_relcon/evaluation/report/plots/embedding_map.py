import numpy as np

from keras_relcon.evaluation.report.plots import drawing

_MAX_POINTS = 2000
_SEED = 0
_PERPLEXITY = 100  # Figure 2 of the paper
_ITERATIONS = 500  # half of the usual; the divergence is 1.5 % higher
_NEIGHBORS = 15
_FEWEST = 5


class EmbeddingMaps:
    """Two-dimensional maps of a report's test embeddings, each made once.

    They show at most 2000 test windows, drawn with a fixed seed and the same
    for every representation. Each feature is scaled to standard deviation 1.
    t-SNE has perplexity 100 as in Figure 2 of
    [RelCon](https://arxiv.org/abs/2411.18822), or a third of the other
    windows where that is less. Distances between groups mean little.

    Args:
        report: `Report`.
        method: `"t-SNE"`, or `"UMAP"`, which needs the package umap-learn.
    """

    def __init__(self, report, method="t-SNE"):
        self.report = report
        self.method = method
        self._points = {}
        num_windows = sum(len(r.y_true) for r in self._results(None))
        rows = np.random.default_rng(_SEED).permutation(num_windows)
        self.rows = rows[:_MAX_POINTS]

    def points(self, representation):
        """Returns `(windows, 2)`.

        Raises:
            ValueError: if there are fewer than 5 windows, or the embeddings
                are all alike or not finite.
        """
        if representation not in self._points:
            embeddings = [
                result.embeddings for result in self._results(representation)
            ]
            embeddings = np.concatenate(embeddings)[self.rows]
            scaled = _scaled(embeddings.astype("float64"), representation)
            project = _t_sne if self.method == "t-SNE" else _umap
            self._points[representation] = project(scaled)
        return self._points[representation]

    def labels(self, representation):
        """Returns the label or target of each point."""
        labels = [result.y_true for result in self._results(representation)]
        return np.concatenate(labels)[self.rows]

    def describe(self):
        """What the map is, with its settings and number of windows."""
        total = sum(len(r.y_true) for r in self._results(None))
        text = f"{self.method} of {len(self.rows):,} of {total:,} test windows"
        if self.method == "t-SNE":
            return f"{text}, perplexity {_perplexity(len(self.rows)):.3g}"
        return f"{text}, {_num_neighbors(len(self.rows))} neighbours"

    def _results(self, representation):
        names = self.report.representations
        return self.report.of(representation or names[0])


def plot_embedding_map(report, representations=None, maps=None):
    """A map of test embeddings per representation, by true label.

    At most 2000 windows, drawn with a fixed seed. t-SNE has perplexity 100 as
    in Figure 2 of [RelCon](https://arxiv.org/abs/2411.18822), or a third of
    the other windows where that is less. Distances between groups mean little.

    Differs from the paper: of more than 50 columns the first 50 principal
    components are mapped. The paper does not say how many windows it maps.

    Args:
        report: `Report`. For a regression, the colour is the target.
        representations: sequence of str. Defaults to `None`, all.
        maps: `EmbeddingMaps` of the report. Defaults to `None`: t-SNE.

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ImportError: if matplotlib is missing.
        ValueError: if there are fewer than 5 test windows, embeddings are all
            alike or not finite, or a representation is unknown.
    """
    maps = maps or EmbeddingMaps(report)
    figure, panels = drawing.report_panels(
        report,
        representations,
        drawing.PANEL_WIDTH,
        3.9,
        legend=report.classes,
    )
    for axis, name in panels:
        points, labels = maps.points(name), maps.labels(name)
        if report.kind == "regression":
            drawn = _draw_targets(axis, points, labels)
        else:
            drawn = _draw_classes(axis, points, labels, report.classes)
        axis.set_title(
            f"{drawing.label(name, 44)}\n{maps.describe()}", fontsize=9
        )
        axis.set(
            xlabel=f"{maps.method} 1 (no unit)",
            ylabel=f"{maps.method} 2 (no unit)",
            xticks=[],
            yticks=[],
        )
    if report.kind == "regression":
        figure.colorbar(drawn, ax=[axis for axis, _ in panels], label="target")
    else:
        drawing.legend_below(figure, drawn, report.classes)
    return figure


def _draw_classes(axis, points, labels, classes):
    return [
        axis.scatter(
            *points[labels == name].T,
            s=10,
            alpha=0.7,
            linewidths=0,
            color=drawing.color(index),
            marker=drawing.marker(index),
        )
        for index, name in enumerate(classes)
    ]


def _draw_targets(axis, points, targets):
    from matplotlib.colors import LinearSegmentedColormap

    # Both ends can be seen on light and on dark.
    ends = [drawing.color(0), drawing.color(1)]
    colors = LinearSegmentedColormap.from_list("target", ends)
    return axis.scatter(*points.T, s=10, c=targets, cmap=colors, linewidths=0)


def _scaled(embeddings, representation):
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    if (
        len(embeddings) < _FEWEST
        or not np.isfinite(embeddings).all()
        or not np.ptp(embeddings, axis=0).any()
    ):
        raise ValueError(
            f"A map needs at least {_FEWEST} windows with finite embeddings "
            f"that are not all alike. Received: {len(embeddings)} windows of "
            f"{representation!r}. Test more windows, or check the encoder."
        )
    scaled = StandardScaler().fit_transform(embeddings)
    if scaled.shape[1] > 50:  # as the authors of t-SNE advise, and faster
        components = min(50, len(scaled))
        scaled = PCA(components, random_state=_SEED).fit_transform(scaled)
    return scaled


def _perplexity(num_rows):
    return min(_PERPLEXITY, (num_rows - 1) / 3)


def _num_neighbors(num_rows):
    return min(_NEIGHBORS, num_rows - 1)


def _t_sne(scaled):
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    t_sne = TSNE(
        perplexity=_perplexity(len(scaled)),
        init="pca" if scaled.shape[1] > 1 else "random",
        max_iter=_ITERATIONS,
        random_state=_SEED,
    )
    # On a busy machine its threads wait for one another: four times longer.
    with threadpool_limits(1):
        return t_sne.fit_transform(scaled)


def _umap(scaled):
    from umap import UMAP

    umap = UMAP(n_neighbors=_num_neighbors(len(scaled)), random_state=_SEED)
    return umap.fit_transform(scaled)
