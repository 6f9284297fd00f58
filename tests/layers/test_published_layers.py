"""The defaults of the layers, each beside the place it is published in.

Sections and tables are those of [RelCon](https://arxiv.org/abs/2411.18822);
"released" is its code, as read in the notes on the methods (0.3 and 1.1) and
on the protocols (D3, D5, D8, E1, E2).
"""

import math

import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon import layers

pytestmark = pytest.mark.every_backend

DEFAULTS = [
    # Methods 1.1, table of the eight transforms, in its order
    (layers.Noise, {"stddev": 0.1}),
    (layers.Scaling, {"stddev": 0.25}),
    (layers.Rotation, {"max_angle": math.pi}),
    (layers.Negation, {}),
    (layers.TimeFlip, {}),
    (layers.SegmentPermutation, {"num_cuts": 5}),
    (layers.TimeWarp, {"stddev": 0.2, "num_knots": 4}),
    (layers.ChannelShuffle, {}),
    # D10: two of the eight
    (layers.RandomAugmentations, {"num_augmentations": 2}),
    # REBAR hides 15 samples at 50 Hz: 0.3 s
    (layers.SpanMask, {"span_length": 30}),
    # D5
    (layers.CandidateRevIN, {"epsilon": 1e-5, "affine": True}),
    # A.6: d = 64, k = 15; D8: two residual blocks
    (
        layers.DilatedConvQKV,
        {"embedding_dim": 64, "kernel_size": 15, "num_dilated_blocks": 2},
    ),
    # Eq. 3 has a sparsemax; D3: dropout of 0.1; D7: 64 to 3
    (
        layers.CrossAttention,
        {
            "output_dim": 3,
            "attention": "sparsemax",
            "ranking_attention": None,
            "dropout": 0.1,
        },
    ),
    # 4.1 and 5.2: ResNet-34 of 256 numbers; (3, 4, 6, 3) is ResNet-34's
    (
        layers.ResNet1D34,
        {
            "embedding_dim": 256,
            "num_blocks": (3, 4, 6, 3),
            "widths": (64, 128, 256, 256),
            "kernel_sizes": (3, 3, 3, 3),
            "strides": (1, 1, 1, 1),
            "pooling": "mean",
            "final_norm": False,
            "rematerialize": False,
        },
    ),
    # A.10: ResNet-18 of 1024 numbers
    (
        layers.ResNet1D18,
        {
            "embedding_dim": 1024,
            "num_blocks": (2, 2, 2, 2),
            "widths": (64, 128, 256, 1024),
            "kernel_sizes": (3, 3, 3, 3),
            "strides": (1, 1, 1, 1),
            "pooling": "mean",
            "final_norm": False,
            "rematerialize": False,
        },
    ),
]


@pytest.mark.parametrize("cls, expected", DEFAULTS, ids=lambda x: str(x)[-30:])
def test_defaults_are_those_published(cls, expected):
    config = cls().get_config()
    found = {name: config[name] for name in expected}
    assert found == expected


def test_eight_augmentations_by_name():
    """Methods 1.1: eight transforms, no more."""
    assert list(layers.AUGMENTATIONS) == [
        "noise",
        "scaling",
        "rotation",
        "negation",
        "time_flip",
        "channel_shuffle",
        "segment_permutation",
        "time_warp",
    ]


def test_a_permutation_makes_five_cuts_and_six_segments():
    """Methods 1.1, row 6: K = 5 cuts (Tang et al. 4)."""
    layer = layers.SegmentPermutation(seed=0)
    cuts, order = layer.draw((400, 256, 3))
    assert tuple(cuts.shape) == (400, 5)
    assert tuple(order.shape) == (400, 6)
    cuts = to_numpy(cuts)
    # Uniform over all samples, the first and the last among them.
    assert cuts.min() <= 2 and 253 <= cuts.max() <= 255
    assert abs(cuts.mean() - 127.5) < 6


def test_a_warp_has_six_knots_of_the_published_spread():
    """Methods 1.1, row 7: 4 knots inside and 2 ends, N(1, 0.2**2)."""
    draw = to_numpy(layers.TimeWarp(seed=0).draw((2000, 50, 3)))
    assert draw.shape == (2000, 6, 3)
    assert abs(draw.mean() - 1) < 0.01
    assert abs(draw.std() - 0.2) < 0.005


