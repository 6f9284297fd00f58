"""Ends a training whose data process died or hangs, which would wait on it."""

import multiprocessing
import multiprocessing.pool
import signal
import threading
import time
from typing import Any

import keras

from keras_relcon import checks

# How the workers of a pool end when it is closed.
NORMAL = (None, 0, -signal.SIGTERM)
JOIN_SECONDS = 5.0
START_SECONDS = 120.0  # that a pool may take to begin all its processes
ADVICE = (
    "Use fewer `workers`, or threads (`use_multiprocessing=False`), and go on "
    "from the last checkpoint."
)


class WorkerWatch(keras.callbacks.Callback):
    """Ends `fit` by an error if a process that draws batches dies or hangs.

    With `use_multiprocessing=True` a process that the system kills, for want
    of memory above all, takes its batch with it, and Keras waits for that
    batch for ever; so it does for one that hangs. Then all processes of the
    pool are killed, whoever waits for a batch gets the error, and nothing is
    left for the end of the program to wait for. Not needed with threads. One
    that is killed before it was seen once is missed: a pool replaces it at
    once; its batch is one that does not come, as of one that hangs.
    Checkpoints of `ResumableTraining` stay, and the script is run again.

    Args:
        seconds: float, above 0. Between looks. Defaults to `1.0`.
        hang_seconds: float, above 0. How long no batch may come back while
            some are being drawn. Defaults to `50.0`.

    Raises:
        ValueError: if a number is not above 0.
        ChildProcessError: in `fit`, if a worker died or hangs. TensorFlow
            raises it as an error of its own, with the same words.

    Example:

    >>> groups = keras_relcon.data.CandidateGroups(
    ...     store, workers=4, use_multiprocessing=True
    ... )
    >>> model.fit(groups, callbacks=[WorkerWatch(), resumable])
    """

    def __init__(
        self, seconds: float = 1.0, hang_seconds: float = 50.0
    ) -> None:
        super().__init__()
        checks.check_number("seconds", seconds, above=0)
        checks.check_number("hang_seconds", hang_seconds, above=0)
        self.seconds = seconds
        self.hang_seconds = hang_seconds

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._is_over = threading.Event()
        threading.Thread(
            target=self._watch, args=(self._is_over,), daemon=True
        ).start()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._is_over.set()

    def _watch(self, is_over):
        workers, pending, idle = {}, {}, 0.0
        before = began = time.monotonic()
        while True:
            workers |= {worker.pid: worker for worker in self._find_workers()}
            dead = [x for x in workers.values() if x.exitcode not in NORMAL]
            if dead:
                # Processes that are spawned are seen before their pool, which
                # is known once all have begun.
                if not _pools() and began + START_SECONDS > time.monotonic():
                    if is_over.wait(self.seconds):
                        return
                    continue
                _end_pools(_death_of(dead[0]))
                return
            began = time.monotonic()
            now, drawn = time.monotonic(), _pending()
            # What was being drawn at the last look, and is so still. A look
            # that comes late does not count for more: this process may have
            # been kept from working itself.
            is_idle = pending and pending.keys() <= drawn.keys()
            idle += min(now - before, 2 * self.seconds) if is_idle else -idle
            pending, before = drawn, now
            if idle > self.hang_seconds:
                _end_pools(_hang_of(self.hang_seconds))
                return
            if is_over.wait(self.seconds):
                return

    def _find_workers(self):
        children = multiprocessing.active_children()
        return [child for child in children if "PoolWorker" in child.name]


def _death_of(worker):
    code = worker.exitcode
    how = f"with exit code {code}" if code > 0 else f"by signal {-code}"
    if code == -signal.SIGKILL:
        how += ", as of too little memory"
    return ChildProcessError(
        "Processes that draw batches must go on to the end. Received: process "
        f"{worker.pid} ended {how}. {ADVICE}"
    )


def _hang_of(seconds):
    return ChildProcessError(
        "Processes that draw batches must go on to the end. Received: no batch "
        f"for {seconds:g} s while some were being drawn. Look at what the "
        f"processes wait for, such as a network drive. {ADVICE}"
    )


def _pools():
    # Keras keeps its pools there, and nowhere public.
    from keras.src.trainers.data_adapters import py_dataset_adapter

    return list(py_dataset_adapter._DATA_POOLS)


def _pending():
    """What is being drawn, by pool and number."""
    return {
        (id(pool), job): result
        for pool in _pools()
        for job, result in list(pool._cache.items())
    }


def _end_pools(error):
    """Gives an error to whoever waits for a batch, and ends the pools."""
    pools = _pools()

    def refuse():
        raise error

    for pool in pools:
        pool._check_running = refuse  # else an error of another reason
        # No more is taken, and no worker is started in place of a dead one.
        pool._state = multiprocessing.pool.TERMINATE
        pool._worker_handler._state = multiprocessing.pool.TERMINATE
        pool._change_notifier.put(None)
    for _ in range(2):  # what was taken in this moment, too
        for pool in pools:
            for result in list(pool._cache.values()):
                result._set(0, (False, error))
        for pool in pools:
            pool._worker_handler.join(JOIN_SECONDS)
    for pool in pools:
        _kill(pool)
        # From here on the end of the program does not do it.
        pool.terminate()


def _kill(pool):
    """Kills the workers, and frees what one of them may have held."""
    for worker in pool._pool:
        if worker.exitcode is None:
            worker.kill()
    for worker in pool._pool:
        worker.join(JOIN_SECONDS)
    for lock in (pool._inqueue._rlock, pool._outqueue._wlock):
        if lock is not None:  # none of some systems
            lock.acquire(block=False)
            lock.release()
