"""Trains with processes that draw batches, one of which fails.

python worker_faults.py FAULT FOLDER

FAULT is what befalls a process in its third batch: "killed", "memory" (it asks
for more than there is), "stopped" or "hangs". With a number one process is
killed at any moment, by this seed, whatever it holds then. It prints the error
that ends `fit`, and ends.
"""

import multiprocessing
import os
import random
import resource
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from training.train_script import make_groups, make_model

from keras_relcon.data import CandidateGroups
from keras_relcon.training import ResumableTraining, WorkerWatch


class FailingGroups(CandidateGroups):
    fault = None

    def batch(self, epoch, index):
        is_worker = multiprocessing.parent_process() is not None
        if is_worker and index == 3 and self.fault in FAULTS:
            time.sleep(0.5)  # until it was seen
            FAULTS[self.fault]()
        return super().batch(epoch, index)


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)


def hang():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def fill_memory():
    """As a limit of the system does it: an error, then the end."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 20, most))
    try:
        np.ones(1 << 40)
    except MemoryError:
        os._exit(137)


def kill_one(seed):
    choice = random.Random(seed)
    while not multiprocessing.active_children():
        time.sleep(0.01)
    time.sleep(choice.uniform(0, 3))
    children = multiprocessing.active_children()
    worker = choice.choice([x for x in children if "PoolWorker" in x.name])
    os.kill(worker.pid, signal.SIGKILL)


FAULTS = {"killed": kill, "stopped": stop, "hangs": hang, "memory": fill_memory}


def main(fault, folder):
    groups = FailingGroups(
        make_groups().store,
        4,
        2,
        seed=4,
        steps_per_epoch=8 if fault in FAULTS else 100_000,
        workers=2,
        use_multiprocessing=True,
        max_queue_size=3,
    )
    groups.fault = fault
    if fault not in FAULTS:
        threading.Thread(target=kill_one, args=(int(fault),)).start()
    resumable = ResumableTraining(folder, groups, every=1)
    try:
        make_model().fit(
            groups,
            callbacks=[WorkerWatch(0.1, hang_seconds=5), resumable],
            verbose=0,
        )
    except Exception as error:
        print(f"ended: {error}", flush=True)


if __name__ == "__main__":
    # Threads of JAX may hang in processes that are forked.
    method = "spawn" if os.environ["KERAS_BACKEND"] == "jax" else "fork"
    multiprocessing.set_start_method(method)
    main(*sys.argv[1:])
