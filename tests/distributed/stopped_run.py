"""Trains in two processes, of which process 1 stops answering on the way.

python stopped_run.py CHECKPOINTS
"""

import os
import signal
import sys

import keras
import resume_run

import keras_relcon as kr


class StopAfter(keras.callbacks.Callback):
    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGSTOP)


def main(checkpoints):
    parallel = kr.distributed.DataParallel(timeout_seconds=10)
    extra = []
    if parallel.process_index == 1:
        extra = [StopAfter(resume_run.KILLED_AFTER)]
    resume_run.train(parallel, checkpoints, extra)


if __name__ == "__main__":
    main(*sys.argv[1:])
