"""The speed of the motif distance, compared with its definition.

The definition runs all three convolution stacks for every pair of windows, and
computes sparsemax by sorting. It is compiled, and computed in chunks, or it
would not fit into memory: in chunks of 64 pairs, in other sizes to find the
fastest and, on TensorFlow, also without XLA.
"""

import measuring
from naive_distance import naive_distances

QUESTION = "How fast is the motif distance?"
SIZES = {"batch_size": 16, "num_candidates": 8, "length": 256, "repeats": 11}
TINY = {"batch_size": 2, "num_candidates": 1, "length": 40, "repeats": 1}
CHUNKS = (64, 32, 16)  # pairs of the definition
WITHOUT_XLA = f"{CHUNKS[0]}, without XLA"


def cases(sizes):
    return [sizes]


def measure(batch_size, num_candidates, length, repeats):
    import keras
    import numpy as np
    from keras import ops

    from keras_relcon import MotifDistance

    group = measuring.candidate_group(batch_size, num_candidates, length)
    tensors = [ops.convert_to_tensor(array) for array in group.values()]
    distance = MotifDistance()
    distance.build((None, length, 3))

    def definition(size, **options):
        return measuring.compiled(
            lambda *x: naive_distances(distance, *x, pairs_per_chunk=size),
            **options,
        )

    functions = {str(size): definition(size) for size in CHUNKS}
    if keras.backend.backend() == "tensorflow":
        functions[WITHOUT_XLA] = definition(CHUNKS[0], jit_compile=False)
    functions["ours"] = distance.candidate_distances  # compiles itself
    calls = {
        name: lambda function=function: function(*tensors)
        for name, function in functions.items()
    }
    output, expected = (
        measuring.finish(calls[name]())[0] for name in ("ours", str(CHUNKS[0]))
    )
    seconds = measuring.median_seconds(calls, repeats)
    return {
        "pairs": expected.size,
        "error": float(np.max(np.abs(output / expected - 1))),
        "ours": seconds.pop("ours"),
        "naive": seconds,
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
        "`candidate_distances` compares each of 16 anchors with its 8 "
        "candidates and with the other anchors: 368 pairs of windows of 256 "
        "samples, sparsemax, float32, untrained weights. The definition runs "
        "all three convolution stacks for every pair, and computes sparsemax "
        f"by sorting, in chunks of {CHUNKS[0]} pairs. *At its fastest* is the "
        f"best of chunks of {CHUNKS} pairs and, on TensorFlow, with and "
        "without XLA. Times are milliseconds per pair. *ratio* is the "
        "definition to ours; *to the fastest* is the definition at its "
        "fastest to ours. *difference* is the largest relative difference of "
        "the distances.\n\n"
        + measuring.table(
            [
                "backend",
                "definition, ms",
                "at its fastest",
                "ours, ms",
                "ratio",
                "to the fastest",
                "difference",
            ],
            lines,
        )
    )
