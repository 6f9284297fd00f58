"""What a training step in `fit` waits for the stream that feeds it."""

import tempfile
import time
from pathlib import Path

import measuring

QUESTION = "How long does a training step wait for its data?"
SIZES = {
    "gigabytes": 0.05,
    "ranked": {
        "encoder": measuring.SMALL_ENCODER,
        "batch_size": 64,
        "num_candidates": 7,
    },
    "candidates": {"encoder": {}, "batch_size": 64, "num_candidates": 20},
    "steps": 30,
    "repeats": 5,
}
TINY = {
    "gigabytes": 0.005,
    "ranked": {"encoder": {}, "batch_size": 4, "num_candidates": 1},
    "candidates": {"encoder": {}, "batch_size": 2, "num_candidates": 1},
    "steps": 2,
    "repeats": 1,
}
# The aim for a step on a GPU; the one that waits stands in for it.
GPU_STEP_MS = 8
STAND_IN = "a step that only waits"


def cases(sizes):
    shared = {name: sizes[name] for name in ("gigabytes", "steps", "repeats")}
    rows = [
        {**shared, **sizes["ranked"], "stream": "ranked", "policy": policy}
        for policy in ("mixed_bfloat16", "float32")
    ]
    candidates = {**shared, **sizes["candidates"], "stream": "candidates"}
    rows.append({**candidates, "policy": "mixed_bfloat16"})
    stand_ins = [
        # More steps, beside which the start of the threads is short.
        {
            **candidates,
            "steps": 15 * sizes["steps"],
            "step_ms": GPU_STEP_MS,
            "workers": workers,
        }
        for workers in (1, 2)
    ]
    return rows + [{**row, "backends": ["torch"]} for row in stand_ins]


def measure(
    gigabytes,
    steps,
    repeats,
    stream,
    encoder,
    batch_size,
    num_candidates,
    policy="float32",
    workers=1,
    step_ms=None,
):
    import accelerator
    import keras
    import streams

    import keras_relcon as kr

    device = STAND_IN if step_ms else accelerator.device_name()
    if stream == "candidates" and device == "cpu" and batch_size > 2:
        return {"device": device}  # minutes, of which a batch takes 4 ms
    keras.config.set_dtype_policy(policy)
    sizes = {"batch_size": batch_size, "num_candidates": num_candidates}
    sizes |= {"steps_per_epoch": steps, "workers": workers}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "windows.h5")
        kr.data.WindowStore.create(path, streams.recordings(gigabytes))
        store = kr.data.WindowStore.open(path)
        distance = kr.MotifDistance()
        if stream == "ranked":
            sizes["anchors"] = "all"
            distance = None
            ranker = kr.MotifDistance(embedding_dim=8, downsampling=4)
            sizes["ranking"] = kr.data.rank_groups(
                kr.data.CandidateGroups(store, **sizes),
                ranker,
                Path(folder, "ranks.h5"),
            )
        groups = kr.data.CandidateGroups(store, **sizes)
        if step_ms is None:
            model = relcon(distance, encoder)
        else:
            model = waiting_model(step_ms)
        model.compile(optimizer=keras.optimizers.Adam(1e-4))
        seconds = fit_seconds(
            model, {"fixed": repeated(groups), "drawn": groups}, repeats
        )
        draw = streams.median_seconds(lambda number: groups[number % steps])
    return {**seconds, "draw": draw, "device": device}


def relcon(distance, encoder):
    """With an augmented copy of each window where the order is stored."""
    import keras_relcon as kr

    if distance is not None:
        return kr.RelConModel(kr.layers.ResNet1D34(**encoder), distance)
    return kr.RelConModel(
        kr.layers.ResNet1D34(**encoder),
        None,
        temperature=0.1,
        anchors="all",
        views=kr.models.AugmentedViews(),
    )


def waiting_model(step_ms):
    """A model whose step keeps no core busy, as if a GPU did it."""
    import keras

    class Waiting(keras.Model):
        def train_step(self, data):
            time.sleep(step_ms / 1000)
            return {"loss": 0.0}

    model = Waiting()
    model.built = True  # it has no weights
    return model


def repeated(groups):
    """The first batch of a stream again and again, which costs nothing."""
    import keras

    class Repeated(keras.utils.PyDataset):
        batch = groups[0]

        def __len__(self):
            return len(groups)

        def __getitem__(self, index):
            return self.batch

    return Repeated()


def fit_seconds(model, streams, repeats):
    """Seconds of a step in an epoch of each stream, A B A B ...; medians.

    The first epoch of each, which compiles, does not count.
    """
    import keras
    import numpy as np

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = time.perf_counter() - self.begin

    seconds = {name: [] for name in streams}
    for number in range(repeats + 1):
        for name, batches in streams.items():
            clock = Clock()
            model.fit(batches, shuffle=False, verbose=0, callbacks=[clock])
            if number:
                seconds[name].append(clock.seconds / len(batches))
    return {name: float(np.median(each)) for name, each in seconds.items()}


def report(rows):
    lines = [
        [
            row["backend"],
            row["device"],
            row["stream"],
            row.get("policy", ""),
            row.get("workers", 1),
            1e3 * row["fixed"],
            1e3 * row["drawn"],
            f"{100 * (1 - row['fixed'] / row['drawn']):.1f} %",
            1e3 * row["draw"],
        ]
        for row in rows
        if "fixed" in row
    ]
    return (
        "Milliseconds of a step in `fit`, and of one batch drawn alone, from a "
        "store in a file. *ranked*: 8 subjects, 8 windows of each, with stored "
        "ranks and augmented copies, through the encoder of `relcon_small`: "
        "the step that takes the least. *candidates*: 64 anchors with 20 "
        "candidates each, through the default encoder; not on a CPU, where a "
        f"step takes seconds. *{STAND_IN}*: {GPU_STEP_MS} ms in which the "
        "processor is free, for a machine without a GPU. *one "
        "batch again*: no data are drawn. *waits*: what the stream adds to "
        "that, as a share of the step. Medians of epochs that alternate.\n\n"
        + measuring.table(
            [
                "backend",
                "device",
                "stream",
                "policy",
                "workers",
                "one batch again",
                "stream",
                "waits",
                "batch drawn alone",
            ],
            lines,
        )
    )
