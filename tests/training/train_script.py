"""A training in a process of its own, which kills itself on the way.

    python train_script.py FOLDER [KILL ...]

For each KILL a training is begun, and killed: `step:N`, after step N of its
process; `FUNCTION:N`, at call N of `os.FUNCTION`. At last one is run to its
end, and all that was trained is in `FOLDER/killed/end.npz`. What a training
that is never killed ends with is in `FOLDER/full/end.npz`. Each is a process of
its own, forked before the backend has begun.
"""

import json
import multiprocessing
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_relcon as kr
from keras_relcon.models.ranking import candidate_index, candidate_pool
from keras_relcon.training.training_state import get_arrays

EPOCHS, STEPS, EVERY = 3, 5, 2


def make_groups(**kwargs):
    recordings = kr.data.synthetic_recordings(3, 10, 50, seed=1)
    store = kr.data.WindowStore.from_recordings(recordings, 50, 40)
    kwargs = {"steps_per_epoch": STEPS, "seed": 4, **kwargs}
    return kr.data.CandidateGroups(store, 4, 2, **kwargs)


class QuickRanking(kr.RelConModel):
    """Ranks by the plain difference of windows, which compiles in no time."""

    def rank_candidates(self, inputs):
        anchors, candidates = inputs["anchor"], inputs["candidates"]
        shape = keras.ops.shape(candidates)
        pool = candidate_pool(anchors, candidates)
        near = keras.ops.take(pool, candidate_index(*shape[:2]), axis=0)
        return keras.ops.mean((near - anchors[:, None]) ** 2, axis=(2, 3))


def make_model(**kwargs):
    keras.utils.set_random_seed(5)
    encoder = keras.Sequential(
        [
            # Random in each step, from a seed generator of its own.
            keras.layers.GaussianNoise(0.1, seed=6),
            keras.layers.Conv1D(4, 5, strides=4),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    distance = kr.MotifDistance(
        embedding_dim=8, kernel_size=3, num_dilated_blocks=1
    )
    model = QuickRanking(encoder, distance, temperature=0.2, **kwargs)
    schedule = keras.optimizers.schedules.CosineDecay(1e-2, EPOCHS * STEPS)
    model.compile(optimizer=keras.optimizers.Adam(schedule))
    return model


def train(folder, extra=(), groups=None, epochs=EPOCHS, **kwargs):
    """Trains with validation and a best score; returns model and callbacks."""
    folder = Path(folder)
    groups = groups or make_groups()
    best = keras.callbacks.EarlyStopping(
        "val_loss", patience=2, restore_best_weights=True
    )
    resumable = kr.training.ResumableTraining(
        folder / "checkpoints",
        groups,
        **{"every": EVERY, "callbacks": [best], **kwargs},
    )
    model = make_model()
    model.fit(
        groups,
        epochs=epochs,
        validation_data=make_groups(is_fixed=True, steps_per_epoch=2, seed=9),
        callbacks=[best, *extra, resumable],
        verbose=0,
    )
    return model, best, resumable


def save_end(folder, model, best):
    """All that a resumed training must share with an uninterrupted one."""
    numbers = {
        "history": model.history.history,
        "epochs": [int(epoch) for epoch in model.history.epoch],
        "best": [float(best.best), best.best_epoch, best.wait],
    }
    np.savez(
        Path(folder) / "end.npz",
        json.dumps(numbers, sort_keys=True, default=float),
        *get_arrays(model),
    )


class KillAtStep(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.left = step

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def kill_at(function, call):
    """Kills this process at a call of `os.<function>`."""
    original, calls = getattr(os, function), []

    def die(*args, **kwargs):
        calls.append(args)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    setattr(os, function, die)


def run(folder, kill=None):
    extra = []
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)  # tracing takes longer
    if kill is not None:
        name, number = kill.split(":")
        if name == "step":
            extra.append(KillAtStep(int(number)))
        else:
            kill_at(name, int(number))
    model, best, _ = train(folder, extra)
    save_end(folder, model, best)


def main(folder, *kills):
    runs = [*(("killed", kill) for kill in [*kills, None]), ("full", None)]
    for name, kill in runs:
        process = multiprocessing.get_context("fork").Process(
            target=run, args=(Path(folder, name), kill)
        )
        process.start()
        process.join()
        expected = 0 if kill is None else -signal.SIGKILL
        if process.exitcode != expected:
            raise SystemExit(f"{kill}: exit code {process.exitcode}")


if __name__ == "__main__":
    main(*sys.argv[1:])
