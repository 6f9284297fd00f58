"""The recordings and the batches of a pretraining, as its config says."""

import dataclasses
from pathlib import Path

from keras_relcon import data
from keras_relcon.checks import message
from keras_relcon.presets.weights_file import sha256


def data_paths(config):
    """The sources of a config: list of `Path`, one or more."""
    paths = config["data"]
    return [paths] if isinstance(paths, Path) else list(paths)


def data_files(config):
    """What files are read, which a stage depends on.

    Args:
        config: dict of `complete_config`.

    Returns:
        list of `[name, bytes, sha256]`.

    Raises:
        FileNotFoundError: if there is no data.
        ValueError: if a folder holds no recordings.
    """
    return [
        [str(file.relative_to(path)), file.stat().st_size, sha256(file)]
        for path in data_paths(config)
        for file in _files_of(path)
    ]


def read_data(config):
    """Reads all recordings.

    Of several sources each subject is named `<source>/<subject>`, with the
    source's name without its ending: the same id may name other people there.

    Args:
        config: dict of `complete_config`.

    Returns:
        list of `Recording`.
    """
    paths = data_paths(config)
    recordings = []
    for path in paths:
        found = data.load_recordings(path, **config["recordings"])
        if len(paths) > 1:
            found = [
                dataclasses.replace(item, subject=f"{path.stem}/{item.subject}")
                for item in found
            ]
        recordings += found
    return recordings


def split_data(config):
    """The store to train on, the held-out subjects, and their recordings."""
    recordings = read_data(config)
    store = data.WindowStore.from_recordings(recordings, **config["windows"])
    held_out = [str(name) for name in config["held_out_subjects"]]
    unknown = sorted(set(held_out) - {item.subject for item in recordings})
    if unknown:
        raise ValueError(
            message(
                f"`held_out_subjects` must be among {store.subjects}.",
                unknown,
                "Name folders, or subjects of the archive; of several sources "
                "`<source>/<subject>`.",
            )
        )
    train, share = store, config["held_out_share"]
    if held_out:
        rest = [name for name in store.subjects if name not in held_out]
        if not rest:
            raise ValueError(
                message(
                    "`held_out_subjects` must leave a subject to train on.",
                    f"all subjects with windows, {store.subjects}",
                    "Name fewer.",
                )
            )
        train = store.select_subjects(rest)
    elif share:
        if len(store.subjects) < 2:
            raise ValueError(
                message(
                    "`held_out_share` above 0 needs two subjects or more.",
                    f"held_out_share={share}, windows of {store.subjects}",
                    "Set `held_out_share = 0` to train on all, or add people.",
                )
            )
        train, rest = store.split_subjects((1 - share, share), config["seed"])
        held_out = list(rest.subjects)
    unseen = [item for item in recordings if item.subject in held_out]
    return train, held_out, unseen


def candidate_groups(config, store, ranking=None):
    """The groups to train on, or, without `ranking`, those to rank.

    Args:
        config: dict of `complete_config`.
        store: `WindowStore`.
        ranking: path of a file of `rank_groups`. Defaults to `None`.

    Returns:
        `CandidateGroups`.
    """
    settings = config["relcon"]
    steps = min(settings["steps_per_epoch"], settings["steps"])
    if settings["ranking"] is not None and ranking is None:
        steps = settings["ranked_groups"]
    return data.CandidateGroups(
        store,
        batch_size=settings["batch_size"],
        num_candidates=settings["num_candidates"],
        steps_per_epoch=steps,
        seed=config["seed"],
        policy=settings["policy"],
        span_seconds=settings["span_seconds"],
        minimum_std_g=settings["minimum_std_g"],
        anchors=settings["anchors"],
        ranking=ranking,
        max_blocks=settings["max_blocks"],
        workers=config["run"]["workers"],
    )


def _files_of(path):
    """The files that `load_recordings` reads, at least one."""
    if path.is_file():
        return [path]
    files = []
    if path.is_dir():
        files = [file.path for file in data.recording_files(path)]
    if not files:
        data.load_recordings(path)  # raises, and says what is expected
    return files
