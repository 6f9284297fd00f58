"""The training step of `RelConModel`, as a whole and by its parts."""

import measuring

QUESTION = "What does a training step cost on a CPU?"
NUM_STEPS_FOR_PEAK = 3  # freed memory is not returned at once
SIZES = [
    {"batch_size": 16, "num_candidates": 8, "length": 256, "repeats": 3},
    {"batch_size": 64, "num_candidates": 20, "length": 256, "repeats": 2},
    {
        "batch_size": 64,
        "num_candidates": 20,
        "length": 256,
        "repeats": 2,
        "rematerialize": True,
    },
    {
        "batch_size": 64,
        "num_candidates": 20,
        "length": 256,
        "repeats": 2,
        "micro_batch_size": 336,
        # On JAX two steps did not end in 25 minutes, see `one_by_one`.
        "backends": ["tensorflow", "torch"],
    },
    # A step takes so long that the encoder is not timed beside it.
    {
        "batch_size": 128,
        "num_candidates": 20,
        "length": 256,
        "repeats": 1,
        "is_compared": False,
    },
]
TINY = [
    {"batch_size": 2, "num_candidates": 1, "length": 40, "repeats": 1},
    {
        "batch_size": 2,
        "num_candidates": 2,
        "length": 40,
        "repeats": 1,
        "is_compared": False,
        "rematerialize": True,
    },
    {
        "batch_size": 2,
        "num_candidates": 2,
        "length": 40,
        "repeats": 1,
        "is_compared": False,
        "micro_batch_size": 3,
    },
]


def cases(sizes):
    return sizes


def measure(
    batch_size,
    num_candidates,
    length,
    repeats,
    is_compared=True,
    rematerialize=False,
    micro_batch_size=None,
):
    import keras
    import numpy as np

    import keras_relcon as kr

    group = measuring.candidate_group(batch_size, num_candidates, length)
    encoder = kr.layers.ResNet1D34(rematerialize=rematerialize)
    model = kr.RelConModel(
        encoder, kr.MotifDistance(), micro_batch_size=micro_batch_size
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-4))
    for _ in range(NUM_STEPS_FOR_PEAK):
        model.train_on_batch(group)
    megabytes = measuring.peak_megabytes()

    distance = model.motif_distance.candidate_distances
    runs = {
        "step": lambda: model.train_on_batch(group),
        "distance": lambda: distance(*group.values()),
    }
    if is_compared:
        plain = kr.layers.ResNet1D34()
        plain.compile(optimizer=keras.optimizers.Adam(1e-4), loss="mse")
        windows = np.concatenate(
            [group["anchor"], group["candidates"].reshape(-1, length, 3)]
        )
        targets = np.zeros((len(windows), 256), "float32")
        runs["plain"] = lambda: plain.train_on_batch(windows, targets)
        runs["forward"] = lambda: plain.predict_on_batch(windows)
    seconds = measuring.median_seconds(runs, repeats)
    return {**seconds, "step_megabytes": megabytes}


def report(rows):
    lines = []
    for row in rows:
        rest = row["step"] - row["distance"]
        lines.append(
            [
                _setting(row),
                row["backend"],
                row["step"],
                row["distance"],
                f"{row['distance'] / row['step']:.0%}",
                rest,
                row.get("plain", ""),
                f"{rest / row['plain']:.2f}" if "plain" in row else "",
                row.get("forward", ""),
                row["step_megabytes"],
            ]
        )
    return (
        "One training step on random walking-like windows of 256 samples, "
        "float32, sparsemax, `ResNet1D34()`, Adam. *The distance* is the "
        "motif distance: it ranks the candidates of each anchor and the other "
        "anchors. Times are seconds, medians of interleaved runs: three at 16 "
        "anchors, two at 64, one at 128. *rest*: the step less the distance. "
        "*plain*: `train_on_batch` of the encoder alone on the same windows, "
        "without recomputation or micro-batches. *forward*: its "
        "`predict_on_batch`. *peak*: all memory that the process held up to "
        f"the end of its step {NUM_STEPS_FOR_PEAK}, compilation and libraries "
        "included. *recomputing*: with an encoder with `rematerialize=True`. "
        "*by 336*: with `RelConModel(micro_batch_size=336)`.\n\n"
        + measuring.table(
            [
                "anchors, candidates",
                "backend",
                "step",
                "distance",
                "share",
                "rest",
                "plain",
                "rest / plain",
                "forward",
                "peak, MB",
            ],
            lines,
        )
    )


def _setting(row):
    setting = f"{row['batch_size']}, {row['num_candidates']}"
    if row.get("rematerialize"):
        setting += " (recomputing)"
    if row.get("micro_batch_size"):
        setting += f" (by {row['micro_batch_size']})"
    return setting
