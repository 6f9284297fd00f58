"""The motif distance against its definition, on one backend.

The definition: one forward of all three stacks per pair, sparsemax by sorting.
It is compiled and goes in chunks too, or it would not fit into memory: the
fastest of several sizes counts.
"""

import measuring
from naive_distance import naive_distances

TITLE = "Motif distance"
SIZES = {"batch_size": 16, "num_candidates": 8, "length": 256, "repeats": 11}
TINY = {"batch_size": 2, "num_candidates": 1, "length": 40, "repeats": 1}
CHUNKS = (16, 32, 64)  # pairs of the definition


def cases(sizes):
    return [sizes]


def measure(batch_size, num_candidates, length, repeats):
    import numpy as np
    from keras import ops

    from keras_relcon import MotifDistance

    group = measuring.candidate_group(batch_size, num_candidates, length)
    tensors = [ops.convert_to_tensor(array) for array in group.values()]
    distance = MotifDistance()
    distance.build((None, length, 3))

    def naive_in(size):
        return measuring.compiled(
            lambda *x: naive_distances(distance, *x, pairs_per_chunk=size)
        )

    functions = {size: naive_in(size) for size in CHUNKS}
    functions["ours"] = measuring.compiled(
        lambda *x: distance.candidate_distances(*x)
    )
    calls = {
        name: lambda function=function: function(*tensors)
        for name, function in functions.items()
    }
    output, expected = (
        measuring.finish(calls[name]())[0] for name in ("ours", CHUNKS[0])
    )
    seconds = measuring.median_seconds(calls, repeats)
    chunk = min(CHUNKS, key=seconds.get)
    return {
        "pairs": expected.size,
        "error": float(np.max(np.abs(output / expected - 1))),
        "naive": seconds[chunk],
        "chunk": chunk,
        "ours": seconds["ours"],
    }


def report(rows):
    lines = [
        [
            row["backend"],
            1e3 * row["naive"] / row["pairs"],
            row["chunk"],
            1e3 * row["ours"] / row["pairs"],
            f"{row['naive'] / row['ours']:.1f} x",
            f"{row['error']:.0e}",
        ]
        for row in rows
    ]
    return (
        "`candidate_distances` of 16 anchors with 8 candidates each (368 pairs "
        "of 256 samples, sparsemax, float32, untrained weights), against one "
        "forward of all three stacks per pair with a sorting sparsemax, in the "
        f"fastest of chunks of {CHUNKS} pairs. Time per pair.\n\n"
        + measuring.table(
            [
                "backend",
                "definition, ms",
                "its chunk",
                "ours, ms",
                "ratio",
                "difference",
            ],
            lines,
        )
    )
