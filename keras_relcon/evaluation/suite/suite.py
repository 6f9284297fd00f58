import functools
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from keras_relcon.checks import check_one_of, check_whole, message
from keras_relcon.evaluation.people import pretrained_message, pretrained_on
from keras_relcon.evaluation.suite.classify import HEADS, classify
from keras_relcon.evaluation.suite.controls import (
    CONTROLS,
    MINIROCKET,
    make_representations,
)
from keras_relcon.evaluation.suite.load_sets import (
    PROTOCOLS,
    WINDOW_LENGTH,
    DataFolder,
    load_sets,
    wisdm_training_windows,
)
from keras_relcon.evaluation.suite.scores import Row
from keras_relcon.evaluation.suite.sets import SETS, sets_of
from keras_relcon.evaluation.suite.suite_result import SuiteResult
from keras_relcon.kept_files import library_versions
from keras_relcon.types import PathLike


def suite(
    encoders: Any,
    data: PathLike,
    roles: Sequence[str] = ("choose",),
    sets: Sequence[str] | None = None,
    num_labelled: Sequence[int | None] | int | None = (1, 3, 5, None),
    heads: Sequence[str] = ("ridge", "logistic"),
    controls: Sequence[str] = CONTROLS,
    rotations: int = 0,
    protocol: Literal["suite", "biopm"] = "suite",
    num_draws: int = 5,
    seed: int = 0,
    batch_size: int = 256,
    progress: Callable[[str], Any] | None = None,
    outputs: Sequence[str] | None = None,
    window_length: int = WINDOW_LENGTH,
) -> SuiteResult:
    """Scores encoders and their controls on every set of a role.

    Each encoder is read out as its embedding and, where it has `sequences`,
    as its features (`StageFeatures`); a preset as all that `preset_outputs`
    names. A linear head is fitted on some people
    and scored on others. Its strength is chosen by people left out of the
    training people. All representations have the same windows, folds and
    labelled people, so that their differences are paired.

    Args:
        encoders: what is scored: the name or the directory of a preset, a
            `keras.Model` from `(batch, time, 3)`, g at 100 Hz, to
            `(batch, dim)`, a callable such as `RivalEncoder`, a list of
            these, or a dict of name to them.
        data: str or path. Folder with the files of the sets; those that are
            absent are named in the result.
        roles: sequence of str. `"choose"`, sets by which settings are chosen;
            `"test"`, sets that are scored once per finished preset, with
            nothing chosen by them. Defaults to `("choose",)`.
        sets: sequence of str. Names of some sets of these roles. Defaults to
            `None`: all.
        num_labelled: sequence of int and `None`. How many training people
            have labels; `None` for all. Defaults to `(1, 3, 5, None)`.
        heads: sequence of str. `"ridge"`, and `"logistic"`, which is fitted
            on 512 columns or fewer. Defaults to both.
        controls: sequence of str. `"untrained"`: features of the same
            network with fresh weights. `"handmade"`: `handmade_features`.
            `"minirocket"`: MiniRocket of aeon, its thresholds found on
            windows of WISDM's people who may be pretrained on or, without
            that archive, on the training windows of each fold; without aeon
            it is named as missing. `"side_by_side"`: embedding + hand-made,
            features + MiniRocket. Defaults to all.
        rotations: int. With 1 or more, the classifiers are also scored on
            test windows that are turned, each by a random rotation, so many
            times. Defaults to `0`.
        protocol: str. How people are split. `"suite"`: five folds, or as
            many as there are people. `"biopm"`, as BioPM is scored: with ten
            people or fewer each is left out once, else five random splits
            test 20 % of them. Defaults to `"suite"`.
        num_draws: int. How often the labelled people are drawn. Defaults to
            `5`.
        seed: int. Draws windows, folds, labelled people, untrained weights
            and rotations. Defaults to `0`.
        batch_size: int. Windows per forward pass. Defaults to `256`.
        progress: callable or None. Called with one line of text for each
            set and representation, e.g. `print`. Defaults to `None`.
        outputs: sequence of str. Which outputs of the encoders are scored,
            such as `"embedding"`. Defaults to `None`: all.
        window_length: int, at least 2. Samples of a window, at 100 Hz. Longer
            ones are for encoders of a longer context; then a set loses what
            is too short for them. Defaults to `256`.

    Returns:
        `SuiteResult`.

    Raises:
        TypeError: if an encoder is none.
        ValueError: if an argument is not one of its choices, an encoder has
            none of the outputs, a set of another role is named, or a set has
            too few windows of that length.
        FileNotFoundError: if no set is in the folder.

    Example:
    ```python
    result = kr.evaluation.suite("relcon_small", data="data")
    print(result.table())
    result.save("suite")
    ```
    """
    started = time.time()
    roles, heads = _as_tuple(roles), _as_tuple(heads)
    num_labelled, controls = _as_tuple(num_labelled), _as_tuple(controls)
    _check(heads, num_labelled, rotations, protocol, num_draws)
    check_whole("window_length", window_length, least=2, advice="Use 256.")
    wanted = sets_of(roles, None if sets is None else _as_tuple(sets))
    represent, parts_of, own = make_representations(
        encoders,
        controls,
        seed,
        batch_size,
        None if outputs is None else _as_tuple(outputs),
        window_length,
    )
    folder = DataFolder(data)
    loaded, absent = load_sets(wanted, folder, protocol, seed, window_length)
    missing = [f"the set {name} (its file is not there)" for name in absent]
    if "minirocket" in controls and MINIROCKET not in represent:
        missing.append(f"{MINIROCKET} (needs aeon: the extra [minirocket])")
    for name in missing:
        warnings.warn(f"The suite goes without {name}.", stacklevel=2)
    if MINIROCKET in represent:
        represent[MINIROCKET] = _fitted_on_wisdm(
            represent[MINIROCKET], folder, seed, window_length
        )
    rows: dict[Any, Row] = {}
    for each in loaded:
        columns = _Columns(each, represent, rotations, seed)
        for name, parts in parts_of.items():
            begun = time.time()
            counts = classify(
                each,
                functools.partial(columns.of_fold, parts),
                heads,
                num_labelled,
                num_draws,
                seed,
            )
            for condition, confusion in counts.items():
                key = name, *condition
                if key not in rows:
                    head, num, is_rotated = condition
                    rows[key] = Row(
                        name, head, num, is_rotated, name in own, {}
                    )
                rows[key].confusion[each.name] = confusion
            if progress is not None:
                progress(f"{each.name}: {name}, {time.time() - begun:.0f} s")
    settings = {
        "roles": roles,
        "protocol": protocol,
        "num_draws": num_draws,
        "rotations": rotations,
        "window_length": window_length,
        "seed": seed,
        "sets": {
            each.name: {
                **each.describe(),
                "people_in_pretraining": _pretrained_on(each, represent),
            }
            for each in loaded
        },
        "versions": library_versions(),
        "seconds": round(time.time() - started, 1),
    }
    return SuiteResult(list(rows.values()), loaded, settings, missing)


