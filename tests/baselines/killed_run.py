"""Trains small methods: killed on the way, resumed, and undisturbed.

python killed_run.py OUTPUT FOLDER METHOD [METHOD ...]

For each method a process, forked before the backend has begun, trains and is
killed; this one goes on from its checkpoints, and trains from the start too. It
writes all variables at both ends, and how many steps it took to them.
"""

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np
from baselines.every_method import METHODS, small

from keras_relcon.baselines import AdaptiveResolution
from keras_relcon.data import WindowBatches, WindowStore, synthetic_recordings
from keras_relcon.training import ResumableTraining

STEPS, EPOCHS = 3, 2
KILLED_AFTER = 4  # in the second epoch


def choosing(every):
    return lambda: small(
        "TS2Vec",
        resolution=AdaptiveResolution(every=every, seed=5),
        overlap_lengths=(12, 24),
    )


RUNS = {
    **{name: lambda name=name: small(name) for name in METHODS},
    "TS2Vec by epoch": choosing("epoch"),
    "TS2Vec by step": choosing("step"),
}


class Count(keras.callbacks.Callback):
    """Counts the steps of a training."""

    steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1


class Kill(keras.callbacks.Callback):
    """Kills this process after some steps, with no time for anything."""

    left = KILLED_AFTER

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def train(name, folder, *callbacks):
    recordings = synthetic_recordings(2, 20, motions=["walking", "sitting"])
    store = WindowStore.from_recordings(recordings, 50, 64)
    batches = WindowBatches(store, 4, steps_per_epoch=STEPS, seed=2)
    model = RUNS[name]()
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        run_eagerly=keras.backend.backend() == "tensorflow",
    )
    resumable = ResumableTraining(folder, batches, every=1)
    model.fit(
        batches,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
        callbacks=[resumable, *callbacks],
    )
    return model.variables


def train_and_die(name, folder):
    train(name, folder, Kill())


def main(output, folder, *names):
    if keras.backend.backend() == "torch":
        keras.utils.set_random_seed(0)  # imports TensorFlow, once for all
    fork = multiprocessing.get_context("fork")
    for name in names:
        process = fork.Process(
            target=train_and_die, args=(name, Path(folder, "killed", name))
        )
        process.start()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            raise SystemExit(f"{name}: exit code {process.exitcode}")
    ends = {}
    for name in names:
        for kind in ("killed", "whole"):
            count = Count()
            variables = train(name, Path(folder, kind, name), count)
            ends[f"{name}/{kind} steps"] = count.steps
            for place, variable in enumerate(variables):
                value = keras.ops.convert_to_numpy(variable)
                ends[f"{name}/{kind}/{place}"] = value
    np.savez(output, **ends)


if __name__ == "__main__":
    main(*sys.argv[1:])
