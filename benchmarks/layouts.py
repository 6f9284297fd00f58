"""The fastest memory layout and `jit_compile` of each backend."""

from unittest import mock

import measuring

QUESTION = "Which layout and which compiler are faster?"
SIZES = {"count": 128, "length": 256, "repeats": 3}
TINY = {"count": 2, "length": 40, "repeats": 1}


def cases(sizes):
    return [
        {**sizes, "data_format": data_format, "jit_compile": jit_compile}
        for data_format in ("channels_last", "channels_first")
        for jit_compile in (False, True)
    ]


def measure(count, length, repeats, data_format, jit_compile):
    """Figures of one combination, or none if the backend cannot run it."""
    import keras
    import numpy as np

    import keras_relcon as kr

    backend = keras.backend.backend()
    is_refused = (
        (backend == "torch" and jit_compile)
        or (backend == "jax" and not jit_compile)
        # TensorFlow has no channels_first convolution on a CPU.
        or (backend == "tensorflow" and data_format == "channels_first")
    )
    if is_refused:
        return {}
    windows = measuring.walking_windows(count, length)
    targets = np.zeros((count, 256), "float32")
    chosen = kr.layers.layout.internal_data_format()
    where = "keras_relcon.layers.{}.internal_data_format"
    choose = {"return_value": data_format}
    norm = kr.layers.fused_batch_norm
    # The backend's kernel is for the chosen layout.
    kernel = norm.kernel if data_format == chosen else None
    with (
        mock.patch(where.format("resnet1d34"), **choose),
        mock.patch(where.format("residual_block1d"), **choose),
        mock.patch(where.format("fused_batch_norm"), **choose),
        mock.patch(where.format("dilated_conv_qkv"), **choose),
    ):
        encoder = kr.layers.ResNet1D34()
        distance = kr.MotifDistance()
        distance.build((None, length, 3))
    encoder.compile("adam", "mse", jit_compile=jit_compile)
    distance.compile("adam", jit_compile=jit_compile)
    stack = measuring.compiled(lambda x: distance.qkv.query(x))
    tensor = keras.ops.convert_to_tensor(windows)
    with mock.patch.object(norm, "kernel", kernel):
        seconds = measuring.median_seconds(
            {
                "encoder": lambda: encoder.train_on_batch(windows, targets),
                "distance": lambda: distance.train_on_batch(windows),
                "stack": lambda: stack(tensor),
            },
            repeats,
        )
    per_window = {name: 1e3 * each / count for name, each in seconds.items()}
    return {**per_window, "is_chosen": data_format == chosen}


def report(rows):
    lines = [
        [
            row["backend"],
            row["data_format"] + (" (chosen)" if row["is_chosen"] else ""),
            row["jit_compile"],
            row["encoder"],
            row["distance"],
            row["stack"],
        ]
        for row in sorted(rows, key=lambda row: row["backend"])
        if "encoder" in row
    ]
    return (
        "Milliseconds per window. *encoder*: a training step of the encoder. "
        "*distance*: a training step of the motif distance. *stack*: the "
        "forward pass of one of its convolution stacks, compiled where there "
        "is a compiler. Keras' own choice of `jit_compile` is `False` on "
        "TensorFlow without a GPU and `True` on JAX. The backend's own batch "
        "norm kernel is for the chosen layout; with the other layout Keras' "
        "batch norm is used.\n\n"
        + measuring.table(
            [
                "backend",
                "layout",
                "jit_compile",
                "encoder",
                "distance",
                "stack",
            ],
            lines,
        )
    )
