"""Trains on several devices, and leaves in the middle if asked.

python resume_run.py OUTPUT CHECKPOINTS [STOP [DEVICES]]

With STOP above 0 all processes leave after that batch, as if killed; below 0
process 1 alone is killed after it. DEVICES is how many of this process train;
else all of all processes do. Process 0 writes weights and losses.
"""

import os
import signal
import sys

import keras
import numpy as np
import train_run

import keras_relcon as kr

STEPS, EPOCHS, EVERY = 3, 2, 2


class LeaveAfter(keras.callbacks.Callback):
    def __init__(self, stop, process_index):
        super().__init__()
        self.left = abs(stop)
        self.is_killed = stop < 0
        if self.is_killed and process_index == 0:
            self.left = 0

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            if self.is_killed:
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(0)


def main(output, checkpoints, stop="0", count=None):
    devices = train_run.device_names(int(count)) if count else None
    parallel = kr.distributed.DataParallel(devices)
    losses, model = train(parallel, checkpoints, int(stop))
    if parallel.process_index == 0:
        np.savez(
            output,
            num_replicas=parallel.num_replicas,
            losses=losses,
            weights=np.concatenate(
                [x.ravel() for x in train_run.weights(model)]
            ),
        )


def train(parallel, checkpoints, stop=0):
    groups = train_run.candidate_groups(is_fixed=False, steps_per_epoch=STEPS)
    batches = parallel.shard(groups)
    with parallel.scope():
        model = train_run.small_model()
        model.compile(optimizer=keras.optimizers.Adam(1e-2))
    losses = train_run.Losses()
    callbacks = [losses, LeaveAfter(stop, parallel.process_index)]
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
