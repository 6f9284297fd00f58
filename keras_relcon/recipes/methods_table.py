"""The one table of a comparison."""

from keras_relcon.checks import message
from keras_relcon.evaluation.suite.scores import Row
from keras_relcon.evaluation.suite.suite_result import SuiteResult
from keras_relcon.markup import markdown_table
from keras_relcon.recipes.compared_methods import METHODS
from keras_relcon.recipes.comparison_scores import best_learning_rates


def methods_table(
    result: SuiteResult,
    output_name: str = "embedding",
    reference: str | None = None,
) -> str:
    """A row for each method with its best learning rate, the best first.

    The rate is the best by these very scores, which favours a method by a
    little where several were tried.

    Args:
        result: `SuiteResult` of `score_methods`.
        output_name: str. `"features"` or `"embedding"`; a method without
            features is shown by its embedding. Defaults to `"embedding"`.
        reference: str. The method that others are compared with. Defaults to
            `None`: the first of `METHODS` that was scored, as `RelCon` is.

    Returns:
        str, Markdown. Macro-F1 in percent of each set, its mean, the mean
        difference of a person's macro-F1 to the reference with its 95 %
        interval over people, and the cost of training; controls below.

    Raises:
        ValueError: if the reference was not scored.
    """
    rates = best_learning_rates(result, output_name)
    if reference is None:
        reference = next((name for name in METHODS if name in rates), None)
    if reference not in rates:
        raise ValueError(
            message(
                f"`reference` must be one of {list(rates)}.",
                {"reference": reference},
            )
        )
    rows = {row.representation: row for row in result.rows}
    methods: dict[str, tuple[str, float]] = {}
    for method, best in rates.items():
        name = f"{method} {best:g}"
        is_there = f"{name} {output_name}" in rows
        shown = f"{name} {output_name if is_there else 'embedding'}"
        methods[shown] = method, best
    names = {method: name for name, (method, _) in methods.items()}
    lines = []
    controls = [name for name, row in rows.items() if row.is_control]
    for group in (methods, controls):
        for name in sorted(group, key=lambda name: -rows[name].mean()):
            row: Row = rows[name]
            method, rate, cost = name, "", {}
            if name in methods:
                method, best = methods[name]
                rate = f"{best:g}"
                cost = result.settings["cost"][f"{method} {rate}"]
            lines.append(
                [
                    method,
                    rate,
                    *[
                        f"{100 * row.macro_f1(each.name):.1f}"
                        for each in result.sets
                    ],
                    f"{100 * row.mean():.1f}",
                    _difference(result, name, names[reference]),
                    str(cost.get("num_seeds", "")),
                    f"{cost['seconds_per_1000_windows']:.2f}" if cost else "",
                ]
            )
    sets = [f"`{each.name}`" for each in result.sets]
    head = ["method", "rate", *sets, "mean", f"a person's, - {reference}"]
    return markdown_table([*head, "seeds", "s / 1,000 windows"], lines)


def _difference(result, name, reference):
    """Of a person's macro-F1, in percent, with its interval."""
    if name == reference:
        return ""
    found = result.difference(name, reference)
    values = found.people_mean, found.people_low, found.people_high
    mean, low, high = (f"{100 * value:+.1f}" for value in values)
    return f"{mean} [{low}, {high}]"
