import csv
import io

_TITLES = {
    "macro_f1": "macro-F1",
    "kappa": "kappa",
    "accuracy": "accuracy",
    "macro_auc": "macro-AUC",
}


def to_text(report):
    """Returns a table with aligned columns, in percent."""
    rows = _rows(report)
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(lines)


def to_markdown(report):
    """Returns the same table in Markdown, with a line that explains it."""
    rows = _rows(report)
    rows.insert(1, ["---"] + ["---:"] * (len(rows[0]) - 1))
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    note = (
        "Percent: mean ± population standard deviation over folds, then "
        "macro-F1 of each fold."
    )
    return "\n".join([*lines, "", note, ""])


def to_csv(scores):
    """Returns one row per representation and fold, as fractions.

    Args:
        scores: dict, from `Report.to_dict`.
    """
    rows = []
    for name, part in scores["representations"].items():
        for fold in part["folds"]:
            row = {"representation": name, **fold}
            row["test_subjects"] = " ".join(row["test_subjects"])
            rows.append(row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _shown(report):
    return [metric for metric in report.metrics if metric in _TITLES]


def _rows(report):
    num_folds = len(report.of(report.representations[0]))
    folds = [f"fold {index}" for index in range(num_folds)]
    titles = [_TITLES[metric] for metric in _shown(report)]
    rows = [["representation (%)", *titles, *folds]]
    for name in report.representations:
        means = [f"{100 * report.mean(name, m):.2f}" for m in _shown(report)]
        stds = [f"{100 * report.std(name, m):.2f}" for m in _shown(report)]
        spreads = [f"{mean} ± {std}" for mean, std in zip(means, stds)]
        scores = [f"{100 * score:.2f}" for score in report.values(name)]
        rows.append([name, *spreads, *scores])
    return rows
