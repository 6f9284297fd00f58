import keras
import numpy as np
import pytest


@pytest.fixture
def make_blobs():
    """Embeddings of three classes in float64, overlapping a little."""

    def make(count, seed, shift=0.0, dim=4):
        generator = np.random.default_rng(seed)
        y = generator.integers(0, 3, count)
        x = generator.normal(size=(count, dim)) + 1.2 * np.eye(3, dim)[y]
        return x + shift, np.array(["a", "b", "c"])[y]

    return make


@pytest.fixture
def make_motion():
    """Windows in g of three classes that differ in amplitude."""

    def make(count, seed, length=24):
        generator = np.random.default_rng(seed)
        y = np.arange(count) % 3
        noise = generator.normal(size=(count, length, 3))
        x = [0.0, 0.0, 1.0] + noise * np.array([0.02, 0.4, 1.5])[y, None, None]
        return x.astype("float32"), np.array(["still", "walk", "run"])[y]

    return make


@pytest.fixture
def make_norm_encoder():
    """A small encoder with batch norm, whose statistics have moved."""

    def make(dim=4, seed=0):
        keras.utils.set_random_seed(seed)
        encoder = keras.Sequential(
            [
                keras.layers.Input((None, 3)),
                keras.layers.Conv1D(dim, 5, strides=2),
                keras.layers.BatchNormalization(momentum=0.5),
                keras.layers.ReLU(),
                keras.layers.GlobalAveragePooling1D(),
            ]
        )
        generator = np.random.default_rng(seed)
        noise = generator.normal(size=(16, 24, 3)).astype("float32")
        encoder(noise, training=True)
        return encoder

    return make


@pytest.fixture
def scaler_fits(monkeypatch):
    """The rows each StandardScaler was fitted on, in order."""
    from sklearn.preprocessing import StandardScaler

    fits = []
    fit = StandardScaler.fit

    def spy(self, x, *args, **kwargs):
        fits.append(np.array(x))
        return fit(self, x, *args, **kwargs)

    monkeypatch.setattr(StandardScaler, "fit", spy)
    return fits
