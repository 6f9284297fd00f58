"""Trains on several devices: killed on the way, resumed, and undisturbed.

python resume_run.py OUTPUT FOLDER COUNT [RUN ...]

A process that is forked before the backend has begun trains and is killed;
this one goes on from its checkpoints, trains from the start, then does the runs
of `train_run.py`. COUNT is how many devices of this process train, or "all" of
all processes. Process 0 writes weights, losses and what came out of the runs.
"""

import json
import multiprocessing
import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np
import train_run

import keras_relcon as kr

STEPS, EPOCHS, EVERY = 3, 2, 2
# After the first batch of the second epoch; saved before it.
KILLED_AFTER = 4


class KillAfter(keras.callbacks.Callback):
    def __init__(self, steps, by=signal.SIGKILL):
        super().__init__()
        self.left, self.by = steps, by

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.by)


def main(output, folder, count, *runs):
    killed = multiprocessing.get_context("fork").Process(
        target=train_and_die, args=(f"{folder}/killed", count)
    )
    killed.start()
    killed.join()
    if killed.exitcode == 0:
        raise SystemExit("it trained to its end")
    clusters = train_run.Clusters([count, *runs])
    parallel, results = clusters[count], {}
    for name, checkpoints in (("resumed", "killed"), ("whole", "whole")):
        losses, model = train(parallel, Path(folder, checkpoints))
        weights = [x.ravel() for x in train_run.weights(model)]
        results[f"{name}/losses"] = losses
        results[f"{name}/weights"] = np.concatenate(weights)
    results |= train_run.results_of(runs, clusters)[0]
    train_run.save(output, results, parallel)


def train_and_die(checkpoints, count):
    # Of several processes, where the killed ones find each other.
    os.environ.update(json.loads(os.environ.get("KILLED_ENVIRONMENT", "{}")))
    parallel = train_run.Clusters([count])[count]
    train(parallel, checkpoints, [KillAfter(KILLED_AFTER)])


def train(parallel, checkpoints, extra=()):
    groups = train_run.candidate_groups(is_fixed=False, steps_per_epoch=STEPS)
    batches = parallel.shard(groups)
    with parallel.scope():
        model = train_run.small_model(has_norm=False)  # sooner compiled
        model.compile(optimizer=keras.optimizers.Adam(1e-2))
    losses = train_run.Losses()
    callbacks = [losses, *extra]
    if isinstance(batches, keras.utils.PyDataset):  # not between TF workers
        callbacks.insert(
            1,
            kr.training.ResumableTraining(checkpoints, batches, every=EVERY),
        )
    model.fit(
        batches,
        steps_per_epoch=STEPS,
        epochs=EPOCHS,
        callbacks=callbacks,
        verbose=0,
    )
    return np.array(losses.losses), model


if __name__ == "__main__":
    main(*sys.argv[1:])
