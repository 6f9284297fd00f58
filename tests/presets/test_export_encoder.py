import sys

import keras
import numpy as np
import pytest

from keras_relcon.data import synthetic_recordings
from keras_relcon.evaluation import StreamingEmbedder, embed
from keras_relcon.layers import GravityAlignment
from keras_relcon.presets import ExportedEncoder, export_encoder, from_preset
from keras_relcon.presets.export_encoder import _checked_difference

pytestmark = pytest.mark.every_backend

BACKEND = keras.backend.backend()
CONVERTER = {"tensorflow": "tf2onnx", "jax": "jax2onnx", "torch": "onnxscript"}
needs_tensorflow = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="LiteRT files come from TensorFlow"
)


def embedded_alike(exported, encoder):
    """Whether both give the same windows of a recording and of a stream."""
    preset = encoder.preset_metadata
    size = {
        "sample_rate_hz": preset.sample_rate_hz,
        "window_length": preset.window_length,
    }
    (recording,) = synthetic_recordings(1, 9, 50, seed=3)[:1]
    whole, expected = (
        embed(model, recording, batch_size=4, verbose=False, **size)
        for model in (exported, encoder)
    )
    assert len(expected) > 4  # the last batch is another one
    stream = StreamingEmbedder(exported, 50, **size)
    pieces = np.array_split(recording.acceleration, 7)
    live = np.concatenate(
        [stream.push(piece).embeddings for piece in pieces]
        + [stream.finish().embeddings]
    )
    return all(
        np.allclose(found, expected.embeddings, atol=1e-3)
        for found in (whole.embeddings, live)
    )


@pytest.mark.filterwarnings("ignore")  # of the converters
def test_onnx_gives_the_same_embeddings(preset, windows, tmp_path):
    pytest.importorskip("onnx", reason="needs onnx")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip(CONVERTER[BACKEND], reason="needs the converter")
    encoder = from_preset(preset)
    path = tmp_path / "encoder.onnx"
    facts = export_encoder(encoder, path)
    exported = ExportedEncoder(path)
    assert exported.preset_metadata == encoder.preset_metadata
    assert embedded_alike(exported, encoder)
    session = runtime.InferenceSession(path)
    entry = session.get_inputs()[0]
    assert entry.shape[1:] == [64, 3]
    expected = encoder.predict(windows, verbose=0)
    for count in (1, 6):  # any batch
        found = session.run(None, {entry.name: windows[:count]})[0]
        np.testing.assert_allclose(found, expected[:count], atol=1e-4)
    assert facts["format"] == "onnx"
    assert facts["largest_difference"] < 1e-4
    assert facts["file_mb"] == round(path.stat().st_size / 1e6, 2)
    assert facts["milliseconds_per_window"] > 0


@pytest.mark.filterwarnings("ignore")  # of the converters
def test_an_aligned_window_at_rest_is_exported(tmp_path):
    pytest.importorskip("onnx", reason="needs onnx")
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip(CONVERTER[BACKEND], reason="needs the converter")
    inputs = keras.Input((32, 3))
    aligned = keras.Model(inputs, GravityAlignment()(inputs))
    inputs = keras.Input((32, 3))
    outputs = keras.layers.GlobalMaxPooling1D()(aligned(inputs))
    encoder = keras.Model(inputs, outputs)
    path = tmp_path / "aligned.onnx"
    export_encoder(encoder, path, window_length=32)
    still = np.tile(np.float32([[[0, 0.6, 0.8]], [[0, 0, 0]]]), (1, 32, 1))
    np.testing.assert_allclose(
        ExportedEncoder(path)(still), [[0, 0, 1], [0, 0, 0]], atol=1e-6
    )


@needs_tensorflow
def test_litert_gives_the_same_embeddings(preset, windows, tmp_path):
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="needs ai-edge-litert"
    )
    encoder = from_preset(preset)
    path = tmp_path / "encoder.tflite"
    facts = export_encoder(encoder, path)
    exported = ExportedEncoder(path)
    assert exported.preset_metadata is None
    assert embedded_alike(exported, encoder)
    interpreter = litert.Interpreter(str(path))
    entry = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(entry, windows.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry, windows)
    interpreter.invoke()
    output = interpreter.get_output_details()[0]["index"]
    np.testing.assert_allclose(
        interpreter.get_tensor(output),
        encoder.predict(windows, verbose=0),
        atol=1e-4,
    )
    assert facts["format"] == "litert"
    assert facts["largest_difference"] < 1e-4


@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow can")
def test_litert_needs_tensorflow(encoder, tmp_path):
    with pytest.raises(ValueError, match="KERAS_BACKEND=tensorflow"):
        export_encoder(encoder, tmp_path / "encoder.tflite")


def test_other_formats_are_refused(encoder, tmp_path):
    with pytest.raises(ValueError, match="`path` must end in one of"):
        export_encoder(encoder, tmp_path / "encoder.pb")


