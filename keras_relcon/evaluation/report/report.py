import dataclasses
import json
import os
import tempfile

import numpy as np

from keras_relcon.evaluation.report import tables


class Report:
    """The scores of every representation on every fold.

    Args:
        results: list of `FoldResult`.
        settings: dict. How they were made; must be JSON-serialisable.

    Attributes:
        representations: tuple of str, in the order they were run.
        classes: tuple of str.

    Example:
    ```python
    report = cross_validate(LinearProbe(), encoder, windows, folds)
    text = report.table()
    report.paired_difference("encoder", "untrained encoder")
    report.save("report")
    ```
    """

    def __init__(self, results, settings=None, published=()):
        self.results = list(results)
        self.settings = dict(settings or {})
        self.published = tuple(published)
        self.metrics = tuple(self.results[0].metrics)
        names = [result.representation for result in self.results]
        self.representations = tuple(dict.fromkeys(names))
        labels = [np.unique(result.y_true) for result in self.results]
        labels += [np.unique(result.y_pred) for result in self.results]
        self.classes = tuple(np.unique(np.concatenate(labels)).tolist())

    def of(self, representation):
        """Returns the list of `FoldResult` of one representation."""
        chosen = [
            result
            for result in self.results
            if result.representation == representation
        ]
        if not chosen:
            raise ValueError(
                f"`representation` must be one of {self.representations}. "
                f"Received: representation={representation!r}. Use a name "
                "from `report.representations`."
            )
        return chosen

    def values(self, representation, metric="macro_f1"):
        """Returns the metric on each fold, `(folds,)`, unitless."""
        self._check_metric(metric)
        return np.array(
            [result.metrics[metric] for result in self.of(representation)]
        )

    def mean(self, representation, metric="macro_f1"):
        """Returns the mean over the folds on which the metric is defined."""
        return _over_folds(np.mean, self.values(representation, metric))

    def std(self, representation, metric="macro_f1"):
        """Returns the population standard deviation over those folds."""
        return _over_folds(np.std, self.values(representation, metric))

    def paired_difference(self, row_a, row_b, metric="macro_f1"):
        """How much better `row_a` is than `row_b` on the same folds.

        The interval is Student's, over the differences of the folds. Folds
        share training subjects, so it is somewhat too narrow.

        Args:
            row_a: str. A representation.
            row_b: str. Another one.
            metric: str. Defaults to `"macro_f1"`.

        Returns:
            `PairedDifference`.

        Raises:
            ValueError: if there are fewer than 2 folds.
        """
        from scipy.stats import t

        difference = self.values(row_a, metric) - self.values(row_b, metric)
        difference = difference[np.isfinite(difference)]
        if len(difference) < 2:
            raise ValueError(
                "A paired difference needs at least 2 folds. "
                f"Received: {len(difference)}. Use a protocol with more "
                "folds."
            )
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        half = t.ppf(0.975, len(difference) - 1) * error
        mean = float(difference.mean())
        return PairedDifference(mean, float(mean - half), float(mean + half))

    def _check_metric(self, metric):
        if metric not in self.metrics:
            raise ValueError(
                f"`metric` must be one of {self.metrics}. "
                f"Received: metric={metric!r}. Use one of these."
            )

    def table(self):
        """Returns text: mean ± std in percent, then macro-F1 of each fold."""
        return tables.to_text(self)

    def to_dict(self):
        """Returns the scores and settings as plain, JSON-ready values.

        A metric that is not defined on a fold is `None`. The values are
        fractions, not percent.
        """
        representations = {}
        for name in self.representations:
            representations[name] = {
                "mean": {m: _plain(self.mean(name, m)) for m in self.metrics},
                "std": {m: _plain(self.std(name, m)) for m in self.metrics},
                "folds": [_fold_row(result) for result in self.of(name)],
            }
        return {
            "classes": list(self.classes),
            "settings": self.settings,
            "representations": representations,
        }

    def save(self, directory, histories=None, figures=True):
        """Writes the tables and figures into a directory.

        `table.csv` (one row per representation and fold), `table.json`,
        `table.md`, `confusion_matrix.png`, `embedding_map.png`, and
        `loss_curves.png` if there are histories. Each file is written under
        another name and then renamed, so none is ever half there.

        Args:
            directory: str or path. Made if it does not exist.
            histories: dict of name to `{metric: list}`, such as
                `{"relcon": model.fit(...).history}`. Defaults to `None`.
            figures: bool. `False` writes only the tables, for which
                matplotlib is not needed. Defaults to `True`.

        Returns:
            list of the paths written.

        Raises:
            ImportError: if matplotlib is missing and `figures` is `True`;
                the tables are then written all the same.
        """
        directory = os.fspath(directory)
        os.makedirs(directory, exist_ok=True)
        contents = {
            "table.csv": tables.to_csv(self.to_dict()),
            "table.json": json.dumps(self.to_dict(), indent=2) + "\n",
            "table.md": tables.to_markdown(self),
        }
        paths = []
        for name, text in contents.items():
            paths.append(os.path.join(directory, name))
            write_file(paths[-1], text.encode("utf-8"))
        if figures:
            from keras_relcon.evaluation.report import plots

            for name, figure in plots.figures(self, histories).items():
                paths.append(os.path.join(directory, name))
                write_file(paths[-1], plots.to_png(figure))
        return paths


@dataclasses.dataclass(frozen=True)
class PairedDifference:
    """Mean of `row_a - row_b` over folds and its 95 % t interval."""

    mean: float
    low: float
    high: float


def write_file(path, content):
    """Writes bytes to a temporary file beside `path`, then renames it."""
    directory = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=directory, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _over_folds(function, values):
    values = values[np.isfinite(values)]
    return float(function(values)) if len(values) else float("nan")


def _plain(value):
    return float(value) if np.isfinite(value) else None


def _fold_row(result):
    return {
        "fold": result.fold,
        "test_subjects": list(result.subjects),
        "num_test_windows": len(result.y_true),
        "choice": result.choice,
        **{name: _plain(value) for name, value in result.metrics.items()},
    }
