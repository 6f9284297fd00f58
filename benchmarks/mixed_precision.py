"""Half precision: does it train, how fast, and does it rank the same?"""

import os

import measuring

QUESTION = "What does half precision change?"
SIZES = {
    "batch_size": 8,
    "num_candidates": 8,
    "ranked_anchors": 32,
    "ranked_candidates": 20,
    "length": 256,
    "repeats": 1,
    "distance_steps": 15,
    "steps": 10,
}
TINY = {
    "batch_size": 3,
    "num_candidates": 2,
    "ranked_anchors": 4,
    "ranked_candidates": 2,
    "length": 40,
    "repeats": 1,
    "distance_steps": 1,
    "steps": 2,
}
POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


def cases(sizes):
    return [{**sizes, "policy": policy} for policy in POLICIES]


def measure(
    batch_size,
    num_candidates,
    ranked_anchors,
    ranked_candidates,
    length,
    repeats,
    distance_steps,
    steps,
    policy,
):
    import keras
    import numpy as np

    import keras_relcon as kr

    keras.utils.set_random_seed(0)
    count = ranked_anchors * (1 + ranked_candidates)
    windows = real_windows(count, distance_steps, length)
    reference = trained_distance(windows)
    group = candidate_group(windows, batch_size, num_candidates)
    ranked = candidate_group(windows, ranked_anchors, ranked_candidates)
    expected = measuring.finish(reference.candidate_distances(*ranked.values()))

    keras.config.set_dtype_policy(policy)
    distance = kr.MotifDistance()
    distance.build((None, length, 3))
    distance.set_weights(reference.get_weights())
    output = measuring.finish(distance.candidate_distances(*ranked.values()))
    encoder = kr.layers.ResNet1D34()
    model = kr.RelConModel(encoder, distance, temperature=0.1)
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    losses = [float(model.train_on_batch(group)[0]) for _ in range(steps)]
    distances = distance.candidate_distances
    seconds = measuring.median_seconds(
        {
            "step": lambda: model.train_on_batch(group),
            "distance": lambda: distances(*group.values()),
        },
        repeats,
    )
    return {
        **seconds,
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "rank_agreement": rank_agreement(np.asarray(output), expected),
    }


def trained_distance(windows):
    """The distance saved at `RELCON_DISTANCE`, or one trained for one epoch."""
    import keras

    import keras_relcon as kr

    path = os.environ.get("RELCON_DISTANCE")
    if path is not None:
        return keras.saving.load_model(path)
    distance = kr.MotifDistance(dtype="float32")
    distance.compile(optimizer=keras.optimizers.Adam(1e-3))
    distance.fit(windows, batch_size=64, epochs=1, verbose=0)
    return distance


def real_windows(count, steps, length):
    """Windows of the recordings at `RELCON_RECORDINGS`, or synthetic ones."""
    import numpy as np

    import keras_relcon as kr

    count = max(count, 64 * steps)
    path = os.environ.get("RELCON_RECORDINGS")
    if path is None:
        return measuring.walking_windows(count, length)
    recordings = kr.data.load_recordings(path)[::6]
    windows = kr.data.make_windows(recordings, 100, length, length // 2)
    acceleration = windows.acceleration[windows.valid]
    order = np.random.default_rng(0).permutation(len(acceleration))
    return acceleration[order[:count]]


def candidate_group(windows, num_anchors, num_candidates):
    """The first windows as anchors, those after them as their candidates."""
    count = num_anchors * (1 + num_candidates)
    return {
        "anchor": windows[:num_anchors],
        "candidates": windows[num_anchors:count].reshape(
            num_anchors, num_candidates, *windows.shape[1:]
        ),
    }


def rank_agreement(output, expected):
    """Kendall's tau of each anchor's candidates, averaged over anchors."""
    import numpy as np
    from scipy.stats import kendalltau

    rows = zip(np.reshape(output, np.shape(expected))[0], expected[0])
    return float(np.mean([kendalltau(*row).statistic for row in rows]))


def report(rows):
    source = "real" if "RELCON_RECORDINGS" in os.environ else "synthetic"
    training = "trained for 15 steps on them"
    if "RELCON_DISTANCE" in os.environ:
        training = "trained before on other recordings"
    lines = [
        [
            row["backend"],
            row["policy"],
            row["step"],
            row["distance"],
            f"{row['first_loss']:.1f} to {row['last_loss']:.1f}",
            f"{row['rank_agreement']:.4f}",
        ]
        for row in sorted(rows, key=lambda row: row["backend"])
    ]
    return (
        f"A step has {rows[0]['batch_size']} anchors with "
        f"{rows[0]['num_candidates']} candidates each. *loss*: from the first "
        "to the last of 10 steps on one batch, computed in float32. "
        "*agreement*: Kendall's tau of the distances with those of float32. "
        f"It is the mean over {rows[0]['ranked_anchors']} anchors, each with "
        f"its {rows[0]['ranked_candidates']} candidates and the other "
        f"anchors, on {source} windows (`RELCON_RECORDINGS` names an "
        f"archive). The distance was {training} (`RELCON_DISTANCE` names a "
        "saved one).\n\n"
        + measuring.table(
            [
                "backend",
                "policy",
                "step, s",
                "distance, s",
                "loss",
                "agreement",
            ],
            lines,
        )
    )
