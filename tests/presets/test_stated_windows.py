import json

import keras
import pytest
from support import tiny_encoder

from keras_relcon.presets import save_to_preset

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


def test_an_encoder_that_does_not_know_says_the_windows_of_the_paper(tmp_path):
    """4.1 of RelCon: 2.56 s at 100 Hz; and a warning says so."""
    encoder = tiny_encoder()
    encoder.build((None, 256, 3))
    with pytest.warns(UserWarning, match="of 256 samples at 100 Hz"):
        path = save_to_preset(encoder, tmp_path / "a")
    metadata = json.loads((path / "metadata.json").read_text())
    assert metadata["window_length"] == 256
    assert metadata["sample_rate_hz"] == 100
    assert (metadata["unit"], metadata["axes"]) == ("g", ["x", "y", "z"])


def test_a_model_of_one_length_states_it(tmp_path):
    layers = [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(2)]
    encoder = keras.Sequential([keras.Input((40, 3)), *layers])
    path = save_to_preset(encoder, tmp_path / "a", sample_rate_hz=50)
    metadata = json.loads((path / "metadata.json").read_text())
    assert metadata["window_length"] == 40
