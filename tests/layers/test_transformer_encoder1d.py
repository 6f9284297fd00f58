import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon.layers import TransformerEncoder1D
from keras_relcon.layers.transformer_encoder1d import positions

pytestmark = pytest.mark.every_backend


def normed(x):
    """Scale 1 and shift 0, as they begin."""
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5)


def block_by_loops(x, weights):
    """One window, `(time, width)`, in float64."""
    (wq, bq, wk, bk, wv, bv, wo, bo), (w1, b1), (w2, b2) = weights
    y = normed(x)
    attended = np.zeros_like(x)
    for head in range(wq.shape[1]):
        q, k, v = (
            y @ w[:, head] + b[head] for w, b in ((wq, bq), (wk, bk), (wv, bv))
        )
        for t in range(len(x)):
            logits = np.array([q[t] @ other for other in k]) / np.sqrt(
                q.shape[1]
            )
            share = np.exp(logits) / np.exp(logits).sum()
            attended[t] += (share @ v) @ wo[head]
    x = x + attended + bo
    return x + np.maximum(normed(x) @ w1 + b1, 0) @ w2 + b2


def test_sequences_are_those_of_loops(rng):
    keras.utils.set_random_seed(0)
    encoder = TransformerEncoder1D(4, 2, 2, 6)
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    encoder.build(x.shape)
    for variable in encoder.trainable_variables:
        if "bias" in variable.path:
            variable.assign(rng.normal(size=variable.shape))
    kernel, bias = map(np.float64, encoder.first.get_weights())
    place = np.arange(5)[:, None] / np.array([1.0, 100.0])  # 10000**(2 / 4)
    places = np.concatenate([np.sin(place), np.cos(place)], axis=1)
    np.testing.assert_allclose(to_numpy(positions(5, 4)), places, atol=1e-6)
    expected = []
    for window in np.float64(x):
        y = window @ kernel + bias + places
        for block in encoder.blocks:
            parts = (block.attention, block.hidden, block.output_layer)
            y = block_by_loops(
                y, [map(np.float64, part.get_weights()) for part in parts]
            )
        expected.append(normed(y))
    found = to_numpy(encoder.sequences(x)[-1])
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(
        to_numpy(encoder(x)), np.mean(expected, 1), atol=1e-4
    )
    assert len(encoder.sequences(x)) == 2


def test_number_of_weights():
    encoder = TransformerEncoder1D()
    encoder.build((None, 100, 3))
    assert encoder.count_params() == 299_520


@pytest.mark.parametrize("silent", ["attention", "output_layer"])
def test_dropout_is_in_training_only(rng, silent):
    """In each half of a block by itself."""
    encoder = TransformerEncoder1D(8, 1, 2, 8, dropout=0.5)
    x = rng.normal(size=(2, 10, 3)).astype("float32")
    encoder.build(x.shape)
    for variable in getattr(encoder.blocks[0], silent).variables:
        variable.assign(np.zeros(variable.shape))
    still = to_numpy(encoder(x))
    np.testing.assert_array_equal(to_numpy(encoder(x)), still)
    assert np.abs(to_numpy(encoder(x, training=True)) - still).max() > 0.01


def test_it_is_saved_and_loaded(rng, tmp_path):
    x = rng.normal(size=(2, 9, 3)).astype("float32")
    encoder = TransformerEncoder1D(8, 1, 2, 6, 0.2, "max")
    expected = to_numpy(encoder(x))
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(to_numpy(loaded(x)), expected)
    assert loaded.get_config() == encoder.get_config()
    np.testing.assert_allclose(
        expected, to_numpy(encoder.sequences(x)[-1]).max(1), rtol=1e-5
    )


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="`width` must be even"):
        TransformerEncoder1D(7, num_heads=7)
    with pytest.raises(ValueError, match="multiple of `num_heads`"):
        TransformerEncoder1D(8, num_heads=3)
    with pytest.raises(ValueError, match="`num_blocks`"):
        TransformerEncoder1D(num_blocks=0)
    with pytest.raises(ValueError, match="shape .batch, time, channels"):
        TransformerEncoder1D().build((50, 3))
