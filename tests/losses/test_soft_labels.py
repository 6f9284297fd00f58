import math

import keras
import numpy as np
import pytest
from baselines.every_method import unit, waves
from support import gradients, numeric_gradient, to_numpy

from keras_relcon.losses import (
    info_nce_loss,
    label_estimates,
    refined_labels,
    soft_label_loss,
)
from keras_relcon.losses.info_nce import key_cosines

pytestmark = pytest.mark.every_backend

QUERIES, POSITIVES = waves((4, 5)), waves((4, 5), 1.3, 0.1)
FURTHER, QUEUE = waves((4, 5), 0.9, 0.5), waves((6, 5), 0.7)


def cosines_by_loops(queries, positives, queue):
    queries, positives, queue = map(unit, (queries, positives, queue))
    return np.array(
        [
            [q @ p, *(q @ key for key in queue)]
            for q, p in zip(queries, positives)
        ]
    )


def softmax_by_loops(rows):
    return np.array([[math.exp(x) for x in r] / np.exp(r).sum() for r in rows])


def loss_by_loops(similarities, labels, temperature):
    losses = []
    for row, label in zip(softmax_by_loops(similarities / temperature), labels):
        losses.append(-sum(y * math.log(p) for y, p in zip(label, row)))
    return np.array(losses)


def test_loss_of_known_numbers():
    labels = refined_labels(
        label_estimates(FURTHER, POSITIVES, QUEUE, 0.1),
        schedule="constant",
        shares=(0.3, 0.0),
    )
    similarities = key_cosines(QUERIES, POSITIVES, QUEUE)
    found = to_numpy(soft_label_loss(similarities, labels, 0.2))
    np.testing.assert_allclose(found.mean(), 1.730462, atol=2e-6)
    estimates = softmax_by_loops(
        cosines_by_loops(FURTHER, POSITIVES, QUEUE) / 0.1
    )
    expected = 0.3 * estimates
    expected[:, 0] += 0.7
    np.testing.assert_allclose(to_numpy(labels), expected, atol=1e-6)
    expected = loss_by_loops(
        cosines_by_loops(QUERIES, POSITIVES, QUEUE), expected, 0.2
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_labels_soften_as_the_estimates_become_sure(rng):
    slow, online = softmax_by_loops(3 * rng.normal(size=(2 * 5, 4))).reshape(
        2, 5, 4
    )
    found = to_numpy(refined_labels(slow, online, strength=0.8))
    for label, p, other in zip(found, slow, online):
        rest = 1 + max(p) + max(other)
        a, b = 0.8 * max(p) / rest, 0.8 * max(other) / rest
        expected = a * p + b * other + (1 - a - b) * np.eye(4)[0]
        np.testing.assert_allclose(label, expected, atol=1e-6)
    alone = to_numpy(refined_labels(slow, strength=0.8))
    a = 0.8 * slow.max(1) / (1 + slow.max(1))
    np.testing.assert_allclose(alone[:, 1], a * slow[:, 1], atol=1e-6)
    both = to_numpy(refined_labels(slow, online, "constant", shares=(0.2, 0.1)))
    expected = 0.2 * slow + 0.1 * online + 0.7 * np.eye(4)[0]
    np.testing.assert_allclose(both, expected, atol=1e-6)


@pytest.mark.parametrize("schedule", ["confidence", "constant"])
def test_permuted_positives_leave_more_mass_on_the_true_key(rng, schedule):
    """Half of the positives are of another window; the queue has all keys."""
    windows = rng.normal(size=(8, 16))
    keys = windows + 0.1 * rng.normal(size=windows.shape)
    further = windows + 0.1 * rng.normal(size=windows.shape)
    positives = keys.copy()
    positives[:4] = positives[[1, 2, 3, 0]]
    slow = label_estimates(further, positives, keys)
    labels = to_numpy(refined_labels(slow, slow, schedule))
    of_true_key = labels[np.arange(8), 1 + np.arange(8)]
    assert (of_true_key[:4] > 0.1).all()  # 0 by one-hot labels
    assert (labels[:4, 0] < 0.9).all()  # 1 by one-hot labels
    # Of the others the true key is the positive too, and loses nothing.
    np.testing.assert_allclose(of_true_key[4:] + labels[4:, 0], 1, atol=0.02)


def test_with_a_label_of_1_it_is_info_nce():
    labels = refined_labels(np.full((4, 7), 1 / 7), strength=0)
    similarities = key_cosines(QUERIES, POSITIVES, QUEUE)
    found = to_numpy(soft_label_loss(similarities, labels, 0.3))
    expected = to_numpy(info_nce_loss(QUERIES, POSITIVES, QUEUE, 0.3))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_gradient_reaches_the_queries_alone(rng):
    arrays = [QUERIES, POSITIVES, QUEUE, FURTHER]

    def loss(queries, positives, queue, further):
        slow = label_estimates(further, positives, queue, 0.3)
        labels = refined_labels(slow, slow)
        similarities = key_cosines(queries, positives, queue)
        rest = sum(
            keras.ops.sum(x) for x in (queries, positives, queue, further)
        )
        return keras.ops.mean(soft_label_loss(similarities, labels, 0.5)) + rest

    found = gradients(loss, arrays)
    slow = label_estimates(FURTHER, POSITIVES, QUEUE, 0.3)
    labels = np.float64(to_numpy(refined_labels(slow, slow)))
    expected = numeric_gradient(
        lambda x: loss_by_loops(
            cosines_by_loops(x, POSITIVES, QUEUE), labels, 0.5
        ).mean(),
        QUERIES,
    )
    np.testing.assert_allclose(found[0] - 1, expected, atol=1e-5)
    for gradient in found[1:]:
        np.testing.assert_array_equal(gradient, np.ones_like(gradient))


def test_labels_get_no_gradient(rng):
    rows = softmax_by_loops(rng.normal(size=(2, 3)))

    def loss(slow, labels):
        of_slow = soft_label_loss(rows, refined_labels(slow, slow))
        of_labels = soft_label_loss(rows, labels)
        rest = keras.ops.sum(slow) + keras.ops.sum(labels)
        return keras.ops.sum(of_slow) + keras.ops.sum(of_labels) + rest

    for gradient in gradients(loss, [rows, rows]):
        np.testing.assert_array_equal(gradient, np.ones((2, 3)))


def test_bad_arguments_are_explained():
    x = np.full((2, 3), 1 / 3)
    for arguments, match in [
        ({"schedule": "ramp"}, "`schedule`.*'constant'"),
        ({"strength": 1.5}, "`strength`.*at most 1"),
        ({"shares": (0.7, 0.4)}, "`shares`.*at most 1.*Received"),
        ({"shares": 0.3}, "`shares` must be two numbers"),
        (
            {"schedule": "constant", "shares": (0.3, 0.1)},
            "`online` must be given",
        ),
    ]:
        with pytest.raises(ValueError, match=match):
            refined_labels(x, **arguments)
    with pytest.raises(ValueError, match="`temperature`"):
        soft_label_loss(x, x, 0)
    with pytest.raises(ValueError, match="`labels` must have one shape"):
        soft_label_loss(x, x[:, 1:])
    with pytest.raises(ValueError, match="`online` must have one shape"):
        refined_labels(x, x[:, 1:])
    with pytest.raises(ValueError, match="`temperature`"):
        label_estimates(x, x, x, -1)
