"""The sentences of a report, the same in every output."""

from keras_relcon.evaluation.report import metric_columns as columns
from keras_relcon.reprs import counted

QUOTED = "quoted"


def leak_sentences(report):
    """Which folds leak, and how; empty for a report without leaks."""
    return [
        f"Leak in {_name_folds(folds, report.folds)}: {leak}"
        for leak, folds in report.leaks.items()
    ]


def comparison_sentences(report):
    """The paired difference of every compared pair, in the main metric."""
    return [
        f"{row_a} - {row_b}: {_difference(report, row_a, row_b)}"
        for row_a, row_b in report.compared_pairs()
    ]


def quoted_sentences(report):
    """Source, protocol and note of the quoted rows that share them."""
    groups = {}
    for row in report.published:
        about = (row.source, row.protocol, row.note)
        groups.setdefault(about, []).append(row.name)
    return [
        f"{', '.join(names)} ({QUOTED}). {source}. {protocol} {note}".rstrip()
        for (source, protocol, note), names in groups.items()
    ]


def how_to_read(report):
    """Explains the numbers of the tables."""
    unit = "percent"
    if report.kind == "regression":
        unit = "the unit of the target (MSE and SDSE: its square)"
    main = columns.title(report.main_metric)
    lines = [f"In {unit}; then {main} of each fold."]
    if len(report.folds) > 1:
        lines = [
            "Mean ± population standard deviation over folds, in "
            f"{unit}, then {main} of each fold."
        ]
    if report.published:
        lines.append(
            "Rows marked quoted were published by others and not measured here."
        )
    if len(report.representations) > 1 and len(report.folds) > 1:
        lines.append(
            "The best row is bold only if its interval against every other "
            "measured row excludes 0. Intervals are those of Nadeau and "
            "Bengio (2003), because folds share training subjects; the plain "
            "paired t interval stands in brackets. They are not corrected "
            "for the number of comparisons."
        )
    return lines


def summary(report):
    """The result in words, one sentence per encoder."""
    names = [n for n in report.representations if n not in report.controls]
    names = names or list(report.representations)
    return [_scope(report), *(_about(report, name) for name in names)]


def _scope(report):
    settings = report.settings
    num_windows = settings.get("num_windows")
    tested = sum(len(r.y_true) for r in report.of(report.representations[0]))
    subjects = set().union(*report.subjects_of_folds.values())
    text = f"{len(report.representations)} representations"
    if len(report.representations) == 1:
        text = "One representation"
    text += f", {counted(len(report.folds), 'fold')}, "
    text += f"{counted(len(subjects), 'tested subject')}, "
    text += f"{counted(tested, 'test window')}"
    if num_windows:
        text += f" of {num_windows:,} in all"
        if tested > num_windows:
            text += ", tested in several folds"
    return text + "."


def _about(report, name):
    metric = report.main_metric
    digits = columns.decimals(metric, [report.mean(name)])
    score = columns.show(metric, report.mean(name), digits)
    if score == "-":
        return f"{name}: {columns.title(metric)} is not defined on any fold."
    unit = " %" if columns.is_percent(metric) else ""
    text = f"{name}: {columns.title(metric)} {score}{unit}"
    parts = [
        _plainly(report, name, other)
        for row, other in report.compared_pairs()
        if row == name
    ]
    return text + "".join(f"; {part}" for part in parts if part) + "."


def _plainly(report, name, other):
    metric = report.main_metric
    try:
        found = report.paired_difference(name, other)
    except ValueError:  # a single fold
        return f"one fold cannot tell it from {other}"
    if not found.excludes_zero:
        return f"no clear difference from {other}"
    is_lower = columns.is_lower_better(metric)
    is_better = (found.mean < 0) == is_lower
    size = _amount(metric, abs(found.mean))
    return f"{size} {'better' if is_better else 'worse'} than {other}"


def _difference(report, row_a, row_b):
    metric = report.main_metric
    title = columns.title(metric)
    try:
        found = report.paired_difference(row_a, row_b)
        plain = report.paired_difference(row_a, row_b, corrected=False)
    except ValueError:
        mean = report.mean(row_a) - report.mean(row_b)
        return (
            f"{_amount(metric, mean, '+')} of {title}, no interval: it needs "
            "2 folds on which both are defined"
        )
    values = [abs(found.mean), abs(found.low), abs(found.high)]
    digits = columns.decimals(metric, values)

    def show(value):
        return columns.show(metric, value, digits, "+")

    unit = " points" if columns.is_percent(metric) else ""
    lower = ", lower is better" if columns.is_lower_better(metric) else ""
    verdict = "" if found.excludes_zero else "; includes 0"
    return (
        f"{show(found.mean)}{unit} of {title}{lower}, 95 % interval "
        f"{show(found.low)} to {show(found.high)} (plain t "
        f"{show(plain.low)} to {show(plain.high)}){verdict}"
    )


def _amount(metric, value, sign=""):
    digits = columns.decimals(metric, [value])
    text = columns.show(metric, value, digits, sign)
    return f"{text} points" if columns.is_percent(metric) else text


def _name_folds(folds, all_folds):
    if len(folds) == len(all_folds):
        return "every fold"
    return _count_word("fold", folds) + ", ".join(
        str(fold + 1) for fold in folds
    )


def _count_word(word, items):
    return f"{word} " if len(items) == 1 else f"{word}s "
