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
from keras_relcon import baselines, layers

STEPS = 3
WINDOWS = (train_run.BATCH_SIZE, train_run.LENGTH, 3)


def plain_encoder():
    """Without batch norm, whose statistics are each replica's own."""
    return keras.Sequential(
        [
            keras.layers.Conv1D(8, 5, strides=3, activation="tanh"),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )


def of_views(name, **kwargs):
    return lambda: METHODS[name](
        plain_encoder(), views=keras.layers.Rescaling(2.0), **kwargs
    )


# With nothing to draw, for each replica draws its own; but the step of `CPC`
# and the resolution of `TS2Vec` are drawn once for all.
RUNS = {
    "SimCLR": of_views("SimCLR"),
    "SimSiam": of_views("SimSiam"),
    "BYOL": of_views("BYOL"),
    "Taxonomy": of_views("Taxonomy"),
    "RenyiCL": of_views("RenyiCL", num_local_crops=0),
    "SLR": of_views("SLR", mix=None),
    "OutlierExposure": lambda: baselines.OutlierExposure(
        plain_encoder(),
        kr.models.mlp_projector((8, 8)),
        outside=keras.layers.Rescaling(-3.0),
        views=keras.layers.Rescaling(2.0),
        steps_before_alpha=1,
    ),
    "CPC": lambda: baselines.CPC(
        layers.ConvEncoder1D((8,), kernel_size=5),
        num_steps=3,
        context_width=8,
        dropout=0.0,
        seed=1,
    ),
    "TS2Vec": lambda: baselines.TS2Vec(
        layers.DilatedConvEncoder1D(8, 8, depth=1, mask_rate=0, dropout=0),
        baselines.AdaptiveResolution(every="step", seed=1),
        # Both views have one place in a window.
        view_length=32,
        overlap_lengths=(24,),
        seed=1,
    ),
    "REBAR": lambda: baselines.REBAR(
        plain_encoder(), train_run.quick_distance(), 0.2, positives="within"
    ),
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
    batches, shape = batches_of(name)
    with parallel.scope():
        keras.utils.set_random_seed(0)
        model = RUNS[name]()
        model.build(shape)
        model.compile(optimizer=keras.optimizers.SGD(0.1))
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


def batches_of(name):
    """One batch again and again, and its shape."""
    if name == "REBAR":
        return train_run.candidate_groups(), train_run.GROUP_SHAPE
    recordings = kr.data.synthetic_recordings(3, 6, 50, seed=1)
    store = kr.data.WindowStore.from_recordings(
        recordings, 50, train_run.LENGTH
    )
    batches = kr.data.WindowBatches(
        store, train_run.BATCH_SIZE, seed=2, steps_per_epoch=1, is_fixed=True
    )
    return batches, WINDOWS


if __name__ == "__main__":
    main(*sys.argv[1:])
