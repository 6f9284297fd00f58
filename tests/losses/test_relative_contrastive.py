import math

import keras
import numpy as np
import pytest
import reference
from support import gradients, to_numpy

from keras_relcon.losses import relative_contrastive_loss

pytestmark = pytest.mark.every_backend


def random_case(rng, batch=4, candidates=9, distinct=None):
    similarities = rng.uniform(-1, 1, (batch, candidates))
    distances = rng.uniform(0, 9, (batch, candidates))
    if distinct:
        distances = np.floor(distances / 9 * distinct)
    return distances, similarities


@pytest.mark.parametrize("temperature", [1, 0.1])
def test_golden_loss_and_gradients(golden, temperature):
    prefix = f"loss/tau{temperature}"
    distances = golden["loss/distances"].T
    anchors = golden["loss/emb_ancs"]
    candidates = golden["loss/emb_withinuser_cands"]

    def loss(anchors, candidates):
        ops = keras.ops
        anchors = ops.normalize(anchors, axis=-1)
        candidates = ops.normalize(candidates, axis=-1)
        batch = anchors.shape[0]
        others = (np.arange(batch)[:, None] + np.arange(1, batch)) % batch
        similarities = ops.concatenate(
            [
                ops.take_along_axis(
                    ops.matmul(anchors, ops.transpose(anchors)),
                    ops.convert_to_tensor(others, "int32"),
                    axis=1,
                ),
                ops.einsum("bd,bcd->bc", anchors, candidates),
            ],
            axis=1,
        )
        per_anchor = relative_contrastive_loss(
            distances.astype("float32"), similarities, temperature
        )
        return ops.mean(per_anchor)

    tensors = [
        keras.ops.convert_to_tensor(x, "float32") for x in (anchors, candidates)
    ]
    np.testing.assert_allclose(
        to_numpy(loss(*tensors)), golden[f"{prefix}/loss"], rtol=1e-5
    )
    for gradient, name in zip(
        gradients(loss, [anchors, candidates]),
        ("grad_emb_ancs", "grad_emb_withinuser_cands"),
    ):
        expected = golden[f"{prefix}/{name}"]
        np.testing.assert_allclose(
            gradient, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max()
        )


@pytest.mark.parametrize("temperature", [1.0, 0.1])
@pytest.mark.parametrize("distinct", [None, 4, 1])
def test_matches_the_oracle_with_ties(rng, temperature, distinct):
    distances, similarities = random_case(rng, distinct=distinct)
    expected = reference.relative_contrastive_loss(
        distances, similarities, temperature
    )
    output = relative_contrastive_loss(distances, similarities, temperature)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-5, atol=1e-6)


def test_invalid_candidates_take_no_part(rng):
    distances, similarities = random_case(rng)
    valid = rng.random(distances.shape) < 0.6
    expected = reference.relative_contrastive_loss(
        distances, similarities, 0.5, valid
    )
    output = relative_contrastive_loss(distances, similarities, 0.5, valid)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-5)
    changed = np.where(valid, similarities, 0.9)
    output = relative_contrastive_loss(distances, changed, 0.5, valid)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-5)


def test_equal_similarities_give_the_sum_of_logs():
    distances = np.arange(12.0)[None]
    output = relative_contrastive_loss(distances, np.zeros((1, 12)))
    expected = sum(math.log(k) for k in range(1, 13))
    np.testing.assert_allclose(to_numpy(output), [expected], rtol=1e-6)


def test_only_the_order_of_the_distances_counts(rng):
    distances, similarities = random_case(rng)
    order = rng.permutation(9)
    expected = to_numpy(relative_contrastive_loss(distances, similarities))
    for other in (
        relative_contrastive_loss(distances**3 + 5, similarities),
        relative_contrastive_loss(distances[:, order], similarities[:, order]),
        relative_contrastive_loss(distances, similarities + 0.3),
    ):
        np.testing.assert_allclose(to_numpy(other), expected, rtol=1e-5)


def test_the_farthest_candidate_is_never_pulled(rng):
    similarities = rng.uniform(-1, 1, (1, 6))
    distances = np.array([[3.0, 1.0, 9.0, 2.0, 4.0, 5.0]], "float32")
    (gradient,) = gradients(
        lambda s: keras.ops.sum(relative_contrastive_loss(distances, s)),
        [similarities],
    )
    assert gradient[0, 2] > 0 and gradient[0, 1] < 0


def test_infinite_distances_rank_last_and_stay_finite(rng):
    distances, similarities = random_case(rng)
    distances[:, :2] = np.inf
    expected = reference.relative_contrastive_loss(distances, similarities, 1)
    output = relative_contrastive_loss(
        distances.astype("float32"), similarities
    )
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-5)


def test_low_temperature_and_half_precision_do_not_overflow():
    similarities = np.array([[1.0, -1.0, 0.5]], "float16")
    distances = np.array([[3.0, 1.0, 2.0]], "float16")
    output = relative_contrastive_loss(distances, similarities, 0.001)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"
    np.testing.assert_allclose(to_numpy(output), [2500.0], rtol=1e-3)
