"""The encoder of TS2Vec against convolutions by loops."""

import math

import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon.layers import DilatedConvEncoder1D

pytestmark = pytest.mark.every_backend


def small(**kwargs):
    keras.utils.set_random_seed(0)
    arguments = {"embedding_dim": 5, "hidden_dim": 4, "depth": 2, "seed": 1}
    return DilatedConvEncoder1D(**{**arguments, **kwargs})


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def convolve(x, conv, dilation):
    """Same padding, by loops over samples and taps, in float64."""
    kernel, bias = map(np.float64, map(to_numpy, (conv.kernel, conv.bias)))
    size = len(kernel)
    output = np.zeros((*x.shape[:2], kernel.shape[2])) + bias
    for sample in range(x.shape[1]):
        for tap in range(size):
            source = sample + (tap - size // 2) * dilation
            if 0 <= source < x.shape[1]:
                output[:, sample] += x[:, source] @ kernel[tap]
    return output


def sequence_by_loops(encoder, x):
    kernel, bias = encoder.first.kernel, encoder.first.bias
    x = np.float64(x) @ np.float64(to_numpy(kernel)) + to_numpy(bias)
    for index, block in enumerate(encoder.blocks):
        shortcut = x
        if block.shortcut is not None:
            shortcut = convolve(x, block.shortcut, 1)
        inner = convolve(gelu(x), block.conv_1, 2**index)
        x = convolve(gelu(inner), block.conv_2, 2**index) + shortcut
    return x


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_outputs_are_those_of_loops(rng, pooling):
    encoder = small(pooling=pooling)
    x = rng.normal(size=(2, 13, 3)).astype("float32")
    embeddings = to_numpy(encoder(x))
    expected = sequence_by_loops(encoder, x)
    (sequence,) = encoder.sequences(x)
    np.testing.assert_allclose(to_numpy(sequence), expected, atol=2e-5)
    expected = getattr(expected, pooling)(axis=1)
    np.testing.assert_allclose(embeddings, expected, atol=2e-5)
    assert encoder.compute_output_shape((None, 13, 3)) == (None, 5)


def test_a_sample_sees_as_far_as_stated(rng):
    """`4 * (2**(depth + 1) - 1) + 1` samples, 13 with one hidden block."""
    encoder = small(depth=1)
    x = rng.normal(size=(1, 31, 3)).astype("float32")
    changed = x.copy()
    changed[0, 15] += 1.0
    before, after = (to_numpy(encoder.sequences(v)[0])[0] for v in (x, changed))
    moved = np.flatnonzero(np.abs(before - after).max(1) > 1e-7)
    assert moved.min() == 15 - 6 and moved.max() == 15 + 6


def test_the_default_is_that_of_the_paper():
    encoder = DilatedConvEncoder1D()
    assert [block.width for block in encoder.blocks] == [64] * 10 + [320]
    assert [block.dilation for block in encoder.blocks] == [
        2**index for index in range(11)
    ]
    shortcuts = [block.shortcut is not None for block in encoder.blocks]
    assert shortcuts == [False] * 10 + [True]


def pointwise(**kwargs):
    """An output sample depends on its own input sample alone."""
    return small(depth=0, kernel_size=1, dropout=0.0, **kwargs)


def test_the_mask_hides_samples_in_training_alone(rng):
    encoder = pointwise(mask_rate=0.25)
    x = rng.normal(size=(8, 200, 3)).astype("float32")
    whole = to_numpy(encoder.sequences(x)[0])
    masked = to_numpy(encoder.sequences(x, training=True)[0])
    again = to_numpy(encoder.sequences(x, training=True)[0])
    is_kept = np.abs(masked - whole).max(2) < 1e-6
    assert 0.70 < is_kept.mean() < 0.80
    hidden = masked[~is_kept]
    np.testing.assert_allclose(hidden, np.tile(hidden[:1], (len(hidden), 1)))
    # Each window and each call has a mask of its own.
    assert (is_kept[0] != is_kept[1]).any() and (masked != again).any()
    np.testing.assert_array_equal(to_numpy(encoder.sequences(x)[0]), whole)


def test_without_mask_and_dropout_training_changes_nothing(rng):
    encoder = small(mask_rate=0.0, dropout=0.0)
    x = rng.normal(size=(2, 9, 3)).astype("float32")
    np.testing.assert_array_equal(
        to_numpy(encoder(x, training=True)), to_numpy(encoder(x))
    )


def test_dropout_is_of_the_output_in_training(rng):
    encoder = small(mask_rate=0.0, dropout=0.5)
    x = rng.normal(size=(4, 50, 3)).astype("float32")
    whole = to_numpy(encoder.sequences(x)[0])
    dropped = to_numpy(encoder.sequences(x, training=True)[0])
    is_dropped = dropped == 0
    assert 0.4 < is_dropped.mean() < 0.6
    np.testing.assert_allclose(
        dropped[~is_dropped], 2 * whole[~is_dropped], rtol=1e-5
    )


def test_a_sample_with_a_nan_is_hidden_always(rng):
    encoder = pointwise(mask_rate=0.01)
    encoder.build((None, 6, 3))
    encoder.first.bias.assign(np.ones(4))
    x = rng.normal(size=(1, 6, 3)).astype("float32")
    x[0, 2, 1] = x[0, 4, 0] = np.nan
    sequence = to_numpy(encoder.sequences(x)[0])[0]
    assert np.isfinite(sequence).all()
    np.testing.assert_array_equal(sequence[2], sequence[4])
    masked = to_numpy(encoder.sequences(x, training=True)[0])[0]
    np.testing.assert_allclose(masked[2], sequence[2], rtol=1e-6)


def test_it_loads_with_equal_results_in_any_length(rng, tmp_path):
    encoder = small(pooling="mean", mask_rate=0.3, dropout=0.2)
    encoder(rng.normal(size=(2, 9, 3)).astype("float32"))
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    x = rng.normal(size=(3, 20, 3)).astype("float32")
    np.testing.assert_array_equal(to_numpy(loaded(x)), to_numpy(encoder(x)))
    assert loaded.get_config() == encoder.get_config()


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("embedding_dim", 0),
        ("hidden_dim", 2.5),
        ("depth", -1),
        ("kernel_size", 0),
        ("mask_rate", 1.0),
        ("dropout", -0.1),
        ("pooling", "sum"),
    ],
)
def test_wrong_arguments_are_explained(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be.*Received"):
        small(**{argument: value})


def test_what_are_no_windows_is_explained():
    with pytest.raises(ValueError, match="shape .batch, time, channels"):
        small()(np.ones((9, 3), "float32"))
