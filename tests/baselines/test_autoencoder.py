"""The autoencoder against loops, and the source's network."""

import keras
import numpy as np
import pytest
from baselines.every_method import small, waves
from support import (
    gradients,
    numeric_gradient,
    tiny_encoder,
    to_numpy,
    windows_of_two_kinds,
)

from keras_relcon.baselines import Autoencoder
from keras_relcon.layers import ConvEncoder1D

pytestmark = pytest.mark.every_backend


def loss_by_loops(target, rebuilt):
    """The mean over windows, samples and channels, in float64."""
    total = 0.0
    for place in np.ndindex(*target.shape):
        total += (np.float64(target[place]) - np.float64(rebuilt[place])) ** 2
    return total / target.size


def test_loss_and_its_gradient_are_those_of_loops():
    model = small("Autoencoder")
    target, rebuilt = waves((2, 4, 3)), waves((2, 4, 3), 1.2)

    def loss(x):
        return model.loss_of({"target": target.astype("float32"), "rebuilt": x})

    expected = loss_by_loops(target, rebuilt)
    found = to_numpy(loss(keras.ops.convert_to_tensor(rebuilt, "float32")))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    (gradient,) = gradients(loss, [rebuilt])
    expected = numeric_gradient(lambda x: loss_by_loops(target, x), rebuilt)
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_windows_are_what_is_rebuilt(rng):
    windows = windows_of_two_kinds(rng, 3)
    outputs = small("Autoencoder")(windows, training=True)
    np.testing.assert_array_equal(to_numpy(outputs["target"]), windows)
    assert tuple(outputs["rebuilt"].shape) == windows.shape


def by_loops(x, kernels, is_relu):
    """Convolutions of three samples with reflected edges, in float64."""
    for index, kernel in enumerate(kernels):
        y = np.zeros((*x.shape[:2], kernel.shape[2]))
        for t in range(x.shape[1]):
            for k in range(3):
                place = abs(t + k - 1)
                if place == x.shape[1]:
                    place -= 2
                y[:, t] += x[:, place] @ kernel[k]
        x = np.maximum(y, 0) if is_relu[index] else y
    return x


@pytest.mark.parametrize("output", ["linear", "relu"])
def test_sources_network_is_that_of_loops(rng, output):
    keras.utils.set_random_seed(0)
    model = Autoencoder(ConvEncoder1D(), output)
    windows = rng.normal(size=(2, 7, 3)).astype("float32")
    outputs = model(windows)
    kernels = [np.float64(to_numpy(v)) for v in model.trainable_variables]
    widths = [3, 32, 64, 128, 64, 32, 3]
    assert [kernel.shape for kernel in kernels] == [
        (3, *pair) for pair in zip(widths, widths[1:])
    ]
    is_relu = [True] * 5 + [output == "relu"]
    expected = by_loops(np.float64(windows), kernels, is_relu)
    np.testing.assert_allclose(
        to_numpy(outputs["rebuilt"]), expected, atol=1e-5
    )
    sequence = by_loops(np.float64(windows), kernels[:3], is_relu)
    np.testing.assert_allclose(
        to_numpy(outputs["embedding"]), sequence.mean(1), atol=1e-5
    )
    np.testing.assert_allclose(
        to_numpy(model.encoder(windows)), sequence.max(1), atol=1e-5
    )


def test_it_rebuilds_what_it_saw(rng, tmp_path):
    keras.utils.set_random_seed(0)
    windows = windows_of_two_kinds(rng, length=32)
    model = Autoencoder(ConvEncoder1D((8, 16)))
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    losses = model.fit(windows, epochs=25, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * np.mean(windows**2), losses
    expected = to_numpy(model(windows)["rebuilt"])
    assert expected.min() < -0.1  # below 0, unlike the published code
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        to_numpy(loaded(windows)["rebuilt"]), expected, atol=1e-6
    )


def test_resnet_of_fewer_steps_than_samples(rng):
    model = Autoencoder(tiny_encoder())
    outputs = model(windows_of_two_kinds(rng, 2))
    assert model.decoder.expand is not None
    assert tuple(outputs["rebuilt"].shape) == (2, 64, 3)


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match=r"`decoder` must be one of.*relu"):
        Autoencoder(ConvEncoder1D(), "gelu")
    model = Autoencoder(ConvEncoder1D((4,)))
    model.build((None, 64, 3))
    with pytest.raises(ValueError, match="expected shape=.None, 64, 3."):
        model(np.ones((2, 40, 3), "float32"))
