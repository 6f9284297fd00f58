"""One training step of RelCon with stored ranks, beside one of SimCLR."""

import measuring

QUESTION = "What does a step of RelCon cost beside one of SimCLR?"
SIZES = [
    {
        "batch_size": 64,
        "length": 256,
        "repeats": 7,
        "encoder": measuring.SMALL_ENCODER,
    }
]
TINY = [{"batch_size": 4, "length": 40, "repeats": 1, "encoder": {}}]


def cases(sizes):
    return sizes


def measure(batch_size, length, repeats, encoder):
    import keras
    import numpy as np

    import keras_relcon as kr

    def compiled(model):
        model.compile(optimizer=keras.optimizers.Adam(1e-3))
        return model

    windows = measuring.walking_windows(batch_size, length)
    ranks = np.random.default_rng(0).permuted(
        np.broadcast_to(
            np.arange(batch_size - 1), (batch_size, batch_size - 1)
        ),
        axis=1,
    )
    batch = {
        "anchor": windows,
        "subject": np.arange(batch_size, dtype="int32") // 2,
        "ranks": ranks.astype("uint8"),
    }
    views = kr.models.AugmentedViews(
        projector=kr.models.mlp_projector([256, 128])
    )
    relcon = compiled(
        kr.RelConModel(
            kr.layers.ResNet1D34(**encoder),
            None,
            temperature=0.1,
            anchors="all",
            projector=kr.models.mlp_projector([256, 128]),
            views=views,
        )
    )
    # The same augmentation, of both views.
    simclr = compiled(
        kr.baselines.SimCLR(
            kr.layers.ResNet1D34(**encoder),
            projector=kr.models.mlp_projector([256, 128]),
            views=kr.layers.RandomAugmentations(),
        )
    )
    return measuring.median_seconds(
        {
            "relcon": lambda: [relcon.train_on_batch(batch)],
            "simclr": lambda: [simclr.train_on_batch(windows)],
        },
        repeats,
    )


def report(rows):
    lines = [
        [
            row["backend"],
            row["relcon"],
            row["simclr"],
            f"{row['relcon'] / row['simclr']:.2f}",
        ]
        for row in rows
    ]
    return (
        "One training step of the encoder of `relcon_small`, float32, Adam: "
        "64 windows of 256 samples and as many augmented copies. *RelCon*: "
        '`RelConModel(anchors="all")` with stored ranks and `AugmentedViews`. '
        "*SimCLR*: `baselines.SimCLR`, both of whose views are augmented. "
        "Seconds, medians of seven interleaved runs.\n\n"
        + measuring.table(
            ["backend", "RelCon", "SimCLR", "RelCon / SimCLR"], lines
        )
    )
