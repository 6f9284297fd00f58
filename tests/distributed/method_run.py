"""Trains small methods on the devices that the environment gives.

python method_run.py OUTPUT DEVICES METHOD [METHOD ...]

DEVICES is a number of devices of this process, or "all" of all processes.
Process 0 writes the losses and the weights of each method.
"""

import sys

import keras
import numpy as np
import train_run
from baselines.every_method import METHODS

import keras_relcon as kr

STEPS = 3
# What leaves nothing to draw, for each replica draws its own.
DRAW_NOTHING = {
    "SimCLR": {},
    "SimSiam": {},
    "BYOL": {},
    "Taxonomy": {},
    "RenyiCL": {"num_local_crops": 0},
    "SLR": {"mix": None},
}


def main(output, count, *names):
    parallel = train_run.Clusters([count])[count]
    results = {}
    for name in names:
        for key, value in train(parallel, name).items():
            results[f"{name}/{key}"] = value
    train_run.save(output, results, parallel)


def train(parallel, name):
    """A few steps on the same batches, whatever the number of devices."""
    with parallel.scope():
        keras.utils.set_random_seed(0)
        # Without batch norm, whose statistics are each replica's own, and
        # without draws, which are each replica's own too.
        encoder = keras.Sequential(
            [
                keras.layers.Conv1D(8, 5, strides=3, activation="tanh"),
                keras.layers.GlobalAveragePooling1D(),
            ]
        )
        model = METHODS[name](
            encoder, views=keras.layers.Rescaling(2.0), **DRAW_NOTHING[name]
        )
        model.build((train_run.BATCH_SIZE, train_run.LENGTH, 3))
        model.compile(optimizer=keras.optimizers.SGD(0.1))
    recordings = kr.data.synthetic_recordings(3, 6, 50, seed=1)
    store = kr.data.WindowStore.from_recordings(
        recordings, 50, train_run.LENGTH
    )
    batches = kr.data.WindowBatches(
        store, train_run.BATCH_SIZE, seed=2, steps_per_epoch=1, is_fixed=True
    )
    recorder = train_run.Losses()
    model.fit(
        parallel.shard(batches),
        steps_per_epoch=1,
        epochs=STEPS,
        callbacks=[recorder],
        shuffle=False,
        verbose=0,
    )
    variables = [
        np.array(keras.ops.convert_to_numpy(variable)).ravel()
        for variable in model.variables
        if keras.backend.is_float_dtype(variable.dtype)
    ]
    return {
        "losses": np.array(recorder.losses),
        "weights": np.concatenate(variables),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
