"""The tables of a report as text, Markdown, CSV and plain values."""

import dataclasses
import json
from typing import Any

from keras_relcon.evaluation.metrics.calibration import (
    expected_calibration_error,
)
from keras_relcon.evaluation.report import metric_columns as columns
from keras_relcon.evaluation.report import statements
from keras_relcon.markup import csv_text, markdown, markdown_table
from keras_relcon.reprs import text_table


@dataclasses.dataclass(frozen=True)
class ScoreRow:
    """One row of a table of scores, as text.

    Attributes:
        name: str.
        means: list of str, one per metric of the level.
        folds: list of str, the main metric of each fold.
        main: int, which of `means` is the main metric.
        is_quoted: bool.
        is_winner: bool.
    """

    name: str
    means: list[Any]
    folds: list[Any]
    main: int
    is_quoted: bool = False
    is_winner: bool = False


def score_head(report, level):
    """Returns the titles of the columns."""
    titles = [columns.title(metric) for metric in level.metrics]
    return [level.head, *titles, *(f"fold {fold + 1}" for fold in report.folds)]


def score_rows(report, level):
    """Returns the `ScoreRow`s: measured ones, then quoted ones."""
    digits = {
        metric: columns.decimals(
            metric,
            [report.mean(name, metric) for name in report.representations],
        )
        for metric in level.metrics
    }
    winner = report.winner(level.main)
    main = level.metrics.index(level.main)
    rows = []
    for name in report.representations:
        means = [
            columns.show_spread(
                m, report.mean(name, m), _spread(report, name, m), digits[m]
            )
            for m in level.metrics
        ]
        folds = [
            columns.show(level.main, value, digits[level.main])
            for value in report.values(name, level.main)
        ]
        rows.append(ScoreRow(name, means, folds, main, False, name == winner))
    for row in report.published:
        if set(row.metrics) & set(level.metrics):
            pairs = [row.metrics.get(m, (None, None)) for m in level.metrics]
            means = [
                columns.show_spread(m, *pair, digits[m])
                for m, pair in zip(level.metrics, pairs)
            ]
            folds = ["-"] * len(report.folds)
            rows.append(ScoreRow(row.name, means, folds, main, True))
    return rows


def to_text(report):
    """Returns aligned tables and the sentences about them."""
    parts = ["\n".join(statements.leak_sentences(report))]
    for level in columns.levels(report.metrics):
        rows = [score_head(report, level)]
        for row in score_rows(report, level):
            mark = f" ({statements.QUOTED})" if row.is_quoted else ""
            rows.append([row.name + mark, *row.means, *row.folds])
        parts.append(_aligned(rows))
    parts.append("\n".join(statements.comparison_sentences(report)))
    return "\n\n".join(part for part in parts if part)


def to_markdown(report):
    """Returns the same in Markdown, with sources and explanations."""
    parts = [
        f"> **{markdown(leak)}**" for leak in statements.leak_sentences(report)
    ]
    for level in columns.levels(report.metrics):
        head = list(map(markdown, score_head(report, level)))
        rows = map(_markdown_row, score_rows(report, level))
        parts.append(markdown_table(head, rows))
    comparisons = statements.comparison_sentences(report)
    parts.append("\n".join(f"- {markdown(line)}" for line in comparisons))
    parts.append(" ".join(statements.how_to_read(report)))
    quoted = statements.quoted_sentences(report)
    parts.append("\n".join(f"- {markdown(line)}" for line in quoted))
    return "\n\n".join(part for part in parts if part) + "\n"


def to_csv(report):
    """Returns one row per representation and fold, then mean and std.

    The column `row` is `fold`, `mean`, `std`, `quoted_mean` or `quoted_std`.
    Values are fractions, or in the unit of the target; empty if undefined.
    """
    scores = to_dict(report)
    rows = []
    for name, part in scores["representations"].items():
        for fold in part["folds"]:
            row = {"representation": name, "row": "fold", **fold}
            row["test_subjects"] = " ".join(fold["test_subjects"])
            row["choice"] = json.dumps(fold["choice"], default=str)
            rows.append(row)
        for kind in ("mean", "std"):
            rows.append({"representation": name, "row": kind, **part[kind]})
    names = list(dict.fromkeys(["representation", "row", *rows[0], "source"]))
    for quoted in scores["published"]:
        for index, kind in enumerate(("quoted_mean", "quoted_std")):
            values = {
                metric: pair[index]
                for metric, pair in quoted["metrics"].items()
                if metric in report.metrics
            }
            source = {"representation": quoted["name"], "row": kind}
            rows.append({**source, **values, "source": quoted["source"]})
    return csv_text(rows, names)


def to_dict(report):
    """Returns all scores; see `Report.to_dict`."""
    representations = {}
    for name in report.representations:
        representations[name] = {
            "is_control": name in report.controls,
            "mean": {m: report.mean(name, m) for m in report.metrics},
            "std": {m: report.std(name, m) for m in report.metrics},
            "folds": [_fold_row(result) for result in report.of(name)],
        }
    return {
        "kind": report.kind,
        "main_metric": report.main_metric,
        "classes": list(report.classes),
        "leaks": statements.leak_sentences(report),
        "settings": report.settings,
        "representations": representations,
        "comparisons": statements.comparison_sentences(report),
        "published": [dataclasses.asdict(row) for row in report.published],
    }


def calibration_error(result):
    """Expected calibration error of a fold; `None` without probabilities."""
    if result.probabilities is None:
        return None
    return expected_calibration_error(
        result.y_true, result.probabilities, result.classes
    )


def _fold_row(result):
    return {
        "fold": result.fold + 1,
        "test_subjects": list(result.subjects),
        "num_test_windows": len(result.y_true),
        "choice": result.choice,
        "seconds": round(float(result.seconds), 3),
        "leak": result.leak,
        **result.metrics,
        "expected_calibration_error": calibration_error(result),
    }


def _spread(report, name, metric):
    # The spread of a single fold says nothing, and 0.00 would look exact.
    return report.std(name, metric) if len(report.folds) > 1 else None


def _aligned(rows):
    lines = text_table(rows).split("\n")
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def _markdown_row(row):
    name = markdown(row.name)
    means = list(row.means)
    if row.is_quoted:
        name = f"{name} ({statements.QUOTED})"
    if row.is_winner:
        name = f"**{name}**"
        means[row.main] = f"**{means[row.main]}**"
    return [name, *means, *row.folds]
