import keras
import numpy as np
import pytest
from keras import ops
from scipy.interpolate import CubicSpline
from support import to_numpy

from keras_relcon import layers

pytestmark = pytest.mark.every_backend

ALL = [
    layers.Noise,
    layers.Scaling,
    layers.Rotation,
    layers.Negation,
    layers.TimeFlip,
    layers.ChannelShuffle,
    layers.SegmentPermutation,
    layers.TimeWarp,
    layers.RandomAugmentations,
    layers.SpanMask,
]


def apply(layer, x, draw=None):
    return to_numpy(layer.apply(ops.convert_to_tensor(x, "float32"), draw))


def tensor(x, dtype="float32"):
    return ops.convert_to_tensor(np.asarray(x), dtype)


def test_golden_pinned_draws(golden):
    x = golden["aug/x"]
    knots = golden["aug/timewarp/knot_values"].reshape(2, 3, 6)
    cases = {
        "noise": (layers.Noise(), tensor(golden["aug/noise/draw"])),
        "scale": (layers.Scaling(), tensor(golden["aug/scale/draw"])),
        "rotation": (
            layers.Rotation(),
            layers.augmentations.axis_angle_matrix(
                tensor(golden["aug/rotation/axes"]),
                tensor(golden["aug/rotation/angles"]),
            ),
        ),
        "negate": (layers.Negation(), None),
        "flip": (layers.TimeFlip(), None),
        "shuffle": (
            layers.ChannelShuffle(),
            tensor(golden["aug/shuffle/index"], "int32"),
        ),
        "segperm": (
            layers.SegmentPermutation(),
            (
                tensor(golden["aug/segperm/points"], "int32"),
                tensor(golden["aug/segperm/order"], "int32"),
            ),
        ),
        "timewarp": (layers.TimeWarp(), tensor(knots.transpose(0, 2, 1))),
    }
    for name, (layer, draw) in cases.items():
        np.testing.assert_allclose(
            apply(layer, x, draw),
            golden[f"aug/{name}/out"],
            atol=2e-4,
            err_msg=name,
        )


def test_golden_rotation_matrices(golden):
    for prefix in ("", "simple_"):
        matrices = layers.augmentations.axis_angle_matrix(
            tensor(golden[f"aug/rotation/{prefix}axes"]),
            tensor(golden[f"aug/rotation/{prefix}angles"]),
        )
        np.testing.assert_allclose(
            to_numpy(matrices),
            golden[f"aug/rotation/{prefix}matrices"],
            atol=1e-6,
        )


@pytest.mark.parametrize("length, num_knots", [(50, 4), (256, 4), (33, 2)])
def test_spline_basis_matches_scipy(rng, length, num_knots):
    heights = rng.normal(1, 0.2, (num_knots + 2, 3))
    warp = layers.TimeWarp(num_knots=num_knots)
    speed = to_numpy(warp._basis(length)) @ heights
    positions = np.linspace(0, length - 1, num_knots + 2)
    expected = CubicSpline(positions, heights)(np.arange(length))
    np.testing.assert_allclose(speed, expected, atol=1e-4)


def test_time_warp_matches_interpolation_by_numpy(rng):
    x = rng.normal(size=(2, 60, 3))
    heights = rng.normal(1, 0.3, (2, 6, 3))
    warp = layers.TimeWarp()
    speed = np.maximum(to_numpy(warp._basis(60)) @ heights, 1e-3)
    times = np.cumsum(speed, 1)
    times *= 59 / times[:, -1:]
    expected = np.empty_like(x)
    for i in range(2):
        for c in range(3):
            expected[i, :, c] = np.interp(
                np.arange(60), times[i, :, c], x[i, :, c]
            )
    np.testing.assert_allclose(
        apply(warp, x, tensor(heights)), expected, atol=1e-3
    )


def test_even_speed_is_no_warp(rng):
    x = rng.normal(size=(1, 100, 3))
    warped = apply(layers.TimeWarp(), x, tensor(np.ones((1, 6, 3))))
    # Times run from 0.99 to 99, so the signal is compressed by 1 %.
    expected = np.stack(
        [
            np.interp(np.arange(100), np.arange(1, 101) * 0.99, x[0, :, c])
            for c in range(3)
        ],
        axis=-1,
    )
    np.testing.assert_allclose(warped[0], expected, atol=1e-3)


