"""What a process does with jobs of a test, by their options."""

import os
import signal
import threading
import time
import warnings

from keras_relcon.cohort import Done, FileWork

NUM_LOADED = 0


class SmallWork(FileWork):
    """Says in which process it was; or fails, warns or dies."""

    def __init__(self, folder):
        self.folder = folder

    def _load(self):
        global NUM_LOADED
        NUM_LOADED += 1
        return threading.Lock()  # which goes to no other process

    def _do(self, job):
        (self.folder / job.name).touch()
        kind = job.options.get("kind")
        if kind == "wait":  # until both are there
            while not (self.folder / job.options["for"]).exists():
                time.sleep(0.01)
        elif kind == "fail":
            raise FileNotFoundError(2, "no such file", "walk.csv")
        elif kind == "memory":
            raise MemoryError("Unable to allocate 9 GiB")
        elif kind == "bug":
            raise KeyError("a bug")
        elif kind == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif kind == "leave":
            os._exit(3)
        elif kind == "warn":
            warnings.warn("a strange recording", stacklevel=1)
        facts = {
            "pid": os.getpid(),
            "num_loaded": NUM_LOADED,
            "threads": os.environ.get("OMP_NUM_THREADS"),
        }
        return Done((facts,), (job.name,))
