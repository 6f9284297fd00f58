import keras
import numpy as np
import pytest
import reference
from support import gradients, numeric_gradient, to_numpy

from keras_relcon.losses import LogRatioLoss, log_ratio_loss

pytestmark = pytest.mark.every_backend


def random_case(rng, batch=4, candidates=6):
    similarities = rng.uniform(-1, 0.98, (batch, candidates))
    return np.exp(rng.normal(0, 3, (batch, candidates))), similarities


def test_variance_form_is_the_loop_over_pairs(rng):
    distances, similarities = random_case(rng)
    output = to_numpy(log_ratio_loss(distances, similarities))
    expected = reference.log_ratio_loss(distances, similarities)
    np.testing.assert_allclose(output, expected, rtol=1e-4)


def test_ratios_that_agree_cost_nothing():
    distances = np.array([[0.2, 0.4, 1.6, 3.2]])
    similarities = 1 - distances / 2 / 4
    output = to_numpy(log_ratio_loss(distances, similarities))
    np.testing.assert_allclose(output, [0.0], atol=1e-9)


def test_two_candidates_by_hand():
    """Embedding distances 1 and 2, motif distances 1 and 8: log(4) squared."""
    output = log_ratio_loss(np.array([[1.0, 8.0]]), np.array([[0.5, 0.0]]))
    np.testing.assert_allclose(to_numpy(output), [np.log(4) ** 2], rtol=1e-5)


def test_unit_of_distances_and_order_of_candidates_do_not_count(rng):
    distances, similarities = random_case(rng)
    distances = distances.clip(0.1, 10)
    expected = to_numpy(log_ratio_loss(distances, similarities))
    order = rng.permutation(6)
    for other in (
        log_ratio_loss(1000 * distances, similarities),
        log_ratio_loss(distances[:, order], similarities[:, order]),
    ):
        np.testing.assert_allclose(to_numpy(other), expected, rtol=1e-3)


def test_gradient_by_finite_differences(rng):
    distances, similarities = random_case(rng, 3, 5)
    distances[0, 2] = np.inf
    (gradient,) = gradients(
        lambda s: keras.ops.mean(
            log_ratio_loss(distances.astype("float32"), s)
        ),
        [similarities],
    )
    expected = numeric_gradient(
        lambda s: reference.log_ratio_loss(distances, s).mean(), similarities
    )
    np.testing.assert_allclose(
        gradient, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max()
    )
    assert gradient[0, 2] == 0


def test_infinite_distances_take_no_part(rng):
    distances, similarities = random_case(rng)
    distances[0, :2] = np.inf
    distances[1, 1:] = np.inf
    distances[2] = np.inf
    output = to_numpy(log_ratio_loss(distances, similarities))
    expected = reference.log_ratio_loss(distances, similarities)
    np.testing.assert_allclose(output, expected, rtol=1e-4)
    assert output[1] == 0 and output[2] == 0


def test_equal_embeddings_and_zero_distances_stay_finite():
    distances = np.array([[0.0, 1.0, 2.0]], "float32")
    similarities = np.array([[1.0, 1.0000001, -1.0]], "float32")
    output = to_numpy(log_ratio_loss(distances, similarities))
    expected = reference.log_ratio_loss(distances, [[1.0, 1.0, -1.0]])
    np.testing.assert_allclose(output, expected, rtol=1e-4)
    (gradient,) = gradients(
        lambda s: keras.ops.sum(log_ratio_loss(distances, s)), [similarities]
    )
    assert np.isfinite(gradient).all()


def test_invalid_candidates_take_no_part(rng):
    distances, similarities = random_case(rng)
    valid = np.ones((4, 6), bool)
    valid[:, 1] = False
    output = log_ratio_loss(distances, similarities, valid=valid)
    keep = [0, 2, 3, 4, 5]
    expected = reference.log_ratio_loss(
        distances[:, keep], similarities[:, keep]
    )
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-4)


def test_half_precision_is_computed_in_float32():
    distances = np.array([[1.0, 8.0]], "float16")
    similarities = np.array([[0.5, 0.0]], "float16")
    output = log_ratio_loss(distances, similarities)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"
    np.testing.assert_allclose(to_numpy(output), [np.log(4) ** 2], rtol=1e-5)


def test_loss_class_is_the_mean_over_anchors(rng):
    distances, similarities = random_case(rng)
    loss = LogRatioLoss(epsilon=1e-3)
    expected = reference.log_ratio_loss(distances, similarities, 1e-3).mean()
    np.testing.assert_allclose(
        to_numpy(loss(distances, similarities)), expected, rtol=1e-4
    )
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert copy.epsilon == 1e-3


def test_epsilon_must_be_positive():
    with pytest.raises(ValueError, match="above 0.*epsilon=0"):
        LogRatioLoss(epsilon=0)


@pytest.mark.parametrize("shape", [(4, 1), (1, 6), (24,)])
def test_shapes_are_not_broadcast(rng, shape):
    distances, similarities = np.ones((4, 6)), np.ones(shape)
    for arrays in (distances, similarities), (similarities, distances):
        with pytest.raises(ValueError, match="must have one shape"):
            log_ratio_loss(*arrays)


@pytest.mark.parametrize("epsilon", [0, -1.0, float("nan"), None])
def test_the_function_refuses_it_too(epsilon):
    with pytest.raises(ValueError, match="above 0.*epsilon="):
        log_ratio_loss(np.ones((2, 3)), np.ones((2, 3)), epsilon)


def test_valid_has_the_shape_of_the_similarities():
    for valid in (np.ones((2, 4), bool), np.ones(3, bool)):
        with pytest.raises(ValueError, match="`valid` and.*one shape"):
            log_ratio_loss(np.ones((2, 3)), np.ones((2, 3)), valid=valid)
