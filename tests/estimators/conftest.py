import keras
import numpy as np
import pytest
from motion_recordings import LENGTH, MOTIONS, make_recording
from support import small_encoder

from keras_relcon.presets import save_to_preset


@pytest.fixture(scope="session")
def recordings():
    bouts = [("still", 6), ("walk", 6), ("still", 3), ("run", 6)]
    return [make_recording(f"s{i}", bouts, seed=i) for i in range(6)]


@pytest.fixture(scope="session")
def preset(tmp_path_factory):
    keras.utils.set_random_seed(0)
    encoder = small_encoder()
    encoder.build((None, LENGTH, 3))
    path = tmp_path_factory.mktemp("presets") / "tiny"
    return str(
        save_to_preset(encoder, path, window_length=LENGTH, sample_rate_hz=100)
    )


@pytest.fixture
def windows():
    """Windows of six people, their labels and the people."""
    generator = np.random.default_rng(1)
    labels = np.tile(sorted(MOTIONS), 30)
    hz = np.array([MOTIONS[motion] for motion in labels])
    seconds = np.arange(LENGTH) / 100
    wave = 0.5 * np.sin(2 * np.pi * hz[:, None] * seconds)[..., None]
    noise = generator.normal(0, 0.05, (len(labels), LENGTH, 3))
    acceleration = np.array([0.0, 0.0, 1.0]) + wave + noise
    people = np.repeat([f"s{i}" for i in range(6)], len(labels) // 6)
    return acceleration.astype("float32"), labels, people