def test_only_an_encoder_in_float32_is_exported(preset, encoder, tmp_path):
    path = tmp_path / "encoder.onnx"
    with pytest.raises(TypeError, match="`encoder` must be a keras.Model"):
        export_encoder("relcon_small", path)
    for length in (0, 2.5, "256"):
        with pytest.raises(ValueError, match="`window_length` must be a whole"):
            export_encoder(encoder, path, window_length=length)
    half = from_preset(preset, dtype="mixed_bfloat16")
    with pytest.raises(ValueError, match='computes in bfloat16.*"float32"'):
        export_encoder(half, path)
    assert not list(tmp_path.glob("*.onnx"))


def test_other_outputs_are_refused():
    expected = np.array([[0.5, -3.0]])
    difference = _checked_difference(expected + 2e-4, expected, "x")
    np.testing.assert_allclose(difference, 2e-4)  # of a largest output of 3
    for worse in (expected + 4e-4, np.array([[np.nan, 0.0]])):
        with pytest.raises(ValueError, match="same outputs, to 0.0001"):
            _checked_difference(worse, expected, "x")


def test_missing_packages_name_the_extra(encoder, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise ImportError("no converter")

    monkeypatch.setattr(type(encoder), "export", fail)
    with pytest.raises(ImportError, match=r"keras-relcon\[export"):
        export_encoder(encoder, tmp_path / "encoder.onnx")


@pytest.mark.filterwarnings("ignore")  # of the converters
def test_a_refused_export_leaves_the_file_before(preset, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip(CONVERTER[BACKEND], reason="needs the converter")
    path = tmp_path / "exports" / "encoder.onnx"
    path.parent.mkdir()
    path.write_bytes(b"of an earlier export")
    module = sys.modules[export_encoder.__module__]
    monkeypatch.setattr(module, "EXPORT_TOLERANCE", -1.0)
    with pytest.raises(ValueError, match="must give the same outputs"):
        export_encoder(from_preset(preset), path)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == b"of an earlier export"


@pytest.mark.once
def test_files_that_are_not_exports_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"end in one of \['.onnx', '.tflite'"):
        ExportedEncoder(tmp_path / "encoder.keras")
    with pytest.raises(FileNotFoundError, match="Write it with `export_enc"):
        ExportedEncoder(tmp_path / "encoder.onnx")
    with pytest.raises(ValueError, match="`num_threads` must be"):
        ExportedEncoder(tmp_path / "encoder.onnx", num_threads=0)
    for name in ("encoder.onnx", "encoder.tflite"):
        (tmp_path / name).write_bytes(b"half of a file")
        with pytest.raises(ValueError, match="must be a whole file"):
            ExportedEncoder(tmp_path / name)


@pytest.mark.once
def test_a_missing_runtime_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    path = tmp_path / "encoder.onnx"
    path.touch()
    with pytest.raises(ImportError, match=r"keras-relcon\[export\]"):
        ExportedEncoder(path)


@pytest.mark.filterwarnings("ignore")  # of the converter
def test_an_exported_encoder_states_the_length_it_takes(preset, tmp_path):
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip(CONVERTER[BACKEND], reason="needs the converter")
    path = tmp_path / "encoder.onnx"
    export_encoder(from_preset(preset), path, window_length=48)
    exported = ExportedEncoder(path, num_threads=1)
    assert exported.window_length == 48
    assert exported.preset_metadata.window_length == 48
    assert exported(np.zeros((2, 48, 3))).shape[0] == 2
    with pytest.raises(ValueError, match=r"\(windows, 48, 3\).*\(2, 64, 3\)"):
        exported(np.zeros((2, 64, 3)))


@pytest.mark.once
def test_a_network_is_exported_at_the_length_it_was_made_for(tmp_path):
    network = keras.Sequential(
        [
            keras.Input((48, 3)),
            keras.layers.Conv1D(4, 3),
            keras.layers.Flatten(),
        ]
    )
    export_encoder(network, tmp_path / "own.onnx")
    assert ExportedEncoder(tmp_path / "own.onnx").window_length == 48


def test_each_window_is_compared_by_its_own_size():
    expected = np.float32([[1, 2], [1e6, 0], [np.nan, np.inf]])
    assert _checked_difference(expected, expected, "a") == 0
    for row, change, is_wrong in ((0, 5, True), (1, 5, False), (2, 5, False)):
        outputs = expected.copy()
        outputs[row] += change
        if is_wrong:
            with pytest.raises(ValueError, match="differs by 5"):
                _checked_difference(outputs, expected, "a")
        else:
            _checked_difference(outputs, expected, "a")
    with pytest.raises(ValueError, match="the same outputs"):
        _checked_difference(np.full((3, 2), np.nan), expected, "a")
