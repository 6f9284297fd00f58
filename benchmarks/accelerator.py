"""The parts of a training step on a GPU, compared with a matrix product.

Without an accelerator only the tiny sizes run. The profile of one step is
written to the folder that `RELCON_TRACE` names.
"""

import os
import time

import measuring

QUESTION = "What does a training step cost on a GPU?"
SIZES = {
    "batch_size": 64,
    "num_candidates": 20,
    "length": 256,
    "repeats": 20,
    "chunks": [None, 5312],  # the default, all pairs
    "matrix_size": 8192,
}
TINY = {
    "batch_size": 2,
    "num_candidates": 1,
    "length": 40,
    "repeats": 1,
    "chunks": [2],
    "matrix_size": 64,
}


def cases(sizes):
    sizes = dict(sizes)
    chunks = sizes.pop("chunks")
    rows = [
        {**sizes, "policy": policy, "pairs_per_chunk": chunk}
        for policy in ("mixed_bfloat16", "float32")
        for chunk in chunks
    ]
    others = [
        {**row, **setting}
        for row in rows
        if row["policy"] != "float32"
        for setting in (
            {"ranking_kernels": False, "backends": ["jax"]},
            {"jit_compile": True, "backends": ["torch"]},
        )
    ]
    return rows + others


def measure(
    batch_size,
    num_candidates,
    length,
    repeats,
    matrix_size,
    policy,
    pairs_per_chunk,
    ranking_kernels=None,
    jit_compile="auto",
):
    import keras
    import numpy as np
    from keras import ops

    import keras_relcon as kr
    from keras_relcon.models.ranking import chosen_kernels

    device = device_name()
    if device == "cpu" and batch_size > TINY["batch_size"]:
        return {"device": device}
    keras.config.set_dtype_policy(policy)
    group = {
        name: ops.convert_to_tensor(array)
        for name, array in measuring.candidate_group(
            batch_size, num_candidates, length
        ).items()
    }
    distance = kr.MotifDistance(
        pairs_per_chunk=pairs_per_chunk, ranking_kernels=ranking_kernels
    )
    model = kr.RelConModel(kr.layers.ResNet1D34(), distance)
    if device == "cpu":
        jit_compile = "auto"  # PyTorch would need a C++ compiler
    model.compile(keras.optimizers.Adam(1e-4), jit_compile=jit_compile)
    # Before all else, so that the peak of the device's memory is the step's.
    step = fit_seconds(model, (group,), repeats)
    gigabytes = peak_gigabytes()
    plain = kr.layers.ResNet1D34()
    plain.compile(optimizer=keras.optimizers.Adam(1e-4), loss="mse")
    count = batch_size * (1 + num_candidates)
    windows = ops.convert_to_tensor(measuring.walking_windows(count, length))
    targets = ops.zeros((count, 256))
    half = policy.removeprefix("mixed_")
    matrix = ops.cast(np.ones((matrix_size, matrix_size), "float32"), half)
    # The maximum needs all of the product, so a compiler cannot skip part.
    product = measuring.compiled(
        lambda x: ops.cast(ops.max(ops.matmul(x, x)), "float32")
    )
    seconds = measuring.median_seconds(
        {
            "distance": lambda: distance.candidate_distances(*group.values()),
            "matmul": lambda: product(matrix),
        },
        repeats,
    )
    seconds["step"] = step
    seconds["plain"] = fit_seconds(plain, (windows, targets), repeats)
    trace(lambda: model.train_on_batch(group))
    num_pairs = batch_size * (batch_size - 1 + num_candidates)
    return {
        **seconds,
        "gigabytes": gigabytes,
        "device": device,
        # Whether they exist for this machine and this policy.
        "ranking_kernels": policy != "float32"
        and chosen_kernels(ranking_kernels) is not None,
        "jit_compile": jit_compile is True,
        "distance_flops": num_pairs * pair_flops(length)
        + 2 * count * stack_flops(length),
        # A backward pass costs twice its forward pass.
        "plain_flops": 3 * count * encoder_flops(plain, length),
        "matmul_flops": 2 * matrix_size**3,
    }


