import json
from pathlib import Path

import numpy as np

from keras_relcon.checks import check_whole, message
from keras_relcon.presets.preset_metadata import PresetMetadata
from keras_relcon.types import PathLike

# Of what an ONNX file says of itself: the preset's metadata, as JSON.
METADATA_KEY = "keras_relcon_preset"


class ExportedEncoder:
    """An exported encoder, run by ONNX Runtime or LiteRT in place of Keras.

    `embed`, `embed_windows` and `StreamingEmbedder` take it as they take an
    encoder. A single window is answered sooner than by Keras, as live streams
    and services need it. An `.onnx` file holds the metadata of its preset; for
    a `.tflite` file, which cannot, pass `sample_rate_hz` where the rate is not
    100.

    Args:
        path: str or path of a file of `export_encoder`, `.onnx` or `.tflite`.
        num_threads: int. Threads of the runtime. Defaults to `None`: as many
            as it chooses.

    Attributes:
        window_length: int. Samples in a window.
        preset_metadata: `PresetMetadata`, or `None` where the file does not
            hold it.

    Raises:
        FileNotFoundError: if there is no file.
        ImportError: if the runtime is not installed.
        ValueError: if the path ends otherwise, or the file is not one of
            `export_encoder`, or `num_threads` is no whole
            number from 1 on.

    Example:

    >>> encoder = keras_relcon.presets.ExportedEncoder("relcon.onnx")
    >>> keras_relcon.evaluation.StreamingEmbedder(encoder, recorded_hz=50)
    """

    weights: tuple[()] = ()  # They are the runtime's own.

    def __init__(self, path: PathLike, num_threads: int | None = None) -> None:
        self.path = Path(path)
        runtime = _runtime_of(self.path)
        if num_threads is not None:
            check_whole("num_threads", num_threads, advice="Leave it out.")
        if not self.path.is_file():
            raise FileNotFoundError(
                message(
                    "An exported encoder must be a file.",
                    repr(str(path)),
                    "Write it with `export_encoder`.",
                )
            )
        try:
            self._run, self.window_length, metadata = runtime(
                self.path, num_threads
            )
            metadata = metadata and json.loads(metadata)
        except ImportError as error:
            raise ImportError(
                f"{self.path.suffix} needs a package that is not installed "
                f"({error}). Install it with "
                '`pip install "keras-relcon[export]"`.'
            ) from error
        except Exception as error:  # each runtime raises its own
            raise ValueError(
                message(
                    "An exported encoder must be a whole file of "
                    "`export_encoder`.",
                    f"{str(path)!r}, {str(error)[:300]}",
                    "Export it again.",
                )
            ) from error
        self.preset_metadata = (
            PresetMetadata.from_dict(metadata, path) if metadata else None
        )

    def predict_on_batch(self, windows: np.ndarray) -> np.ndarray:
        """Runs the file.

        Args:
            windows: `(windows, window_length, 3)`, g.

        Returns:
            `(windows, dim)` float32.

        Raises:
            ValueError: if windows have another shape.
        """
        windows = np.asarray(windows, "float32")
        if windows.ndim != 3 or windows.shape[1:] != (self.window_length, 3):
            raise ValueError(
                message(
                    f"Windows for {self.path.name} must be of shape (windows, "
                    f"{self.window_length}, 3).",
                    f"shape={windows.shape}",
                    "Cut them to this length, or export the encoder for "
                    "another one, `window_length`.",
                )
            )
        return self._run(windows)

    __call__ = predict_on_batch


def _runtime_of(path):
    runtimes = {".onnx": _load_onnx, ".tflite": _load_litert}
    if path.suffix not in runtimes:
        raise ValueError(
            message(
                f"`path` must end in one of {sorted(runtimes)}.",
                repr(str(path)),
                "Rename it.",
            )
        )
    return runtimes[path.suffix]


def _load_onnx(path, num_threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    if num_threads is not None:
        options.intra_op_num_threads = num_threads
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"]
    )
    (entry,) = session.get_inputs()
    metadata = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)

    def run(windows):
        return session.run(None, {entry.name: windows})[0]

    return run, entry.shape[1], metadata


def _load_litert(path, num_threads):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=num_threads)
    (entry,) = interpreter.get_input_details()
    (output,) = interpreter.get_output_details()
    allocated = None

    def run(windows):
        nonlocal allocated
        if windows.shape != allocated:
            interpreter.resize_tensor_input(entry["index"], windows.shape)
            interpreter.allocate_tensors()
            allocated = windows.shape
        interpreter.set_tensor(entry["index"], windows)
        interpreter.invoke()
        return interpreter.get_tensor(output["index"])

    return run, int(entry["shape"][1]), None
