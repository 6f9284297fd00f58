"""The motif distance against its definition, on one backend.

The definition: one forward of all three stacks per pair, sparsemax by sorting.
It is compiled and goes in chunks too, or it would not fit into memory: of 64
pairs, and of the size that is the fastest for it.
"""

import measuring
from naive_distance import naive_distances

TITLE = "Motif distance"
SIZES = {"batch_size": 16, "num_candidates": 8, "length": 256, "repeats": 11}
TINY = {"batch_size": 2, "num_candidates": 1, "length": 40, "repeats": 1}
CHUNKS = (64, 32, 16)  # pairs of the definition


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
    return {
        "pairs": expected.size,
        "error": float(np.max(np.abs(output / expected - 1))),
        "naive": {str(size): seconds[size] for size in CHUNKS},
        "ours": seconds["ours"],
    }


def report(rows):
    lines = []
    for row in rows:
        usual, ours = row["naive"][str(CHUNKS[0])], row["ours"]
        chunk = min(row["naive"], key=row["naive"].get)
        fastest = row["naive"][chunk]
        lines.append(
            [
                row["backend"],
                1e3 * usual / row["pairs"],
                f"{1e3 * fastest / row['pairs']:.3g} ({chunk})",
                1e3 * ours / row["pairs"],
                f"{usual / ours:.1f} x",
                f"{fastest / ours:.1f} x",
                f"{row['error']:.0e}",
            ]
        )
    return (
        "`candidate_distances` of 16 anchors with 8 candidates each (368 pairs "
        "of 256 samples, sparsemax, float32, untrained weights), against one "
        "forward of all three stacks per pair with a sorting sparsemax, in "
        f"chunks of {CHUNKS[0]} pairs, and of the fastest of {CHUNKS} for it. "
        "Time per pair.\n\n"
        + measuring.table(
            [
                "backend",
                "definition, ms",
                "in its fastest chunks",
                "ours, ms",
                "ratio",
                "to the fastest",
                "difference",
            ],
            lines,
        )
    )
