"""Trains a stage of the pretraining in as many runs as it takes."""

import importlib.util
import shutil
import time
from pathlib import Path

import keras

from keras_relcon.training import EpochLog, LossGuard, ResumableTraining


class Paused(Exception):
    """The time of this run is over, and the stage is saved."""


def fit_stage(model, batches, epochs, name, key, config, deadline=None):
    """Fits a compiled model, from its last checkpoint where there is one.

    Args:
        model: compiled `keras.Model`.
        batches: `CandidateGroups` or `WindowBatches`.
        epochs: int.
        name: str. Of the stage; checkpoints and logs have it.
        key: str. Hash of all that the stage depends on.
        config: dict of `complete_config`.
        deadline: float. Of `time.monotonic()`. Defaults to `None`.

    Returns:
        `ResumableTraining`, with the seconds of all runs.

    Raises:
        Paused: if the deadline came first.
        FloatingPointError: if the loss is not finite.
    """
    settings, output = config["run"], config["output"]
    checkpoints = stages_of(config) / _checkpoint_name(name, key)
    logs = output.with_name(f"{output.name}.logs")
    resumable = ResumableTraining(
        checkpoints,
        batches,
        every=settings["checkpoint_steps"],
        max_minutes=_minutes_left(deadline),
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
    """Folder of what is kept until the preset is written."""
    output = Path(config["output"])
    return output.with_name(f"{output.name}.stages")


def remove_other_stages(config, keys, overwrite):
    """Removes what was trained by another config, or refuses to.

    Args:
        config: dict of `complete_config`.
        keys: dict of the name of a stage to the hash that it depends on.
        overwrite: bool. Whether they may be removed.

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
            f"{[str(folder) for folder in others]}, trained by another. Go "
            "back to that config, choose another output, or pass --overwrite "
            "to remove them."
        )
    for folder in others:
        shutil.rmtree(folder)


def _checkpoint_name(name, key):
    return f"{name}-{key[:12]}"


def _minutes_left(deadline):
    if deadline is None:
        return None
    return max(0.0, deadline - time.monotonic()) / 60


def _tensorboard(path):
    for package in ("tensorflow", "tensorboard"):
        if importlib.util.find_spec(package) is None:
            raise ImportError(
                f"run.tensorboard = true needs {package}. Install it with "
                "`pip install tensorboard tensorflow`, or leave the key out: "
                "the same figures are in the .csv file of the logs."
            )
    return keras.callbacks.TensorBoard(str(path))
