"""Prepares recordings of many subjects with Beam, and writes a store of them.

    python benchmarks/preparation.py --subjects 1000 --seconds 20 --record

Synthetic recordings, one CSV file per subject at 100 Hz, are converted by the
Beam builder `recording_folder` on the DirectRunner, with several processes,
into many `array_record` files, and then into a window store. The recordings are
short, so that this takes a minute or two. The cost of a day is extrapolated: a
second run on half the length gives a part per subject and a part per sample.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measuring
import numpy as np

RATE_HZ = 100
SAMPLES_PER_DAY = 24 * 3600 * RATE_HZ
PARTICIPANTS = 87_376  # of the paper
WINDOWS = 1.07e9  # of the paper, of 256 samples
QUESTION = "What does it take to prepare many subjects?"
NUM_KINDS = 20  # of different recordings; subjects take turns
PARTS = ("beam", "store")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--subjects", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--files", type=int, default=16)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        measured = {"beam": prepare, "store": write_store}[args.part](args)
        Path(args.folder, f"{args.part}.json").write_text(json.dumps(measured))
        return
    runs = []
    for seconds in (args.seconds, max(4, args.seconds // 2)):
        args.seconds = seconds
        with tempfile.TemporaryDirectory() as folder:
            runs.append(measure(args, folder))
    text = report(runs)
    sys.stdout.write(text)
    if args.record:
        measuring.record("preparation", QUESTION, text)


def measure(args, folder):
    """Measures each part in its own process; returns all their figures."""
    write_recordings(Path(folder, "manual"), args.subjects, args.seconds)
    row = {name: getattr(args, name) for name in ("subjects", "seconds")}
    row.update(processes=args.processes, files=args.files)
    for part in PARTS:
        command = [sys.executable, __file__, "--part", part]
        command += ["--folder", folder, "--files", str(args.files)]
        command += ["--processes", str(args.processes)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        measured = json.loads(Path(folder, f"{part}.json").read_text())
        row.update({f"{part}_{name}": v for name, v in measured.items()})
    return row


def write_recordings(folder, num_subjects, seconds):
    """Writes `recordings/<subject>/day.csv`, a walk for each subject."""
    num_samples = seconds * RATE_HZ
    windows = measuring.walking_windows(NUM_KINDS, num_samples)
    texts = [
        "\n".join(["x,y,z", *(f"{x:.4f},{y:.4f},{z:.4f}" for x, y, z in rows)])
        for rows in windows.tolist()
    ]
    for number in range(num_subjects):
        path = folder / "recordings" / f"s{number:05d}" / "day.csv"
        path.parent.mkdir(parents=True)
        path.write_text(texts[number % NUM_KINDS])


def builder_of(folder):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tfds_builders.recording_folder.recording_folder_beam_builder import (
        BeamBuilder,
    )

    return BeamBuilder(
        config="wrist_100hz",
        data_dir=Path(folder, "data"),
        file_format="array_record",
    )


def prepare(args):
    import tensorflow_datasets as tfds
    from apache_beam.options.pipeline_options import PipelineOptions

    builder = builder_of(args.folder)
    options = PipelineOptions(
        runner="DirectRunner",
        direct_num_workers=args.processes,
        direct_running_mode="multi_processing",
    )
    begin = time.perf_counter()
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=Path(args.folder, "manual"),
            beam_options=options,
            num_shards=args.files,
        )
    )
    seconds = time.perf_counter() - begin
    paths = list(Path(builder.data_path).glob("*array_record*"))
    return {
        "seconds": seconds,
        "bytes": sum(path.stat().st_size for path in paths),
        "num_files": len(paths),
        **usage(),
    }


def write_store(args):
    builder = builder_of(args.folder)
    from keras_relcon.data import store_from_tfds

    path = Path(args.folder, "windows.h5")
    begin = time.perf_counter()
    store = store_from_tfds(builder, path)
    seconds = time.perf_counter() - begin
    return {
        "seconds": seconds,
        "bytes": path.stat().st_size,
        "num_subjects": len(store.subjects),
        **usage(),
    }


def usage():
    """Core-seconds of all processes, and the peak memory of one process."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = [own.ru_utime, own.ru_stime, children.ru_utime, children.ru_stime]
    return {
        "core_seconds": sum(times),
        "megabytes": measuring.peak_megabytes(),
        "worker_megabytes": children.ru_maxrss / 1e3,
    }