def fit_seconds(model, batch, repeats):
    """Seconds of a step in `fit`, where the host runs ahead of the device.

    `train_on_batch` would wait for its result, and add Keras' own work around
    a single call. The first epoch compiles and does not count.
    """
    import keras

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = (time.perf_counter() - self.begin) / repeats

    def batches():
        while True:
            yield batch

    clock = Clock()
    model.fit(
        batches(),
        steps_per_epoch=repeats,
        epochs=3,
        verbose=0,
        callbacks=[clock],
    )
    return clock.seconds


def device_name():
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    if keras.backend.backend() == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name()
        return "cpu"
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return devices[0].name if devices else "cpu"


def peak_gigabytes():
    """The most memory of the device that was in use; `None` on a CPU."""
    import keras

    if device_name() == "cpu":
        return None
    if keras.backend.backend() == "jax":
        import jax

        peak = jax.devices()[0].memory_stats()["peak_bytes_in_use"]
    elif keras.backend.backend() == "torch":
        import torch

        peak = torch.cuda.max_memory_allocated()
    else:
        import tensorflow as tf

        peak = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    return peak / 1e9


def trace(step):
    """Writes a profile of one step to the folder that `RELCON_TRACE` names."""
    import keras

    folder = os.environ.get("RELCON_TRACE")
    if folder is None:
        return
    if keras.backend.backend() == "jax":
        import jax

        with jax.profiler.trace(folder):
            step()
    elif keras.backend.backend() == "torch":
        import torch

        with torch.profiler.profile() as profile:
            step()
        profile.export_chrome_trace(os.path.join(folder, "torch_step.json"))


def stack_flops(length, channels=3, dim=64, kernel_size=15, num_blocks=2):
    block = dim * (dim // 8) * (1 + kernel_size)
    return 2 * length * (kernel_size * channels * dim + num_blocks * block)


def pair_flops(length, channels=3, dim=64):
    return stack_flops(length) + 2 * length**2 * (dim + channels)


def encoder_flops(encoder, length):
    """Multiplications and additions of the convolutions of one window."""
    length = (length - 7) // 2 + 1
    flops = 2 * length * 7 * 3 * encoder.widths[0]
    length = (length - 3) // 2 + 1
    channels = encoder.widths[0]
    for block in encoder.blocks:
        length = -(-length // block.stride)
        taps = block.kernel_size * (channels + block.width)
        if block.shortcut is not None:
            taps += channels
        flops += 2 * length * taps * block.width
        channels = block.width
    return flops


def report(rows):
    measured = [row for row in rows if "step" in row]
    if not measured:
        return (
            "Not measured: the machine has no accelerator that the backends "
            "can use. Tested at tiny sizes on the CPU."
        )
    lines = [
        [
            row["backend"],
            row["device"],
            row["policy"],
            "kernels" if row.get("ranking_kernels") else "",
            "yes" if row.get("jit_compile") else "",
            row["pairs_per_chunk"] or "default",
            1e3 * row["step"],
            1e3 * row["distance"],
            1e3 * (row["step"] - row["distance"]),
            1e3 * row["plain"],
            row["gigabytes"] or "",
            *(
                row[f"{part}_flops"] / row[part] / 1e12
                for part in ("distance", "plain", "matmul")
            ),
        ]
        for row in measured
    ]
    return (
        "A step has 64 anchors with 20 candidates each, of 256 samples. *The "
        "distance* is the motif distance: it ranks the candidates of each "
        "anchor and the other anchors. *step* and *encoder*: milliseconds of "
        "a step in `fit`, of the whole model and of the encoder alone. "
        "*distance*: milliseconds of one call. *rest*: the step less the "
        "distance. *GB*: the most memory of the device in the steps of the "
        "whole model. *TFLOP/s*: what the distance and the encoder alone "
        "reach; the *ceiling* is what a square matrix product reaches. "
        "*compiled*: on PyTorch, the encoder of the step, by "
        "`jit_compile=True`.\n\n"
        + measuring.table(
            [
                "backend",
                "device",
                "policy",
                "ranked by",
                "compiled",
                "pairs at once",
                "step",
                "distance",
                "rest",
                "encoder",
                "GB",
                "TFLOP/s distance",
                "TFLOP/s encoder",
                "ceiling",
            ],
            lines,
        )
    )
