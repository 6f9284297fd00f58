"""Workers that die and stores that go: a clear error, and nothing lost."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import keras
import numpy as np
import pytest
from training.train_script import make_groups, make_model

from keras_relcon.data import CandidateGroups, WindowStore, synthetic_recordings
from keras_relcon.training import (
    ResumableTraining,
    WorkerWatch,
    worker_watch,
)
from keras_relcon.training.training_state import get_arrays

pytestmark = pytest.mark.every_backend


class KilledOnce(CandidateGroups):
    """Kills the process that draws one of the batches, the first time."""

    marker = seen = None

    def batch(self, epoch, index):
        is_worker = multiprocessing.parent_process() is not None
        if is_worker and index == 3:
            if not self.marker.exists():
                self.marker.touch()
                while not self.seen.exists():
                    time.sleep(0.01)
                os.kill(os.getpid(), signal.SIGKILL)
        return super().batch(epoch, index)


class Watch(WorkerWatch):
    """Says when it has seen both workers."""

    seen = None

    def _find_workers(self):
        workers = super()._find_workers()
        if len(workers) == 2:
            self.seen.touch()
        return workers


@pytest.mark.skipif(
    keras.backend.backend() == "jax",
    reason="JAX threads may hang in forked processes",
)
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_killed_worker_ends_fit_by_an_error(tmp_path):
    groups = KilledOnce(
        make_groups().store,
        4,
        2,
        seed=4,
        steps_per_epoch=6,
        workers=2,
        use_multiprocessing=True,
        max_queue_size=2,
    )
    groups.marker = tmp_path / "killed"
    watch = Watch(0.1)
    groups.seen = watch.seen = tmp_path / "seen"
    resumable = ResumableTraining(tmp_path / "checkpoints", groups, every=1)
    with pytest.raises(Exception, match="ended by signal 9, as of too little"):
        make_model().fit(groups, callbacks=[watch, resumable], verbose=0)
    position = resumable.files.read()[0]["position"]
    assert position[0] == 0 and position[1] <= 3
    resumable = ResumableTraining(tmp_path / "checkpoints", groups, every=1)
    make_model().fit(groups, callbacks=[WorkerWatch(), resumable], verbose=0)
    assert resumable.is_finished


NO_BATCH = "no batch for 5 s while some were being drawn"


@pytest.mark.hardening
@pytest.mark.parametrize(
    "fault, reason",
    [
        ("killed", "ended by signal 9, as of too little memory"),
        ("memory", "ended with exit code 137"),
        pytest.param(
            "stopped", NO_BATCH, marks=[pytest.mark.slow, pytest.mark.once]
        ),
        ("hangs", NO_BATCH),
        *((str(seed), "Received: ") for seed in range(10)),
    ],
)
def test_a_worker_that_fails_ends_the_program(tmp_path, fault, reason):
    line = [sys.executable, str(Path(__file__).with_name("worker_faults.py"))]
    found = subprocess.run(
        [*line, fault, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert found.returncode == 0, found.stderr
    assert reason in found.stdout, found.stdout + found.stderr
    assert [*tmp_path.iterdir()]  # the checkpoints


@pytest.mark.once
@pytest.mark.parametrize("looks", [1, 4])
def test_a_worker_that_dies_before_its_pool_is_known(monkeypatch, looks):
    """As where processes are spawned, one after the other."""
    dead = types.SimpleNamespace(pid=1, exitcode=-9)
    found, ended = [], []

    def pools():
        found.append("a pool" if len(found) >= looks else None)
        return [found[-1]] if found[-1] else []

    watch = WorkerWatch(0.001)
    monkeypatch.setattr(watch, "_find_workers", lambda: [dead])
    monkeypatch.setattr(worker_watch, "_pools", pools)
    monkeypatch.setattr(worker_watch, "_end_pools", ended.append)
    watch._watch(threading.Event())
    assert found[-1] == "a pool" and len(found) == looks + 1
    (error,) = ended
    assert "process 1 ended by signal 9" in str(error)
    # Not for ever: where no pool comes, there is nothing to wait for.
    monkeypatch.setattr(worker_watch, "_pools", list)
    monkeypatch.setattr(worker_watch, "START_SECONDS", 0.01)
    watch._watch(threading.Event())
    is_over = threading.Event()
    is_over.set()
    monkeypatch.setattr(worker_watch, "START_SECONDS", 100.0)
    watch._watch(is_over)
    assert len(ended) == 2


class LoseStore(keras.callbacks.Callback):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            os.truncate(self.path, 0)


def test_a_store_that_goes_leaves_the_checkpoints(tmp_path):
    path = tmp_path / "windows.h5"
    WindowStore.create(path, synthetic_recordings(3, 10, 50, seed=1), 50, 40)
    results = []
    for folder, is_lost in (("whole", False), ("lost", True)):

        def run(extra=()):
            store = WindowStore.open(path)
            groups = CandidateGroups(store, 4, 2, seed=4, steps_per_epoch=12)
            resumable = ResumableTraining(tmp_path / folder, groups, every=1)
            model = make_model()
            model.fit(groups, callbacks=[*extra, resumable], verbose=0)
            return get_arrays(model)

        if is_lost:
            lose = LoseStore(Path(f"{path}.unpacked"))
            with pytest.raises(Exception, match="cut.*open the store again"):
                run([lose])
            assert len([*(tmp_path / folder).iterdir()]) == 2
        results.append(run())
    for whole, resumed in zip(*results):
        np.testing.assert_array_equal(whole, resumed)


@pytest.mark.once
@pytest.mark.parametrize("seconds", [0, -1.0, None])
def test_looks_are_apart(seconds):
    with pytest.raises(ValueError, match="above 0.*seconds="):
        WorkerWatch(seconds)
    with pytest.raises(ValueError, match="above 0.*hang_seconds="):
        WorkerWatch(hang_seconds=seconds)
