"""Windows in a frame of their own, against eigenvectors in float64."""

import keras
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support import gradients, to_numpy, variable_gradients

from keras_relcon.layers import GravityAlignment

pytestmark = pytest.mark.every_backend


def aligned(windows):
    """The frame by its definition: one window at a time."""
    found = []
    for window in np.asarray(windows, "float64"):
        up = window.mean(0) / np.linalg.norm(window.mean(0))
        flat = window - np.outer(window @ up, up)
        centred = flat - flat.mean(0)
        first = np.linalg.eigh(centred.T @ centred)[1][:, -1]
        if ((centred @ first) ** 3).sum() < 0:
            first = -first
        frame = np.stack([first, np.cross(up, first), up])
        found.append(window @ frame.T)
    return np.stack(found)


@pytest.fixture
def windows(rng):
    moving = rng.gamma(2.0, size=(12, 40, 3)) * [0.6, 0.2, 0.1] - 0.3
    gravity = rng.normal(size=(12, 1, 3))
    # Nearly along an axis, where another auxiliary axis is needed.
    gravity[:3, 0] = [[0, 0, 1], [0, 0, -1], [1, 0, 0]]
    gravity /= np.linalg.norm(gravity, axis=2, keepdims=True)
    return (moving + gravity).astype("float32")


def test_matches_the_definition(windows):
    found = to_numpy(GravityAlignment()(windows))
    np.testing.assert_allclose(found, aligned(windows), atol=2e-5)
    np.testing.assert_allclose(
        np.linalg.norm(found, axis=2),
        np.linalg.norm(windows, axis=2),
        rtol=1e-5,
    )


def test_a_turned_sensor_changes_nothing_and_a_mirror_does(windows):
    layer = GravityAlignment()
    turns = Rotation.random(12, np.random.default_rng(1)).as_matrix()
    turned = np.einsum("nij,ntj->nti", turns, windows).astype("float32")
    expected = to_numpy(layer(windows))
    np.testing.assert_allclose(to_numpy(layer(turned)), expected, atol=2e-5)
    mirrored = windows * np.float32([-1, 1, 1])
    assert np.abs(to_numpy(layer(mirrored)) - expected).max() > 0.1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_window_without_motion_stays_finite(value):
    x = keras.ops.convert_to_tensor(np.full((2, 32, 3), value, "float32"))
    found = to_numpy(GravityAlignment()(x))
    expected = np.linalg.norm([value] * 3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), expected)
    scale = keras.Variable(1.0)
    (gradient,) = variable_gradients(
        lambda: keras.ops.sum(GravityAlignment()(x) * scale), [scale]
    )
    assert np.isfinite(gradient)
    (by_sample,) = gradients(
        lambda x: keras.ops.sum(GravityAlignment()(x)), [x]
    )
    assert np.isfinite(by_sample).all()


def test_keeps_the_dtype_and_any_batch(windows):
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, GravityAlignment()(inputs))
    assert model.output_shape == (None, None, 3)
    np.testing.assert_allclose(
        to_numpy(model(windows[:3])), aligned(windows[:3]), atol=2e-5
    )
    half = keras.ops.cast(windows, "bfloat16")
    for dtype in ("mixed_bfloat16", "float32"):
        layer = GravityAlignment(dtype=dtype)
        found = keras.backend.standardize_dtype(layer(half).dtype)
        assert found == "bfloat16"
        assert layer(keras.Input((None, 3))).dtype == "float32"


@pytest.mark.parametrize(
    "shape, problem", [((40, 3), "batch axis"), ((2, 40, 6), "three axes")]
)
def test_bad_input_is_explained(shape, problem):
    with pytest.raises(ValueError, match=problem):
        GravityAlignment()(np.ones(shape, "float32"))
