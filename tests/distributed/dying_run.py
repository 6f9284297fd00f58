"""Trains in several processes, of which process 1 is killed on the way.

python dying_run.py OUTPUT CHECKPOINTS

Process 0 would write what came out.
"""

import os
import sys

import keras
import numpy as np
import resume_run

import keras_relcon as kr


def main(output, checkpoints):
    if keras.backend.backend() == "jax":
        notice_soon()
    parallel = kr.distributed.DataParallel()
    extra = []
    if parallel.process_index == 1:
        extra = [resume_run.KillAfter(resume_run.KILLED_AFTER)]
    losses, _ = resume_run.train(parallel, checkpoints, extra)
    np.savez(output, losses=losses)


def notice_soon():
    """Joins as Keras does, but a missing heartbeat is noticed in seconds.

    By default it is after 100.
    """
    import jax

    jax.distributed.initialize(
        os.environ["KERAS_DISTRIBUTION_JOB_ADDRESSES"],
        int(os.environ["KERAS_DISTRIBUTION_NUM_PROCESSES"]),
        int(os.environ["KERAS_DISTRIBUTION_PROCESS_ID"]),
        heartbeat_timeout_seconds=10,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
