"""The defaults of the baselines, each beside the place it is published in.

Sections of [RelCon](https://arxiv.org/abs/2411.18822) and, as "methods", of
the notes on the methods around it.
"""

import keras
import numpy as np
import pytest
from support import tiny_encoder, to_numpy

from keras_relcon import baselines
from keras_relcon.baselines.predicted_transforms import (
    AxisPermutation,
    LongSegmentPermutation,
    VisibleScaling,
)
from keras_relcon.layers import ResNet1D34, Rotation, TimeFlip, TimeWarp

pytestmark = pytest.mark.every_backend


def test_simclr_has_the_projector_of_the_soar_tutorial():
    """Methods 1.4: 256, ReLU, 128, ReLU, 50."""
    model = baselines.SimCLR(tiny_encoder())
    dense = model.projector.layers
    assert [layer.units for layer in dense] == [256, 128, 50]
    assert [layer.activation.__name__ for layer in dense] == [
        "relu",
        "relu",
        "linear",
    ]


def test_simclr_has_the_temperature_and_views_of_its_sources():
    """Methods 1.2 and 1.4: `soar`, 0.1. RelCon trains it with 1 (A.1)."""
    model = baselines.SimCLR(tiny_encoder())
    assert model.temperature == 0.1
    assert model.views == model.view_pairs.policy == "soar"
    # 8 * 7 ordered pairs
    assert len(set(model.view_pairs.PAIRS)) == 56


def test_aug_pred_has_the_tasks_of_yuan_with_their_parameters():
    """Methods 2.2: the table, the order, and the coin of a half."""
    assert baselines.AugPred(tiny_encoder()).tasks == (
        "arrow_of_time",
        "permutation",
        "time_warp",
    )
    model = baselines.AugPred(
        tiny_encoder(), ("scale", "time_warp", "permutation", "arrow_of_time")
    )
    assert model.probability == 0.5
    flip, scale, permutation, warp = model.transforms
    assert type(flip) is TimeFlip
    assert type(scale) is VisibleScaling
    assert (scale.least, scale.most) == (0.15, 0.5)
    assert type(permutation) is LongSegmentPermutation
    assert (permutation.num_cuts, permutation.minimum_length) == (3, 10)
    assert type(warp) is TimeWarp
    assert (warp.stddev, warp.num_knots) == (0.2, 4)
    axes, rotation = model.orientations
    assert type(axes) is AxisPermutation and type(rotation) is Rotation
    assert axes.PERMUTATIONS.shape == (6, 3)
    assert rotation.max_angle == pytest.approx(np.pi)


def test_aug_pred_has_a_linear_head_of_two_classes_for_each_task(rng):
    """Methods 2.2: heads = single Linear, one per task, no weight shared."""
    model = baselines.AugPred(tiny_encoder(), seed=0)
    windows = rng.normal(size=(4, 64, 3)).astype("float32")
    model.build(windows.shape)
    assert len(model.heads) == 3
    assert all(head.units == 2 for head in model.heads)
    assert all(
        head.activation is keras.activations.linear for head in model.heads
    )
    variables = [v for head in model.heads for v in head.trainable_variables]
    assert len({id(variable) for variable in variables}) == 6
    # Only the logits of a task move with its head.
    for task in range(3):
        for index, head in enumerate(model.heads):
            head.kernel.assign(np.zeros(head.kernel.shape))
            head.bias.assign([float(index == task), 0.0])
        logits = to_numpy(model(windows)["logits"])
        assert np.all(logits[:, task, 0] == 1)
        assert np.all(np.delete(logits, task, axis=1) == 0)


def test_rebar_is_trained_with_a_temperature_of_1():
    """A.1; methods 3: on RelCon's distance, cosine of the embeddings."""
    model = baselines.REBAR(tiny_encoder(), baselines.MaskedMotifDistance())
    assert model.temperature == model.binary_loss.temperature == 1.0
    assert model.projector is None and model.augmentation is None


def test_masked_distance_has_the_sizes_of_rebar():
    """Methods 3, HAR: embedding 256, doubling 1, span 15, softmax, anchor."""
    distance = baselines.MaskedMotifDistance()
    expected = {
        "attention": "softmax",
        "embedding_dim": 256,
        "kernel_size": 15,
        "num_dilated_blocks": 1,
        "dropout": 0.1,
        "normalization": "anchor",
        "mask_length": 15,
        "num_masks": 1,
    }
    config = distance.get_config()
    assert {name: config[name] for name in expected} == expected
    # Half of the samples are hidden where distances are taken.
    assert distance.scoring_masks(128).sum() == 64
    widths = [conv.filters for conv in distance.qkv.query.bottlenecks]
    assert widths == [32]  # "bottleneck 32"


def test_supervised_references_have_their_sources_sizes():
    """Methods 4: CL-HAR's LSTMs, CPC's convolutions and dense layers."""
    sizes = {
        baselines.deep_conv_lstm: 357_952,
        baselines.conv_classifier: 98_464,
        baselines.lstm_classifier: 199_168,
    }
    for make, expected in sizes.items():
        model = make()
        assert model.count_params() == expected, make
        assert model.output_shape == (None, 128), make


def test_every_baseline_takes_the_published_encoder():
    """4.1: "for each of these methods, we used a 1D ResNet-34"."""
    encoder = ResNet1D34()
    for method in (baselines.SimCLR, baselines.AugPred):
        assert method(encoder).encoder is encoder
