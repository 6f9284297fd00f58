import numpy as np
import pytest
import reference
from support import small_distance, to_numpy

from keras_relcon.layers import (
    DilatedConvQKV,
    DilatedConvStack,
    EdgeRenormalizedConv1D,
)
from keras_relcon.layers.layout import internal_data_format, swap_layout

pytestmark = pytest.mark.every_backend


def test_golden_stacks(golden, golden_distance_weights):
    qkv = small_distance(golden_distance_weights).qkv
    for letter, x in {
        "q": golden["motif/int/query_norm"],
        "k": golden["motif/int/key_norm"],
        "v": golden["motif/int/key_norm"],
    }.items():
        stack = {"q": qkv.query, "k": qkv.key, "v": qkv.value}[letter]
        np.testing.assert_allclose(
            to_numpy(stack(x.astype("float32"))),
            golden[f"motif/int/{letter}_out"].transpose(0, 2, 1),
            rtol=1e-4,
            # In a channel that GELU has nearly silenced, the instance norm
            # multiplies the rounding of 1 + erf by up to 300.
            atol=5e-4,
        )


@pytest.mark.parametrize("length", [3, 33, 64])
def test_stack_matches_the_oracle(rng, motif_weights, length):
    stack = small_distance(motif_weights).qkv.key
    x = rng.normal(size=(2, length, 3))
    np.testing.assert_allclose(
        to_numpy(stack(x.astype("float32"))),
        reference.dilated_conv_stack(x, motif_weights["key"]),
        rtol=1e-3,
        atol=1e-3,
    )


def test_edges_of_a_constant_signal_do_not_fade():
    data_format = internal_data_format()
    conv = EdgeRenormalizedConv1D(
        1, 15, padding="same", data_format=data_format, bias_initializer="ones"
    )
    x = swap_layout(np.ones((1, 40, 3), "float32"), data_format)
    output = to_numpy(swap_layout(conv(x), data_format))[0, :, 0]
    middle = output[20]
    kernel = to_numpy(conv.kernel)
    np.testing.assert_allclose(middle, kernel.sum() + 1, rtol=1e-4)
    # The first sample sees the last 8 taps, scaled up by 15 / 8.
    first = kernel[7:].sum() * 15 / 8 + 1
    np.testing.assert_allclose(output[0], first, rtol=1e-4, atol=1e-5)


def test_the_three_stacks_share_no_weight():
    qkv = DilatedConvQKV(embedding_dim=8)
    query, key, value = qkv(np.ones((1, 20, 3), "float32"))
    assert query.shape == key.shape == value.shape == (1, 20, 8)
    assert len({id(v) for v in qkv.trainable_variables}) == 3 * 10


def test_default_size_is_the_published_one():
    qkv = DilatedConvQKV()
    qkv.build((None, None, 3))
    assert qkv.count_params() == 3 * 19472


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"embedding_dim": 4}, "at least 8"),
        ({"kernel_size": 14}, "must be odd"),
        ({"embedding_dim": 64.0}, "whole number.*embedding_dim=64.0"),
        ({"kernel_size": -1}, "whole number.*kernel_size=-1"),
        ({"num_dilated_blocks": -1}, "at least 0.*num_dilated_blocks=-1"),
    ],
)
def test_impossible_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DilatedConvQKV(**arguments)


def test_other_channels_are_refused():
    stack = DilatedConvStack(16, 5, 1)
    stack(np.ones((2, 20, 3), "float32"))
    for channels in (1, 6):  # six could pass as two groups of three
        with pytest.raises(ValueError, match="expected axis 2.*value 3"):
            stack(np.ones((2, 20, channels), "float32"))


def test_a_window_without_batch_is_refused():
    with pytest.raises(ValueError, match=r"\(batch, time, channels\)"):
        DilatedConvQKV(8)(np.ones((40, 3), "float32"))


@pytest.mark.parametrize(
    "arguments",
    [
        {"padding": "valid"},
        {"strides": 2},
        {"dilation_rate": 2},
        {"kernel_size": 4},
        {"use_bias": False},
        {"activation": "relu"},
    ],
)
def test_a_convolution_that_cannot_be_renormalized_is_refused(arguments):
    arguments = {"kernel_size": 5, "padding": "same", **arguments}
    with pytest.raises(ValueError, match="an odd kernel.*Received: padding="):
        EdgeRenormalizedConv1D(8, **arguments)


def test_config_round_trip():
    layer = DilatedConvQKV(16, 7, 1)
    copy = DilatedConvQKV.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
