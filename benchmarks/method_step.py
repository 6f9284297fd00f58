"""One training step of every method, beside one of the encoder alone."""

import measuring

QUESTION = "What does a step of each method cost?"
SIZES = [
    {
        "batch_size": 64,
        "length": 256,
        "repeats": 5,
        "encoder": measuring.SMALL_ENCODER,
    }
]
TINY = [{"batch_size": 8, "length": 64, "repeats": 1, "encoder": {}}]
PLAIN = "the encoder alone"


def cases(sizes):
    return sizes


def measure(batch_size, length, repeats, encoder):
    import keras
    import numpy as np

    import keras_relcon as kr
    from keras_relcon import recipes
    from keras_relcon.recipes.compared_methods import untrained_encoder

    class Plain(kr.baselines.PretrainingMethod):
        """Forward and backward of the encoder, for a loss that is nothing."""

        def call(self, windows, training=False):
            return {"embedding": self.encode(windows, training)}

        def loss_of(self, outputs):
            return keras.ops.mean(keras.ops.square(outputs["embedding"]))

    config = {"encoder": {"precision": "float32", "preset": None, **encoder}}

    def step(model, batch):
        model.compile(optimizer=keras.optimizers.Adam(1e-3))
        return lambda: [model.train_on_batch(batch)]

    windows = measuring.walking_windows(batch_size, length)
    order = np.broadcast_to(
        np.arange(batch_size - 1), (batch_size, batch_size - 1)
    )
    batches = {
        "windows": windows,
        "ranked": {
            "anchor": windows,
            "subject": np.arange(batch_size, dtype="int32") // 2,
            "ranks": np.random.default_rng(0)
            .permuted(order, axis=1)
            .astype("uint8"),
        },
        "candidates": measuring.candidate_group(batch_size // 4, 3, length),
    }
    distance = kr.MotifDistance(embedding_dim=32, downsampling=2)
    distance.build((None, length, 3))
    steps = {PLAIN: step(Plain(kr.layers.ResNet1D34(**encoder)), windows)}
    for name, method in recipes.METHODS.items():
        own = untrained_encoder(method, config)
        steps[name] = step(
            method.make(own, distance, 0), batches[method.stream]
        )
    return measuring.median_seconds(steps, repeats)


def report(rows):
    from keras_relcon import recipes

    lines = [
        [
            row["backend"],
            name,
            1 if name == PLAIN else recipes.METHODS[name].passes,
            row[name],
            f"{row[name] / row[PLAIN]:.2f}",
        ]
        for row in rows
        for name in (PLAIN, *recipes.METHODS)
    ]
    return (
        "One training step of the encoder of `relcon_small`, float32, Adam, on "
        "64 windows of 256 samples; REBAR has 16 anchors with three candidates "
        "each, which it ranks, and RelCon has stored ranks. *Passes*: how "
        "often a window passes the encoder with a gradient. Seconds, medians "
        "of five interleaved runs.\n\n"
        + measuring.table(
            ["backend", "method", "passes", "seconds", "of the encoder alone"],
            lines,
        )
    )
