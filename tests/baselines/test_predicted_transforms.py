import itertools

import keras
import numpy as np
import pytest
from keras import ops
from support import to_numpy

from keras_relcon.baselines.predicted_transforms import (
    AxisPermutation,
    LongSegmentPermutation,
    VisibleScaling,
)

pytestmark = pytest.mark.every_backend


def counts_of(rows):
    values, counts = np.unique(rows, axis=0, return_counts=True)
    return {tuple(v): c for v, c in zip(values.tolist(), counts)}


def test_cuts_are_uniform_among_those_of_long_segments():
    """Against all triples of cuts of 14 samples, most of which are invalid."""
    valid = [
        cuts
        for cuts in itertools.combinations(range(1, 14), 3)
        if np.diff([0, *cuts, 14]).min() > 2
    ]
    assert len(valid) == 10
    layer = LongSegmentPermutation(minimum_length=2, seed=0)
    cuts, order = layer.draw((4000, 14, 3))
    counts = counts_of(to_numpy(cuts))
    assert sorted(counts) == valid
    assert min(counts.values()) > 300 and max(counts.values()) < 500
    orders = counts_of(to_numpy(order))
    assert len(orders) == 24  # the order before is among them
    assert min(orders.values()) > 110 and max(orders.values()) < 230


def test_default_segments_are_longer_than_10_samples():
    layer = LongSegmentPermutation(seed=1)
    cuts, _ = layer.draw((500, 300, 3))
    edges = np.pad(to_numpy(cuts), ((0, 0), (1, 1)))
    edges[:, -1] = 300
    lengths = np.diff(edges, axis=1)
    assert lengths.shape == (500, 4)
    assert lengths.min() == 11


def test_segments_move_whole():
    x = np.arange(50, dtype="float32")[None, :, None]
    draw = (
        ops.convert_to_tensor([[12, 25, 38]], "int32"),
        ops.convert_to_tensor([[2, 0, 3, 1]], "int32"),
    )
    output = LongSegmentPermutation().apply(ops.convert_to_tensor(x), draw)
    expected = [*range(25, 38), *range(12), *range(38, 50), *range(12, 25)]
    np.testing.assert_array_equal(to_numpy(output)[0, :, 0], expected)


def test_the_shortest_windows_have_one_way_to_be_cut():
    cuts, _ = LongSegmentPermutation().draw((5, 44, 3))
    np.testing.assert_array_equal(to_numpy(cuts), [[11, 22, 33]] * 5)
    for shape in ((2, 43, 3), (None, 43, 3)):
        with pytest.raises(ValueError, match="at least 44 samples.*43"):
            LongSegmentPermutation().build(shape)
    with pytest.raises(ValueError, match="at least 44 samples.*43"):
        LongSegmentPermutation().draw((5, 43, 3))


def test_scaling_is_never_close_to_1_and_else_uniform(rng):
    layer = VisibleScaling(seed=0)
    factor = to_numpy(layer.draw((4000, 10, 3)))
    assert factor.shape == (4000, 1, 3)
    distance = np.abs(factor - 1)
    assert distance.min() >= 0.15 - 1e-6 and distance.max() <= 0.5 + 1e-6
    # Deciles of a uniform distance, on both sides.
    np.testing.assert_allclose(
        np.quantile(distance, np.arange(11) / 10),
        0.15 + 0.035 * np.arange(11),
        atol=0.01,
    )
    assert (factor > 1).mean() == pytest.approx(0.5, abs=0.02)
    # Axes draw for themselves.
    assert abs(np.corrcoef(factor[:, 0].T)[0, 1]) < 0.06
    x = rng.normal(size=(4000, 4, 3)).astype("float32")
    np.testing.assert_allclose(
        to_numpy(layer.apply(x, factor)), x * factor, rtol=1e-6
    )


def test_all_six_orders_of_axes_are_drawn():
    x = np.tile(np.arange(3, dtype="float32"), (3000, 2, 1))
    output = to_numpy(AxisPermutation(seed=0)(x))
    counts = counts_of(output[:, 0].astype(int))
    assert sorted(counts) == list(itertools.permutations(range(3)))
    assert min(counts.values()) > 400 and max(counts.values()) < 600


@pytest.mark.parametrize(
    "layer",
    [
        VisibleScaling(0.2, 0.3, seed=4),
        LongSegmentPermutation(2, 5, seed=4),
        AxisPermutation(seed=4),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_configuration_comes_back(layer):
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert copy.get_config() == layer.get_config()
