import itertools
import math

import keras
import numpy as np
import pytest
from baselines.every_method import unit, waves
from support import gradients, numeric_gradient, to_numpy

from keras_relcon.losses import (
    RenyiMutualInformation,
    renyi_contrastive_loss,
    renyi_mutual_information,
)

pytestmark = pytest.mark.every_backend

QUERIES, KEYS = unit(waves((4, 5))), unit(waves((4, 5), 1.3, 0.1))


def pairs_by_loops(queries, keys, temperature):
    """For each window its own entries and all others, in float64."""
    queries = np.asarray(queries, "float64")
    if queries.ndim == 2:
        queries = queries[:, None]
    queries, keys = unit(queries), unit(np.asarray(keys, "float64"))
    rows = []
    for i, sources in enumerate(queries):
        own, others = [], []
        for query, (j, key) in itertools.product(sources, enumerate(keys)):
            (own if i == j else others).append(query @ key / temperature)
        rows.append((own, others))
    return rows


def loss_by_loops(queries, keys, gamma, alpha, temperature, normalizer):
    rows = pairs_by_loops(queries, keys, temperature)
    if normalizer == "batch":
        rows = [[sum(parts, []) for parts in zip(*rows)]]
    losses = []
    for own, others in rows:
        first = np.mean(own)
        if gamma != 1:
            powers = [math.exp((gamma - 1) * p) for p in own]
            first = math.log(np.mean(powers)) / (gamma - 1)
        second = alpha * np.mean([math.exp(gamma * p) for p in own])
        second += (1 - alpha) * np.mean([math.exp(gamma * q) for q in others])
        losses.append(math.log(second) / gamma - first)
    return np.mean(losses)


def information_by_loops(queries, keys, alpha, temperature):
    found = []
    for own, others in pairs_by_loops(queries, keys, temperature):
        mixed = alpha * np.mean(np.exp(own)) + (1 - alpha) * np.mean(
            np.exp(others)
        )
        r = math.exp(np.mean(own)) / mixed
        found.append(math.log(max((1 - alpha) * r / (1 - alpha * r), 1e-10)))
    return np.mean(found)


@pytest.mark.parametrize(
    ("gamma", "alpha", "expected"),
    [
        (1, 1 / 16, 0.442560),
        (2, 1 / 16, 0.239171),
        (1, 1 / 65536, 0.437734),
        (2, 1 / 65536, 0.226136),
    ],
)
def test_loss_of_known_numbers(gamma, alpha, expected):
    found = renyi_contrastive_loss(QUERIES, KEYS, gamma, alpha, 0.5)
    np.testing.assert_allclose(to_numpy(found), expected, atol=2e-6)


@pytest.mark.parametrize("normalizer", ["batch", "row"])
@pytest.mark.parametrize("gamma", [1, 1.0001, 2, 3.5])
@pytest.mark.parametrize("sources", [1, 3])
def test_loss_is_that_of_loops(rng, normalizer, gamma, sources):
    queries = 2 * rng.normal(size=(4, sources, 5))
    keys = rng.normal(size=(4, 5))
    arguments = (gamma, 0.1, 0.3, normalizer)
    found = renyi_contrastive_loss(queries, keys, *arguments)
    expected = loss_by_loops(queries, keys, *arguments)
    np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-5, atol=1e-6)


def test_by_row_with_order_1_it_is_info_nce_of_the_batch(rng):
    q, k = unit(rng.normal(size=(2, 6, 4)))
    found = renyi_contrastive_loss(q, k, 1, 1 / 6, 0.2, "row")
    logits = q @ k.T / 0.2
    info_nce = np.log(np.exp(logits).sum(1)) - np.diag(logits)
    expected = info_nce.mean() - math.log(6)
    np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("gamma", [1, 2])
