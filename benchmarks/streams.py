"""Measures the time of a batch and the memory of the training streams.

    python benchmarks/streams.py                 # 1 GB of signal
    python benchmarks/streams.py --gigabytes 2 --record

Each row is measured in its own process. The time of a stream is the median for
one batch, drawn in one process: 64 anchors with 20 candidates each, of 256
samples. `resident` is the most memory that the process held; the last column is
the part that was added after Keras was imported. Store files are read from the
page cache. Stores in memory have at most 0.3 GB. The "20 GB" rows are for a
store file of 20 GB, which has 32 GB of signal when unpacked. A sparse file of
zeros takes its place, to show the memory that so many windows need.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measuring

NUM_SUBJECTS = 64
NUM_SAMPLES = 360_000  # one hour at 100 Hz
NUM_BATCHES = 100
MOST_IN_MEMORY = 0.3  # GB of int16
QUESTION = "How fast is a batch of candidates drawn?"
CASES = {
    "create": "write the store (int16)",
    "open": "check and unpack it, once",
    "open again": "open it unpacked",
    "memory": "PyDataset, store in memory (float32)",
    "memory int16": "PyDataset, store in memory (int16)",
    "file": "PyDataset, store in a file",
    "file, time span": "PyDataset, file, time span of 1 h",
    "tf.data": "tf.data, file, one call at a time",
    "tf.data, parallel": "tf.data, file, AUTOTUNE",
    "20 GB": "PyDataset, 20 GB file",
    "20 GB, time span": "PyDataset, 20 GB file, time span of 1 h",
    "20 GB, tf.data": "tf.data, 20 GB file, AUTOTUNE",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--record", action="store_true", help="into results/")
    parser.add_argument("--folder", help="where to write; default: temporary")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.case:
        measured = measure(args.case, args.folder, args.gigabytes)
        sys.stdout.write(json.dumps(measured))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        rows = [run(case, folder, args.gigabytes) for case in CASES]
    text = report(rows, args.gigabytes)
    sys.stdout.write(text)
    if args.record:
        measuring.record("streams", QUESTION, text)


def run(case, folder, gigabytes):
    """Measures a case in its own process."""
    output = subprocess.run(
        [sys.executable, __file__, "--case", case, "--folder", folder]
        + ["--gigabytes", str(gigabytes)],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    ).stdout
    return {"case": case, **json.loads(output)}


def measure(case, folder, gigabytes):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import keras_relcon.data  # noqa: F401  (with Keras and its backend)

    if "tf.data" in case:
        import tensorflow  # noqa: F401

    before = measuring.peak_megabytes()
    path = Path(folder, "windows.h5")
    if case in ("create", "open", "open again"):
        seconds = measure_file(case, path, gigabytes)
    else:
        store = make_store(case, path, gigabytes)
        seconds = time_batches(case, store)
    after = measuring.peak_megabytes()
    megabytes = {"megabytes": after, "own_megabytes": after - before}
    return {"ms": 1e3 * seconds, **megabytes}


def measure_file(case, path, gigabytes):
    from keras_relcon.data import WindowStore
    from keras_relcon.data.store.signal_encoding import (
        SignalEncoding,
        encode_recordings,
    )
    from keras_relcon.data.store.store_writer import create_store

    begin = time.perf_counter()
    if case == "create":
        encoding = SignalEncoding(100.0, "int16", 16.0)
        items = encode_recordings(recordings(gigabytes), encoding, 256)
        create_store(path, items, encoding, 256)
    else:
        WindowStore.open(path)
    return time.perf_counter() - begin


def recordings(gigabytes):
    import numpy as np

    from keras_relcon.data import Recording

    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.2, (2 * NUM_SAMPLES, 3)).astype(np.float32)
    for number in range(num_recordings(gigabytes)):
        start = int(rng.integers(NUM_SAMPLES))
        acceleration = noise[start : start + NUM_SAMPLES] + [0, 0, 1]
        subject = f"s{number % NUM_SUBJECTS:03d}"
        yield Recording(acceleration, 100, subject, recording_id=f"{number}")


def num_recordings(gigabytes):
    return round(gigabytes * 1e9 / (NUM_SAMPLES * 6))


def make_store(case, path, gigabytes):
    from keras_relcon.data import WindowStore

    if case.startswith("20 GB"):
        return sparse_store(path.with_name("sparse"), 32)
    if case.startswith("memory"):
        dtype = "int16" if "int16" in case else "float32"
        items = recordings(min(gigabytes, MOST_IN_MEMORY))
        return WindowStore.from_recordings(items, dtype=dtype)
    with open(f"{path}.unpacked", "rb") as file:
        while file.read(2**24):  # into the page cache
            pass
    return WindowStore.open(path)


def sparse_store(path, gigabytes):
    import numpy as np

    from keras_relcon.data import WindowStore
    from keras_relcon.data.store.signal_encoding import SignalEncoding
    from keras_relcon.data.store.stored_recording import (
        FileSignal,
        StoredRecording,
    )

    encoding = SignalEncoding(100.0, "int16", 16.0)
    invalid = np.zeros(0, [("start", "i8"), ("stop", "i8"), ("reason", "S8")])
    stored = [
        StoredRecording(
            f"s{number % NUM_SUBJECTS:03d}",
            f"{number:05d}",
            None,
            encoding.sample_rate_hz,
            number * NUM_SAMPLES,
            NUM_SAMPLES,
            invalid,
            {}.get,
        )
        for number in range(num_recordings(gigabytes))
    ]
    path.touch()
    os.truncate(path, len(stored) * NUM_SAMPLES * 6)
    signal = FileSignal(
        str(path), encoding.number_type, encoding.scale_g, lambda file: None
    )
    return WindowStore(signal, stored, encoding, 256)


def time_batches(case, store):
    from keras_relcon.data import CandidateGroups

    span = {"policy": "time_span", "span_seconds": 3600}
    groups = CandidateGroups(store, **(span if "time span" in case else {}))
    if "tf.data" in case:
        calls = None if "AUTOTUNE" in CASES[case] else 1
        batches = iter(groups.to_tf_dataset(num_parallel_calls=calls))
        return median_seconds(lambda number: next(batches))
    return median_seconds(lambda number: groups[number % len(groups)])


def median_seconds(draw):
    draw(0)  # the order of the epoch
    seconds = []
    for number in range(1, NUM_BATCHES + 1):
        begin = time.perf_counter()
        draw(number)
        seconds.append(time.perf_counter() - begin)
    return sorted(seconds)[NUM_BATCHES // 2]


def report(rows, gigabytes):
    names = ("keras", "tensorflow", "h5py", "numpy")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in names]
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    lines = [
        f"{datetime.date.today()}, Python {platform.python_version()}, "
        f"{', '.join(versions)}, backend {backend}; {measuring.cpu_name()}, "
        f"{os.cpu_count()} cores.",
        f"`python benchmarks/streams.py --gigabytes {gigabytes:g}`",
        "",
        "| | time | resident MB, most | of it after import |",
        "|---|---|---|---|",
    ]
    for row in rows:
        ms = row["ms"]
        duration = f"{ms:.2f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"
        lines.append(
            f"| {CASES[row['case']]} | {duration} | {row['megabytes']:.0f} "
            f"| {row['own_megabytes']:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
