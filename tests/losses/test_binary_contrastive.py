import math

import keras
import numpy as np
import pytest
import reference
from support import gradients, numeric_gradient, to_numpy

from keras_relcon.losses import (
    binary_contrastive_loss,
    relative_contrastive_loss,
)

pytestmark = pytest.mark.every_backend


def random_case(rng, batch=4, candidates=7, distinct=None):
    similarities = rng.uniform(-1, 1, (batch, candidates))
    distances = rng.uniform(0, 9, (batch, candidates))
    if distinct:
        distances = np.floor(distances / 9 * distinct)
    return distances, similarities


@pytest.mark.parametrize("temperature", [1.0, 0.1])
@pytest.mark.parametrize("distinct", [None, 3, 1])
def test_matches_the_oracle_with_ties(rng, temperature, distinct):
    distances, similarities = random_case(rng, distinct=distinct)
    expected = reference.binary_contrastive_loss(
        distances, similarities, temperature
    )
    output = binary_contrastive_loss(distances, similarities, temperature)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-5, atol=1e-6)


def test_equal_similarities_give_the_log_of_the_number():
    distances = np.array([[3.0, 1.0, 2.0, 8.0]])
    output = binary_contrastive_loss(distances, np.zeros((1, 4)))
    np.testing.assert_allclose(to_numpy(output), [math.log(4)], rtol=1e-6)
    # Two nearest: each against the two others.
    tied = np.array([[1.0, 1.0, 2.0, 8.0]])
    output = binary_contrastive_loss(tied, np.zeros((1, 4)))
    np.testing.assert_allclose(to_numpy(output), [math.log(3)], rtol=1e-6)


def test_two_candidates_are_the_relative_loss(rng):
    distances, similarities = random_case(rng, candidates=2)
    np.testing.assert_allclose(
        to_numpy(binary_contrastive_loss(distances, similarities, 0.3)),
        to_numpy(relative_contrastive_loss(distances, similarities, 0.3)),
        rtol=1e-5,
    )


def test_only_the_nearest_counts_and_not_the_order_of_the_rest(rng):
    distances, similarities = random_case(rng)
    expected = to_numpy(binary_contrastive_loss(distances, similarities))
    others = distances + np.where(
        distances == distances.min(1, keepdims=True), 0, rng.random((4, 7)) + 9
    )
    order = rng.permutation(7)
    for other in (
        binary_contrastive_loss(others, similarities),
        binary_contrastive_loss(distances[:, order], similarities[:, order]),
        binary_contrastive_loss(distances, similarities + 0.2),
    ):
        np.testing.assert_allclose(to_numpy(other), expected, rtol=1e-5)


@pytest.mark.parametrize("distinct", [None, 2])
def test_gradient_by_finite_differences(rng, distinct):
    distances, similarities = random_case(rng, 3, 5, distinct)
    (gradient,) = gradients(
        lambda s: keras.ops.mean(
            binary_contrastive_loss(distances.astype("float32"), s, 0.5)
        ),
        [similarities],
    )
    expected = numeric_gradient(
        lambda s: reference.binary_contrastive_loss(distances, s, 0.5).mean(),
        similarities,
    )
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_infinite_distances_are_negatives_and_all_infinite_is_nothing(rng):
    distances, similarities = random_case(rng)
    distances[:3, :4] = np.inf
    distances[3] = np.inf
    expected = reference.binary_contrastive_loss(distances, similarities, 0.5)

    def loss(s):
        return keras.ops.sum(
            binary_contrastive_loss(distances.astype("float32"), s, 0.5)
        )

    output = binary_contrastive_loss(distances, similarities, 0.5)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-5, atol=1e-7)
    assert to_numpy(output)[3] == 0
    (gradient,) = gradients(loss, [similarities])
    assert np.isfinite(gradient).all() and not gradient[3].any()
    assert gradient[0, :4].min() > 0


def test_invalid_candidates_take_no_part(rng):
    distances, similarities = random_case(rng)
    valid = np.ones((4, 7), bool)
    valid[:, [0, 3]] = False
    distances[:, 0] = 0.0
    expected = reference.binary_contrastive_loss(
        distances[:, [1, 2, 4, 5, 6]], similarities[:, [1, 2, 4, 5, 6]], 0.5
    )
    output = binary_contrastive_loss(distances, similarities, 0.5, valid)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-5)
    nobody = np.zeros((4, 7), bool)
    output = binary_contrastive_loss(distances, similarities, 0.5, nobody)
    np.testing.assert_array_equal(to_numpy(output), np.zeros(4))


def test_half_precision_does_not_overflow():
    similarities = np.array([[1.0, -1.0]], "float16")
    distances = np.array([[3.0, 1.0]], "float16")
    output = binary_contrastive_loss(distances, similarities, 0.001)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"
    np.testing.assert_allclose(to_numpy(output), [2000.0], rtol=1e-5)
