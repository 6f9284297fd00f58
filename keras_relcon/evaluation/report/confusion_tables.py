"""Confusion matrices as tables with colours, for the page."""

import numpy as np

from keras_relcon.evaluation.report.confusion import confusion_counts
from keras_relcon.evaluation.report.metric_columns import show
from keras_relcon.markup import Html, element, section, table
from keras_relcon.markup.style import variables

# What a recording is, below what is shown of recordings.
ONE_VOTE = (
    "Each recording has one vote, the class that is predicted for most of its "
    "windows. A recording of several activities is cut where they change."
)
MOST_WITH_COUNTS = 8
_MOST_LEVEL = 10  # classes of CSS from l0 to l10
_WHITE_FROM = 8  # the text of darker cells
# Of a cell that holds all windows of its class.
LIGHT = {"full": "#00508a", "cell-text": "#000000"}
DARK = {"full": "#0a6fb5", "cell-text": "#ffffff"}


def to_sections(report):
    """The matrices by window and by recording; none in a regression.

    Args:
        report: `Report`.

    Returns:
        dict of title to HTML.
    """
    if report.kind == "regression":
        return {}
    found = {"Confusion matrices": _section(report, "Confusion matrices")}
    votes = report.by_recording()
    if votes is not None:
        title = "Confusion matrices by recording"
        found[title] = _section(votes, title, "recordings")
    return found


def _section(report, title, rows="windows"):
    """A table for each representation, side by side where they fit."""
    about = f"Test {rows} of all folds, by true class (rows) and predicted "
    about += "class (columns). Percent of the true class"
    is_large = len(report.classes) > MOST_WITH_COUNTS
    about += "." if is_large else f"; below it the number of {rows}."
    if rows == "recordings":
        about += f" {ONE_VOTE}"
    matrices = [_matrix(report, n, is_large) for n in report.representations]
    numbers = report.representations if is_large else ()
    return section(
        title,
        element("p", about, class_="soft"),
        element("div", *matrices, class_="matrices"),
        *(_numbers(report, name, rows) for name in numbers),
    )


def _matrix(report, name, is_large):
    counts = confusion_counts(report, name)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    score = f"macro-F1 {show('macro_f1', report.mean(name), 1)} %"
    titles = [element("span", label) for label in report.classes]
    head = element(
        "tr",
        element("td"),
        *(element("th", title, scope="col") for title in titles),
    )
    rows = [
        element(
            "tr",
            element("th", label, scope="row"),
            *(_cell(*each, is_large) for each in zip(row, of_row)),
        )
        for label, row, of_row in zip(report.classes, shares, counts.tolist())
    ]
    caption = element(
        "caption", element("strong", name), element("span", score, class_="by")
    )
    content = element(
        "table", caption, element("thead", head), element("tbody", *rows)
    )
    return element(
        "div",
        content,
        class_="scroll upright matrix" + (" large" if is_large else ""),
        role="region",
        tabindex="0",
        aria_label=f"Confusion matrix of {name}, {score}",
    )


def _cell(share, count, is_large):
    if not count:
        return element("td", "", class_="l0")
    level = int(np.ceil(_MOST_LEVEL * share))
    if is_large:
        text = [f"{100 * share:.0f}" if share >= 0.01 else "<1"]
    else:
        small = element("small", f"{count:,}")
        text = [f"{100 * share:.1f}", Html("<br>"), small]
    return element("td", *text, class_=f"l{level}")


def _numbers(report, name, rows):
    content = table(
        f"Test {rows} of {name}",
        ["true class", *report.classes],
        [
            [label, *row]
            for label, row in zip(
                report.classes, confusion_counts(report, name).tolist()
            )
        ],
    )
    summary = element("summary", f"Numbers of {rows}: {name}")
    return element("details", summary, content)


def look(level):
    """How much of the full colour a cell has, and if its text is white."""
    return level / _MOST_LEVEL, level >= _WHITE_FROM


def _level(level):
    share, is_white = look(level)
    text = "#ffffff" if is_white else "var(--cell-text)"
    return (
        f".matrix .l{level} {{ color: {text}; background: "
        f"color-mix(in srgb, var(--full) {100 * share:.0f}%, var(--page)); }}\n"
    )


STYLE = (
    variables(LIGHT, DARK)
    + """
.matrices { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; }
.matrix td {
  text-align: center; vertical-align: middle; min-width: 2.9rem;
  height: 2.9rem; padding: 0.1rem 0.2rem; line-height: 1.2;
  border: 1px solid var(--page);
}
.matrix small { font-size: 0.75rem; }
.matrix thead td { border: 0; background: none; height: auto; }
.matrix thead td, .matrix tbody th { position: sticky; left: 0; }
.matrix th { border: 0; }
.matrix tbody tr, .matrix thead tr { background: var(--page); }
.matrix th[scope="row"] {
  text-align: right; vertical-align: middle; min-width: 0; max-width: 8.5rem;
}
.matrix th[scope="col"] { padding: 0.3rem 0; text-align: center; }
.matrix th[scope="col"] span { font-weight: 400; }
.matrix caption { overflow-wrap: anywhere; }
.large td { min-width: 2.1rem; height: 2rem; }
.large th[scope="row"] { max-width: 13rem; }
.by { margin-left: 0.75rem; display: inline-block; }
@media (max-width: 600px) {
  .matrix td { min-width: 2.6rem; }
  .matrix.scroll th[scope="row"] { max-width: 8rem; box-shadow: none; }
}
@media print {
  .matrices { display: block; }
  .matrix:not(.large) table { font-size: 8pt; }
  .matrix { display: inline-block; margin-right: 6mm; break-inside: avoid; }
  .matrix td { min-width: 9mm; height: 8mm; }
  .matrix.large td { min-width: 6mm; height: 5mm; padding: 0; }
  .matrix.large tbody th { padding: 0 1mm; }
}
"""
    + "".join(map(_level, range(_MOST_LEVEL + 1)))
)
