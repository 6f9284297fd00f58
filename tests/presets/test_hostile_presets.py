"""Presets that try to run code or read files when they are loaded."""

import base64
import json
import os
import shutil

import h5py
import keras
import pytest
from keras.src.saving.serialization_lib import SafeModeScope
from keras.src.utils.python_utils import func_dump

from keras_relcon.data import file_limits
from keras_relcon.presets import from_preset, weights_file
from keras_relcon.presets.safe_config import check_config

DTYPE = {
    "module": "keras",
    "class_name": "DTypePolicy",
    "config": {"name": "float32"},
    "registered_name": None,
}


def _layer(name, module="keras.layers", registered=None, **config):
    return {
        "module": module,
        "class_name": name,
        "config": {"name": "layer", "dtype": DTYPE, **config},
        "registered_name": registered,
    }


def _sequential(layer):
    inputs = _layer("InputLayer", batch_shape=[None, 64, 3])
    return _layer("Sequential", "keras", layers=[inputs, layer])


def _lambda_function(**more):
    code = compile("__import__('os').mkdir('owned')", "attack", "eval")
    function = {
        "code": base64.b64encode(code.co_code).decode(),
        "defaults": None,
        "closure": None,
    }
    return {"class_name": "__lambda__", "config": function, **more}


def _function(module, name):
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": name,
    }


HOSTILE = {
    "a Lambda layer": _layer("Lambda", function=_lambda_function()),
    "a Lambda of a named function": _layer(
        "Lambda", function=_function("os", "system"), arguments={}
    ),
    "a bare lambda as an argument": _layer(
        "Activation", activation=_lambda_function()
    ),
    "the module os": _layer("system", "os", "system"),
    "the module os, as a registered name": _layer("system", "os", "os>system"),
    "builtins.eval": _function("builtins", "eval"),
    "a helper of Keras that downloads": _layer(
        "Activation", activation=_function("keras.utils", "get_file")
    ),
    "a class of another package": _layer(
        "HTTPServer", "http.server", "HTTPServer"
    ),
    "a class of keras_hub": _layer("Backbone", "keras_hub.models", "Backbone"),
    "a private class of Keras": _layer(
        "Lambda", "keras.src.layers.core.lambda_layer", "Lambda"
    ),
    "a layer that loads a SavedModel": _layer("TFSMLayer", filepath="/tmp/x"),
    "a layer that unpickles": _layer("TorchModuleWrapper", module_="gASV"),
    "a layer that wraps JAX": _layer("JaxLayer"),
    "a layer that reads a file": _layer(
        "StringLookup", vocabulary="/etc/passwd"
    ),
    "a layer without its module": {"class_name": "Lambda", "config": {}},
    "a model without its module": {"class_name": "Sequential", "config": {}},
    "a class name that is no text": _layer(["Dense"]),
    "a lambda under the name of our class": _lambda_function(
        module="keras_relcon.layers", registered_name="keras_relcon>ResNet1D34"
    ),
    "a layer under the name of our class": _layer(
        "Lambda", registered="keras_relcon>ResNet1D34"
    ),
    "a module that is no text": _layer("Dense", ["keras.layers"]),
    "a registered name on a layer of Keras": _layer(
        "Dense", registered="Custom>Dense", units=3
    ),
    "an unknown class of ours": _layer(
        "Backdoor", "keras_relcon.layers", "keras_relcon>Backdoor"
    ),
    "a type specification": {
        "class_name": "__typespec__",
        "spec_name": "TensorSpec",
        "module": "os",
        "registered_name": None,
        "config": [],
    },
    "an optimizer": {
        "module": "keras.optimizers",
        "class_name": "Adam",
        "config": {},
        "registered_name": None,
    },
}


