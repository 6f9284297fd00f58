import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_relcon import kept_files
from keras_relcon.checks import check_kind, check_whole, message, some_of
from keras_relcon.presets.exported_encoder import (
    METADATA_KEY,
    ExportedEncoder,
)
from keras_relcon.presets.save_to_preset import own_length
from keras_relcon.types import PathLike

EXPORT_TOLERANCE = 1e-4
WINDOW_LENGTH = 256
NUM_TIMED = 20


def export_encoder(
    encoder: keras.Model, path: PathLike, window_length: int | None = None
) -> dict[str, Any]:
    """Writes an encoder for ONNX Runtime or LiteRT, and checks it there.

    The file takes `(batch, window_length, 3)`, float32, g, of any batch, and
    gives `(batch, dim)`. It is run on random windows in its runtime, and its
    outputs are held against the encoder's. `ExportedEncoder` runs it in
    Python.

    Args:
        encoder: built `keras.Model`, in float32.
        path: str or path. `.onnx`, from any backend, or `.tflite` for
            LiteRT, from TensorFlow.
        window_length: int. Samples per window. Defaults to that of the
            encoder's preset, or that it was made for, else `256`.

    Returns:
        dict for the `exports` of a model card: `format`, `file_mb`,
        `largest_difference` of an output, and `milliseconds_per_window`, the
        median for single windows on this machine.

    Raises:
        FileNotFoundError: if there is no folder for it.
        ImportError: if a package that this needs is not installed.
        TypeError: if `encoder` is no `keras.Model`.
        ValueError: if the path ends otherwise, the backend cannot write the
            format, the encoder computes in half precision, or an output
            differs by more than 1e-4, absolute, or relative to the largest
            output.
        OSError: if the path is a symbolic link.

    Example:

    >>> keras_relcon.presets.export_encoder(encoder, "relcon.onnx")
    """
    path = Path(path)
    format = _format_of(path)
    _check_encoder(encoder)
    preset = getattr(encoder, "preset_metadata", None)
    if window_length is None:
        window_length = getattr(preset, "window_length", None)
    if window_length is None:
        window_length = own_length(encoder) or WINDOW_LENGTH
    check_whole("window_length", window_length)
    generator = np.random.default_rng(0)
    windows = generator.normal(size=(4, window_length, 3)).astype("float32")
    windows[2:] = [[[0, 0, 1]], [[0, 0, 0]]]  # at rest, and without a signal
    expected = encoder.predict(windows, verbose=0)
    signature = keras.InputSpec(
        shape=(None, window_length, 3), dtype="float32", name="window"
    )
    # What is at the path stays until its successor has been checked.
    with (
        kept_files.replacing(path) as temporary,
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
    ):
        new = Path(folder, path.name)
        try:
            encoder.export(
                new, format=format, input_signature=[signature], verbose=False
            )
            if format == "onnx" and preset is not None:
                _state(
                    dataclasses.replace(preset, window_length=window_length),
                    new,
                )
            exported = ExportedEncoder(new)
        except ImportError as error:
            extra = "export"
            if keras.backend.backend() == "jax":
                extra = "export-jax"
            raise ImportError(
                f"Export to {path.suffix} needs packages that are not "
                f"installed ({error}). Install them with "
                f'`pip install "keras-relcon[{extra}]"`.'
            ) from error
        difference = _checked_difference(exported(windows), expected, path)
        milliseconds = _milliseconds(exported, windows[:1])
        # A converter may have put the weights into a file of their own.
        for file in sorted(set(new.parent.iterdir()) - {new}):
            with kept_files.replacing(path.with_name(file.name)) as other:
                file.replace(other)
        new.replace(temporary)
    return {
        "format": format,
        "file_mb": round(path.stat().st_size / 1e6, 2),
        "largest_difference": difference,
        "milliseconds_per_window": round(milliseconds, 2),
    }


def _format_of(path):
    formats = {".onnx": "onnx", ".tflite": "litert"}
    if path.suffix not in formats:
        raise ValueError(
            f"`path` must end in one of {sorted(formats)}. "
            f"Received: {str(path)!r}. Rename it."
        )
    if path.suffix == ".tflite" and keras.backend.backend() != "tensorflow":
        raise ValueError(
            "LiteRT files are written from the TensorFlow backend. Received: "
            f"{str(path)!r} on {keras.backend.backend()}. Run with "
            "KERAS_BACKEND=tensorflow, or write .onnx."
        )
    return formats[path.suffix]


def _check_encoder(encoder):
    check_kind(
        "encoder",
        encoder,
        keras.Model,
        "a keras.Model",
        "Load one by `from_preset`.",
    )
    kinds = {layer.compute_dtype for layer in encoder._flatten_layers()}
    if halves := kinds & {"float16", "bfloat16"}:
        raise ValueError(
            message(
                "An encoder is exported in float32.",
                f"one that computes in {some_of(sorted(halves))}",
                'Load it by `from_preset(..., dtype="float32")`, or make it in '
                "float32, and export that.",
            )
        )


def _state(preset, path):
    """Writes the metadata of a preset into an ONNX file."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    model.metadata_props.add(key=METADATA_KEY, value=preset.to_json())
    onnx.save(model, path)


def _checked_difference(outputs, expected, path):
    both_infinite = ~np.isfinite(outputs) & ~np.isfinite(expected)
    same = both_infinite | (outputs == expected)
    axes = tuple(range(1, expected.ndim))
    with np.errstate(invalid="ignore"):
        differences = np.where(same, 0, np.abs(outputs - expected)).max(axes)
        largest = np.where(both_infinite, 0, np.abs(expected)).max(axes)
    difference = float(differences.max())
    if not np.all(differences <= EXPORT_TOLERANCE * np.maximum(1, largest)):
        raise ValueError(
            "An exported encoder must give the same outputs, to "
            f"{EXPORT_TOLERANCE}. "
            f"Received: {str(path)!r}, which differs by {difference:.2g}. "
            "Export from another backend, or in float32."
        )
    return difference


def _milliseconds(run, window):
    run(window)
    seconds = []
    for _ in range(NUM_TIMED):
        started = time.perf_counter()
        run(window)
        seconds.append(time.perf_counter() - started)
    return 1e3 * float(np.median(seconds))