def test_segment_permutation_keeps_every_sample():
    x = np.arange(2 * 40 * 3, dtype="float32").reshape(2, 40, 3)
    layer = layers.SegmentPermutation(seed=3)
    output = to_numpy(layer(x))
    for before, after in zip(x, output):
        order = np.argsort(after[:, 0])
        np.testing.assert_array_equal(after[order], before)
        breaks = np.sum(np.diff(after[:, 0]) != 3)
        assert 1 <= breaks <= 5


def test_rotation_keeps_lengths_and_is_proper(rng):
    layer = layers.Rotation(seed=1)
    matrices = to_numpy(layer.draw((20, 5, 3)))
    np.testing.assert_allclose(np.linalg.det(matrices), 1, atol=1e-5)
    x = rng.normal(size=(20, 5, 3)).astype("float32")
    np.testing.assert_allclose(
        np.linalg.norm(to_numpy(layer(x)), axis=-1),
        np.linalg.norm(x, axis=-1),
        rtol=1e-4,
    )


def test_channel_shuffle_never_keeps_the_order():
    draws = to_numpy(layers.ChannelShuffle(seed=0).draw((200, 1, 3)))
    assert set(draws) == {0, 1, 2, 3, 4}
    x = np.tile(np.arange(3, dtype="float32"), (200, 4, 1))
    output = to_numpy(layers.ChannelShuffle(seed=0)(x))
    assert not np.any(np.all(output == x, axis=(1, 2)))


@pytest.mark.parametrize(
    "layer, size, mean, stddev",
    [
        (layers.Noise(seed=0), (50, 20, 3), 0.0, 0.1),
        (layers.Scaling(seed=0), (1000, 1, 3), 1.0, 0.25),
        (layers.TimeWarp(seed=0), (500, 6, 3), 1.0, 0.2),
    ],
)
def test_draws_have_the_published_spread(layer, size, mean, stddev):
    draws = to_numpy(layer.draw((size[0], 20, 3)))
    assert draws.shape == size
    assert abs(draws.mean() - mean) < 0.02
    assert abs(draws.std() - stddev) < 0.01


@pytest.mark.parametrize("cls", ALL)
def test_layer_contract(rng, cls):
    x = rng.normal(size=(6, 40, 3)).astype("float32")
    first, second = cls(seed=5), cls.from_config(cls(seed=5).get_config())
    output = to_numpy(first(x))
    assert output.shape == x.shape and np.isfinite(output).all()
    # One seed, one stream: the copy draws the same, the next call does not.
    np.testing.assert_array_equal(to_numpy(second(x)), output)
    if cls not in (layers.Negation, layers.TimeFlip):
        assert np.abs(to_numpy(first(x)) - output).max() > 1e-3
        changed = np.abs(output - x).max(axis=(1, 2))
        assert len(set(np.round(changed, 4))) > 1  # one draw per window
    np.testing.assert_array_equal(to_numpy(first(x, training=False)), x)
    assert keras.backend.standardize_dtype(first(x).dtype) == "float32"


@pytest.mark.parametrize("dtype", ["mixed_float16", "float64"])
@pytest.mark.parametrize("cls", ALL)
def test_any_dtype_is_that_of_the_result_alone(rng, cls, dtype):
    x = ops.cast(rng.normal(size=(3, 40, 3)), "float16")  # exact in all
    layer = cls(seed=5, dtype=dtype)
    found = layer(ops.cast(x, layer.compute_dtype))
    assert found.dtype == ops.cast(x, layer.compute_dtype).dtype
    assert layer(keras.Input((40, 3))).dtype == layer.compute_dtype
    expected = cls(seed=5)(ops.cast(x, "float32"))
    np.testing.assert_array_equal(
        to_numpy(found), to_numpy(ops.cast(expected, layer.compute_dtype))
    )


