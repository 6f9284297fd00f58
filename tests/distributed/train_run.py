"""Trains a small model on the devices that the environment gives.

python train_run.py OUTPUT [NUM_DEVICES ...]

Without numbers: on all devices of all processes. Process 0 writes, for each
number of devices and each kind of candidates, what came out.
"""

import sys
from pathlib import Path

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
BATCH_SIZE, NUM_CANDIDATES, LENGTH = 8, 3, 40


def main(output, *counts):
    results = {}
    for parallel in clusters([int(count) for count in counts]):
        for candidates in ("global", "replica"):
            for name, value in train(parallel, candidates).items():
                key = f"{parallel.num_replicas}/{candidates}/{name}"
                results[key] = value
    if parallel.process_index == 0:
        np.savez(output, **results)


def clusters(counts):
    if not counts:
        return [kr().distributed.DataParallel()]
    names = device_names(max(counts))
    return (kr().distributed.DataParallel(names[:n]) for n in counts)


def device_names(count):
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
        return [f"CPU:{index}" for index in range(count)]
    return keras.distribution.list_devices("cpu")


def train(parallel, candidates):
    """One step, then the rest of two epochs; both from one seed."""
    with parallel.scope():
        model = small_model(candidates)
        model.compile(optimizer=keras.optimizers.SGD(1.0))
    groups = candidate_groups()
    before = weights(model)
    losses = Losses()
    fit = {"steps_per_epoch": len(groups), "verbose": 0}
    first = groups_of_one_step()
    model.fit(parallel.shard(first), steps_per_epoch=1, verbose=0)
    step = {
        f"step/{index}": old - new
        for index, (old, new) in enumerate(zip(before, weights(model)))
    }
    loss = model.get_metrics_result()
    model.optimizer.learning_rate = 0.01
    model.fit(parallel.shard(groups), epochs=2, callbacks=[losses], **fit)
    held = model.evaluate(
        parallel.shard(first), steps=1, verbose=0, return_dict=True
    )
    return {
        **step,
        **{name: float(value) for name, value in loss.items()},
        "losses": np.array(losses.values),
        "held_out": float(held["loss"]),
    }


class Losses(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.values = []

    def on_train_batch_end(self, batch, logs=None):
        self.values.append(float(logs["loss"]))


def kr():
    import keras_relcon

    return keras_relcon


def small_model(candidates="global"):
    from support import small_encoder

    keras.utils.set_random_seed(0)
    distance = kr().MotifDistance(embedding_dim=8, kernel_size=3)
    distance.build((None, LENGTH, 3))
    model = kr().RelConModel(
        small_encoder(8), distance, 0.2, candidates=candidates
    )
    model.build(
        {
            "anchor": (BATCH_SIZE, LENGTH, 3),
            "candidates": (BATCH_SIZE, NUM_CANDIDATES, LENGTH, 3),
        }
    )
    return model


def candidate_groups(**kwargs):
    recordings = kr().data.synthetic_recordings(3, 6, 50, seed=1)
    store = kr().data.WindowStore.from_recordings(recordings, 50, LENGTH)
    return kr().data.CandidateGroups(
        store, BATCH_SIZE, NUM_CANDIDATES, seed=2, **kwargs
    )


def groups_of_one_step():
    return candidate_groups(steps_per_epoch=1, is_fixed=True)


def weights(model):
    return [
        np.array(keras.ops.convert_to_numpy(variable))
        for variable in model.encoder.variables
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
