"""What was tested in each fold, and what came of it."""

import numpy as np

from keras_relcon.evaluation.report import metric_columns as columns
from keras_relcon.evaluation.report.fold_sizes import PARTS, fold_sizes
from keras_relcon.evaluation.report.page.markup import element, table
from keras_relcon.evaluation.report.plain_values import to_plain, to_words
from keras_relcon.evaluation.report.tables import calibration_error

_MOST_NAMES = 12


def fold_table(report):
    """Subjects, windows and missing classes of each fold."""
    is_regression = report.kind == "regression"
    head = ["fold", "tested subjects", "tested windows", "fitted and chosen on"]
    if not is_regression:
        head += ["classes not tested", "classes unknown to the classifier"]
    head += ["leak"] if report.leaks else []
    rows = []
    for result in report.of(report.representations[0]):
        row = [
            f"fold {result.fold}",
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


def run_table(report):
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
                f"fold {result.fold}",
                columns.show(main, result.metrics[main], digits),
                "-" if result.choice is None else _words(result.choice),
                f"{result.seconds:.1f}",
            ]
            error = calibration_error(result)
            if has_calibration:
                row.append("-" if error is None else f"{100 * error:.1f}")
            rows.append(row)
    return table("What each fold came to", head, rows)


def confusion_tables(report):
    """The confusion matrices as numbers, folded away."""
    from keras_relcon.evaluation.report.plots.confusion_matrix import (
        confusion_counts,
    )

    found = []
    for name in report.representations:
        counts = confusion_counts(report, name)
        content = table(
            f"Test windows of {name} by true class (rows) and predicted class "
            "(columns)",
            ["true class", *report.classes],
            [
                [label, *row]
                for label, row in zip(report.classes, counts.tolist())
            ],
        )
        title = f"Numbers of windows: {name}"
        found.append(element("details", element("summary", title), content))
    return found


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
