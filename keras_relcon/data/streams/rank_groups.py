"""Ranks the candidates of fixed groups of windows once, for many epochs."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Protocol

import keras
import numpy as np

from keras_relcon import checks, kept_files
from keras_relcon.data.streams.candidate_groups import CandidateGroups
from keras_relcon.data.streams.stored_ranking import StoredRanking, ranks_of
from keras_relcon.kept_files import KeptFolder, content_key
from keras_relcon.types import PathLike, Tensor

GROUPS_PER_PART = 16
MOST_WINDOWS = 256  # ranks are bytes
OPTIONAL = ("minimum_std_g", "max_blocks")  # not in the facts where not set
# Settings of a distance that do not change what it ranks.
SAME_ORDER = (
    *("name", "trainable", "dtype", "dropout"),
    *("pairs_per_chunk", "ranking_kernels"),
)


class HasDistances(Protocol):
    """A `MotifDistance`, or what ranks as it does."""

    def candidate_distances(
        self, anchors: Tensor, candidates: Tensor
    ) -> Tensor: ...


def rank_groups(
    groups: CandidateGroups,
    distance: HasDistances,
    path: PathLike,
    epochs: int = 1,
) -> Path:
    """Ranks the groups of some epochs, and keeps the order in a file.

    The distance is frozen, so the order of the candidates of a fixed group
    never changes. `CandidateGroups(..., ranking=path)` then gives the groups
    with their order, as often as wanted, and `RelConModel` trains without the
    distance at about the price of NT-Xent.

    The order takes a byte a pair. Every few groups are kept as they are ranked
    in `<path>.parts`, so that a run that was ended goes on there; several
    processes may rank for one file at the same time.

    Args:
        groups: `CandidateGroups` with `anchors="all"` and a batch size of at
            most 256.
        distance: `MotifDistance`, trained, or any object with its
            `candidate_distances`. A ranking is known by the class, weights
            and settings of what made it.
        path: str or path. The file, `.h5`. If it is there and of the same
            groups and distance, nothing is ranked.
        epochs: int. Epochs of `groups` to rank, from `groups.epoch` on; a
            window may be in a group of each. Defaults to `1`.

    Returns:
        `Path` of the file.

    Raises:
        TypeError: if `groups` or `distance` is no such object.
        ValueError: if the groups are not of `anchors="all"`, too large, or
            come from a ranking already.
        FileExistsError: if `path` is another ranking or file.

    Differs from the paper: there each batch is drawn and ranked anew.

    Example:

    >>> sizes = {"batch_size": 64, "num_candidates": 7, "anchors": "all"}
    >>> groups = CandidateGroups(store, **sizes)
    >>> path = rank_groups(groups, distance, "ranking.h5")
    >>> model = keras_relcon.RelConModel(encoder, None, anchors="all")
    >>> model.compile(optimizer="adam")
    >>> model.fit(CandidateGroups(store, ranking=path, **sizes), epochs=20)
    """
    _check(groups, distance)
    checks.check_whole("epochs", epochs, 1)
    path = Path(path)
    facts = {
        **{k: v for k, v in groups.identity().items() if v is not None},
        "distance": _checksum(distance),
        "first_epoch": groups.epoch,
        "epochs": epochs,
    }
    if path.exists():
        _check_is_same(path, facts, _checksum_of_weights(distance))
        return path
    folder = path.with_name(f"{path.name}.parts")
    parts = _rank_parts(groups, distance, path, folder, facts)
    if parts is None or path.exists():
        _check_is_same(path, facts, _checksum_of_weights(distance))
    else:
        StoredRanking(
            np.concatenate([part["starts"] for part in parts]),
            np.concatenate([part["ranks"] for part in parts]),
            facts,
        ).save(path)
    shutil.rmtree(folder, ignore_errors=True)
    return path


def _rank_parts(groups, distance, path, folder, facts):
    """All parts in order; `None` where another process has written `path`."""
    kept, parts = KeptFolder(folder), {}
    num_groups = facts["epochs"] * len(groups)
    numbers = range(-(-num_groups // GROUPS_PER_PART))

    def rank(number):
        first = number * GROUPS_PER_PART
        stop = min(first + GROUPS_PER_PART, num_groups)
        return _rank_part(groups, distance, range(first, stop))

    # Processes that rank side by side begin at different places.
    order = np.random.default_rng(os.getpid()).permutation(numbers).tolist()
    for number in order:
        if path.exists():
            return None
        key = content_key(facts, number)
        try:
            parts[number] = kept.arrays("part", key, lambda: rank(number))
        except FileNotFoundError:  # whoever wrote `path` has removed the folder
            if not path.exists():
                raise
            return None
    return [parts[number] for number in numbers]


def _rank_part(groups, distance, numbers):
    starts, ranks = [], []
    for number in numbers:
        epoch, index = divmod(number, len(groups))
        drawn = groups.draw(groups.epoch + epoch, index)
        windows = groups.store.read(drawn)
        no_candidates = np.zeros((len(windows), 0, *windows.shape[1:]), "f4")
        distances = distance.candidate_distances(windows, no_candidates)
        starts.append(drawn)
        ranks.append(ranks_of(keras.ops.convert_to_numpy(distances)))
    return {"starts": np.stack(starts), "ranks": np.stack(ranks)}


def _check(groups, distance):
    checks.check_kind(
        "groups",
        groups,
        CandidateGroups,
        "`CandidateGroups`",
        'Make them with `anchors="all"`.',
    )
    if not hasattr(distance, "candidate_distances"):
        raise TypeError(
            checks.message(
                "`distance` must be a `MotifDistance`.", {"distance": distance}
            )
        )
    is_ranked = groups.ranking is not None
    is_large = groups.batch_size > MOST_WINDOWS
    if groups.anchors != "all" or is_ranked or is_large:
        raise ValueError(
            checks.message(
                '`groups` must have `anchors="all"`, no `ranking`, and at most '
                f"{MOST_WINDOWS} windows.",
                {
                    "anchors": groups.anchors,
                    "ranking": groups.ranking,
                    "batch_size": groups.batch_size,
                },
            )
        )


def _check_is_same(path, facts, former):
    """Raises a FileExistsError unless a file is a ranking of these facts.

    `former` is the checksum of the distance in files of earlier versions.
    """
    try:
        received = StoredRanking.load(path).facts
    except ValueError:
        received = {}
    if received.get("distance") == former:
        received = {**received, "distance": facts["distance"]}
    for name in (*facts, *OPTIONAL):
        if received.get(name) != facts.get(name):
            raise FileExistsError(
                checks.message(
                    "`path` must be a new file, or hold this very ranking.",
                    f"{str(path)!r}, with {name}={received.get(name)}, and "
                    f"these groups have {facts.get(name)}",
                    "Choose another name, or remove the file.",
                )
            )


def _checksum(distance):
    """Of what the order depends on: weights and plain settings."""
    former = _checksum_of_weights(distance)
    if not kept_files.has_config(distance):
        return former
    settings = {
        name: value
        for name, value in sorted(distance.get_config().items())
        if isinstance(value, (str, int, float)) and name not in SAME_ORDER
    }
    return hashlib.sha256(f"{former} {settings}".encode()).hexdigest()


def _checksum_of_weights(distance):
    digest = hashlib.sha256(type(distance).__qualname__.encode())
    for weight in getattr(distance, "weights", []):
        value = keras.ops.convert_to_numpy(weight.value)
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()
