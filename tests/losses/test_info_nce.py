import math

import keras
import numpy as np
import pytest
from baselines.every_method import unit, waves
from support import gradients, numeric_gradient, to_numpy

from keras_relcon.losses import info_nce_loss

pytestmark = pytest.mark.every_backend


def by_loops(queries, positives, queue, temperature):
    """One query after the other, in float64."""
    queries, positives, queue = map(unit, (queries, positives, queue))
    losses = []
    for query, positive in zip(queries, positives):
        keys = [positive, *queue]
        terms = [math.exp(query @ key / temperature) for key in keys]
        losses.append(-math.log(terms[0] / sum(terms)))
    return np.array(losses)


def test_known_number_and_loops(rng):
    q, k = waves((4, 5)), waves((4, 5), 1.3, 0.1)
    queue = waves((6, 5), 0.7)
    found = to_numpy(info_nce_loss(q, k, queue, 0.2))
    np.testing.assert_allclose(found.mean(), 1.535951, atol=2e-6)
    np.testing.assert_allclose(found, by_loops(q, k, queue, 0.2), rtol=1e-5)


def test_equal_keys_are_a_guess_among_all():
    found = info_nce_loss(np.eye(3), np.ones((3, 3)), np.ones((4, 3)), 0.1)
    np.testing.assert_allclose(to_numpy(found), math.log(5), rtol=1e-5)


def test_gradient_reaches_the_queries_alone(rng):
    arrays = [rng.normal(size=(n, 4)) for n in (3, 3, 5)]

    def loss(*tensors):
        # All are in the loss, so that each has a gradient.
        rest = sum(keras.ops.sum(x) for x in tensors)
        return keras.ops.mean(info_nce_loss(*tensors, 0.5)) + rest

    found = gradients(loss, arrays)
    expected = numeric_gradient(
        lambda x: by_loops(x, *arrays[1:], 0.5).mean(), arrays[0]
    )
    np.testing.assert_allclose(found[0] - 1, expected, atol=1e-5)
    for gradient in found[1:]:
        np.testing.assert_array_equal(gradient, np.ones_like(gradient))


def test_it_is_in_float32_and_does_not_overflow():
    q = np.array([[1, 0]], "float16")
    found = info_nce_loss(q, -q, q, 0.001)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_allclose(to_numpy(found), [2000], rtol=1e-5)


def test_bad_arguments_are_explained():
    x = np.ones((2, 3))
    with pytest.raises(ValueError, match="`temperature`.*above 0"):
        info_nce_loss(x, x, x, 0)
    with pytest.raises(ValueError, match="one shape"):
        info_nce_loss(x, x[:1], x)
    with pytest.raises(ValueError, match=r"`queue`.*\(size, 3\).*Received"):
        info_nce_loss(x, x, x[:, :2])
