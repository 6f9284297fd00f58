"""Trains a small model on the devices that the environment gives.

python train_run.py OUTPUT [DEVICES/CANDIDATES ...]

A run is named as "2/global": a number of devices of this process, or "all" of
all processes, and the model's `candidates`. "2/global/plain" is without batch
norm, and "2/global/micro" in two micro-batches too; in "2/global/every" every
window is an anchor; in "2/replica/spoiled" one window, of the last replica, is
so large that its square is infinite. Without names it is "all/global". Process
0 writes what came out of each run.
"""

import sys

import keras
import numpy as np
from keras import ops

import keras_relcon as kr
from keras_relcon.models.ranking import squared_errors

BATCH_SIZE, NUM_CANDIDATES, LENGTH = 8, 3, 40
GROUP_SHAPE = {
    "anchor": (BATCH_SIZE, LENGTH, 3),
    "candidates": (BATCH_SIZE, NUM_CANDIDATES, LENGTH, 3),
}

if keras.backend.backend() == "tensorflow":
    from keras_relcon.models.backend_programs import tensorflow_programs

    tensorflow_programs.USE_XLA = False  # takes seconds for each run


def main(output, *runs):
    runs = runs or ["all/global"]
    save(output, *results_of(runs, Clusters(runs)))


class Clusters(dict):
    """`DataParallel` of "all" or of a number of devices of this process."""

    def __init__(self, runs):
        super().__init__()
        if keras.backend.backend() == "tensorflow":
            # It takes longer than what it makes faster.
            tensorflow_programs.tf.config.optimizer.set_experimental_options(
                {"disable_meta_optimizer": True}
            )
        counts = [int(run[0]) for run in runs if run[0].isdigit()]
        self.names = device_names(max(counts)) if counts else None

    def __missing__(self, count):
        devices = self.names[: int(count)] if self.names else None
        self[count] = kr.distributed.DataParallel(devices)
        return self[count]


def results_of(runs, clusters):
    """What came out of each run, and the last run's `DataParallel`."""
    results = {}
    for run in runs:
        count, candidates, *kind = run.split("/")
        parallel = clusters[count]
        if kind == ["spoiled"]:
            for name, value in train_spoiled(parallel, candidates).items():
                results[f"{run}/{name}"] = value
            continue
        size = micro_batch_size(parallel) if kind == ["micro"] else None
        trained = train(
            parallel,
            candidates,
            size,
            has_norm=kind not in (["plain"], ["micro"]),
            anchors="all" if kind == ["every"] else "one",
        )
        for name, value in trained.items():
            results[f"{run}/{name}"] = value
    return results, parallel


def save(output, results, parallel):
    if parallel.process_index == 0:
        np.savez(output, num_replicas=parallel.num_replicas, **results)


def micro_batch_size(parallel):
    """Half of the windows that a step sees: on JAX those of all devices."""
    num_windows = BATCH_SIZE * (1 + NUM_CANDIDATES)
    if keras.backend.backend() == "torch":
        num_windows //= parallel.num_replicas
    return num_windows // 2


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


def train(
    parallel, candidates, micro_batch_size=None, has_norm=True, anchors="one"
):
    """One step of gradient descent, then two epochs of one."""
    with parallel.scope():
        model = small_model(candidates, micro_batch_size, has_norm, anchors)
        model.compile(optimizer=keras.optimizers.SGD(1.0))
    if keras.backend.backend() == "torch" and parallel.process_index:
        for variable in model.encoder.variables:  # all begin as the first
            variable.assign(variable + 1)
    groups = candidate_groups(anchors=anchors)
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


class SpoiledGroups(kr.data.CandidateGroups):
    """The last window of the last replica is so large that its square is not
    finite.
    """

    def batch(self, epoch, index):
        batch = super().batch(epoch, index)
        last = kr.distributed.num_processes() - 1
        if kr.distributed.process_index() == last:
            batch["anchor"] = np.array(batch["anchor"])
            batch["anchor"][-1] = 1e30
        return batch


def train_spoiled(parallel, candidates):
    """A good step, and a bad one that is to be left out."""
    with parallel.scope():
        model = small_model(candidates, skip_nonfinite=True)
        model.compile(optimizer=keras.optimizers.Adam(1e-2))
    changes, num_skipped = [], []
    for kind in (kr.data.CandidateGroups, SpoiledGroups):
        before = weights(model)
        model.fit(parallel.shard(candidate_groups(kind)), verbose=0)
        changes.append(
            any(
                not np.array_equal(old, new)
                for old, new in zip(before, weights(model))
            )
        )
        logs = model.get_metrics_result()
        num_skipped.append(float(logs["skipped_steps"]))
    return {"changes": np.array(changes), "num_skipped": np.array(num_skipped)}


class Losses(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))


class QuickDistance(kr.MotifDistance):
    """Compares windows as they are, by axis: this compiles in no time.

    What replicas have to do with it is the same: each ranks the candidates of
    its own anchors among the anchors of all, by weights that all hold.
    """

    def _pair_function(self, anchors, pool, fast):
        scale = self.rev_in.gamma.value

        def pair_distances(index):
            anchor, candidate = index
            return squared_errors(
                scale * ops.take(anchors, anchor, axis=0),
                scale * ops.take(pool, candidate, axis=0),
            )

        return pair_distances


def quick_distance():
    distance = QuickDistance(
        embedding_dim=8, kernel_size=3, num_dilated_blocks=1
    )
    distance.build((None, LENGTH, 3))
    distance.rev_in.gamma.assign([0.5, 1.0, 2.0])
    return distance


def small_model(
    candidates="global",
    micro_batch_size=None,
    has_norm=True,
    anchors="one",
    skip_nonfinite=False,
):
    """Without batch norm, micro-batches change nothing."""
    keras.utils.set_random_seed(0)
    encoder = kr.layers.ResNet1D34(
        8, num_blocks=(1,), widths=(8,), kernel_sizes=(3,), strides=(2,)
    )
    if not has_norm:
        encoder = keras.Sequential(
            [
                keras.layers.Conv1D(8, 5, strides=3, activation="tanh"),
                keras.layers.GlobalAveragePooling1D(),
                keras.layers.Dense(6, kernel_regularizer="l2"),
            ]
        )
    model = kr.RelConModel(
        encoder,
        quick_distance(),
        0.2,
        candidates=candidates,
        micro_batch_size=micro_batch_size,
        anchors=anchors,
        skip_nonfinite=skip_nonfinite,
    )
    model.build(GROUP_SHAPE)
    return model


def candidate_groups(kind=kr.data.CandidateGroups, **kwargs):
    recordings = kr.data.synthetic_recordings(3, 6, 50, seed=1)
    store = kr.data.WindowStore.from_recordings(recordings, 50, LENGTH)
    # One batch again and again: before the first step Keras draws some to build
    # by, on one device and on many not the same number.
    kwargs = {"steps_per_epoch": 1, "is_fixed": True, **kwargs}
    return kind(store, BATCH_SIZE, NUM_CANDIDATES, seed=2, **kwargs)


def weights(model):
    """Weights and moving statistics."""
    return [
        np.array(keras.ops.convert_to_numpy(variable))
        for variable in model.encoder.variables
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
