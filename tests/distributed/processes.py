"""Starts the processes of a distributed run and waits for them."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TRAIN_RUN = Path(__file__).with_name("train_run.py")
# Only guards against processes that wait for each other for ever.
TIMEOUT_SECONDS = 900


def free_ports(count):
    """Ports of the loopback device that nothing listens at."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def device_flags(count):
    """`XLA_FLAGS` of several CPU devices, beside those that are set."""
    flags = f"--xla_force_host_platform_device_count={count}"
    return f"{os.environ.get('XLA_FLAGS', '')} {flags}"


def run_devices(output, *runs):
    """Results of `train_run.py` on several CPU devices of one process."""
    count = max(int(run[0]) for run in runs)
    flags = device_flags(count)
    environment = {}
    if keras.backend.backend() == "jax":
        environment["XLA_FLAGS"] = flags
    command = [sys.executable, TRAIN_RUN, output, *runs]
    run_together([command], [environment])
    return load(output)


def run_two_processes(output, script=TRAIN_RUN, *arguments, fails=False):
    """Runs a script in two processes that find each other on loopback."""
    command = [script, output, *arguments]
    python = sys.executable
    backend = keras.backend.backend()
    if backend == "torch":
        (port,) = free_ports(1)
        options = ["--nproc-per-node=2", "--master-addr=127.0.0.1"]
        options += [f"--master-port={port}"]
        launch = ["-m", "torch.distributed.run", *options]
        return run_together([[python, *launch, *command]], [{}], fails)
    return run_together(
        [[python, *command]] * 2, environments_of_two(backend), fails
    )


def environments_of_two(backend):
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    if backend == "jax":
        return [
            {
                "KERAS_DISTRIBUTION_JOB_ADDRESSES": addresses[0],
                "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
                "KERAS_DISTRIBUTION_PROCESS_ID": str(index),
                "JAX_CPU_COLLECTIVES_IMPLEMENTATION": "gloo",
            }
            for index in range(2)
        ]
    task = {"type": "worker"}
    cluster = {"worker": addresses}
    return [
        {
            "TF_CONFIG": json.dumps(
                {"cluster": cluster, "task": {**task, "index": index}}
            )
        }
        for index in range(2)
    ]


def run_together(commands, environments, fails=False):
    """Waits for all processes; returns the output of each.

    With `fails` all must end by an error, else none.
    """
    processes = [
        subprocess.Popen(
            [*map(str, command)],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command, environment in zip(commands, environments)
    ]
    try:
        outputs = [
            process.communicate(timeout=TIMEOUT_SECONDS)[0]
            for process in processes
        ]
    finally:
        for process in processes:
            process.kill()
    for process, output in zip(processes, outputs):
        assert (process.returncode != 0) == fails, output[-4000:]
    return outputs


def load(path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}
