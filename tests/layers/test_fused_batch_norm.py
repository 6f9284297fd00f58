import keras
import numpy as np
import pytest
from keras import ops
from support import gradients, to_numpy

from keras_relcon.layers.fused_batch_norm import FusedBatchNorm
from keras_relcon.layers.layout import internal_data_format, swap_layout

pytestmark = pytest.mark.every_backend

EPSILON = 1e-3


def make_layer(rng, channels=5, **kwargs):
    layer = FusedBatchNorm(momentum=0.9, epsilon=EPSILON, **kwargs)
    shape = [None, None, None]
    shape[layer.axis] = channels
    layer.build(shape)
    for variable in layer.weights:
        value = rng.uniform(0.5, 2, channels)
        variable.assign(value)
    return layer


def call(layer, x, training):
    """Calls the layer on channels last, whatever its own layout."""
    layout = internal_data_format()
    return swap_layout(layer(swap_layout(x, layout), training=training), layout)


def oracle(x, gamma, beta):
    """Output, mean and variance; x, gamma and beta in float64."""
    mean, variance = x.mean((0, 1)), x.var((0, 1))
    return (
        (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta,
        mean,
        variance,
    )


@pytest.mark.parametrize("shape", [(4, 7, 5), (1, 1, 5), (1, 9, 5)])
def test_training_matches_the_oracle(rng, shape):
    layer = make_layer(rng)
    before = [to_numpy(v).astype("float64") for v in layer.weights]
    # Far from zero, where a difference of squares loses its digits.
    x = rng.normal(30, 0.5, shape).astype("float32")
    expected, mean, variance = oracle(x.astype("float64"), *before[:2])
    output = call(layer, ops.convert_to_tensor(x), training=True)
    # XLA's moments on JAX are such a difference.
    atol = 5e-3 if keras.backend.backend() == "jax" else 1e-4
    np.testing.assert_allclose(to_numpy(output), expected, atol=atol)
    np.testing.assert_allclose(
        to_numpy(layer.moving_mean), 0.9 * before[2] + 0.1 * mean, rtol=1e-6
    )
    np.testing.assert_allclose(
        to_numpy(layer.moving_variance),
        0.9 * before[3] + 0.1 * variance,
        atol=3e-5,
    )


def test_inference_takes_the_moving_statistics(rng):
    layer = make_layer(rng)
    gamma, beta, mean, variance = [to_numpy(v) for v in layer.weights]
    x = rng.normal(size=(3, 4, 5)).astype("float32")
    expected = (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta
    output = call(layer, ops.convert_to_tensor(x), training=False)
    np.testing.assert_allclose(to_numpy(output), expected, atol=1e-5)
    layer.trainable = False
    output = call(layer, ops.convert_to_tensor(x), training=True)
    np.testing.assert_allclose(to_numpy(output), expected, atol=1e-5)
    np.testing.assert_array_equal(to_numpy(layer.moving_mean), mean)


def test_gradients_match_the_closed_form(rng):
    layer = make_layer(rng)
    gamma = to_numpy(layer.gamma).astype("float64")
    x = rng.normal(size=(4, 6, 5))
    upstream = rng.normal(size=x.shape)
    (gradient,) = gradients(
        lambda x: ops.sum(
            call(layer, x, training=True)
            * ops.convert_to_tensor(upstream.astype("float32"))
        ),
        [x],
    )
    std = np.sqrt(x.var((0, 1)) + EPSILON)
    normalized = (x - x.mean((0, 1))) / std
    expected = (gamma / std) * (
        upstream
        - upstream.mean((0, 1))
        - normalized * (upstream * normalized).mean((0, 1))
    )
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_normalises_in_float32(rng, policy):
    layer = make_layer(rng, dtype=policy)
    gamma, beta = [to_numpy(v).astype("float64") for v in layer.weights[:2]]
    x = ops.cast(rng.normal(3, 1, (4, 50, 5)), layer.compute_dtype)
    exact = to_numpy(ops.cast(x, "float32")).astype("float64")
    expected, mean, _ = oracle(exact, gamma, beta)
    before = to_numpy(layer.moving_mean)
    output = call(layer, x, training=True)
    assert output.dtype == x.dtype
    np.testing.assert_allclose(
        to_numpy(ops.cast(output, "float32")), expected, rtol=0.01, atol=0.02
    )
    np.testing.assert_allclose(
        to_numpy(layer.moving_mean), 0.9 * before + 0.1 * mean, rtol=1e-5
    )


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_any_dtype_trains(rng, dtype):
    """Weights of these dtypes have no kernel on TensorFlow."""
    layer = make_layer(rng, dtype=dtype)
    before = [
        to_numpy(ops.cast(v, "float32")).astype("float64")
        for v in layer.weights
    ]
    x = ops.cast(rng.normal(3, 1, (4, 50, 5)).round(1), layer.compute_dtype)
    exact = to_numpy(ops.cast(x, "float32")).astype("float64")
    expected, mean, _ = oracle(exact, *before[:2])
    output = call(layer, x, training=True)
    assert output.dtype == x.dtype
    atol = 1e-5 if dtype == "float64" else 0.05
    np.testing.assert_allclose(
        to_numpy(ops.cast(output, "float32")), expected, atol=atol
    )
    np.testing.assert_allclose(
        to_numpy(ops.cast(layer.moving_mean, "float32")),
        0.9 * before[2] + 0.1 * mean,
        atol=atol,
    )


def test_configuration_fits_the_backend_that_reads_it(rng):
    config = make_layer(rng).get_config()
    other = {**config, "axis": 3 - config["axis"]}
    assert FusedBatchNorm.from_config(other).get_config() == config


@pytest.mark.parametrize("name", ["center", "scale"])
def test_scale_and_shift_cannot_be_left_out(name):
    with pytest.raises(ValueError, match=f"`{name}` must be True"):
        FusedBatchNorm(**{name: False})
