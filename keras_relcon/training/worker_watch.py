"""Ends a training whose data process was killed, which would wait for ever."""

import multiprocessing
import signal
import threading
from typing import Any

import keras

from keras_relcon import checks

# How the workers of a pool end when it is closed.
NORMAL = (None, 0, -signal.SIGTERM)


class WorkerWatch(keras.callbacks.Callback):
    """Ends `fit` by an error if a process that draws batches is killed.

    With `use_multiprocessing=True` a process that the system kills, for want
    of memory above all, takes its batch with it, and Keras waits for that
    batch for ever. Not needed with threads. One that is killed before it was
    seen once is missed: a pool replaces it at once. Checkpoints of
    `ResumableTraining` stay, and the script is run again.

    Args:
        seconds: float, above 0. Between looks. Defaults to `1.0`.

    Raises:
        ValueError: if `seconds` is not above 0.
        ChildProcessError: in `fit`, if a worker was killed. TensorFlow raises
            it as an error of its own, with the same words.

    Example:

    >>> groups = keras_relcon.data.CandidateGroups(
    ...     store, workers=4, use_multiprocessing=True
    ... )
    >>> model.fit(groups, callbacks=[WorkerWatch(), resumable])
    """

    def __init__(self, seconds: float = 1.0) -> None:
        super().__init__()
        checks.check_number("seconds", seconds, above=0)
        self.seconds = seconds

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._is_over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._is_over.set()

    def _watch(self):
        workers = {}
        while True:
            workers |= {worker.pid: worker for worker in self._find_workers()}
            killed = [x for x in workers.values() if x.exitcode not in NORMAL]
            if killed:
                _fail_waiting(killed[0])
                return
            if self._is_over.wait(self.seconds):
                return

    def _find_workers(self):
        children = multiprocessing.active_children()
        return [child for child in children if "PoolWorker" in child.name]


def _fail_waiting(worker):
    """Gives an error to whoever waits for a batch."""
    code = worker.exitcode
    how = f"with exit code {code}" if code > 0 else f"by signal {-code}"
    if code == -signal.SIGKILL:
        how += ", as of too little memory"
    error = ChildProcessError(
        "Processes that draw batches must go on to the end. Received: process "
        f"{worker.pid} ended {how}. Use fewer `workers`, or threads "
        "(`use_multiprocessing=False`), and go on from the last checkpoint."
    )
    # Keras keeps its pools there, and nowhere public.
    from keras.src.trainers.data_adapters import py_dataset_adapter

    for pool in list(py_dataset_adapter._DATA_POOLS):
        for result in list(pool._cache.values()):
            result._set(0, (False, error))
