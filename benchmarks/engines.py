"""Embeds windows by Keras, ONNX Runtime and LiteRT, in several precisions."""

import tempfile
import time
from pathlib import Path

import measuring
import numpy as np

QUESTION = "Is another engine or a lower precision faster, and how near is it?"
SIZES = {
    "preset": "relcon_small",
    "num_windows": 8192,
    "batch_size": 1024,
    "calls": 200,
}
TINY = {**SIZES, "num_windows": 8, "batch_size": 4, "calls": 2}
WINDOWS_OF_A_WEEK = 7 * 86_400 * 100 / 256
ENGINES = {
    "Keras, bfloat16": {},
    "ONNX Runtime, float32": {},
    "ONNX Runtime, int8": {"backends": ["tensorflow", "torch"]},
    "LiteRT, float32": {"backends": ["tensorflow"]},
}


def cases(sizes):
    rows = [{"engine": name, **sizes, **ENGINES[name]} for name in ENGINES]
    # The larger preset, with a quarter of the windows, in what is best.
    base = {"preset": "relcon_base", "num_windows": sizes["num_windows"] // 4}
    return [*rows, {**rows[0], **base}]


def measure(engine, preset, num_windows, batch_size, calls):
    """Rates, and times of one window, each of `[Keras in float32, engine]`."""
    import keras_relcon as kr

    plain = kr.presets.from_preset(preset)
    windows = measuring.walking_windows(num_windows)
    with tempfile.TemporaryDirectory() as folder:
        other = make_encoder(engine, preset, plain, windows, Path(folder))
        rates = [0.0, 0.0]
        for number in range(4):  # the first one compiles
            outputs = []
            for place, encoder in enumerate([plain, other]):
                begin = time.perf_counter()
                outputs.append(
                    kr.evaluation.embed_windows(encoder, windows, batch_size)
                )
                seconds = time.perf_counter() - begin
                if number:
                    rates[place] = max(rates[place], num_windows / seconds)
        milliseconds = milliseconds_of_one([plain, other], calls)
    expected, found = (np.float64(each) for each in outputs)
    difference = 100 * np.abs(found - expected) / expected.std()
    return {
        "rates": rates,
        "milliseconds": milliseconds,
        "mean": float(difference.mean()),
        "largest": float(difference.max()),
    }


def make_encoder(engine, preset, plain, windows, folder):
    import keras_relcon as kr

    if engine == "Keras, bfloat16":
        return kr.presets.from_preset(preset, dtype="mixed_bfloat16")
    path = folder / ("x.tflite" if "LiteRT" in engine else "x.onnx")
    kr.presets.export_encoder(plain, path)
    if engine == "ONNX Runtime, int8":
        path = quantized(path, windows[:512])
    return kr.presets.ExportedEncoder(path)


def quantized(path, windows):
    """The file with weights and activations of 8 bits, by channel."""
    from onnxruntime import quantization

    class Batches(quantization.CalibrationDataReader):
        batches = iter(np.array_split(windows, max(len(windows) // 64, 1)))

        def get_next(self):
            batch = next(self.batches, None)
            return None if batch is None else {"window": batch}

    prepared, target = path.with_name("prepared"), path.with_name("int8.onnx")
    quantization.shape_inference.quant_pre_process(
        path, prepared, skip_symbolic_shape=True
    )
    quantization.quantize_static(
        prepared,
        target,
        Batches(),
        op_types_to_quantize=["Conv", "MatMul", "Add", "Relu"],
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
    )
    return target


def milliseconds_of_one(encoders, calls):
    """Median times in which a stream gives the next window."""
    import keras_relcon as kr

    streams = [
        kr.evaluation.StreamingEmbedder(encoder, recorded_hz=100)
        for encoder in encoders
    ]
    seconds = [[] for _ in streams]
    for window in measuring.walking_windows(calls):
        for stream, each in zip(streams, seconds):
            begin = time.perf_counter()
            stream.push(window)
            each.append(time.perf_counter() - begin)
    return [1e3 * float(np.median(each)) for each in seconds]


def report(rows):
    lines = [
        [
            row["backend"],
            row["preset"],
            row["engine"],
            *row["rates"],
            WINDOWS_OF_A_WEEK / row["rates"][1],
            *row["milliseconds"],
            f"{row['mean']:.2g}, {row['largest']:.2g}",
        ]
        for row in rows
    ]
    first = rows[0]
    return (
        "The 256 numbers of a preset, "
        f"{first['num_windows']:,} windows of 256 samples (a quarter for "
        "`relcon_base`). *Windows/s*: of Keras in float32 and of the "
        "engine, the best of three interleaved calls of `embed_windows` with "
        f"`batch_size={first['batch_size']}`. *A week*: its windows at 100 Hz "
        "by the engine. *One window*: median of `StreamingEmbedder.push`, of "
        "both. *Error*: mean and largest difference to Keras in float32, in "
        "percent of the standard deviation of all numbers. Files are written "
        "from the backend of their row; the ranges of int8 are those of 512 "
        "of the windows.\n\n"
        + measuring.table(
            [
                *("backend", "preset", "engine"),
                *("Keras, windows/s", "engine"),
                *("a week, s", "Keras, one window, ms", "engine", "error, %"),
            ],
            lines,
        )
    )
