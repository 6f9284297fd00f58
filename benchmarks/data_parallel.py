"""What data parallel training costs: by calculation, and on CPU devices.

python benchmarks/data_parallel.py                 # the calculated table
python benchmarks/data_parallel.py --measure 2     # seconds with 2 CPU devices
torchrun --nproc-per-node=2 benchmarks/data_parallel.py --measure 2  # PyTorch
"""

import argparse
import os
import time

import measuring
import numpy as np

NUM_WINDOWS = 1.07e9  # of the paper's data set
LENGTH, NUM_CANDIDATES, EMBEDDING_DIM = 256, 20, 256
SMALL = {"batch_size": 16, "num_candidates": 4, "length": 128}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", type=int, metavar="DEVICES")
    parser.add_argument("--steps", type=int, default=10)
    args = parser.parse_args()
    if args.measure:
        row = measure(args.measure, args.steps)
        if row.pop("process") == 0:
            print(row)
    else:
        print(paper_table())


def step_costs(num_replicas, batch_size, num_parameters, num_norm_channels):
    """Counts for one step and device; bytes are those that it receives."""
    others = (num_replicas - 1) / num_replicas
    rows = batch_size // num_replicas
    return {
        "encoder windows": rows * (1 + NUM_CANDIDATES),
        "pairs": rows * (batch_size - 1 + NUM_CANDIDATES),
        "keys and values": batch_size + rows * NUM_CANDIDATES,
        "MB anchors": others * batch_size * LENGTH * 3 * 4 / 1e6,
        # Sent once as embeddings and once as their gradient.
        "MB embeddings": 2 * others * batch_size * EMBEDDING_DIM * 4 / 1e6,
        # A ring passes every gradient twice.
        "MB gradients": 2 * others * num_parameters * 4 / 1e6,
        # Mean and variance, there and back.
        "MB batch norm": 2
        * (num_replicas - 1)
        * 2
        * num_norm_channels
        * 4
        / 1e6,
        "steps per epoch": NUM_WINDOWS / batch_size,
    }


def paper_table():
    import keras_relcon as kr

    encoder = kr.layers.ResNet1D34()
    encoder.build((None, LENGTH, 3))
    parameters = sum(int(np.prod(w.shape)) for w in encoder.trainable_variables)
    norms = sum(int(np.prod(w.shape)) for w in encoder.non_trainable_variables)
    rows = []
    for num_replicas, batch_size in [
        (1, 64),
        (8, 64),
        (8, 512),
        (64, 512),
        (64, 4096),
    ]:
        costs = step_costs(num_replicas, batch_size, parameters, norms // 2)
        rows.append([num_replicas, batch_size, *costs.values()])
    return measuring.table(["GPUs", "global batch", *costs], rows)


def measure(num_devices, steps):
    """Seconds of a step on CPU devices, and the processor time in it."""
    flags = f"--xla_force_host_platform_device_count={num_devices}"
    os.environ["XLA_FLAGS"] = flags
    import keras

    import keras_relcon as kr

    devices = cpu_devices(keras, num_devices)
    parallel = kr.distributed.DataParallel(devices)
    with parallel.scope():
        encoder = kr.layers.ResNet1D34(
            64,
            num_blocks=(1, 1),
            widths=(32, 64),
            kernel_sizes=(3, 3),
            strides=(1, 2),
        )
        distance = kr.MotifDistance(embedding_dim=16, num_dilated_blocks=1)
        model = kr.RelConModel(encoder, distance)
        model.compile(optimizer="sgd")
    recordings = kr.data.synthetic_recordings(3, 40, 50, seed=1)
    store = kr.data.WindowStore.from_recordings(recordings, 50, SMALL["length"])
    groups = kr.data.CandidateGroups(
        store,
        SMALL["batch_size"],
        SMALL["num_candidates"],
        steps_per_epoch=steps,
    )
    clock = Clock(keras)
    model.fit(
        parallel.shard(groups),
        steps_per_epoch=steps,
        epochs=3,
        verbose=0,
        callbacks=[clock.callback],
    )
    return {
        "process": parallel.process_index,
        "devices": parallel.num_replicas,
        "seconds per step": min(clock.wall[1:]) / steps,
        "processor seconds per step": min(clock.processor[1:]) / steps,
        "load": os.getloadavg()[0],
    }


def cpu_devices(keras, count):
    if keras.backend.backend() == "torch":
        return None  # one for each process of `torchrun`
    if keras.backend.backend() == "jax":
        return keras.distribution.list_devices("cpu")
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * count
    )
    return [f"CPU:{index}" for index in range(count)]


class Clock:
    """Seconds of each epoch; the first one compiles."""

    def __init__(self, keras):
        self.wall, self.processor = [], []

        def begin(epoch, logs=None):
            self.start = time.perf_counter(), time.process_time()

        def end(epoch, logs=None):
            self.wall.append(time.perf_counter() - self.start[0])
            self.processor.append(time.process_time() - self.start[1])

        self.callback = keras.callbacks.LambdaCallback(
            on_epoch_begin=begin, on_epoch_end=end
        )


if __name__ == "__main__":
    main()
