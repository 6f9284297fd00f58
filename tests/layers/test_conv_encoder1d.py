import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon.layers import ConvEncoder1D

pytestmark = pytest.mark.every_backend


def by_loops(x, kernels):
    """Reflected edges, products and ReLU, in float64."""
    outputs = []
    for kernel in kernels:
        size = len(kernel)
        y = np.zeros((*x.shape[:2], kernel.shape[2]))
        for t in range(x.shape[1]):
            for k in range(size):
                place = abs(t + k - (size - 1) // 2)
                place = min(place, 2 * (x.shape[1] - 1) - place)
                y[:, t] += x[:, place] @ kernel[k]
        x = np.maximum(y, 0)
        outputs.append(x)
    return outputs


@pytest.mark.parametrize("kernel_size", [1, 3, 4])
def test_sequences_are_those_of_loops(rng, kernel_size):
    encoder = ConvEncoder1D((4, 5), kernel_size, dropout=0.5)
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    encoder.build(x.shape)
    kernels = [np.float64(to_numpy(v)) for v in encoder.trainable_variables]
    expected = by_loops(np.float64(x), kernels)
    found = encoder.sequences(x)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(to_numpy(one), other, atol=1e-6)
    np.testing.assert_allclose(
        to_numpy(encoder(x)), expected[-1].max(1), atol=1e-6
    )


def test_sizes_are_the_sources():
    encoder = ConvEncoder1D()
    encoder.build((None, 50, 3))
    assert encoder.count_params() == 31_008
    assert encoder.compute_output_shape((4, 50, 3)) == (4, 128)


def test_dropout_is_in_training_only(rng):
    x = rng.normal(size=(4, 50, 3)).astype("float32")
    encoder = ConvEncoder1D((64,), dropout=0.25)
    still = to_numpy(encoder.sequences(x)[-1])
    drawn = to_numpy(encoder.sequences(x, training=True)[-1])
    positive = still > 0
    share = (drawn[positive] == 0).mean()
    np.testing.assert_allclose(share, 0.25, atol=0.03)
    kept = drawn != 0
    np.testing.assert_allclose(drawn[kept], still[kept] / 0.75, rtol=1e-5)


def test_it_is_saved_and_loaded(rng, tmp_path):
    x = rng.normal(size=(2, 9, 3)).astype("float32")
    encoder = ConvEncoder1D((4, 5), 5, 0.1, "mean")
    expected = to_numpy(encoder(x))
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(to_numpy(loaded(x)), expected)
    assert loaded.get_config() == encoder.get_config()
    np.testing.assert_allclose(
        expected, to_numpy(encoder.sequences(x)[-1]).mean(1), rtol=1e-5
    )


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="`widths` must have one int"):
        ConvEncoder1D(())
    with pytest.raises(ValueError, match="`widths`.*at least 1"):
        ConvEncoder1D((8, 0))
    with pytest.raises(ValueError, match="`pooling`"):
        ConvEncoder1D(pooling="last")
    with pytest.raises(ValueError, match="windows of 3 samples or more"):
        ConvEncoder1D(kernel_size=5)(np.ones((1, 2, 3)))
    with pytest.raises(ValueError, match="shape .batch, time, channels"):
        ConvEncoder1D().build((50, 3))
