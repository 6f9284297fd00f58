"""What every benchmark shares: windows, clocks, memory and the report."""

import contextlib
import datetime
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

# The encoder of `relcon_small`: arguments of `ResNet1D34`.
SMALL_ENCODER = {
    "embedding_dim": 256,
    "widths": [32, 64, 128, 256],
    "strides": [1, 2, 2, 2],
    "pooling": "mean_std",
    "final_norm": True,
}
RESULTS = Path(__file__).with_name("results")
# What git leaves out when it asks whether the measured code was changed.
RECORDED = (":(exclude)results",)


def walking_windows(count, length=256, seed=0):
    """`(count, length, 3)` float32, g: a gait-like rhythm, gravity, noise."""
    rng = np.random.default_rng(seed)
    time_seconds = np.arange(length)[None, :, None] / 100
    rate_hz = rng.uniform(1, 4, (count, 1, 3))
    phase = rng.uniform(0, 2 * np.pi, (count, 1, 3))
    size = rng.uniform(0.1, 1.0, (count, 1, 3))
    motion = size * np.sin(2 * np.pi * rate_hz * time_seconds + phase)
    noise = rng.normal(0, 0.1, (count, length, 3))
    return (motion + noise + [0, 0, 1]).astype("float32")


def candidate_group(batch_size, num_candidates, length=256):
    pool = walking_windows(batch_size * (1 + num_candidates), length)
    shape = (batch_size, num_candidates, length, 3)
    return {
        "anchor": pool[:batch_size],
        "candidates": pool[batch_size:].reshape(shape),
    }


def compiled(function, jit_compile=True):
    """The function without a gradient, compiled where there is a compiler.

    `jit_compile=False` leaves TensorFlow's graph as it is.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.jit(function)
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=jit_compile, autograph=False)
    import torch

    return torch.no_grad()(function)


def finish(outputs):
    """Waits until the device is done, by copying its results to the host."""
    import keras

    return [
        keras.ops.convert_to_numpy(output)
        for output in keras.tree.flatten(outputs)
        if keras.ops.is_tensor(output)
    ]


def median_seconds(functions, repeats):
    """Times functions A B A B ...; returns the median of each, by name.

    The first round, which compiles, does not count.
    """
    seconds = {name: [] for name in functions}
    for number in range(repeats + 1):
        for name, function in functions.items():
            begin = time.perf_counter()
            finish(function())
            if number:
                seconds[name].append(time.perf_counter() - begin)
    return {name: float(np.median(each)) for name, each in seconds.items()}


def figures_of(command, backend, variables=None):
    """Runs a script in a process of its own; its last line is JSON.

    Args:
        command: list of str. The script and its arguments.
        backend: str, for `KERAS_BACKEND`.
        variables: dict of further variables of the environment; one that is
            `None` is taken out.

    Returns:
        What the line says.

    Raises:
        RuntimeError: with the end of its error output, if it fails.
    """
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **(variables or {}),
    }
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        env={k: v for k, v in environment.items() if v is not None},
    )
    if done.returncode:
        raise RuntimeError(f"{command} on {backend}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


@contextlib.contextmanager
def busy_process(is_there=True):
    """Another process that keeps a core busy, or none."""
    if not is_there:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def peak_megabytes():
    """The most memory that this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def added_megabytes(function):
    """The most memory held during a call, beyond what was held before it.

    Linux only: it first resets the kernel's record of the peak.
    """
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident_kilobytes("VmRSS")
    function()
    return (_resident_kilobytes("VmHWM") - before) / 1e3


def _resident_kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"{name}:")]
    return int(line.split()[1])


def machine():
    """One line: date, versions, processor, load."""
    names = ("keras", "tensorflow", "jax", "torch", "numpy")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in names]
    load = os.getloadavg()[0]
    return (
        f"{datetime.date.today()}, Python {platform.python_version()}, "
        f"{', '.join(versions)}; {cpu_name()}, {os.cpu_count()} cores, "
        f"{scheduling()}, load average {load:.1f} at the end; {code()}."
    )


def code():
    """The commit that is measured; recorded results do not change it."""
    git = ["git", "-C", str(Path(__file__).parent)]
    diff = [*git, "diff", "--quiet", "HEAD", "--", ":/", *RECORDED]
    try:
        found = subprocess.run(
            [*git, "describe", "--always"], capture_output=True, text=True
        ).stdout.strip()
        is_changed = bool(found) and subprocess.run(diff).returncode == 1
    except OSError:  # there is no git
        return "commit unknown"
    return f"commit {found or 'unknown'}{', modified' if is_changed else ''}"


def scheduling():
    policy = os.sched_getscheduler(0) if hasattr(os, "SCHED_FIFO") else None
    if policy is not None and policy == os.SCHED_FIFO:
        return "shared, measured at real-time priority (`chrt -f 1`)"
    return "normal priority"


def cpu_name():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line for line in text.splitlines() if "model name" in line]
    return names[0].split(":")[1].strip() if names else platform.machine()


def command_line(script, parser, arguments, left_out):
    """The command that measured: what differs from the defaults is in it.

    Args:
        script: str, with what is not an option: `"resolutions.py a.npz"`.
        parser: `argparse.ArgumentParser`.
        arguments: what it parsed.
        left_out: names of arguments.
    """
    words = [f"python benchmarks/{script}"]
    for name, value in vars(arguments).items():
        if name in left_out or value == parser.get_default(name):
            continue
        values = value if isinstance(value, (list, tuple)) else [value]
        words += [f"--{name.replace('_', '-')}", *map(str, values)]
    return " ".join(words)


def table(header, rows):
    """A Markdown table; numbers are rounded to two or three digits."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines
    )


def _cell(value):
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def record(name, question, text, folder=RESULTS):
    """Writes a measurement on top of the page of its question.

    Args:
        name: str. Name of the page.
        question: str. Title, if the page is new.
        text: str. Markdown. What was measured and by which command.
        folder: path. Defaults to `benchmarks/results`.

    Returns:
        `Path` of the page. Older measurements stay below.
    """
    path = Path(folder, f"{name}.md")
    title = f"# {question}"
    older = ""
    if path.exists():
        title, _, older = path.read_text().partition("\n")
    section = f"## {datetime.date.today()}, {code()}\n\n{text.strip()}"
    parts = [part for part in (title, section, older.strip()) if part]
    path.write_text("\n\n".join(parts) + "\n")
    return path
