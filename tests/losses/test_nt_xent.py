import math

import keras
import numpy as np
import pytest
import reference
from support import gradients, numeric_gradient, to_numpy

from keras_relcon.losses import NTXentLoss, nt_xent_loss

pytestmark = pytest.mark.every_backend


@pytest.mark.parametrize("temperature", [1.0, 0.1])
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_matches_the_oracle(rng, batch, temperature):
    first, second = rng.normal(size=(2, batch, 7))
    expected = reference.nt_xent_loss(first, second, temperature)
    output = to_numpy(nt_xent_loss(first, second, temperature))
    assert output.shape == (batch,)
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("batch", [2, 4])
def test_equal_views_of_orthogonal_windows_have_a_closed_form(batch):
    """One positive at cosine 1, all `2 * batch - 2` negatives at 0."""
    views = 3.0 * np.eye(batch, 6)
    output = nt_xent_loss(views, views, temperature=0.5)
    expected = math.log(1 + (2 * batch - 2) * math.exp(-2))
    np.testing.assert_allclose(to_numpy(output), [expected] * batch, rtol=1e-6)


def test_collapsed_embeddings_guess_among_all_other_rows():
    views = np.ones((4, 3))
    output = nt_xent_loss(views, 2 * views, temperature=0.2)
    np.testing.assert_allclose(to_numpy(output), [math.log(7)] * 4, rtol=1e-5)


def test_the_order_of_views_and_windows_does_not_count(rng):
    first, second = rng.normal(size=(2, 5, 4))
    expected = to_numpy(nt_xent_loss(first, second, 0.3))
    swapped = to_numpy(nt_xent_loss(second, first, 0.3))
    np.testing.assert_allclose(swapped, expected, rtol=1e-5)
    order = rng.permutation(5)
    moved = to_numpy(nt_xent_loss(first[order], 9 * second[order], 0.3))
    np.testing.assert_allclose(moved, expected[order], rtol=1e-5)


def test_gradients_of_both_views_by_finite_differences(rng):
    first, second = rng.normal(size=(2, 3, 4))

    def loss(first, second):
        return keras.ops.mean(nt_xent_loss(first, second, 0.5))

    by_first, by_second = gradients(loss, [first, second])
    np.testing.assert_allclose(
        by_first,
        numeric_gradient(
            lambda x: reference.nt_xent_loss(x, second, 0.5).mean(), first
        ),
        atol=1e-5,
    )
    np.testing.assert_allclose(
        by_second,
        numeric_gradient(
            lambda x: reference.nt_xent_loss(first, x, 0.5).mean(), second
        ),
        atol=1e-5,
    )


def test_half_precision_and_low_temperature_do_not_overflow():
    first = np.array([[1, 0], [1, 0]], "float16")
    second = np.array([[-1, 0], [1, 0]], "float16")
    output = nt_xent_loss(first, second, 0.001)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"
    # Rows 0, 1 and 3 are equal, row 2 is opposite. Logits of 1000 leave
    # float32 four decimals.
    expected = [(2000 + math.log(2) + math.log(3)) / 2, math.log(2)]
    np.testing.assert_allclose(to_numpy(output), expected, rtol=2e-4)


def test_loss_class_is_the_mean_over_pairs(rng):
    first, second = rng.normal(size=(2, 4, 3))
    loss = NTXentLoss(temperature=0.3)
    expected = reference.nt_xent_loss(first, second, 0.3).mean()
    np.testing.assert_allclose(
        to_numpy(loss(first, second)), expected, rtol=1e-5
    )
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert copy.temperature == 0.3


def test_temperature_must_be_positive():
    with pytest.raises(ValueError, match="above 0.*temperature=-1"):
        NTXentLoss(temperature=-1)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), None])
def test_the_function_refuses_it_too(temperature):
    with pytest.raises(ValueError, match="above 0.*temperature="):
        nt_xent_loss(np.ones((2, 3)), np.ones((2, 3)), temperature)


@pytest.mark.parametrize("shape", [(1, 3), (2, 4), (3,)])
def test_views_have_one_shape(shape):
    with pytest.raises(ValueError, match=r"one shape, \(batch, dim\)"):
        nt_xent_loss(np.ones((2, 3)), np.ones(shape))
