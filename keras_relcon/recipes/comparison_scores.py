"""Scores the encoders of a comparison."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from keras_relcon import evaluation
from keras_relcon.checks import message
from keras_relcon.evaluation.suite.suite_result import SuiteResult
from keras_relcon.presets.preset_directory import read_preset
from keras_relcon.recipes.compared_methods import METHODS
from keras_relcon.types import PathLike


def score_methods(
    output: PathLike,
    data_folder: PathLike,
    controls: Sequence[str] = ("untrained", "handmade", "minirocket"),
    say: Callable[[str], Any] = print,
    outputs: Sequence[str] | None = None,
) -> SuiteResult:
    """Scores the encoders of a comparison on the sets to choose by.

    Ridge on all labelled people, beside controls on the same windows, folds
    and people. A row is a method with a learning rate: the mean over its
    seeds. The result is written into `<output>/scores`.

    Args:
        output: str or path. The folder of `compare_methods`.
        data_folder: str or path. As `data` of `keras_relcon.evaluation.suite`.
        controls: as of `suite`. Defaults to untrained, hand-made and
            MiniRocket.
        say: callable. Called with lines of text. Defaults to `print`.
        outputs: as of `suite`. Defaults to `None`: all; features
            take most of the time.

    Returns:
        `SuiteResult`, whose `settings["cost"]` has, for each method and rate,
        `seconds_per_1000_windows` and `windows`.

    Raises:
        FileNotFoundError: if the folder has no finished preset.
    """
    output = Path(output)
    facts = {
        path.parent: facts_of(path.parent)
        for path in sorted(output.glob("*-*/metadata.json"))
    }
    if not facts:
        raise FileNotFoundError(
            message(
                "`output` must be a folder of `compare_methods`.",
                f"{str(output)!r}, without a finished preset",
                "Train the methods first.",
            )
        )
    members: dict[str, list[str]] = {}
    cost: dict[str, Any] = {}
    for path, fact in facts.items():
        group = f"{fact['method']} {fact['learning_rate']:g}"
        members.setdefault(group, []).append(path.name)
        windows = fact["windows_through_the_encoder"]
        cost.setdefault(group, {"windows": windows, "seeds": []})
        cost[group]["seeds"].append(1000 * fact["seconds"] / windows)
    for each in cost.values():
        seconds = each.pop("seeds")
        each["seconds_per_1000_windows"] = sum(seconds) / len(seconds)
        each["num_seeds"] = len(seconds)
    with warnings.catch_warnings():
        # Of one set, WISDM, some people are in the training: others are tested.
        warnings.simplefilter("ignore")
        result = evaluation.suite(
            {path.name: path for path in facts},
            data_folder,
            num_labelled=None,
            heads=("ridge",),
            controls=tuple(controls),
            progress=say,
            outputs=outputs,
        )
    result.settings["cost"] = cost
    result = result.mean_over(members)
    result.save(output / "scores")
    return result


def best_learning_rates(
    result: SuiteResult, output_name: str = "features"
) -> dict[str, float]:
    """The learning rate of each method with the best mean over sets.

    Args:
        result: `SuiteResult` of `score_methods`.
        output_name: str. `"features"` or `"embedding"`. Defaults to
            `"features"`; a method without features goes by its embedding.

    Returns:
        dict of method to float, for `compare_methods`.
    """
    best: dict[str, tuple[float, float]] = {}
    names = {row.representation for row in result.rows}
    for row in result.rows:
        group, _, output = row.representation.rpartition(" ")
        method, _, rate = group.rpartition(" ")
        if method not in METHODS:
            continue  # a control
        wanted = output_name
        if f"{group} {wanted}" not in names:
            wanted = "embedding"
        if output == wanted:
            found = (row.mean(), float(rate))
            best[method] = max(best.get(method, found), found)
    return {method: rate for method, (_, rate) in best.items()}


def facts_of(folder):
    return read_preset(folder)[1].facts
