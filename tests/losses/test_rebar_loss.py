import math

import keras
import numpy as np
import pytest
from support import gradients, numeric_gradient, to_numpy

from keras_relcon.losses import binary_contrastive_loss, rebar_loss

pytestmark = pytest.mark.every_backend


def plain_loops(distances, similarities, is_within, temperature, alpha):
    """Both terms by anchor and by positive, in float64."""
    losses = []
    for row, values, own in zip(distances, similarities, is_within):
        inside = [j for j in range(len(row)) if own[j]]
        outside = [j for j in range(len(row)) if not own[j]]
        least = min((row[j] for j in inside), default=None)
        positives = [j for j in inside if row[j] == least]
        terms = []
        for p in positives:
            powers = [math.exp(value / temperature) for value in values]
            rivals = [powers[j] for j in inside if row[j] > least]
            within = math.log(powers[p] + sum(rivals)) - math.log(powers[p])
            others = [powers[j] for j in outside]
            between = math.log(powers[p] + sum(others)) - math.log(powers[p])
            terms.append(alpha * between + (1 - alpha) * within)
        losses.append(sum(terms) / len(terms) if terms else 0.0)
    return np.array(losses)


def random_case(rng, batch=5, candidates=8):
    similarities = rng.uniform(-1, 1, (batch, candidates))
    distances = rng.uniform(0, 9, (batch, candidates))
    is_within = rng.random((batch, candidates)) < 0.5
    is_within[:, -1] = True
    return distances, similarities, is_within


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("temperature", [1.0, 0.1])
@pytest.mark.parametrize("distinct", [None, 2])
def test_matches_plain_loops(rng, temperature, alpha, distinct):
    distances, similarities, is_within = random_case(rng)
    if distinct:
        distances = np.floor(distances / 9 * distinct)
    expected = plain_loops(
        distances, similarities, is_within, temperature, alpha
    )
    output = rebar_loss(distances, similarities, is_within, temperature, alpha)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-5, atol=1e-6)


def test_numbers_by_hand():
    """Similarities of 0: the logs of how many there are."""
    distances = np.array([[0.0, 9.0, 3.0, 2.0, 5.0]])
    is_within = np.array([False, False, True, True, True])
    found = [
        to_numpy(rebar_loss(distances, np.zeros((1, 5)), is_within, 1.0, a))[0]
        for a in (0.0, 1.0, 0.25)
    ]
    within, between = math.log(3), math.log(3)  # 2 rivals, 2 others
    np.testing.assert_allclose(found[:2], [within, between], rtol=1e-6)
    four = np.append(is_within, True)
    found = to_numpy(
        rebar_loss(
            np.append(distances, [[7.0]], 1), np.zeros((1, 6)), four, 1.0, 0.25
        )
    )
    expected = 0.25 * math.log(3) + 0.75 * math.log(4)
    np.testing.assert_allclose(found, [expected], rtol=1e-6)


def test_distances_of_others_do_not_matter(rng):
    distances, similarities, is_within = random_case(rng)
    moved = np.where(is_within, distances, rng.uniform(0, 9, distances.shape))
    np.testing.assert_array_equal(
        to_numpy(rebar_loss(distances, similarities, is_within)),
        to_numpy(rebar_loss(moved, similarities, is_within)),
    )


def test_the_nearest_of_all_is_no_positive_unless_within(rng):
    distances, similarities, is_within = random_case(rng)
    all_within = np.ones_like(is_within)
    np.testing.assert_allclose(
        to_numpy(rebar_loss(distances, similarities, all_within, 0.2, 0.0)),
        to_numpy(binary_contrastive_loss(distances, similarities, 0.2)),
        rtol=1e-6,
    )
    found = rebar_loss(distances, similarities, ~all_within)
    np.testing.assert_array_equal(to_numpy(found), 0)


def test_gradient_is_that_of_finite_differences(rng):
    distances, similarities, is_within = random_case(rng, 3, 6)
    is_within[2] = False  # an anchor without a positive

    def loss(similarities, distances):
        rows = rebar_loss(distances, similarities, is_within, 0.2, 0.3)
        return keras.ops.sum(rows)

    own, of_distances = gradients(
        lambda s, d: loss(s, d) + 0 * keras.ops.sum(d),
        [similarities, distances],
    )
    expected = numeric_gradient(
        lambda s: plain_loops(distances, s, is_within, 0.2, 0.3).sum(),
        similarities,
    )
    np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(of_distances, 0)


def test_bad_arguments_are_explained(rng):
    case = random_case(rng)
    with pytest.raises(ValueError, match="`alpha` must be.*Received: alpha=2"):
        rebar_loss(*case, alpha=2)
    with pytest.raises(ValueError, match="`temperature` must be"):
        rebar_loss(*case, temperature=0)
    with pytest.raises(ValueError, match="must have one shape"):
        rebar_loss(case[0][:, 1:], *case[1:])
    with pytest.raises(ValueError, match="`is_within` must have one value"):
        rebar_loss(*case[:2], case[2][:, 1:])