def _pretrained_on(each, represent):
    """The people of a set whom presets were trained on, by encoder; warns."""
    known = {}
    source = Path(each.archive).stem
    for name, embedder in represent.items():
        model = getattr(embedder, "model", None)
        found = pretrained_on(model, each.people, source)
        if found:
            known[name] = found
            warnings.warn(pretrained_message(name, found), stacklevel=3)
    return known


def _fitted_on_wisdm(mini_rocket, folder, seed, window_length):
    """Fits MiniRocket on people who may be pretrained on, if they are there.

    So it sees what an encoder may see, and each window is transformed once.
    """
    (each,) = (s for s in SETS if s.name == "wisdm_others")
    if folder.find(each.file) is not None:
        recordings = folder.recordings(each)
        windows = wisdm_training_windows(recordings, seed, window_length)
        return mini_rocket.fitted(windows.acceleration)
    return mini_rocket


class _Columns:
    """The columns of a set's windows, of each representation once.

    Args:
        loaded: `LoadedSet`.
        represent: dict of name to representation.
        rotations: int. How many rotated copies of the windows there are.
        seed: int.
    """

    def __init__(self, loaded, represent, rotations, seed):
        self._loaded = loaded
        self._represent = represent
        acceleration = loaded.windows.acceleration
        self._versions = [acceleration] + [
            rotate(acceleration, [seed, index]) for index in range(rotations)
        ]
        self._kept, self._joined = {}, {}

    def of_fold(self, parts, index):
        """Columns of some representations, side by side.

        Args:
            parts: tuple of str. Names of representations.
            index: int. The fold.

        Returns:
            list of `(windows, columns)`: of the windows as they are, then of
            each rotated copy.
        """
        if len(parts) == 1:
            return self._part(parts[0], index)
        is_same = all(self._is_fitted(name) for name in parts)
        key = parts, None if is_same else index
        if key not in self._joined:
            arrays = [self._part(name, index) for name in parts]
            # Only the last ones are kept: they are as wide as all others.
            self._joined = {
                key: [np.concatenate(same, axis=1) for same in zip(*arrays)]
            }
        return self._joined[key]

    def _is_fitted(self, name):
        return getattr(self._represent[name], "is_fitted", True)

    def _part(self, name, index):
        represent = self._represent[name]
        key = name, None if self._is_fitted(name) else index
        if key not in self._kept:
            if not self._is_fitted(name):
                fold = self._loaded.folds[index]
                rows = fold.rows(self._loaded.windows.subjects)["train"]
                represent = represent.fitted(self._versions[0][rows])
            self._kept[key] = [represent(v) for v in self._versions]
        return self._kept[key]


def rotate(acceleration, seed):
    """Turns each window by its own random rotation of the whole sphere.

    Args:
        acceleration: `(windows, time, 3)`, g.
        seed: int or sequence of int.

    Returns:
        `(windows, time, 3)` float32, g.
    """
    from scipy.spatial.transform import Rotation

    generator = np.random.default_rng(seed)
    turns = Rotation.random(len(acceleration), generator).as_matrix()
    return np.einsum("nij,ntj->nti", turns, acceleration).astype("float32")


def _as_tuple(value):
    is_single = isinstance(value, (str, int)) or value is None
    return (value,) if is_single else tuple(value)


def _check(heads, num_labelled, rotations, protocol, num_draws):
    for head in heads:
        check_one_of("heads", head, list(HEADS))
    for number in num_labelled:
        if number is not None:
            check_whole("num_labelled", number, advice="Use None for all.")
    for name, values in (("heads", heads), ("num_labelled", num_labelled)):
        if not values:
            raise ValueError(
                message(f"`{name}` must name at least one.", {name: values})
            )
    check_one_of("protocol", protocol, PROTOCOLS)
    check_whole("rotations", rotations, least=0)
    check_whole("num_draws", num_draws)
