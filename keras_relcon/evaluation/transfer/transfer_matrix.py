import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_relcon.checks import (
    check_kind,
    check_number,
    check_one_of,
    check_whole,
    message,
)
from keras_relcon.data.windows import Windows
from keras_relcon.evaluation.people import pretrained_message, pretrained_on
from keras_relcon.evaluation.preset_windows import warn_of_other_windows
from keras_relcon.evaluation.suite.scores import Row
from keras_relcon.evaluation.transfer.columns import make_columns
from keras_relcon.evaluation.transfer.label_map import LabelMap
from keras_relcon.evaluation.transfer.row_fits import (
    TASKS,
    fit_direct,
    fit_heads,
    fit_networks,
)
from keras_relcon.evaluation.transfer.transfer_data import (
    check_apart,
    make_side,
)
from keras_relcon.evaluation.transfer.transfer_features import (
    Features,
    embed_side,
)
from keras_relcon.evaluation.transfer.transfer_result import TransferResult
from keras_relcon.kept_files import library_versions

ROWS = (
    "direct",
    "probe",
    "fine_tune",
    "target_ssl",
    "scratch",
    "handmade",
    "minirocket",
)
CONTROLS = ("scratch", "handmade", "minirocket")
SHARES = (0.01, 0.05, 0.1, 0.5, 1.0)
WINDOWS_PER_CLASS = (1, 5, 10, 50)


