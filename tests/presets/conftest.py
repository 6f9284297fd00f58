import shutil

import keras
import numpy as np
import pytest
from support import small_distance, small_encoder

import keras_relcon as kr
from keras_relcon.presets import preset_directory, save_to_preset

LENGTH = 64


def randomize(model, seed=0):
    """Draws every weight, those of batch norms too, so that none is idle."""
    generator = np.random.default_rng(seed)
    drawn = []
    for weight in model.weights:
        values = generator.normal(0, 0.3, weight.shape)
        if "gamma" in weight.path or "variance" in weight.path:
            values = 0.5 + generator.uniform(size=weight.shape)
        drawn.append(values.astype("float32"))
    model.set_weights(drawn)
    return model


@pytest.fixture
def windows():
    generator = np.random.default_rng(3)
    return generator.normal(size=(6, LENGTH, 3)).astype("float32")


@pytest.fixture
def encoder():
    return _encoder()


def _encoder():
    encoder = small_encoder()
    encoder.build((None, LENGTH, 3))
    return randomize(encoder)


@pytest.fixture(scope="session")
def tiny_preset(tmp_path_factory):
    """A directory with the encoder of `encoder`; not to be changed."""
    path = tmp_path_factory.mktemp("presets") / "tiny"
    return save_to_preset(_encoder(), path, window_length=LENGTH)


@pytest.fixture
def preset(tiny_preset, tmp_path):
    """A directory with a tiny encoder."""
    return shutil.copytree(tiny_preset, tmp_path / "tiny")


@pytest.fixture(scope="session")
def relcon_model(motif_weights):
    projector = keras.Sequential(
        [keras.layers.Input((16,)), keras.layers.Dense(5)]
    )
    return kr.RelConModel(
        _encoder(),
        small_distance(motif_weights),
        temperature=0.25,
        projector=randomize(projector, 1),
    )


@pytest.fixture(scope="session")
def relcon_preset(relcon_model, tmp_path_factory):
    """A directory with a tiny `RelConModel`; not to be changed."""
    return save_to_preset(
        relcon_model,
        tmp_path_factory.mktemp("presets") / "relcon_tiny",
        facts={"data": "synthetic recordings"},
        window_length=LENGTH,
    )


@pytest.fixture
def bundled(relcon_preset, monkeypatch):
    """The package with one preset, `relcon_tiny`."""
    monkeypatch.setattr(preset_directory, "BUNDLED", relcon_preset.parent)
    return relcon_preset.parent
