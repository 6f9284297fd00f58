"""Embeds recordings in one process and in several, one after the other.

python benchmarks/cohort_costs.py [--days 1] [--recordings 8] [--workers 2]
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

import measuring  # noqa: E402  (needs the path above)
import numpy as np  # noqa: E402

QUESTION = "What does a cohort cost?"
THREADS = (
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",
)
PRESET = "relcon_small"


def main(arguments=None):
    args = parse_args(arguments)
    if args.child:
        sys.stdout.write("\n" + json.dumps(embed_all(*args.child)))
        return
    with tempfile.TemporaryDirectory() as folder:
        windows = {}
        for name, days in (("short", 0.003), ("long", args.days)):
            os.makedirs(f"{folder}/{name}")
            for number in range(args.recordings):
                windows[name] = write_day(f"{folder}/{name}/{number}.npz", days)
        rows = []
        for backend in args.backends:
            for title, workers, threads in (
                ("one process of one thread", 1, 1),
                ("one process of all threads", 1, None),
                (f"{args.workers} workers", args.workers, None),
            ):
                seconds = {
                    name: run_child(folder, name, workers, threads, backend)
                    for name in windows
                }
                rate = args.recordings * (windows["long"] - windows["short"])
                rate /= seconds["long"] - seconds["short"]
                rows.append([backend, title, seconds["short"], rate])
                sys.stderr.write(f"{rows[-1]}\n")
    text = f"{measuring.machine()}\n{report(args, rows)}"
    sys.stdout.write(f"# {QUESTION}\n\n{text}\n")
    if args.record:
        measuring.record("cohort", QUESTION, text)


def report(args, rows):
    return (
        f"`python benchmarks/cohort_costs.py --days {args.days:g} --recordings "
        f"{args.recordings} --workers {args.workers}`\n\n"
        f"`EmbedFiles` of `{PRESET}`, windows of 256 samples without overlap, "
        f"from {args.recordings} NPZ files of {args.days:g} days at 100 Hz. "
        "*Start*: seconds for recordings of four minutes, most of it the start "
        "of processes and backend. *Rate*: what longer recordings add, windows "
        "per second. *Weeks*: person-weeks of that rate in a day.\n\n"
        + measuring.table(
            ["backend", "", "start", "rate", "weeks"],
            [[*row, row[-1] * 86_400 / WINDOWS_OF_A_WEEK] for row in rows],
        )
    )


WINDOWS_OF_A_WEEK = 7 * 86_400 * 100 / 256


def parse_args(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--days", type=float, default=1.0)
    parser.add_argument("--recordings", type=int, default=8)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument(
        "--backends", nargs="+", default=["tensorflow", "jax", "torch"]
    )
    parser.add_argument("--record", action="store_true", help="into results/")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def write_day(path, days):
    """Writes a recording of walking; returns its number of windows."""
    count = max(1, round(days * 86_400 * 100 / 256))
    some = measuring.walking_windows(min(count, 512)).reshape(-1, 3)
    np.savez(path, acceleration=np.resize(some, (count * 256, 3)))
    return count


def run_child(folder, name, workers, threads, backend):
    threads = None if threads is None else str(threads)
    with tempfile.TemporaryDirectory() as output:
        command = [__file__, "--child", f"{folder}/{name}", output]
        return measuring.figures_of(
            [*command, str(workers)], backend, dict.fromkeys(THREADS, threads)
        )


def embed_all(folder, output, workers):
    """Seconds to embed all recordings of a folder, the start included."""
    begin = time.perf_counter()
    import keras_relcon as kr

    jobs = kr.cohort.find_jobs(folder, sample_rate_hz=100)
    work = kr.cohort.EmbedFiles(PRESET, output)
    for _, outcome in kr.cohort.run(work, jobs, int(workers)):
        if isinstance(outcome, Exception):
            raise outcome
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
