import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon.layers import SequenceDecoder1D
from keras_relcon.layers.seeded_dropout import SeededDropout
from keras_relcon.layers.sequence_decoder1d import resample

pytestmark = pytest.mark.every_backend


@pytest.mark.parametrize(("steps", "length"), [(3, 8), (8, 3), (5, 5), (1, 4)])
def test_resampling_is_linear_between_middles(rng, steps, length):
    x = rng.normal(size=(2, steps, 3)).astype("float32")
    found = to_numpy(resample(keras.ops.convert_to_tensor(x), length))
    middles = (np.arange(steps) + 0.5) / steps
    places = (np.arange(length) + 0.5) / length
    for row, channel in np.ndindex(2, 3):
        expected = np.interp(places, middles, x[row, :, channel])
        np.testing.assert_allclose(found[row, :, channel], expected, atol=1e-6)


def test_each_step_becomes_several():
    """Seven steps for 20 samples: three of each, then 21 to 20."""
    decoder = SequenceDecoder1D(20, 2, (1,), kernel_size=1)
    decoder.build((None, 7, 4))
    kernel = np.zeros((4, 3))
    kernel[0] = [1, 2, 3]  # of the first feature, in order
    decoder.expand.kernel.assign(kernel)
    decoder.convolutions[0].kernel.assign([[[1.0]]])
    decoder.convolutions[1].kernel.assign([[[1.0, -1.0]]])
    x = np.zeros((1, 7, 4), "float32")
    x[0, :, 0] = np.arange(7)
    expected = np.concatenate([step * np.array([1, 2, 3]) for step in range(7)])
    expected = np.interp(
        (np.arange(20) + 0.5) / 20, (np.arange(21) + 0.5) / 21, expected
    )
    found = to_numpy(decoder(x))[0]
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-5)
    np.testing.assert_allclose(found[:, 1], -expected, atol=1e-5)


def test_relu_ends_it_only_if_asked(rng):
    x = rng.normal(size=(4, 10, 5)).astype("float32")
    assert to_numpy(SequenceDecoder1D(10, 3)(x)).min() < 0
    decoder = SequenceDecoder1D(10, 3, output_activation="relu")
    assert to_numpy(decoder(x)).min() == 0
    assert decoder.expand is None


def test_it_is_saved_and_loaded(rng, tmp_path):
    x = rng.normal(size=(2, 7, 5)).astype("float32")
    decoder = SequenceDecoder1D(20, 2, (6,), 5, "relu")
    model = keras.Sequential([keras.Input((7, 5)), decoder])
    expected = to_numpy(model(x))
    assert expected.shape == decoder.compute_output_shape(x.shape)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(to_numpy(loaded(x)), expected)


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="`window_length`.*at least 2"):
        SequenceDecoder1D(1, 3)
    with pytest.raises(ValueError, match="`output_activation`"):
        SequenceDecoder1D(8, 3, output_activation="gelu")
    with pytest.raises(ValueError, match="a known number of steps"):
        SequenceDecoder1D(8, 3).build((None, None, 4))


def test_state_of_dropout_is_kept():
    """Set back, it draws the same again."""
    dropout = SeededDropout(0.5)
    x = np.ones((4, 50), "float32")
    first = to_numpy(dropout(x, training=True))
    state = to_numpy(dropout.seed_generator.state)
    second = to_numpy(dropout(x, training=True))
    assert not (first == second).all()
    dropout.seed_generator.state.assign(state)
    np.testing.assert_array_equal(to_numpy(dropout(x, training=True)), second)
    np.testing.assert_array_equal(to_numpy(dropout(x)), x)
    np.testing.assert_allclose(first.mean(), 1, atol=0.3)
    config = SeededDropout(0.5, seed=3).get_config()
    assert SeededDropout.from_config(config).seed == 3
