import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon.layers import ResNet1D18, ResNet1D34

pytestmark = pytest.mark.every_backend


def closed_form(num_blocks, widths, kernel_size=3, channels=3, dim=1024):
    """Weights and biases, convolution by convolution, norm by norm."""
    count = 7 * channels * widths[0] + widths[0] + 2 * widths[0]
    before = widths[0]
    for blocks, width in zip(num_blocks, widths):
        for _ in range(blocks):
            count += 2 * before + 2 * width  # two norms
            count += (kernel_size * before + 1) * width
            count += (kernel_size * width + 1) * width
            count += (before + 1) * width if before != width else 0
            before = width
    return count + ((before + 1) * dim if before != dim else 0)


def num_trainable(encoder):
    encoder.build((None, 256, 3))
    return sum(int(np.prod(v.shape)) for v in encoder.trainable_variables)


def test_parameter_count_is_the_closed_form():
    expected = closed_form((2, 2, 2, 2), (64, 128, 256, 1024))
    assert num_trainable(ResNet1D18()) == expected == 11_454_720
    # The form gives the known count of the other network.
    assert closed_form((3, 4, 6, 3), (64, 128, 256, 256), dim=256) == 3_943_552


def test_it_is_18_layers_deep():
    encoder = ResNet1D18()
    # Two convolutions a block, the stem and, in its place, no class layer.
    assert 2 * len(encoder.blocks) + 1 + 1 == 18
    assert encoder.head is None
    assert encoder.compute_output_shape((5, 256, 3)) == (5, 1024)


def test_embeds_as_the_same_blocks_of_the_other_class(rng, tmp_path):
    small = {"embedding_dim": 12, "widths": (4, 4, 8, 12)}
    encoder = ResNet1D18(**small)
    x = rng.normal(size=(2, 64, 3)).astype("float32")
    encoder(x, training=True)
    expected = to_numpy(encoder(x))
    assert expected.shape == (2, 12)
    twin = ResNet1D34(**small, num_blocks=(2, 2, 2, 2))
    twin.build(x.shape)
    twin.set_weights(encoder.get_weights())
    np.testing.assert_array_equal(to_numpy(twin(x)), expected)
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    assert type(loaded) is ResNet1D18
    np.testing.assert_array_equal(to_numpy(loaded(x)), expected)


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="one entry per stage"):
        ResNet1D18(widths=(8, 16))


def test_a_short_window_is_refused_in_its_own_name():
    with pytest.raises(ValueError, match="`ResNet1D18`"):
        ResNet1D18().build((None, 31, 3))
