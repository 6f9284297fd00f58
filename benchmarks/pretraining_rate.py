"""Windows per second through the small encoder, beside a matrix product."""

import measuring

QUESTION = "How many windows per second can a small encoder be trained on?"
SIZES = {
    "batch_sizes": [128, 512],
    "length": 256,
    "group": 64,
    "repeats": 5,
    "matrix_size": 4000,
    "encoder": measuring.SMALL_ENCODER,
}
TINY = {
    **SIZES,
    "batch_sizes": [4],
    "length": 64,
    "group": 4,
    "repeats": 1,
    "matrix_size": 32,
    "encoder": {},
}


def cases(sizes):
    return [
        {**sizes, "policy": policy} for policy in ("float32", "mixed_bfloat16")
    ]


def measure(batch_sizes, length, group, repeats, matrix_size, encoder, policy):
    import accelerator
    import keras
    import numpy as np
    from keras import ops

    import keras_relcon as kr

    ranked = seconds_of_a_group(group, length, repeats)
    keras.config.set_dtype_policy(policy)
    plain = kr.layers.ResNet1D34(**encoder)
    method = kr.baselines.SimCLR(kr.layers.ResNet1D34(**encoder))
    plain.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
    method.compile(optimizer=keras.optimizers.Adam(1e-3))
    half = policy.removeprefix("mixed_")
    matrix = ops.cast(np.ones((matrix_size, matrix_size), "float32"), half)
    product = measuring.compiled(
        lambda x: ops.cast(ops.max(ops.matmul(x, x)), "float32")
    )
    rates = {}
    for batch_size in batch_sizes:
        windows = measuring.walking_windows(batch_size, length)
        targets = np.zeros((batch_size, plain.embedding_dim), "float32")
        seconds = measuring.median_seconds(
            {
                "encoder": lambda: [plain.train_on_batch(windows, targets)],
                # Two views of half as many.
                "SimCLR": lambda: [
                    method.train_on_batch(windows[: batch_size // 2])
                ],
            },
            repeats,
        )
        for name, each in seconds.items():
            rates[f"{name}, {batch_size}"] = batch_size / each
    seconds = measuring.median_seconds({"": lambda: product(matrix)}, repeats)
    return {
        "rates": rates,
        "ranked": group / ranked,
        # A backward pass costs twice its forward pass.
        "window_flops": 3 * accelerator.encoder_flops(plain, length),
        "matrix_flops": 2 * matrix_size**3 / seconds[""],
    }


def seconds_of_a_group(size, length, repeats):
    """To rank all pairs of a group, in float32, by relcon_small's distance."""
    import keras_relcon as kr

    distance = kr.MotifDistance(
        embedding_dim=32, downsampling=2, ranking_attention="softmax"
    )
    windows = measuring.walking_windows(size, length)
    none = windows[:, None][:, :0]
    seconds = measuring.median_seconds(
        {"": lambda: distance.candidate_distances(windows, none)}, repeats
    )
    return seconds[""]


def report(rows):
    names = list(rows[0]["rates"])
    # Not every backend has the fastest product of the machine.
    best = {
        policy: max(r["matrix_flops"] for r in rows if r["policy"] == policy)
        for policy in {row["policy"] for row in rows}
    }
    lines = [
        [
            row["backend"],
            row["policy"],
            *(row["rates"][name] for name in names),
            best[row["policy"]] / row["window_flops"],
            row["matrix_flops"] / 1e9,
            row["ranked"],
        ]
        for row in rows
    ]
    flops = rows[0]["window_flops"] / 1e6
    return (
        "The encoder of `relcon_small`, windows of 256 samples, forward and "
        "backward pass and Adam, by windows in a step. *Encoder*: alone, for a "
        "mean squared error. *SimCLR*: two augmented views of half as many "
        "windows. *Limit*: windows per second if all were a matrix product of "
        "the fastest backend; *GFLOP/s* has that of each. A window has "
        f"{flops:.0f} MFLOP in convolutions. *Ranked*: windows per second of "
        f"groups of {rows[0]['group']}, all pairs of which are ranked once by "
        "the distance of `relcon_small`, in float32.\n\n"
        + measuring.table(
            ["backend", "policy", *names, "limit", "GFLOP/s", "ranked"], lines
        )
    )
