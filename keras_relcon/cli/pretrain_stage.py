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
        key: str. Hash of all that the stage depends on. Checkpoints of
            another are removed.
        config: dict of `complete_config`.
        deadline: float. Of `time.monotonic()`. Defaults to `None`.

    Returns:
        `ResumableTraining`, with the seconds of all runs.

    Raises:
        Paused: if the deadline came first.
        FloatingPointError: if the loss is not finite.
    """
    settings, output = config["run"], config["output"]
    checkpoints = stages_of(config) / f"{name}-{key[:12]}"
    for other in stages_of(config).glob(f"{name}-*"):
        if other != checkpoints:
            shutil.rmtree(other)
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
