"""Memory and time of a training step, whole and in micro-batches.

    python benchmarks/micro_batches.py --backends torch jax --record

A step of `RelConModel` with the full encoder. Each row is measured in its own
process. The first step, which compiles, is not timed. Memory is the most that
any step added.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import measuring

QUESTION = "What do micro-batches cost?"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--backends", nargs="+", default=["torch"])
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--num-candidates", type=int, default=20)
    parser.add_argument("--sizes", type=int, nargs="+", default=[0, 336, 64])
    parser.add_argument("--record", action="store_true", help="into results/")
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.size is not None:
        measured = measure(args.batch_size, args.num_candidates, args.size)
        sys.stdout.write(json.dumps(measured))
        return
    rows = [run(args, b, size) for b in args.backends for size in args.sizes]
    text = report(args.batch_size, args.num_candidates, rows)
    sys.stdout.write(f"{text}\n")
    if args.record:
        measuring.record("micro_batches", QUESTION, text)


def run(args, backend, size):
    """Measures one size in a process of its own."""
    command = [__file__, "--size", str(size)]
    command += ["--batch-size", str(args.batch_size)]
    command += ["--num-candidates", str(args.num_candidates)]
    figures = measuring.figures_of(command, backend)
    return {"backend": backend, "size": size, **figures}


def measure(batch_size, num_candidates, size, make_encoder=None):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import keras_relcon as kr

    encoder = (make_encoder or kr.layers.ResNet1D34)()
    model = kr.RelConModel(
        encoder, kr.MotifDistance(), micro_batch_size=size or None
    )
    model.compile(optimizer="adam")
    group = measuring.candidate_group(batch_size, num_candidates)
    # The ranking is left out: it bounds its memory by chunks of its own.
    model.rank_candidates = lambda inputs: _any_distances(inputs)
    seconds = []

    def steps():
        for _ in range(2):
            begin = time.perf_counter()
            model.train_on_batch(group)
            seconds.append(time.perf_counter() - begin)

    return {
        "megabytes": measuring.added_megabytes(steps),
        "seconds": seconds[-1],
    }


def _any_distances(inputs):
    from keras import ops

    batch_size, num_candidates = inputs["candidates"].shape[:2]
    anchors = ops.mean(inputs["anchor"] ** 2, axis=(1, 2))
    others = ops.arange(batch_size - 1 + num_candidates, dtype="float32")
    return anchors[:, None] + others[None]


def report(batch_size, num_candidates, rows):
    num_windows = batch_size * (1 + num_candidates)
    lines = [
        [
            row["backend"],
            row["size"] or f"all {num_windows}",
            row["megabytes"],
            row["seconds"],
        ]
        for row in rows
    ]
    header = ["backend", "windows at once", "added memory, MB", "s per step"]
    return (
        "`python benchmarks/micro_batches.py`\n\n"
        f"A training step with B = {batch_size} anchors and "
        f"C = {num_candidates} candidates for each, without the ranking of "
        f"the candidates: {num_windows} windows of 256 samples pass through "
        "the full encoder, all at once or in micro-batches "
        "(`RelConModel(micro_batch_size=...)`). Loss and gradients are those "
        "of the whole batch. *added memory* is the most that two steps added; "
        "the time is that of the second step.\n\n"
        + measuring.table(header, lines)
        + f"\n\n{measuring.machine()}"
    )


if __name__ == "__main__":
    main()
