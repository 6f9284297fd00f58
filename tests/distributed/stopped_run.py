"""Trains in two processes, of which process 1 stops answering on the way.

python stopped_run.py CHECKPOINTS
"""

import signal
import sys

import dying_run
import keras
import resume_run

import keras_relcon as kr


def main(checkpoints):
    if keras.backend.backend() == "jax":
        dying_run.notice_soon()
    parallel = kr.distributed.DataParallel(timeout_seconds=10)
    extra = []
    if parallel.process_index == 1:
        steps = resume_run.KILLED_AFTER
        extra = [resume_run.KillAfter(steps, signal.SIGSTOP)]
    resume_run.train(parallel, checkpoints, extra)


if __name__ == "__main__":
    main(*sys.argv[1:])