def per_day(runs, name):
    """The cost of a subject's day, from its parts per subject and sample."""
    counts = [[1, run["seconds"] * RATE_HZ] for run in runs]
    values = [run[name] / run["subjects"] for run in runs]
    each, per_sample = np.linalg.solve(counts, values)
    return float(max(each, 0) + max(per_sample, 0) * SAMPLES_PER_DAY)


def report(runs):
    names = {
        "Beam, s": "beam_seconds",
        "Beam, core-seconds": "beam_core_seconds",
        "array_record, MB": "beam_bytes",
        "files": "beam_num_files",
        "memory of a worker, MB": "beam_worker_megabytes",
        "memory of the runner, MB": "beam_megabytes",
        "store, core-seconds": "store_core_seconds",
        "store, MB": "store_bytes",
        "memory of the store's writer, MB": "store_megabytes",
    }
    rows = [
        [
            f"{run['subjects']} x {run['seconds']} s",
            *(
                run[name] / 1e6 if name.endswith("_bytes") else run[name]
                for name in names.values()
            ),
        ]
        for run in runs
    ]
    days = {
        name: per_day(runs, name)
        for name in ("beam_core_seconds", "beam_bytes")
        + ("store_core_seconds", "store_bytes")
    }
    processes = runs[0]["processes"]
    paper_days = WINDOWS * 256 / SAMPLES_PER_DAY
    needs = [
        [
            label,
            f"{num_days:,.0f}",
            f"{num_days * days['beam_core_seconds'] / 3600:,.0f}",
            f"{num_days * days['beam_bytes'] / 1e12:.2f}",
            f"{num_days * days['store_core_seconds'] / 3600:,.0f}",
            f"{num_days * days['store_bytes'] / 1e12:.2f}",
        ]
        for label, num_days in (
            ("the 1.07e9 windows of the paper", paper_days),
            (f"{PARTICIPANTS:,} participants, a day each", PARTICIPANTS),
            (f"{PARTICIPANTS:,} participants, a week each", 7 * PARTICIPANTS),
        )
    ]
    subject_day = [
        [
            "a subject-day",
            days["beam_core_seconds"],
            days["beam_bytes"] / 1e6,
            days["store_core_seconds"],
            days["store_bytes"] / 1e6,
        ]
    ]
    return f"""    python benchmarks/preparation.py --subjects {
        runs[0]["subjects"]
    } \\
        --seconds {runs[0]["seconds"]} --processes {processes} --record

There are two steps:

1. *Beam*: `BeamBuilder` of `tfds_builders/recording_folder` reads CSV files at
   100 Hz and writes `array_record` files, on Beam's DirectRunner with
   {processes} processes.
2. *store*: `store_from_tfds` reads these and writes one HDF5 file (int16), in
   one process.

Measured:

{measuring.table(["recordings", *names], rows)}

Core-seconds are the user and system time of all processes. Unlike seconds, they
leave out other work on the machine. The recordings are short, so the figures
below are extrapolated: the two runs differ only in the length of the
recordings, which gives a part per subject and a part per sample. A day has
{SAMPLES_PER_DAY:,} samples. Synthetic walking with noise compresses less than a
real day with its rest.

{
        measuring.table(
            [
                "",
                "Beam, core-seconds",
                "array_record, MB",
                "store, core-seconds",
                "store, MB",
            ],
            subject_day,
        )
    }

What larger data sets would need, on cores like these:

{
        measuring.table(
            [
                "",
                "subject-days",
                "Beam, core-hours",
                "array_record, TB",
                "store, core-hours",
                "store, TB",
            ],
            needs,
        )
    }

- A Beam worker holds one file in memory; the writer of the store holds one
  recording.
- The DirectRunner sorts in memory, so it is for data sets of some GB. Larger
  ones need another runner, which divides the core-hours over its cores.
- A store is written by one process. A large data set is best kept as several
  stores, each for a part of the subjects.

{measuring.machine()}
"""


if __name__ == "__main__":
    main()
