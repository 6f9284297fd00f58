"""Trains a stage of the pretraining, in one run or several."""

import hashlib
import importlib.util
import json
import time
from pathlib import Path

import keras

from keras_relcon.presets.preset_directory import find_preset, read_preset
from keras_relcon.recipes.pretraining_config import DEFAULTS, with_names
from keras_relcon.recipes.pretraining_data import data_files, data_paths
from keras_relcon.training import EpochLog, LossGuard, ResumableTraining

DISTANCE_SECTIONS = (
    "data",
    "held_out_subjects",
    "held_out_share",
    "seed",
    "recordings",
    "windows",
    "motif_distance",
)
MODEL_SECTIONS = (*DISTANCE_SECTIONS, "encoder", "relcon", "views")
# Left out of a key at their default: a run that was begun before them goes on.
LATER_KEYS = {
    "motif_distance": ("preset",),
    "encoder": ("preset",),
    "relcon": ("anchors", "ranking", "ranked_groups", "max_blocks"),
    "views": ("augmentations", "num_augmentations"),
}


class Paused(Exception):
    """Raised when the time of a run is over and the stage is saved."""


def fit_stage(model, batches, epochs, name, key, config, deadline=None):
    """Fits a compiled model, from its last checkpoint if there is one.

    Args:
        model: compiled `keras.Model`.
        batches: `CandidateGroups` or `WindowBatches`.
        epochs: int.
        name: str. Name of the stage, used for checkpoints and logs.
        key: str. Hash of everything that the stage depends on.
        config: dict of `complete_config`.
        deadline: float. Of `time.monotonic()`. Defaults to `None`.

    Returns:
        `ResumableTraining`, with the seconds of all runs.

    Raises:
        Paused: if the deadline passed before the end.
        FloatingPointError: if the loss is not finite.
    """
    settings, output = config["run"], config["output"]
    checkpoints = stages_of(config) / _checkpoint_name(name, key)
    logs = output.with_name(f"{output.name}.logs")
    resumable = ResumableTraining(
        checkpoints,
        batches,
        every=settings["checkpoint_steps"],
        max_minutes=minutes_left(deadline),
    )
    callbacks = [
        EpochLog(logs / f"{name}.csv"),
        LossGuard(logs / "bad_batches.jsonl", batches),
        resumable,
    ]
    if settings["tensorboard"]:
        callbacks.insert(0, _tensorboard(logs / "tensorboard" / name))
    model.fit(batches, epochs=epochs, shuffle=False, callbacks=callbacks)
    if resumable.is_paused:
        raise Paused
    return resumable


def stages_of(config):
    """The folder of files that are kept until the preset is written."""
    output = Path(config["output"])
    return output.with_name(f"{output.name}.stages")


def stage_keys(config):
    """Hashes everything that each stage depends on.

    Args:
        config: dict of `complete_config`.

    Returns:
        dict of the name of a stage to the SHA-256 of its sections of the
        config, and of the data's names and contents.

    Raises:
        FileNotFoundError: if there is no data.
        ValueError: if its folder holds no recordings.
    """
    files = data_files(config)
    sizes = [file[:2] for file in files]
    # Of this version, and of those before it, the newest first.
    forms = (
        _keys(config, files),
        _keys(config, sizes),
        _keys(config, sizes, has_paths=True),
    )
    return next((f for f in forms if _was_begun_with(f, config)), forms[0])


def _keys(config, files, has_paths=False):
    """Of one form: names of places, or once, paths as they are given."""
    model_sections = MODEL_SECTIONS
    if config["readout"] != DEFAULTS["readout"]:
        model_sections += ("readout",)
    if not has_paths:
        config = {**config, "data": [p.name for p in data_paths(config)]}
        for name in ("motif_distance", "encoder", "relcon"):
            config[name] = _with_contents(config[name])
    return {
        "motif_distance": _key(config, DISTANCE_SECTIONS, files),
        "relcon": _key(config, model_sections, files),
    }


def _with_contents(section):
    """A section of names, with the weights of the preset that it names."""
    named, preset = with_names(section), section.get("preset")
    if preset is None:
        return named
    weights = read_preset(find_preset(preset))[1].weights["sha256"]
    return {**named, "preset": [named["preset"], weights]}


def _was_begun_with(keys, config):
    """Whether something is there that had these keys."""
    stages = stages_of(config)
    folders = [stages / _checkpoint_name(*each) for each in keys.items()]
    if any(folder.exists() for folder in folders):
        return True
    found = key_of(config["output"]), key_of(stages / "motif_distance")
    return found[0] == keys["relcon"] or found[1] == keys["motif_distance"]


def key_of(directory):
    """The hash of the config of a finished directory, or `None`."""
    try:
        metadata = read_preset(directory)[1]
    except ValueError:
        return None
    return metadata.facts.get("config_sha256")


def other_stages(config, keys, overwrite):
    """Finds stages of another config, or raises if there are any.

    Args:
        config: dict of `complete_config`.
        keys: dict of `stage_keys`.
        overwrite: bool. Whether stages of another config may be removed.

    Returns:
        list of `Path`, the folders to remove.

    Raises:
        FileExistsError: if there are any and `overwrite` is not set.
    """
    own = {_checkpoint_name(name, key) for name, key in keys.items()}
    others = [
        folder
        for folder in sorted(stages_of(config).glob("*-*"))
        if folder.name not in own
    ]
    if others and not overwrite:
        raise FileExistsError(
            "The stages must be those of this config. Received: "
            f"{[str(folder) for folder in others]}, of another config or of an "
            "earlier version. Use that config, choose another output, or pass "
            "overwrite=True to remove them."
        )
    return others


def _key(config, sections, files):
    content = {
        "config": {name: _as_before(name, config[name]) for name in sections},
        "files": files,
    }
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_before(name, section):
    """A section without the later keys, where they have their defaults."""
    if name not in LATER_KEYS:
        return section
    return {
        key: value
        for key, value in section.items()
        if key not in LATER_KEYS[name] or value != DEFAULTS[name][key]
    }


def _checkpoint_name(name, key):
    return f"{name}-{key[:12]}"


def minutes_left(deadline):
    """Until a time of the monotonic clock; `None` where there is none."""
    if deadline is None:
        return None
    return max(0.0, deadline - time.monotonic()) / 60


def _tensorboard(path):
    for package in ("tensorflow", "tensorboard"):
        if importlib.util.find_spec(package) is None:
            raise ImportError(
                f"run.tensorboard = true needs {package}. Install it with "
                "`pip install tensorboard tensorflow`, or leave the key out: "
                "the .csv file of the logs has the same figures."
            )
    return keras.callbacks.TensorBoard(str(path))