@pytest.fixture
def refuse(monkeypatch, preset, tmp_path):
    """Loads the preset with another config, which must raise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "system", lambda command: os.mkdir("owned"))

    def fail(*args, **kwargs):
        raise AssertionError("a hostile config was deserialized")

    # Whatever Keras' safe mode is set to, it never sees such a config.
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", fail)

    def run(config):
        (preset / "config.json").write_text(json.dumps(config))
        for load_weights in (True, False):
            with pytest.raises(ValueError, match="never code") as raised:
                from_preset(preset, load_weights=load_weights)
            assert "config.json" in str(raised.value)
        assert not os.path.exists("owned")

    return run


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_configs_are_refused(refuse, name):
    refuse(HOSTILE[name])  # as the model itself
    refuse(_sequential(HOSTILE[name]))  # as a layer of it


@pytest.fixture
def unsafe_keras():
    """Keras after `enable_unsafe_deserialization`, for the test alone."""
    with SafeModeScope(None):  # puts back what was there
        keras.config.enable_unsafe_deserialization()
        yield


@pytest.mark.parametrize("owner", [None, "keras_relcon>ResNet1D34"])
def test_no_code_runs_where_keras_would_let_it(
    preset, tmp_path, monkeypatch, unsafe_keras, owner
):
    monkeypatch.chdir(tmp_path)
    dumped = func_dump(lambda x: os.mkdir("owned"))
    hostile = {
        "class_name": "__lambda__",
        "config": {"value": dumped},
        "module": "keras_relcon.layers",
        "registered_name": owner,
    }
    function = keras.saving.deserialize_keras_object(hostile)
    assert callable(function)  # Keras alone takes it
    config = _sequential(_layer("Activation", activation=hostile))
    (preset / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="never code"):
        from_preset(preset)
    assert not os.path.exists("owned")


def test_a_hostile_part_is_refused(relcon_preset, tmp_path):
    copy = shutil.copytree(relcon_preset, tmp_path / "copy")
    path = copy / "motif_distance" / "config.json"
    config = json.loads(path.read_text())
    config["config"]["augmentation"] = HOSTILE["a Lambda layer"]
    path.write_text(json.dumps(config))
    with pytest.raises(ValueError, match="never code"):
        from_preset(copy, task="pretrain")


def test_registered_classes_of_others_are_refused(refuse):
    @keras.saving.register_keras_serializable(package="other")
    class Doubler(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    config = keras.saving.serialize_keras_object(Doubler())
    assert config["registered_name"] == "other>Doubler"
    refuse(_sequential(config))
    # under our name, but not one of our classes
    keras.saving.register_keras_serializable("keras_relcon", "Doubler")(Doubler)
    refuse(_sequential(_layer("Doubler", "x", "keras_relcon>Doubler")))


def test_what_a_preset_may_hold_passes():
    model = keras.Sequential(
        [
            keras.Input((64, 3)),
            keras.layers.Conv1D(4, 3, kernel_regularizer="l2"),
            keras.layers.Bidirectional(keras.layers.LSTM(3)),
            keras.layers.Dense(3, kernel_constraint=keras.constraints.NonNeg()),
        ]
    )
    check_config(keras.saving.serialize_keras_object(model), "here")


def _replace_weights(preset, change):
    """Changes the file of weights, and its checksum as its maker would."""
    path = preset / "model.weights.h5"
    with h5py.File(path, "r+") as file:
        change(file)
    metadata = json.loads((preset / "metadata.json").read_text())
    metadata["weights"]["sha256"] = weights_file.sha256(path)
    (preset / "metadata.json").write_text(json.dumps(metadata))


def _first_dataset(file):
    found = []

    def visit(name, node):
        if isinstance(node, h5py.Dataset):
            found.append(name)

    file.visititems(visit)
    return found[0]


def test_weights_of_another_file_are_refused(preset, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(1 << 16))

    def reach_out(file):
        name = _first_dataset(file)
        shape = file[name].shape
        del file[name]
        external = [(str(secret), 0, 1 << 16)]
        file.create_dataset(name, shape, "float32", external=external)

    _replace_weights(preset, reach_out)
    with pytest.raises(ValueError, match="must be in the file itself"):
        from_preset(preset)


def test_weights_that_unpack_to_far_more_are_refused(preset, monkeypatch):
    monkeypatch.setattr(file_limits, "FREE_BYTES", 1 << 16)

    def expand(file):
        name = _first_dataset(file)
        del file[name]
        file.create_dataset(name, (1 << 40,), "float32", chunks=(1 << 20,))

    _replace_weights(preset, expand)
    with pytest.raises(ValueError, match="at most 300 times its size"):
        from_preset(preset)


@pytest.mark.parametrize("name", ["metadata.json", "config.json"])
def test_descriptions_without_end_are_refused(preset, name):
    with open(preset / name, "r+b") as file:
        file.truncate(1 << 40)  # takes no room on the disk
    with pytest.raises(ValueError, match="1,099,511,627,776 bytes, at most"):
        from_preset(preset)