def transfer_matrix(
    source: Windows,
    target: Windows,
    label_map: LabelMap,
    encoder: keras.Model,
    pretrain: Callable[[Windows], keras.Model] | None = None,
    rows: Sequence[str] = ROWS,
    shares: Sequence[float] = SHARES,
    windows_per_class: Sequence[int] = WINDOWS_PER_CLASS,
    source_test: Sequence[str] | None = None,
    target_test: Sequence[str] | None = None,
    num_draws: int = 5,
    steps: int = 500,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
    names: tuple[str, str] = ("source", "target"),
    progress: Callable[[str], Any] | None = None,
) -> TransferResult:
    """Scores what an encoder of one data set is worth on another.

    The protocol of transfer between institutions of
    [arXiv 2501.13587](https://arxiv.org/abs/2501.13587), on the classes that
    both data sets have. All cells test the windows of the same people of the
    target.

    | row | encoder | fitted with labels of |
    |---|---|---|
    | `direct` | given, frozen | the source |
    | `probe` | given, frozen | the target |
    | `fine_tune` | given, trained on | the target |
    | `target_ssl` | `pretrain`, frozen | the target |
    | `scratch` | the given one's network, fresh weights | the target |
    | `handmade` | `handmade_features` | the target |
    | `minirocket` | `MiniRocket` | the target |

    The head on what is frozen is a ridge classifier, whose strength is chosen
    by labelled people left out. `direct` needs no label of the target: it is
    the same in all columns. `target_ssl` and the thresholds of `minirocket`
    see all windows of the target's training people, without labels.

    A column says which windows of the target's training people have labels:
    all of a share of the people, or some of each class, of all people. Shares
    that are the same number of people are one column. All rows have the same
    windows in a draw.

    Args:
        source, target: `Windows` in g, of one rate and length, with labels.
        label_map: `LabelMap`, as of `activity_map`.
        encoder: built `keras.Model` from `(batch, time, 3)` to
            `(batch, dim)`, pretrained on the source without its test people.
        pretrain: callable from `Windows` without labels, those of the target's
            training people, to an encoder as the one above, its own. It is
            called once, after `keras.utils.set_random_seed`. Defaults to
            `None`, without `target_ssl`.
        rows: sequence of str, of those above. Defaults to all.
        shares: sequence of float in `(0, 1]`, of the target's training
            people, rounded up. Defaults to `(0.01, 0.05, 0.1, 0.5, 1)`.
        windows_per_class: sequence of int. A class with fewer has all of its
            windows. Defaults to `(1, 5, 10, 50)`.
        source_test, target_test: sequence of str, two test people or more. All
            others train. Defaults to `None`: a fifth, drawn.
        num_draws: int. How often the labelled windows are drawn. Defaults to
            `5`.
        steps: int. Training steps of `fine_tune` and `scratch` in each cell,
            at least; the last epoch is finished. No validation people choose
            an epoch: 1 % of the people has none. Defaults to `500`.
        batch_size: int, of these steps. Defaults to `64`.
        learning_rate: float, of their Adam. Defaults to `1e-3`.
        seed: int. Draws test people, labelled windows, weights and orders.
            Defaults to `0`.
        names: tuple of the names of source and target, for the tables. Where
            they are those of `pretrain`, such as `"wisdm-dataset"`, test
            people whom a preset was trained on are warned of. Defaults to
            `("source", "target")`.
        progress: callable or None. Called with a line of text for each row,
            e.g. `print`. Defaults to `None`.

    Returns:
        `TransferResult`.

    Raises:
        TypeError: if `source` or `target` are no `Windows`, `label_map` is
            none, or an encoder is no model.
        ValueError: if an argument is out of its range, windows differ in rate
            or length, a class is absent from a part, `pretrain` changes
            `encoder`, or something leaks, as in `cross_validate`.

    Differs from the paper: its abstract alone was read, which says neither
    how labels are drawn nor what the heads are.

    Example:
    ```python
    result = kr.evaluation.transfer_matrix(
        wisdm, motionsense, activity_map("wisdm_watch", "motionsense"), encoder
    )
    print(result.table())
    result.save("transfer")
    ```
    """
    started = time.time()
    rows = (rows,) if isinstance(rows, str) else tuple(rows)
    shares = np.atleast_1d(shares).tolist()
    windows_per_class = np.atleast_1d(windows_per_class).tolist()
    _check(label_map, encoder, rows, shares, windows_per_class)
    if set(rows) == {"target_ssl"} and pretrain is None:
        raise ValueError(
            message(
                "The row `target_ssl` needs `pretrain`.",
                {"rows": rows, "pretrain": pretrain},
                "Pass it, or name other rows.",
            )
        )
    check_whole("num_draws", num_draws)
    check_whole("steps", steps)
    check_whole("batch_size", batch_size)
    check_number("learning_rate", learning_rate, above=0)
    classes = label_map.classes
    ours = make_side(
        names[0],
        "source",
        source,
        label_map.codes_of_source,
        classes,
        source_test,
        seed,
    )
    theirs = make_side(
        names[1],
        "target",
        target,
        label_map.codes_of_target,
        classes,
        target_test,
        seed,
    )
    check_apart(ours, theirs)
    for side in (source, target):
        length = side.acceleration.shape[1]
        warn_of_other_windows(
            encoder, length, side.sample_rate_hz, stacklevel=3
        )
    in_pretraining = _warn_of_people(encoder, (ours, theirs))
    columns = make_columns(theirs.num_train_people, shares, windows_per_class)
    missing = []
    if "target_ssl" in rows and pretrain is None:
        rows = tuple(row for row in rows if row != "target_ssl")
        missing.append("target_ssl (needs `pretrain`)")
    features = Features(encoder, pretrain, theirs, seed)
    training = {
        "steps": steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
    }
    # What is the same for every row.
    same = theirs, columns, len(classes), num_draws, seed
    found, of_source = [], None
    for row in [each for each in ROWS if each in rows]:
        begun = time.time()
        if row == "direct":
            both = {
                "source": embed_side(encoder, ours),
                "target": features.of(row),
            }
            of_source, once = fit_direct(both, ours, theirs, len(classes), seed)
            every = np.repeat(once, num_draws, axis=0)
            confusion = {column.name: every for column in columns}
        elif row in TASKS:
            confusion = fit_networks(row, encoder, *same, training)
        else:
            confusion = fit_heads(features.of(row), *same)
        head = "network" if row in TASKS else "ridge"
        found.append(Row(row, head, None, False, row in CONTROLS, confusion))
        if progress is not None:
            progress(f"{row}, {time.time() - begun:.0f} s")
    settings = {
        "source": ours.describe(),
        "target": theirs.describe(),
        "classes": list(classes),
        "shares": list(shares),
        "windows_per_class": list(windows_per_class),
        "num_draws": num_draws,
        **training,
        "seed": seed,
        "people_in_pretraining": in_pretraining,
        "versions": library_versions(),
        "seconds": round(time.time() - started, 1),
    }
    return TransferResult(found, of_source, settings, missing)


def _warn_of_people(encoder, sides):
    """Test people whom the preset was trained on, by side; warns."""
    known = {}
    for side in sides:
        found = pretrained_on(encoder, side.people, side.name)
        if found:
            known[side.name] = found
            warnings.warn(pretrained_message("encoder", found), stacklevel=3)
    return known


def _check(label_map, encoder, rows, shares, windows_per_class):
    check_kind(
        "label_map", label_map, LabelMap, "a `LabelMap`", "See `activity_map`."
    )
    check_kind("encoder", encoder, keras.layers.Layer, "a keras.Model")
    for row in rows:
        check_one_of("rows", row, ROWS)
    for share in shares:
        check_number("shares", share, above=0, most=1)
    for number in windows_per_class:
        check_whole("windows_per_class", number)
    if not rows or not (len(shares) or len(windows_per_class)):
        raise ValueError(
            message(
                "There must be a row and a column.",
                {
                    "rows": rows,
                    "shares": shares,
                    "windows_per_class": windows_per_class,
                },
                "Leave them out for all.",
            )
        )
