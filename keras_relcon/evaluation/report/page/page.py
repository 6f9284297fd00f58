"""The whole page: one HTML file that asks nothing of the network."""

from keras_relcon.evaluation.report import metric_columns as columns
from keras_relcon.evaluation.report import statements, tables
from keras_relcon.evaluation.report.page.fold_tables import (
    confusion_tables,
    fold_table,
    run_table,
)
from keras_relcon.evaluation.report.page.markup import (
    Html,
    anchor_of,
    bullets,
    element,
    markup,
    section,
    table,
)
from keras_relcon.evaluation.report.page.pictures import to_section
from keras_relcon.evaluation.report.page.settings_table import settings_table
from keras_relcon.evaluation.report.page.style import CSS

_TITLE = "keras_relcon evaluation report"


def to_html(report, sections=()):
    """Returns the page of a report.

    Args:
        report: `Report`.
        sections: list of `Section`, the figures.
    """
    parts = [_scores(report), _differences(report), _published(report)]
    for part in sections:
        extra = []
        if part.title == "Confusion matrices":
            extra = confusion_tables(report)
        parts.append(to_section(part, extra))
    parts.append(section("Folds", fold_table(report), run_table(report)))
    parts.append(section("What was run", settings_table(report)))
    body = element(
        "main",
        element("h1", _TITLE),
        _leaks(report),
        *(
            element("p", line, class_="summary")
            for line in statements.summary(report)
        ),
        _contents(report, sections),
        *parts,
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, '
        'initial-scale=1">\n'
        f"<title>{markup(_TITLE)}</title>\n<style>{CSS}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _contents(report, sections):
    titles = ["Scores"]
    titles += ["Differences"] if report.compared_pairs() else []
    titles += ["Published rows"] if report.published else []
    titles += [part.title for part in sections]
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