def test_speeds_below_a_thousandth_are_raised_to_it():
    """Methods 1.1, below the table: a guard at 1e-3 of the even speed."""
    layer = layers.TimeWarp()
    x = np.arange(64, dtype="float32")[None, :, None] / 64
    # Half of the window would run backwards; by the floor it takes no time.
    knots = np.array([1, 1, 1, -1, -1, -1], "float32").reshape((1, 6, 1))
    warped = to_numpy(layer.apply(x, keras.ops.convert_to_tensor(knots)))
    speed = to_numpy(layer._basis(64)) @ knots[0]
    times = np.cumsum(np.maximum(speed[:, 0].astype("float64"), 1e-3))
    times *= 63 / times[-1]
    expected = np.interp(np.arange(64), times, x[0, :, 0])
    # The times are of float32, whose rounding is far below another floor.
    np.testing.assert_allclose(warped[0, :, 0], expected, atol=1e-4)
    # Another floor would show.
    for floor in (1e-4, 2e-3):
        other = np.cumsum(np.maximum(speed[:, 0].astype("float64"), floor))
        other *= 63 / other[-1]
        other = np.interp(np.arange(64), other, x[0, :, 0])
        assert np.abs(other - expected).max() > 5e-4


def test_constant_candidate_has_the_standard_deviation_of_epsilon():
    """D5: sigma is the root of the population variance plus 1e-5."""
    statistics = layers.CandidateRevIN(affine=False).statistics(
        np.full((1, 8, 3), 0.5, "float32")
    )
    np.testing.assert_allclose(to_numpy(statistics[1]), 1e-5**0.5, rtol=1e-6)


def test_a_tenth_of_the_attention_is_dropped():
    """D3: 0.1 of the weights in training, what is left is scaled by 1 / 0.9."""
    layer = layers.CrossAttention(output_dim=1)
    layer.build((None, None, 8), (None, None, 8), (None, None, 8))
    rng = np.random.default_rng(0)
    query = rng.normal(size=(40, 50, 8)).astype("float32")
    key = np.zeros((40, 50, 8), "float32")  # equal weights
    ones = np.ones((40, 1, 50), "float32")
    kept = to_numpy(layer.attend(query, key, ones, training=True))
    # Each output is the sum of 50 weights of 1/50, a tenth of them dropped.
    assert abs(kept.mean() - 1) < 0.01
    expected = math.sqrt(50 * 0.1 / 0.9) / 50
    assert abs(kept.std() - expected) < 0.05 * expected


def test_default_attention_is_sparse_in_training_and_without():
    """Eq. 3: sparsemax leaves most weights at exactly 0, softmax none."""
    layer = layers.CrossAttention()
    rng = np.random.default_rng(0)
    query, key = rng.normal(size=(2, 1, 30, 16)).astype("float32") * 3
    for training in (True, False):
        weights = to_numpy(layer.weights_of(query, key, training))
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
        assert np.mean(weights == 0) > 0.5


def test_sizes_of_the_networks():
    """E1: 3,943,552 by (3, 4, 6, 3), "3.9 M" in 4.1; 0.3: 58,617 in all.

    The motif distance's three stacks have all of it but the 195 of the output
    projection and the 6 of the affine.
    """
    encoder = layers.ResNet1D34()
    encoder.build((None, 256, 3))
    assert count(encoder.trainable_variables) == 3_943_552
    # One mean and one variance per channel of 33 batch norms
    norms = 64 + 2 * (3 * 64 + 4 * 128 + 6 * 256 + 3 * 256) - 64 - 128
    assert count(encoder.non_trainable_variables) == 2 * norms
    qkv = layers.DilatedConvQKV()
    qkv.build((None, None, 3))
    assert count(qkv.trainable_variables) == 58_617 - 195 - 6


def test_the_stem_halves_twice():
    """E2: kernel 7 by 2, then maximum of 3 by 2, both without padding."""
    encoder = layers.ResNet1D34()
    assert encoder.stem_conv.kernel_size == (7,)
    assert encoder.stem_conv.strides == (2,)
    assert encoder.stem_conv.padding == "valid"
    assert tuple(encoder.stem_pool.pool_size) == (3,)
    assert tuple(encoder.stem_pool.strides) == (2,)
    assert encoder.stem_pool.padding == "valid"


def test_batch_norms_are_those_of_the_released_code():
    """PyTorch's defaults: momentum 0.1, which Keras calls 0.9, and 1e-5."""
    encoder = layers.ResNet1D34(final_norm=True)
    norms = [encoder.stem_norm, encoder.last_norm]
    for block in encoder.blocks:
        norms += [block.norm_1, block.norm_2]
    assert {(norm.momentum, norm.epsilon) for norm in norms} == {(0.9, 1e-5)}


def test_each_output_of_a_stack_sees_57_samples():
    """0.3: 15 + 14 + 28. The norm over time sees all, so it is taken out."""
    stack = layers.DilatedConvQKV().query
    assert stack.first_conv.kernel_size == (15,)
    assert [conv.dilation_rate for conv in stack.dilated_convs] == [(1,), (2,)]
    assert [conv.kernel_size for conv in stack.dilated_convs] == [(15,)] * 2
    assert [conv.filters for conv in stack.bottlenecks] == [8, 8]


def count(variables):
    return sum(int(np.prod(variable.shape)) for variable in variables)
