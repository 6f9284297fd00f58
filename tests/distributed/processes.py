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


def run_devices(output, script, *arguments, count):
    """Runs a script in a process that has several CPU devices."""
    environment = {}
    if keras.backend.backend() == "jax":
        flags = f"--xla_force_host_platform_device_count={count}"
        environment["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}"
    run_together([[sys.executable, script, output, *arguments]], [environment])
    return load(output)


def run_two_processes(output, script, *arguments):
    """Runs a script in two processes that find each other on loopback."""
    backend = keras.backend.backend()
    environments = environments_of_two(backend)
    for environment, other in zip(environments, environments_of_two(backend)):
        environment["KILLED_ENVIRONMENT"] = json.dumps(other)
    command = [sys.executable, script, output, *arguments]
    run_together([command] * 2, environments)
    return load(output)


def environments_of_two(backend):
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    if backend == "torch":  # what `torchrun` sets
        return [
            {
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": addresses[0].split(":")[1],
                "WORLD_SIZE": "2",
                "RANK": str(index),
                "LOCAL_RANK": str(index),
                "OMP_NUM_THREADS": "1",
            }
            for index in range(2)
        ]
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


def run_until_one_dies(output, script, *arguments):
    """Runs a script in two processes that must fail; returns their output."""
    backend = keras.backend.backend()
    command = [sys.executable, script, output, *arguments]
    if backend != "torch":
        environments = environments_of_two(backend)
        return run_together([command] * 2, environments, fails=True)
    (port,) = free_ports(1)
    command[1:1] = [
        *("-m", "torch.distributed.run", "--nproc-per-node=2"),
        *("--master-addr=127.0.0.1", f"--master-port={port}"),
    ]
    return run_together([command], [{}], fails=True)


def run_together(commands, environments, fails=False):
    """Waits for all processes; returns the output of each.

    With `fails` all must end by an error, else none.
    """
    processes = [
        subprocess.Popen(
            [*map(str, command)],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
                **environment,
            },
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
