import keras
import numpy as np
import pytest
from baselines.every_method import waves
from support import gradients, numeric_gradient, to_numpy

from keras_relcon.losses import extreme_reconstruction_loss

pytestmark = pytest.mark.every_backend

LABELS = np.array([0, 0, 0, 1, 1, 2, 2])


def loss_by_loops(embeddings, labels, extremes):
    total = 0.0
    for label, extreme in enumerate(np.float64(extremes)):
        errors = [
            np.mean((row - extreme) ** 2)
            for row, own in zip(np.float64(embeddings), labels)
            if own == label
        ]
        total += np.mean(errors) if errors else 0.0
    return total


def test_loss_of_known_numbers():
    extremes = waves((7, 3))[[1, 4, 5]]
    loss = extreme_reconstruction_loss(waves((7, 3), 1.4), LABELS, extremes)
    np.testing.assert_allclose(to_numpy(loss), 2.338445, atol=2e-6)


@pytest.mark.parametrize(
    "labels", [[0, 0, 3, 0, 2], [1, 1, 1, 1, 1], [0, -1, 3, 9, 2]]
)
def test_loss_is_that_of_loops(rng, labels):
    """Some classes are absent, some rows of no class."""
    embeddings, extremes = rng.normal(size=(5, 6)), rng.normal(size=(4, 6))
    loss = extreme_reconstruction_loss(embeddings, np.array(labels), extremes)
    expected = loss_by_loops(embeddings, labels, extremes)
    np.testing.assert_allclose(to_numpy(loss), expected, rtol=1e-5)


def test_a_class_counts_the_same_with_more_members(rng):
    embeddings, extremes = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    once = extreme_reconstruction_loss(embeddings, np.arange(2), extremes)
    often = extreme_reconstruction_loss(
        embeddings[[0, 0, 0, 0, 1]], np.array([0, 0, 0, 0, 1]), extremes
    )
    np.testing.assert_allclose(to_numpy(often), to_numpy(once), rtol=1e-6)


def test_gradient_by_finite_differences(rng):
    embeddings, extremes = rng.normal(size=(7, 4)), rng.normal(size=(3, 4))
    by_embeddings, by_extremes = gradients(
        lambda x, y: (
            extreme_reconstruction_loss(x, LABELS, y) + 0 * keras.ops.sum(y)
        ),
        [embeddings, extremes],
    )
    expected = numeric_gradient(
        lambda x: loss_by_loops(x, LABELS, extremes), embeddings
    )
    np.testing.assert_allclose(by_embeddings, expected, atol=1e-5)
    np.testing.assert_array_equal(by_extremes, 0)


def test_without_members_it_is_zero():
    loss = extreme_reconstruction_loss(
        np.ones((2, 3)), np.array([5, 5]), np.zeros((2, 3))
    )
    assert to_numpy(loss) == 0


def test_half_precision_is_computed_in_float32():
    embeddings = keras.ops.cast(100 * waves((7, 3)), "float16")
    extremes = keras.ops.zeros((3, 3), "float16")
    loss = extreme_reconstruction_loss(embeddings, LABELS, extremes)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    expected = loss_by_loops(to_numpy(embeddings), LABELS, np.zeros((3, 3)))
    np.testing.assert_allclose(to_numpy(loss), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("labels", "extremes"), [((7, 1), (3, 4)), ((7,), (3, 5)), ((7,), (4,))]
)
def test_shapes_that_do_not_fit_are_explained(labels, extremes):
    with pytest.raises(ValueError, match=r"`extremes` \(classes, dim\)"):
        extreme_reconstruction_loss(
            np.ones((7, 4)), np.zeros(labels, "int32"), np.zeros(extremes)
        )
