import sys

import keras
import numpy as np
import pytest

from keras_relcon.presets import export_encoder, from_preset
from keras_relcon.presets.export_encoder import _checked_difference

pytestmark = pytest.mark.every_backend

BACKEND = keras.backend.backend()
CONVERTER = {"tensorflow": "tf2onnx", "jax": "jax2onnx", "torch": "onnxscript"}
needs_tensorflow = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="LiteRT files come from TensorFlow"
)


@pytest.mark.filterwarnings("ignore")  # of the converters
def test_onnx_gives_the_same_embeddings(preset, windows, tmp_path):
    pytest.importorskip("onnx", reason="needs onnx")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip(CONVERTER[BACKEND], reason="needs the converter")
    encoder = from_preset(preset)
    path = tmp_path / "encoder.onnx"
    facts = export_encoder(encoder, path)
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


@needs_tensorflow
def test_litert_gives_the_same_embeddings(preset, windows, tmp_path):
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="needs ai-edge-litert"
    )
    encoder = from_preset(preset)
    path = tmp_path / "encoder.tflite"
    facts = export_encoder(encoder, path)
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


def test_other_outputs_are_refused():
    expected = np.array([0.5, -3.0])
    difference = _checked_difference(expected + 2e-4, expected, "x")
    np.testing.assert_allclose(difference, 2e-4)  # of a largest output of 3
    for worse in (expected + 4e-4, np.array([np.nan, 0.0])):
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
    monkeypatch.setattr(module, "TOLERANCE", -1.0)
    with pytest.raises(ValueError, match="must give the same outputs"):
        export_encoder(from_preset(preset), path)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == b"of an earlier export"
