import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import keras

from keras_relcon.checks import message, some_of
from keras_relcon.data import Windows
from keras_relcon.data.units import check_windows_in_g
from keras_relcon.evaluation import leaks
from keras_relcon.evaluation.fold_runs import FoldRuns
from keras_relcon.evaluation.people import (
    people_alike,
    pretrained_message,
    pretrained_on,
)
from keras_relcon.evaluation.preset_windows import warn_of_other_windows
from keras_relcon.evaluation.protocols.folds import PARTS, Fold
from keras_relcon.evaluation.report.published import (
    PublishedRow,
    check_published,
)
from keras_relcon.evaluation.report.report import Report
from keras_relcon.evaluation.report.run_facts import describe_run, task_settings
from keras_relcon.evaluation.representations import make_representations
from keras_relcon.evaluation.result_cache import ResultCache, told_settings
from keras_relcon.evaluation.tasks.task import AnyTask
from keras_relcon.evaluation.usable_data import (
    check_task_and_data,
    rows_of_folds,
    usable_folds,
    usable_windows,
)
from keras_relcon.types import PathLike


def cross_validate(
    task: AnyTask,
    encoder: keras.Model | Mapping[str, keras.Model] | None,
    data: Windows,
    protocol: Sequence[Fold],
    controls: Sequence[Literal["untrained", "handmade"]] = (
        "untrained",
        "handmade",
    ),
    standardize: bool = False,
    seed: int = 0,
    batch_size: int = 256,
    cache_dir: PathLike | None = None,
    published: Sequence[PublishedRow] = (),
    progress: Callable[[str], Any] | None = None,
    source: str | None = None,
) -> Report:
    """Scores an encoder and its controls on every fold of a protocol.

    In each fold a new copy of the task is fitted on the training subjects,
    makes its choices on the validation subjects, and is scored on the test
    subjects, which nothing else reads. Subjects that are in no fold are not
    used.

    Args:
        task: `LinearProbe`, `MLPProbe`, `FineTune`, `FromScratch`,
            `RidgeProbe`, or an object with their methods. It is not fitted
            itself: each fold fits a copy.
        encoder: `keras.Model` from `(batch, time, 3)`, g, to
            `(batch, dim)`; a dict of name to such models; or `None`, for the
            hand-made features alone.
        data: `Windows` with labels, or with targets for a regression. Windows
            that are invalid or have no target are dropped; a warning counts
            them.
        protocol: list of `Fold`, such as `grouped_k_fold(data.subjects)`.
        controls: sequence. `"untrained"` adds the same encoder with freshly
            drawn weights, `"handmade"` adds `handmade_features`. Defaults to
            `("untrained", "handmade")`.
        standardize: bool. Whether to scale each axis, before the encoder, by
            its mean and standard deviation over the windows of the fold's
            training subjects, as Table 4 of the paper does. Hand-made
            features stay in g. Defaults to `False`.
        seed: int. Draws the untrained weights, by
            `keras.utils.set_random_seed`, which sets the global seeds.
            Defaults to `0`.
        batch_size: int. Windows per forward pass. Defaults to `256`.
        cache_dir: str or path. Embeddings and the result of every fold are
            saved there as soon as they are known, under the SHA-256 of
            everything that they depend on. A run that was stopped resumes
            where it ended, and a second run takes seconds. Results of a task
            with an attribute that says not what it is, such as a lambda, are
            not saved. Defaults to `None`: nothing is saved.
        published: sequence of `PublishedRow`, quoted beside the results.
            Defaults to none.
        progress: callable or None. Called with one line of text after each
            fold, e.g. `print`. Defaults to `None`.
        source: str. Name of the data set, that of its archive without the
            ending: test people whom a preset was trained on are warned of.
            Defaults to `None`: people of any set by the same names are.

    Returns:
        `Report`.

    Raises:
        TypeError: if `task` is not a task, `data` is not `Windows`, an encoder
            is not a model, or an item of `published` is not a `PublishedRow`.
        ValueError: if the labels or targets are missing, of another length
            or of one class; if `protocol` is not a list of folds, or a fold
            names a subject without windows; if a control is unknown, or an
            encoder has the name of a control; if an embedding is not finite;
            or if something leaks: test windows that are in another part, a
            column that is the label, a prediction or an embedding that depends
            on other test windows.

    Example:
    ```python
    folds = grouped_k_fold(windows.subjects)
    report = cross_validate(LinearProbe(), encoder, windows, folds)
    report.save("report")
    ```
    """
    started = time.time()
    published = check_published(published)
    check_task_and_data(task, data)
    windows, y, bouts = usable_windows(task, data)
    leaks.check_names_apart(windows.subjects)
    num_dropped = len(data) - len(windows)
    folds = usable_folds(task, protocol, windows, y, num_dropped)
    _warn_of_one_test(folds)
    rows = rows_of_folds(folds, windows)
    windows, y = windows.select(rows), y[rows]
    bouts = None if bouts is None else bouts[rows]
    representations = make_representations(
        encoder, controls, seed, batch_size, windows.acceleration.shape[1]
    )
    _check_windows_of_presets(encoder, windows, standardize)
    tested = {name for fold in folds for name in fold.test}
    known = _warn_of_known_people(encoder, tested, source)
    alike = _warn_of_people_alike(windows, folds)
    _warn_of_what_is_not_kept(task, representations, cache_dir)
    cache = ResultCache(cache_dir)
    runs = FoldRuns(task, windows, y, bouts, standardize, cache)
    results = []
    for name, represent in representations.items():
        for index, fold in enumerate(folds):
            result = runs.run(name, represent, index, fold)
            results.append(result)
            if progress is not None:
                progress(_progress_line(result, len(folds)))
    settings = describe_run(task, windows, folds, standardize, seed, started)
    if hasattr(task, "for_features"):
        settings["task_of_features"] = task_settings(task.for_features())
    settings["representations"] = {
        name: {**represent.describe(), **known.get(name, {})}
        for name, represent in representations.items()
    }
    settings["people_alike"] = alike
    settings["num_dropped_windows"] = num_dropped
    beside = [name for name in representations if name not in _named(encoder)]
    return Report(results, settings, published, controls=beside)


