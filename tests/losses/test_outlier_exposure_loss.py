import keras
import numpy as np
import pytest
import reference
from baselines.every_method import waves
from support import gradients, numeric_gradient, to_numpy

from keras_relcon.losses import outlier_exposure_loss

pytestmark = pytest.mark.every_backend


def loss_by_loops(first, second, outside, alpha, temperature=0.5):
    lengths = []
    for row in np.float64(outside):
        lengths.append(sum(value * value for value in row) ** 0.5)
    weights = np.broadcast_to(np.float64(alpha), (len(lengths),))
    total = sum(w * length for w, length in zip(weights, lengths))
    contrast = reference.nt_xent_loss(first, second, temperature).mean()
    return contrast + total / len(lengths)


def known_views():
    return (
        3 * waves((4, 5)),
        3 * waves((4, 5), 1.3, 0.1),
        2 * waves((4, 5), 0.5),
    )


@pytest.mark.parametrize(("alpha", "expected"), [(0, 2.171774), (1, 5.297164)])
def test_loss_of_known_numbers(alpha, expected):
    loss = outlier_exposure_loss(*known_views(), alpha)
    np.testing.assert_allclose(to_numpy(loss), expected, atol=2e-6)


@pytest.mark.parametrize("alpha", [0.3, np.array([0.0, 1, 0.5, 2, 0, 1, 3])])
def test_loss_is_that_of_loops(rng, alpha):
    first, second = rng.normal(size=(2, 4, 3))
    outside = rng.normal(size=(7, 3))
    loss = outlier_exposure_loss(first, second, outside, alpha, 0.2)
    expected = loss_by_loops(first, second, outside, alpha, 0.2)
    np.testing.assert_allclose(to_numpy(loss), expected, rtol=1e-5)


def test_gradients_by_finite_differences(rng):
    arrays = list(rng.normal(size=(3, 4, 3)))
    found = gradients(lambda *x: outlier_exposure_loss(*x, 0.7), arrays)
    for place, gradient in enumerate(found):

        def loss(x, place=place):
            return loss_by_loops(
                *arrays[:place], x, *arrays[place + 1 :], alpha=0.7
            )

        expected = numeric_gradient(loss, arrays[place])
        np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_at_the_origin_the_gradient_is_zero(rng):
    first, second = rng.normal(size=(2, 3, 4))
    (found,) = gradients(
        lambda x: outlier_exposure_loss(first, second, x), [np.zeros((2, 4))]
    )
    np.testing.assert_array_equal(found, np.zeros((2, 4)))


def test_half_precision_is_computed_in_float32():
    views = [keras.ops.cast(100 * x, "float16") for x in known_views()]
    loss = outlier_exposure_loss(*views)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    expected = loss_by_loops(*map(to_numpy, views), 1)
    np.testing.assert_allclose(to_numpy(loss), expected, rtol=1e-5)


def test_bad_arguments_are_explained():
    first, second, outside = known_views()
    with pytest.raises(ValueError, match=r"`outside`.*width.*\(4, 3\)"):
        outlier_exposure_loss(first, second, outside[:, :3])
    with pytest.raises(ValueError, match="`alpha`.*at least 0"):
        outlier_exposure_loss(first, second, outside, -1)
    with pytest.raises(ValueError, match=r"`alpha` must be.*shape=\(9,\)"):
        outlier_exposure_loss(first, second, outside, np.ones(9))
    with pytest.raises(ValueError, match="`temperature`.*above 0"):
        outlier_exposure_loss(first, second, outside, temperature=0)
