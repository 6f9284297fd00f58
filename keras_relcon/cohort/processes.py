"""One job after another, or several at a time in processes of their own."""

import contextlib
import multiprocessing
import os
import signal
import threading
import traceback
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from keras_relcon.checks import check_whole
from keras_relcon.cohort.file_work import FAILURES, Done, FileWork
from keras_relcon.cohort.jobs import RecordingJob, check_names
from keras_relcon.cores import num_cores

# What says to OpenMP, TensorFlow and XLA how many threads a process has.
THREADS = (
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",
)

_STARTING = threading.Lock()  # processes begin one at a time


class ProcessDied(OSError):
    """A process has ended before it was through with its job."""


def run(
    work: FileWork, jobs: Iterable[RecordingJob], workers: int = 1
) -> Iterator[tuple[RecordingJob, Done | Exception]]:
    """Does something with each job, and goes on after one that fails.

    With several workers each is a process that loads the model once, and they
    share the processors. A process that dies, for want of memory say, fails its
    own job alone; another takes its place.

    Args:
        work: `FileWork`.
        jobs: iterable of `RecordingJob`, each with a name of its own.
        workers: int. Processes; with `1` the jobs run in this one. Defaults to
            `1`. A script that asks for more needs `if __name__ == "__main__":`.

    Yields:
        Each job, with its `Done`, or one of `FAILURES`; as they end, which with
        several workers is not the order of the jobs.

    Raises:
        ValueError: if `workers` is no int of 1 or more, or two jobs have one
            name.
        Exception: what is none of `FAILURES`, a bug, as it is raised.

    Example:

    >>> jobs = keras_relcon.cohort.find_jobs("study/")
    >>> work = keras_relcon.cohort.EmbedFiles("relcon_small", "embeddings/")
    >>> found = dict(keras_relcon.cohort.run(work, jobs, workers=2))
    """
    check_whole("workers", workers)
    jobs = list(jobs)
    check_names(jobs)
    workers = min(workers, len(jobs))
    if workers < 2:
        for job in jobs:
            yield job, attempt(work, job)
        return
    yield from _side_by_side(work, jobs, workers)


def attempt(work, job):
    """What is done with a recording, or the one of `FAILURES` that it is."""
    try:
        return work(job)
    except FAILURES as error:
        return error
    except MemoryError:
        return OSError("There was too little memory for this file.")


def _side_by_side(work, jobs, workers):
    num_threads = max(1, num_cores() // workers)
    own = threading.local()  # each thread has a process of its own
    processes: list[_Worker] = []

    def do(job):
        if not hasattr(own, "worker"):
            own.worker = _Worker(work, num_threads)
            processes.append(own.worker)
        try:
            return own.worker.do(job)
        except ProcessDied as error:
            del own.worker
            return error, []

    threads = ThreadPoolExecutor(workers)
    try:
        futures = {threads.submit(do, job): job for job in jobs}
        for future in as_completed(futures):
            outcome, told = future.result()
            for warning in told:
                warnings.warn_explicit(*warning)
            if isinstance(outcome, RuntimeError):  # a bug
                raise outcome
            yield futures[future], outcome
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        for worker in processes:
            worker.end()
        threads.shutdown()


class _Worker:
    """A process that does one job at a time."""

    def __init__(self, work, num_threads):
        # A fork would take over threads of the backend, which hang in it.
        context = multiprocessing.get_context("spawn")
        self._pipe, end = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(end, work), daemon=True
        )
        with _threads_each(num_threads):
            self._process.start()
        end.close()

    def do(self, job):
        """Returns a `Done` or an exception, and the warnings on the way."""
        try:
            self._pipe.send(job)
            return self._pipe.recv()
        except (EOFError, OSError):
            with _STARTING:  # which collects processes that have ended too
                self._process.join()
            raise ProcessDied(_how_it_ended(self._process.exitcode)) from None

    def end(self):
        self._process.terminate()
        self._process.join()
        self._pipe.close()


def _serve(pipe, work):
    """Does the jobs that come through a pipe, until it is closed."""
    with contextlib.suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        while True:
            job = pipe.recv()
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                try:
                    outcome = work(job)
                except Exception as error:
                    outcome = _sendable(error)
            pipe.send(
                (
                    outcome,
                    [
                        (str(w.message), w.category, w.filename, w.lineno)
                        for w in told
                        if issubclass(w.category, UserWarning)
                    ],
                )
            )


def _sendable(error):
    """The error as one of a kind that any process can read."""
    words = [str(error), *getattr(error, "__notes__", [])]
    if isinstance(error, MemoryError):
        return OSError("There was too little memory: use fewer workers.")
    for kind in FAILURES:
        if isinstance(error, kind):
            return kind(" ".join(words))
    return RuntimeError("".join(traceback.format_exception(error)))


def _how_it_ended(code):
    how = f"by exit code {code}"
    if code is not None and code < 0:
        how = f"by signal {-code} ({signal.Signals(-code).name})"
    return (
        f"The process that worked on it ended {how}. It may have had too "
        "little memory: use fewer workers, or try this file alone."
    )


@contextlib.contextmanager
def _threads_each(count):
    """A process that is begun in it has so many threads."""
    with _STARTING:
        before = {name: os.environ.get(name) for name in THREADS}
        os.environ.update({name: str(count) for name in THREADS})
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