def _named(encoder):
    return encoder if isinstance(encoder, dict) else {"encoder": encoder}


def _check_windows_of_presets(encoder, windows, standardize):
    """A benchmark may need other windows, but the caller should know."""
    length = windows.acceleration.shape[1]
    for model in _named(encoder).values():
        has_preset = getattr(model, "preset_metadata", None) is not None
        if has_preset and not standardize:
            check_windows_in_g(windows.acceleration, "")
        warn_of_other_windows(
            model, length, windows.sample_rate_hz, stacklevel=4
        )


def _warn_of_known_people(encoder, tested, source):
    """Returns what each preset was trained on, by the encoder's name."""
    facts = {}
    for name, model in _named(encoder).items():
        preset = getattr(model, "preset_metadata", None)
        if preset is None:
            continue
        found = pretrained_on(model, tested, source)
        facts[name] = {
            "pretraining_data": preset.facts.get("data"),
            "tested_people_in_pretraining": found,
        }
        if found:
            text = pretrained_message(name, found, source is not None)
            warnings.warn(text, stacklevel=3)
    return facts


def _warn_of_people_alike(windows, folds):
    """Returns pairs of people who are in different parts of a fold."""
    parts = [
        {name: part for part in PARTS for name in getattr(fold, part)}
        for fold in folds
        if fold.leak is None
    ]
    if not parts:
        return []
    alike = [
        pair
        for pair in people_alike(windows.acceleration, windows.subjects)
        if any(part.get(pair[0]) != part.get(pair[1]) for part in parts)
    ]
    if alike:
        pairs = [f"{one} and {other}" for one, other, _ in alike]
        warnings.warn(
            message(
                "One person must not be in two parts.",
                f"{some_of(pairs)}, whose windows look as if of one person: "
                "the most similar ones of each are the other's",
                "Look whether they are one person, or wore one device.",
            ),
            stacklevel=3,
        )
    return alike


def _warn_of_one_test(folds):
    tests = {frozenset(fold.test) for fold in folds if fold.leak is None}
    if len(folds) > 1 and len(tests) == 1:
        warnings.warn(
            message(
                "Folds must test different people.",
                f"{len(folds)} folds, all of which test "
                f"{some_of(sorted(*tests))}",
                "Scores over such folds say nothing of other people, and "
                "those of `validation_folds` are not for `cross_validate`.",
            ),
            stacklevel=3,
        )


def _warn_of_what_is_not_kept(task, representations, cache_dir):
    if cache_dir is None:
        return
    _, untold = told_settings(task)
    if untold:
        warnings.warn(
            message(
                "Results are kept in `cache_dir` for tasks that can be told "
                "apart by their attributes.",
                f"{type(task).__name__}, whose {some_of(untold)} says not "
                "what it is",
                "Give it a `get_config`, or a name in place of a lambda.",
            ),
            stacklevel=3,
        )
    unknown = [
        name
        for name, represent in representations.items()
        if not represent.is_kept
    ]
    if unknown:
        warnings.warn(
            f"The results of {unknown} are not kept in `cache_dir`: without "
            "`get_config`, such encoders cannot be told apart.",
            stacklevel=3,
        )


def _progress_line(result, num_folds):
    metric = "macro_f1" if "macro_f1" in result.metrics else "mae"
    title = {"macro_f1": "macro-F1", "mae": "MAE"}[metric]
    return (
        f"{result.representation}: fold {result.fold + 1} of {num_folds}, "
        f"{title} {result.metrics[metric]:.4f}"
    )
