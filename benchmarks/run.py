"""Measures speed and memory, each part on each backend in its own process.

    python benchmarks/run.py                            # everything: an hour
    python benchmarks/run.py distance --backends jax
    python benchmarks/run.py --record                   # into results/

The parts are modules of this folder. `benchmarks/streams.py` is run on its own.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

import measuring  # noqa: E402  (needs the path above)

BACKENDS = ("tensorflow", "jax", "torch")
PARTS = (
    "distance",
    "training_step",
    "objective_step",
    "method_step",
    "pretraining_rate",
    "data_wait",
    "scaling",
    "layouts",
    "mixed_precision",
    "inference",
    "engines",
    "accelerator",
)


def main(arguments=None):
    args = parse_args(arguments)
    if args.child:
        part, case = args.child
        row = importlib.import_module(part).measure(**json.loads(case))
        row["peak_megabytes"] = measuring.peak_megabytes()
        sys.stdout.write("\n" + json.dumps(row))
        return
    for name in args.parts or PARTS:
        part = importlib.import_module(name)
        rows = [
            run_child(name, case, backend)
            for case in part.cases(part.TINY if args.tiny else part.SIZES)
            for backend in args.backends
            if backend in case.get("backends", BACKENDS)
        ]
        command = f"`python benchmarks/run.py {name}`"
        text = f"{measuring.machine()}\n{command}\n\n{part.report(rows)}\n"
        sys.stdout.write(f"# {part.QUESTION}\n\n{text}\n")
        sys.stdout.flush()
        if args.record:
            measuring.record(name, part.QUESTION, text)
            if hasattr(part, "plot"):
                part.plot(rows, measuring.RESULTS / f"{name}.png")


def parse_args(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--backends", nargs="+", default=BACKENDS)
    parser.add_argument("--record", action="store_true", help="into results/")
    parser.add_argument("--tiny", action="store_true", help="a smoke test")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def run_child(part, case, backend):
    """Measures one case in a process of its own; returns it and its figures."""
    case = {name: case[name] for name in case if name != "backends"}
    command = [__file__, "--child", part, json.dumps(case)]
    figures = measuring.figures_of(command, backend)
    row = {"backend": backend, **case, **figures}
    # So that a run that is stopped later is not lost.
    sys.stderr.write(f"{json.dumps(row)}\n")
    return row


if __name__ == "__main__":
    main()