def test_composition_applies_two_distinct_in_drawn_order(rng):
    x = rng.normal(size=(64, 30, 3)).astype("float32")
    parts = [layers.Scaling(seed=1), layers.TimeFlip(), layers.Noise(seed=2)]
    layer = layers.RandomAugmentations(2, parts, seed=0)
    order, draws = layer.draw(x.shape)
    output = to_numpy(layer.apply(tensor(x), (order, draws)))
    order = to_numpy(order)
    assert all(len(set(row)) == 2 for row in order)
    assert len({tuple(row) for row in order}) == 6
    for i, row in enumerate(order):
        expected = x[i : i + 1]
        for step, index in enumerate(row):
            draw = draws[step][index]
            pinned = None if draw is None else tensor(to_numpy(draw)[i : i + 1])
            expected = apply(parts[index], expected, pinned)
        np.testing.assert_allclose(output[i : i + 1], expected, atol=1e-5)


def test_default_composition_holds_the_eight():
    layer = layers.RandomAugmentations()
    assert [type(part) for part in layer.augmentations] == ALL[:8]
    assert layer.num_augmentations == 2


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match=r"\(batch, time, channels\)"):
        layers.Noise()(np.ones((4, 3), "float32"))
    with pytest.raises(ValueError, match="between 1 and the 8"):
        layers.RandomAugmentations(9)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.Noise(-0.1), "at least 0. Received: stddev=-0.1"),
        (lambda: layers.Scaling("large"), "a finite number.*stddev='large'"),
        (lambda: layers.TimeWarp(-0.2), "at least 0. Received: stddev=-0.2"),
        (lambda: layers.TimeWarp(num_knots=2.5), "whole number.*num_knots=2.5"),
        (lambda: layers.SegmentPermutation(-1), "whole number.*num_cuts=-1"),
        (
            lambda: layers.RandomAugmentations(1.5),
            "whole number.*augmentations=1.5",
        ),
        (lambda: layers.RandomAugmentations(1, "noise"), r"Use \['noise'\]"),
        (
            lambda: layers.RandomAugmentations(1, [keras.layers.Identity()]),
            "Identity.*derived from `Augmentation`",
        ),
    ],
)
def test_bad_arguments_are_explained(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("cls", [layers.Rotation, layers.ChannelShuffle])
@pytest.mark.parametrize("channels", [2, 6])
def test_axes_are_three(cls, channels):
    with pytest.raises(ValueError, match=f"3 channels.*{channels} channels"):
        cls()(np.ones((4, 5, channels), "float32"))


def test_one_sample_cannot_be_warped():
    with pytest.raises(ValueError, match="2 samples or more"):
        layers.TimeWarp()(np.ones((4, 1, 3), "float32"))


def test_rotation_stays_within_its_largest_angle():
    matrices = to_numpy(layers.Rotation(max_angle=0.3, seed=0).draw((99, 1, 3)))
    trace = np.trace(matrices, axis1=1, axis2=2)
    angles = np.arccos(np.clip((trace - 1) / 2, -1, 1))
    assert 0.2 < angles.max() <= 0.3 + 1e-3
    for angle in (0.0, 3.2):
        with pytest.raises(ValueError, match="at most pi"):
            layers.Rotation(max_angle=angle)


def test_rotation_of_an_older_config_turns_all_around():
    config = layers.Rotation().get_config()
    del config["max_angle"]
    assert layers.Rotation.from_config(config).max_angle == np.pi


def test_augmentations_are_chosen_by_name(rng):
    layer = layers.RandomAugmentations(1, ["negation"])
    x = rng.normal(size=(2, 9, 3)).astype("float32")
    np.testing.assert_array_equal(to_numpy(layer(x)), -x)
    layer = layers.RandomAugmentations(
        2, ["noise", layers.Rotation(max_angle=0.1, seed=5)], seed=3
    )
    again = layers.RandomAugmentations.from_config(layer.get_config())
    assert again.augmentations[1].max_angle == 0.1
    np.testing.assert_array_equal(to_numpy(again(x)), to_numpy(layer(x)))
    with pytest.raises(ValueError, match="one of.*time_warp.*'shear'"):
        layers.RandomAugmentations(1, ["shear"])
