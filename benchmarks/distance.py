"""The motif distance against its definition, on one backend.

The definition: one forward of all three stacks per pair, sparsemax by sorting.
It is compiled and goes in chunks too, or it would not fit into memory.
"""

import measuring
from naive_distance import naive_distances

TITLE = "Motif distance"
SIZES = {"batch_size": 16, "num_candidates": 8, "length": 256, "repeats": 11}
TINY = {"batch_size": 2, "num_candidates": 1, "length": 40, "repeats": 1}


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
    naive = measuring.compiled(lambda *x: naive_distances(distance, *x))
    ours = measuring.compiled(lambda *x: distance.candidate_distances(*x))
    expected, output = (
        measuring.finish(function(*tensors))[0] for function in (naive, ours)
    )
    seconds = measuring.median_seconds(
        {"naive": lambda: naive(*tensors), "ours": lambda: ours(*tensors)},
        repeats,
    )
    return {
        "pairs": expected.size,
        "error": float(np.max(np.abs(output / expected - 1))),
        **seconds,
    }


def report(rows):
    lines = [
        [
            row["backend"],
            1e3 * row["naive"] / row["pairs"],
            1e3 * row["ours"] / row["pairs"],
            f"{row['naive'] / row['ours']:.1f} x",
            f"{row['error']:.0e}",
        ]
        for row in rows
    ]
    return (
        "`candidate_distances` of 16 anchors with 8 candidates each (368 pairs "
        "of 256 samples, sparsemax, float32), against one forward of all three "
        "stacks per pair with a sorting sparsemax. Time per pair.\n\n"
        + measuring.table(
            ["backend", "definition, ms", "ours, ms", "ratio", "difference"],
            lines,
        )
    )