@pytest.mark.parametrize("normalizer", ["batch", "row"])
def test_gradient_reaches_the_queries_alone(rng, gamma, normalizer):
    arrays = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 4))
    arguments = (gamma, 0.1, 0.5, normalizer)

    def loss(queries, keys):
        value = renyi_contrastive_loss(queries, keys, *arguments)
        return value + keras.ops.sum(keys)  # each has a gradient

    by_queries, by_keys = gradients(loss, arrays)
    expected = numeric_gradient(
        lambda x: loss_by_loops(x, arrays[1], *arguments), arrays[0]
    )
    np.testing.assert_allclose(by_queries, expected, atol=1e-5)
    np.testing.assert_array_equal(by_keys, np.ones((3, 4)))


def test_it_is_in_float32_and_does_not_overflow():
    q = np.array([[1, 0], [1, 0]], "float16")
    k = np.array([[-1, 0], [1, 0]], "float16")
    loss = renyi_contrastive_loss(q, k, 2, 0.5, 0.001)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    # P = -1000, 1000 and Q = 1000, -1000, half of each
    expected = math.log(0.5) / 2 - math.log(0.5)
    np.testing.assert_allclose(to_numpy(loss), expected, atol=2e-4)
    found = renyi_mutual_information(np.stack([q, k], 1), k, 0.5, 0.001)
    assert np.isfinite(to_numpy(found))
    one = to_numpy(renyi_contrastive_loss(q[:1], k[:1]))
    assert np.isfinite(one)  # without negatives


@pytest.mark.parametrize("alpha", [1 / 16, 0.5])
def test_mutual_information_of_known_numbers(alpha):
    """With one query the skew does not count."""
    found = to_numpy(renyi_mutual_information(QUERIES, KEYS, alpha, 0.5))
    np.testing.assert_allclose(found, -0.330305, atol=2e-6)


def test_mutual_information_is_that_of_loops(rng):
    queries, keys = rng.normal(size=(4, 3, 5)), rng.normal(size=(4, 5))
    found = to_numpy(renyi_mutual_information(queries, keys, 0.2, 0.5))
    expected = information_by_loops(queries, keys, 0.2, 0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    # Each view is the other window's: the least ratio there is
    apart = renyi_mutual_information(np.eye(2)[::-1], np.eye(2), 0.1, 0.01)
    np.testing.assert_allclose(to_numpy(apart), math.log(1e-10), rtol=1e-5)


def test_the_metric_counts_batches_by_their_windows(rng):
    metric = RenyiMutualInformation(0.2, 0.5)
    batches = [rng.normal(size=(2, n, 5)) for n in (2, 6)]
    for queries, keys in batches:
        metric.update_state(queries, keys)
    few, many = (information_by_loops(*batch, 0.2, 0.5) for batch in batches)
    expected = (2 * few + 6 * many) / 8
    np.testing.assert_allclose(to_numpy(metric.result()), expected, rtol=1e-5)
    copy = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert (copy.alpha, copy.temperature) == (0.2, 0.5)


@pytest.mark.parametrize("normalizer", ["batch", "row"])
def test_a_window_without_others_tells_nothing(rng, normalizer):
    one, few = rng.normal(size=(2, 1, 5)), rng.normal(size=(2, 3, 5))
    loss = renyi_contrastive_loss(*one, normalizer=normalizer)
    assert float(to_numpy(loss)) == 0
    metric = RenyiMutualInformation()
    metric.update_state(*few)
    expected = to_numpy(metric.result())
    metric.update_state(*one)
    np.testing.assert_array_equal(to_numpy(metric.result()), expected)


def test_bad_arguments_are_explained():
    x = np.ones((3, 2))
    for arguments, match in [
        ((0.5,), "`gamma`.*at least 1"),
        ((2, 0), "`alpha`.*above 0"),
        ((2, 1), "`alpha`.*below 1"),
        ((2, 0.1, 0), "`temperature`"),
        ((2, 0.1, 1, "rows"), "`normalizer`.*'row'"),
    ]:
        with pytest.raises(ValueError, match=match):
            renyi_contrastive_loss(x, x, *arguments)
    with pytest.raises(ValueError, match="of the same windows.*Received"):
        renyi_contrastive_loss(x, x[:2])
    with pytest.raises(ValueError, match="of the same windows"):
        renyi_mutual_information(x[:, :1], x)
    with pytest.raises(ValueError, match="`alpha`"):
        RenyiMutualInformation(alpha=2)
