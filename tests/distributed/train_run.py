"""Trains a small model on the devices that the environment gives.

python train_run.py OUTPUT [DEVICES/CANDIDATES ...]

A run is named as "2/global": a number of devices of this process, and the
model's `candidates`. Without names: "global" on all devices of all processes.
Process 0 writes what came out of each run.
"""

import sys

import keras
import numpy as np

import keras_relcon as kr

BATCH_SIZE, NUM_CANDIDATES, LENGTH = 8, 3, 40


def main(output, *runs):
    results, clusters = {}, {}
    names = device_names(max(int(run[0]) for run in runs)) if runs else None
    for run in runs or ["all/global"]:
        count, candidates = run.split("/")
        if count not in clusters:
            devices = names[: int(count)] if names else None
            clusters[count] = kr.distributed.DataParallel(devices)
        parallel = clusters[count]
        for name, value in train(parallel, candidates).items():
            results[f"{run}/{name}"] = value
    if parallel.process_index == 0:
        np.savez(output, num_replicas=parallel.num_replicas, **results)


def device_names(count):
    if keras.backend.backend() == "torch":
        return None
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
        return [f"CPU:{index}" for index in range(count)]
    return keras.distribution.list_devices("cpu")


def train(parallel, candidates):
    """One step of gradient descent, then two epochs of one."""
    with parallel.scope():
        model = small_model(candidates)
        model.compile(optimizer=keras.optimizers.SGD(1.0))
    if keras.backend.backend() == "torch" and parallel.process_index:
        for variable in model.encoder.variables:  # all begin as the first
            variable.assign(variable + 1)
    groups = candidate_groups()
    before = weights(model)
    model.fit(parallel.shard(groups), steps_per_epoch=1, verbose=0)
    gradients = [old - new for old, new in zip(before, weights(model))]
    logs = model.get_metrics_result()
    model.optimizer.learning_rate = 0.01
    recorder = Losses()
    model.fit(
        parallel.shard(groups),
        steps_per_epoch=len(groups),
        epochs=2,
        callbacks=[recorder],
        verbose=0,
    )
    return {
        "gradient": np.concatenate([x.ravel() for x in gradients]),
        "losses": np.array(recorder.losses),
        **{name: float(value) for name, value in logs.items()},
    }


class Losses(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))


def small_model(candidates="global"):
    keras.utils.set_random_seed(0)
    encoder = kr.layers.ResNet1D34(
        8, num_blocks=(1,), widths=(8,), kernel_sizes=(3,), strides=(2,)
    )
    distance = kr.MotifDistance(
        embedding_dim=8, kernel_size=3, num_dilated_blocks=1
    )
    model = kr.RelConModel(encoder, distance, 0.2, candidates=candidates)
    model.build(
        {
            "anchor": (BATCH_SIZE, LENGTH, 3),
            "candidates": (BATCH_SIZE, NUM_CANDIDATES, LENGTH, 3),
        }
    )
    return model


def candidate_groups(**kwargs):
    recordings = kr.data.synthetic_recordings(3, 6, 50, seed=1)
    store = kr.data.WindowStore.from_recordings(recordings, 50, LENGTH)
    # One batch again and again: before the first step Keras draws some to build
    # by, on one device and on many not the same number.
    return kr.data.CandidateGroups(
        store,
        BATCH_SIZE,
        NUM_CANDIDATES,
        seed=2,
        steps_per_epoch=1,
        is_fixed=True,
        **kwargs,
    )


def weights(model):
    """Weights and moving statistics."""
    return [
        np.array(keras.ops.convert_to_numpy(variable))
        for variable in model.encoder.variables
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
