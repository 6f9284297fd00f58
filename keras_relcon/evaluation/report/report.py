import itertools
import json
import os
import pathlib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_relcon.evaluation.metrics.classification import RECORDING
from keras_relcon.evaluation.report import metric_columns, tables
from keras_relcon.evaluation.report.fold_result import FoldResult, check_results
from keras_relcon.evaluation.report.page import to_html
from keras_relcon.evaluation.report.paired_difference import (
    PairedDifference,
    paired_difference,
    size_ratio,
)
from keras_relcon.evaluation.report.plots.figures import FILES, draw_figures
from keras_relcon.evaluation.report.published import (
    PublishedRow,
    check_published,
)
from keras_relcon.evaluation.report.run_facts import to_plain
from keras_relcon.kept_files import write_file
from keras_relcon.reprs import counted, described, listed
from keras_relcon.types import PathLike


class Report:
    """The scores of every representation on every fold.

    Args:
        results: list of `FoldResult`, of the same folds for each
            representation.
        settings: dict. How the results were made. Defaults to `None`.
        published: sequence of `PublishedRow`, quoted below the measured
            rows. Defaults to none.
        controls: sequence of str. Representations with which the others are
            compared. Defaults to `None`: those that have the names of the
            controls of `cross_validate`, hand-made features and untrained.

    Attributes:
        kind: `"classification"` or `"regression"`.
        main_metric: `"macro_f1"`, the higher the better, or in a regression
            `"mae"`, the lower the better.
        metrics: tuple of str.
        representations: tuple of str, in the order in which they were run.
        controls: tuple of str, some of the representations.
        folds: tuple of int.
        subjects_of_folds: dict of fold to the tested subjects.
        classes: tuple of str; empty in a regression.
        leaks: dict of a sentence that says what leaks to a tuple of folds.

    Raises:
        ValueError: if there are no results, or they do not belong together.
        TypeError: if `published` holds anything but `PublishedRow`s.

    Example:
    ```python
    report = cross_validate(LinearProbe(), encoder, windows, folds)
    text = report.table()
    report.paired_difference("encoder", "untrained encoder")
    report.save("report")
    ```
    """

    def __init__(
        self,
        results: Sequence[FoldResult],
        settings: Mapping[str, Any] | None = None,
        published: Sequence[PublishedRow] = (),
        controls: Sequence[str] | None = None,
    ) -> None:
        self.results = list(results)
        check_results(self.results)
        self.settings = dict(settings or {})
        self.published = check_published(published)
        self.metrics = tuple(self.results[0].metrics)
        self.main_metric = metric_columns.main_metric(self.metrics)
        is_regression = self.main_metric == "mae"
        self.kind = "regression" if is_regression else "classification"
        names = [result.representation for result in self.results]
        self.representations = tuple(dict.fromkeys(names))
        first = self.of(self.representations[0])
        self.folds = tuple(result.fold for result in first)
        self.subjects_of_folds = {r.fold: tuple(r.subjects) for r in first}
        self.classes = () if is_regression else _classes(self.results)
        self.leaks = _leaks(self.results)
        if controls is None:
            controls = list(filter(_is_control, self.representations))
        self.controls = tuple(controls)
        for name in self.controls:
            self.of(name)

    def __repr__(self) -> str:
        subjects = set().union(*self.subjects_of_folds.values())
        return described(
            self,
            self.kind,
            listed("representations", self.representations),
            counted(len(self.folds), "fold"),
            f"{counted(len(subjects), 'subject')} tested",
            listed("classes", self.classes),
        )

    def of(self, representation: str) -> list[FoldResult]:
        """Returns the `FoldResult`s of one representation, by fold.

        Args:
            representation: str.

        Raises:
            ValueError: if there is none of this name.
        """
        chosen = [
            result
            for result in self.results
            if result.representation == representation
        ]
        if not chosen:
            names = tuple(dict.fromkeys(r.representation for r in self.results))
            raise ValueError(
                f"`representation` must be one of {names}. "
                f"Received: representation={representation!r}. Use a name "
                "from `report.representations`."
            )
        return sorted(chosen, key=lambda result: result.fold)

    def values(
        self, representation: str, metric: str | None = None
    ) -> np.ndarray:
        """Returns the metric on each fold, `(folds,)`, not in percent.

        Args:
            representation: str.
            metric: str. Defaults to `None`, the main metric.

        Raises:
            ValueError: if one of the two is unknown.
        """
        metric = self._known(metric)
        return np.array(
            [result.metrics[metric] for result in self.of(representation)],
            dtype="float64",
        )

    def mean(self, representation: str, metric: str | None = None) -> float:
        """Returns the mean over the folds on which the metric is defined.

        NaN where there is no such fold; else as `values`.
        """
        return _over_folds(np.mean, self.values(representation, metric))

    def std(self, representation: str, metric: str | None = None) -> float:
        """Returns the population standard deviation over those folds."""
        return _over_folds(np.std, self.values(representation, metric))

    def paired_difference(
        self,
        row_a: str,
        row_b: str,
        metric: str | None = None,
        corrected: bool = True,
    ) -> PairedDifference:
        """`row_a` minus `row_b` on the same folds, with a 95 % interval.

        Args:
            row_a: str. A representation.
            row_b: str. Another one.
            metric: str. Defaults to `None`, the main metric.
            corrected: bool. Whether the interval is corrected for the
                training subjects that folds share (Nadeau and Bengio 2003).
                `False` is the plain paired t interval, which is then too
                narrow. Defaults to `True`.

        Returns:
            `PairedDifference`.

        Raises:
            ValueError: if there are fewer than 2 folds, or a name is unknown.
        """
        return paired_difference(
            self.values(row_a, metric),
            self.values(row_b, metric),
            size_ratio(self) if corrected else 0.0,
        )

    def by_recording(self) -> "Report | None":
        """The report of one vote per recording, as in RelCon's Table 2.

        A recording of several activities is cut where its label changes; its
        vote is the class that is predicted for most of its windows.

        Returns:
            `Report` whose rows are recordings and whose metrics are those by
            recording; `None` where there are no such metrics, where the
            results do not say which windows are of one recording, or where
            each recording is one window.
        """
        has_votes = any(name.startswith(RECORDING) for name in self.metrics)
        if not has_votes or any(
            result.bouts is None or result.probabilities is None
            for result in self.results
        ):
            return None
        results = [result.by_recording() for result in self.results]
        if all(
            len(votes.y_true) == len(result.y_true)
            for votes, result in zip(results, self.results)
        ):
            return None
        return Report(results, self.settings, (), self.controls)

    def compared_pairs(self) -> list[tuple[str, str]]:
        """Returns every pair of encoders, then of an encoder and a control.

        Without encoders: every pair of controls.
        """
        encoders = [n for n in self.representations if n not in self.controls]
        if not encoders:
            return list(itertools.combinations(self.controls, 2))
        return [
            *itertools.combinations(encoders, 2),
            *itertools.product(encoders, self.controls),
        ]

    def winner(self, metric: str | None = None) -> str | None:
        """The best row, if it is clearly the best given the spread over folds.

        Args:
            metric: str. Defaults to `None`, the main metric.

        Returns:
            str; or `None` if its paired interval against any other measured
            row includes 0, or there is no other row, or only one fold.
        """
        metric = self._known(metric)
        means = {name: self.mean(name, metric) for name in self.representations}
        if len(means) < 2 or not all(map(np.isfinite, means.values())):
            return None
        is_lower = metric_columns.is_lower_better(metric)
        pick = min if is_lower else max
        best = pick(means, key=means.__getitem__)
        try:
            intervals = [
                self.paired_difference(best, name, metric)
                for name in means
                if name != best
            ]
        except ValueError:  # a single fold
            return None
        # On the folds that both have, which may not be those of the means.
        is_better = [
            i.excludes_zero and (i.mean < 0) == is_lower for i in intervals
        ]
        return best if all(is_better) else None

    def table(self) -> str:
        """Returns text: scores, quoted rows, differences and leaks.

        Mean ± population standard deviation, then the main metric of each
        fold; in percent, but for a regression.
        """
        return tables.to_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Returns the scores and settings as plain, JSON-ready values.

        A metric that is not defined on a fold is `None`. The values are
        fractions, not percent.
        """
        return to_plain(tables.to_dict(self))

    def save(
        self,
        directory: PathLike,
        histories: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
        figures: bool = True,
    ) -> list[Path]:
        """Writes tables, figures and a page into a directory.

        First `table.csv`, `table.json` and `table.md` are written; then the
        figures, as PNG; then `report.html`, which contains all of it and needs
        no other file. Each file is written under another name and then
        renamed, so it is always complete. A figure that cannot be drawn is
        left out with a warning, and the page says why.

        Args:
            directory: str or path. Made if it does not exist.
            histories: dict of name to `{metric: list}`, such as
                `{"relcon": model.fit(...).history}`. Defaults to `None`.
            figures: bool. With `False` nothing is drawn, and matplotlib is
                not needed. Defaults to `True`.

        Returns:
            list of the paths written.

        Without matplotlib the tables and a page of them are written, with a
        warning.
        """
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        scores = json.dumps(self.to_dict(), indent=2, allow_nan=False)
        paths = [
            _write(directory / "table.csv", tables.to_csv(self)),
            _write(directory / "table.json", scores + "\n"),
            _write(directory / "table.md", tables.to_markdown(self)),
        ]
        sections = []
        try:
            drawn = draw_figures(self, histories) if figures else ()
            for file, content, section in drawn:
                if section:
                    sections.append(section)
                if content:
                    paths.append(_write(directory / file, content))
        except ImportError as error:
            text = f"The report has tables and no figures. {error}"
            warnings.warn(text, stacklevel=2)
        for file in FILES:
            # A figure of another report must not seem to be of this.
            if os.fspath(directory / file) not in paths:
                (directory / file).unlink(missing_ok=True)
        page = to_html(self, sections)
        paths.append(_write(directory / "report.html", page))
        return paths

    def _known(self, metric):
        metric = self.main_metric if metric is None else metric
        if metric not in self.metrics:
            raise ValueError(
                f"`metric` must be one of {self.metrics}. "
                f"Received: metric={metric!r}. Use one of these."
            )
        return metric


def _classes(results):
    labels = [np.unique(result.y_true) for result in results]
    labels += [np.unique(result.y_pred) for result in results]
    return tuple(np.unique(np.concatenate(labels)).tolist())


def _leaks(results):
    leaks = {}
    for result in results:
        if result.leak:
            leaks.setdefault(result.leak, set()).add(result.fold)
    return {leak: tuple(sorted(folds)) for leak, folds in leaks.items()}


def _is_control(name):
    return name == "hand-made features" or name.startswith("untrained ")


def _over_folds(function, values):
    values = values[np.isfinite(values)]
    return float(function(values)) if len(values) else float("nan")


def _write(path, content):
    write_file(path, content)
    return os.fspath(path)
