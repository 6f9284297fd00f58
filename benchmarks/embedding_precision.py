"""Windows per second in float32 and bfloat16, and how far embeddings differ.

python benchmarks/embedding_precision.py [--preset relcon_small] [--record]
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

import measuring  # noqa: E402  (needs the path above)
import numpy as np  # noqa: E402

QUESTION = "Is an embedding in bfloat16 faster, and how near is it?"
BACKENDS = ("tensorflow", "jax", "torch")
POLICIES = {"float32": {}, "bfloat16": {"dtype": "mixed_bfloat16"}}
WINDOWS_OF_A_WEEK = 7 * 86_400 * 100 / 256


def main(arguments=None):
    args = parse_args(arguments)
    if args.child:
        figures = measure(args.preset, args.windows, args.batch_sizes)
        sys.stdout.write("\n" + json.dumps(figures))
        return
    rows = [row for b in args.backends for row in run_child(b, args)]
    text = f"{measuring.machine()}\n{report(args, rows)}"
    sys.stdout.write(f"# {QUESTION}\n\n{text}\n")
    if args.record:
        measuring.record("embedding_precision", QUESTION, text)


def report(args, rows):
    header = ["backend", "batch", "float32", "bfloat16", "a week, s", "error"]
    return (
        "`python benchmarks/embedding_precision.py`\n\n"
        f"`{args.preset}`, its 256 numbers, {args.windows:,} windows of 256 "
        "samples. *float32*, *bfloat16*: windows per second, the best of three "
        "interleaved calls. *A week*: its windows at 100 Hz in bfloat16. "
        "*Error*: mean and largest difference to float32, in percent of the "
        "standard deviation of all numbers.\n\n" + measuring.table(header, rows)
    )


def parse_args(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--preset", default="relcon_small")
    parser.add_argument("--windows", type=int, default=8192)
    parser.add_argument(
        "--batch-sizes", nargs="+", type=int, default=[256, 1024]
    )
    parser.add_argument("--backends", nargs="+", default=BACKENDS)
    parser.add_argument("--record", action="store_true", help="into results/")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def run_child(backend, args):
    """Rows of a backend, measured in a process of its own."""
    command = [sys.executable, __file__, "--child", "--preset", args.preset]
    command += ["--windows", str(args.windows), "--batch-sizes"]
    done = subprocess.run(
        [*command, *map(str, args.batch_sizes)],
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    figures = json.loads(done.stdout.splitlines()[-1])
    mean, largest = (100 * figures[name] for name in ("mean", "largest"))
    return [
        [
            backend,
            batch_size,
            *figures["rates"][str(batch_size)],
            WINDOWS_OF_A_WEEK / figures["rates"][str(batch_size)][1],
            f"{mean:.2f}, {largest:.1f}",
        ]
        for batch_size in args.batch_sizes
    ]


def measure(preset, num_windows, batch_sizes):
    """Rates by batch size, `[float32, bfloat16]`, and differences."""
    import keras_relcon as kr

    encoders = [
        kr.presets.from_preset(preset, **policy) for policy in POLICIES.values()
    ]
    windows = measuring.walking_windows(num_windows)
    rates = {}
    for batch_size in batch_sizes:
        best = [0.0, 0.0]
        for number in range(4):  # the first one compiles
            outputs = []
            for place, encoder in enumerate(encoders):
                begin = time.perf_counter()
                outputs.append(
                    kr.evaluation.embed_windows(encoder, windows, batch_size)
                )
                seconds = time.perf_counter() - begin
                if number:
                    best[place] = max(best[place], num_windows / seconds)
        rates[str(batch_size)] = best
    whole, half = (np.float64(each) for each in outputs)
    difference = np.abs(half - whole) / whole.std()
    return {
        "rates": rates,
        "mean": float(difference.mean()),
        "largest": float(difference.max()),
    }


if __name__ == "__main__":
    main()
