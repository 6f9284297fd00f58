"""The whole page: one HTML file that needs no network."""

import numpy as np

from keras_relcon.evaluation.protocols.folds import PARTS
from keras_relcon.evaluation.report import (
    confusion_tables,
    statements,
    tables,
)
from keras_relcon.evaluation.report import metric_columns as columns
from keras_relcon.evaluation.report.paired_difference import fold_sizes
from keras_relcon.evaluation.report.pictures import PICTURE_CSS, to_section
from keras_relcon.evaluation.report.plots import svg
from keras_relcon.evaluation.report.run_facts import to_plain, to_words
from keras_relcon.markup import (
    Html,
    anchor_of,
    bullets,
    document,
    element,
    section,
    table,
)

_TITLE = "keras_relcon evaluation report"
_MOST_NAMES = 12
_SETTING_TITLES = {
    "num_windows": "windows used",
    "num_dropped_windows": "windows left out",
    "standardize": "axes scaled by training subjects",
    "sample_rate_hz": "sample rate, Hz",
    "window_length": "window length, samples",
    "windows_per_class": "windows per class",
    "date": "started",
    "seconds": "time, s",
}
# Shown in a table of their own.
_ELSEWHERE = ("folds",)


def to_html(report, sections=()):
    """Returns the page of a report.

    Args:
        report: `Report`.
        sections: list of `Section`, the figures.
    """
    parts = [_scores(report), _differences(report), _published(report)]
    matrices = confusion_tables.to_sections(report)
    parts += matrices.values()
    parts += map(to_section, sections)
    parts.append(section("Folds", _fold_table(report), _run_table(report)))
    parts.append(section("What was run", _settings_table(report)))
    body = element(
        "main",
        element("h1", _TITLE),
        _leaks(report),
        *_summary(report),
        _contents(report, [*matrices, *(part.title for part in sections)]),
        *parts,
    )
    return document(
        _TITLE, body, PICTURE_CSS + confusion_tables.STYLE + svg.STYLE
    )


def _summary(report):
    """The answer first, then what it rests on."""
    scope, *found = statements.summary(report)
    kind = "answer" if len(found) == 1 else "summary"
    return [
        *(element("p", line, class_=kind) for line in found),
        element("p", scope, class_="soft"),
    ]


def _contents(report, figures):
    titles = ["Scores"]
    titles += ["Differences"] if report.compared_pairs() else []
    titles += ["Published rows"] if report.published else []
    titles += figures
    titles += ["Folds", "What was run"]
    links = [
        element("a", title, href=f"#{anchor_of(title)}") for title in titles
    ]
    return element("nav", bullets(links), aria_label="Contents")


def _leaks(report):
    lines = statements.leak_sentences(report)
    if not lines:
        return Html("")
    strong = [element("p", element("strong", line)) for line in lines]
    return element("div", *strong, class_="leak", role="note")


def _scores(report):
    found = []
    for level in columns.levels(report.metrics):
        rows = tables.score_rows(report, level)
        quoted = [i for i, row in enumerate(rows) if row.is_quoted][:1]
        found.append(
            table(
                f"Scores {level.title}",
                tables.score_head(report, level),
                [_score_row(row) for row in rows],
                [
                    (index, "Quoted from publications, not measured here")
                    for index in quoted
                ],
            )
        )
    found += [
        element("p", line, class_="soft")
        for line in statements.how_to_read(report)
    ]
    return section("Scores", *found)


def _score_row(row):
    name, means = row.name, list(row.means)
    if row.is_quoted:
        name = f"{name} ({statements.QUOTED})"
    if row.is_winner:
        name = element("strong", name)
        means[row.main] = element("strong", means[row.main])
    return [name, *means, *row.folds]


def _differences(report):
    lines = statements.comparison_sentences(report)
    return section("Differences", bullets(lines)) if lines else Html("")


def _published(report):
    if not report.published:
        return Html("")
    lines = statements.quoted_sentences(report)
    return section("Published rows", bullets(lines))


def _fold_table(report):
    """Subjects, windows and missing classes of each fold."""
    is_regression = report.kind == "regression"
    head = ["fold", "tested subjects", "tested windows", "fitted and chosen on"]
    if not is_regression:
        head += ["classes not tested", "classes unknown to the classifier"]
    head += ["leak"] if report.leaks else []
    rows = []
    for result in report.of(report.representations[0]):
        row = [
            f"fold {result.fold + 1}",
            _names(result.subjects),
            f"{len(result.y_true):,}",
            _fitted_on(report, result.fold),
        ]
        if not is_regression:
            present = set(np.unique(result.y_true).tolist())
            row.append(_names(c for c in report.classes if c not in present))
            known = set(result.classes) or present
            row.append(_names(sorted(present - known)))
        row += [result.leak or "-"] if report.leaks else []
        rows.append(row)
    content = table("What each fold tests", head, rows)
    return element("div", content, class_="words")


def _run_table(report):
    """Choice, time and calibration of each representation and fold."""
    has_calibration = any(r.probabilities is not None for r in report.results)
    main = report.main_metric
    digits = columns.decimals(
        main, [report.mean(name) for name in report.representations]
    )
    unit = ", %" if columns.is_percent(main) else ""
    head = [
        "representation",
        "fold",
        columns.title(main) + unit,
        "validation chose",
        "seconds to fit and predict",
    ]
    head += ["expected calibration error, %"] if has_calibration else []
    rows = []
    for name in report.representations:
        for result in report.of(name):
            row = [
                name,
                f"fold {result.fold + 1}",
                columns.show(main, result.metrics[main], digits),
                "-" if result.choice is None else _words(result.choice),
                f"{result.seconds:.1f}",
            ]
            error = tables.calibration_error(result)
            if has_calibration:
                row.append("-" if error is None else f"{100 * error:.1f}")
            rows.append(row)
    return table("What each fold came to", head, rows)


def _fitted_on(report, fold):
    sizes = fold_sizes(report, fold)
    if sizes is None:
        return "-"
    train, validation, _ = (sizes[part] for part in PARTS)
    return f"{train:,} and {validation:,} {sizes['unit']}"


def _names(names):
    names = list(map(str, names))
    if not names:
        return "-"
    rest = len(names) - _MOST_NAMES
    shown = ", ".join(names[:_MOST_NAMES])
    return shown + (f" and {rest} more" if rest > 0 else "")


def _words(choice):
    return to_words(to_plain(choice))


def _settings_table(report):
    """What was run: data, task, seeds, versions, machine and time."""
    settings = to_plain(report.settings)
    rows = [
        [_SETTING_TITLES.get(name, name.replace("_", " ")), to_words(value)]
        for name, value in settings.items()
        if name not in _ELSEWHERE
    ]
    if not rows:
        return element("p", "The settings were not given.", class_="note")
    content = table("Settings", ["setting", "value"], rows)
    return Html(element("div", content, class_="words"))
