"""A chief and two workers on the loopback interface."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import keras
import pytest

WORKER = Path(__file__).parent / "search_worker.py"
ROOT = Path(__file__).parents[2]
# Only against a process that hangs; a quiet machine takes half a minute.
TIME_LIMIT = 900


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="once is enough, on PyTorch"
)
def test_two_workers_run_every_trial_once(tmp_path):
    ids = ("chief", "worker-a", "worker-b")
    process = start(tmp_path, ids)
    try:
        output = process.communicate(timeout=TIME_LIMIT)[0]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with what it has forked
    logs = {name: (tmp_path / f"{name}.log").read_text() for name in ids}
    assert process.returncode == 0, (output, logs)
    trials = json.loads((tmp_path / "results.json").read_text())
    assert [trial["status"] for trial in trials] == ["COMPLETED"] * 4
    runs = sorted((t["values"]["arm"], t["values"]["seed"]) for t in trials)
    assert runs == [
        ("base", 0),
        ("base", 1),
        ("softmax_ranking", 0),
        ("softmax_ranking", 1),
    ]
    # One file per training, and one distance per seed for both arms.
    files = [path.name for path in (tmp_path / "cache").iterdir()]
    assert sum(name.startswith("scores-") for name in files) == 4
    assert sum(name.startswith("distance-") for name in files) == 2
    workers = [logs[name] for name in ids[1:]]
    assert sum(text.count("TRAINED") for text in workers) == 4
    assert all("TRAINED" in text for text in workers)


def start(folder, names):
    environment = {
        **os.environ,
        "KERASTUNER_ORACLE_IP": "127.0.0.1",
        "KERASTUNER_ORACLE_PORT": str(free_port()),
        "PYTHONPATH": os.pathsep.join(
            [str(ROOT), os.environ.get("PYTHONPATH", "")]
        ),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, str(WORKER), str(folder), *names],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]
