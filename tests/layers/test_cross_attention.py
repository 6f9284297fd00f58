import math

import numpy as np
import pytest
import reference
from support import to_numpy

from keras_relcon.distributed import replicas
from keras_relcon.layers import CrossAttention

pytestmark = pytest.mark.every_backend


@pytest.mark.parametrize("attention", ["sparsemax", "softmax"])
def test_matches_the_unfolded_definition(rng, attention):
    layer = CrossAttention(3, attention)
    query = rng.normal(size=(2, 6, 8)).astype("float32")
    key, value = rng.normal(size=(2, 2, 9, 8)).astype("float32")
    output = to_numpy(layer(query, key, value))
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(8)
    weights = getattr(reference, attention)(scores)
    kernel, bias = map(to_numpy, (layer.output_kernel, layer.output_bias))
    np.testing.assert_allclose(
        output, (weights @ value) @ kernel + bias, rtol=1e-4, atol=1e-5
    )
    assert output.shape == layer.compute_output_shape(
        query.shape, key.shape, value.shape
    )


def test_dropout_acts_in_training_only(rng):
    layer = CrossAttention(3, "softmax", dropout=0.5)
    inputs = rng.normal(size=(3, 2, 20, 8)).astype("float32")
    still = to_numpy(layer(*inputs))
    np.testing.assert_array_equal(to_numpy(layer(*inputs)), still)
    moving = to_numpy(layer(*inputs, training=True))
    assert np.abs(moving - still).max() > 1e-3


def test_dropout_draws_from_the_state_of_the_layer(rng):
    layer = CrossAttention(3, "softmax", dropout=0.5)
    inputs = rng.normal(size=(3, 2, 20, 8)).astype("float32")
    layer(*inputs)
    (state,) = layer.non_trainable_variables
    before = to_numpy(state)
    first = to_numpy(layer(*inputs, training=True))
    assert np.abs(to_numpy(layer(*inputs, training=True)) - first).max() > 1e-3
    state.assign(before)
    np.testing.assert_array_equal(
        to_numpy(layer(*inputs, training=True)), first
    )


def test_replicas_drop_other_weights(rng, monkeypatch):
    layer = CrossAttention(3, "softmax", dropout=0.5)
    inputs = rng.normal(size=(3, 2, 20, 8)).astype("float32")
    layer(*inputs)
    (state,) = layer.non_trainable_variables
    before, outputs = to_numpy(state), []
    for replica in (0, 1, 1):
        monkeypatch.setattr(replicas, "replica_index", lambda: replica)
        state.assign(before)
        outputs.append(to_numpy(layer(*inputs, training=True)))
    assert np.abs(outputs[1] - outputs[0]).max() > 1e-3
    np.testing.assert_array_equal(outputs[1], outputs[2])


def test_unknown_attention_is_refused():
    with pytest.raises(ValueError, match="one of.*sparsemax.*softmax.*hardmax"):
        CrossAttention(attention="hardmax")


@pytest.mark.parametrize("dropout", [-0.1, 1.0, None])
def test_dropout_out_of_range_is_refused(dropout):
    with pytest.raises(ValueError, match="below 1. Received: dropout="):
        CrossAttention(dropout=dropout)


def test_output_dim_is_a_positive_int():
    for output_dim in (0, 2.5):
        with pytest.raises(ValueError, match="whole number.*output_dim="):
            CrossAttention(output_dim)


def test_config_round_trip():
    layer = CrossAttention(2, "softmax", 0.3)
    copy = CrossAttention.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()


def test_the_former_name_of_an_argument_still_works():
    with pytest.warns(DeprecationWarning, match="now `ranking_attention`"):
        layer = CrossAttention(inference_attention="softmax")
    assert layer.ranking_attention == "softmax"
    config = layer.get_config()
    config["inference_attention"] = config.pop("ranking_attention")
    layer = CrossAttention.from_config(config)  # as saved by 0.1
    assert layer.ranking_attention == "softmax"
