import keras
import numpy as np
import pytest
from support import PlainDistance, candidate_group, plain_encoder, to_numpy

from keras_relcon import RelConModel
from keras_relcon.models import EmbeddingSpread, similarities_to_others

pytestmark = pytest.mark.every_backend


def spread_of(*batches):
    metric = EmbeddingSpread()
    for embeddings in batches:
        metric.update_state(similarities_to_others(embeddings))
    return float(to_numpy(metric.result()))


def by_the_definition(embeddings):
    """Root mean square of the unbiased deviations, times sqrt(dim)."""
    rows = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    variance = rows.var(axis=0, ddof=1).mean()
    return np.sqrt(variance * rows.shape[1])


def test_is_the_standard_deviation_of_unit_embeddings(rng):
    embeddings = rng.normal(0.4, 1, (9, 5))
    np.testing.assert_allclose(
        spread_of(embeddings), by_the_definition(embeddings), rtol=1e-5
    )


def test_collapse_is_0_and_an_even_sphere_is_1(rng):
    direction = np.array([[3.0, -1.0, 2.0]])
    collapsed = rng.uniform(1, 9, (8, 1)) * direction
    assert spread_of(collapsed) < 1e-3
    even = rng.normal(size=(600, 16))
    np.testing.assert_allclose(spread_of(even), 1.0, atol=0.01)
    # The mean over 4 pairs of orthogonal windows is exactly 1.
    np.testing.assert_allclose(spread_of(np.eye(4)), 1.0, rtol=1e-6)


def test_batches_count_by_their_pairs(rng):
    embeddings = rng.normal(1, 1, (6, 4))
    alone = spread_of(embeddings)
    # A batch of one window has no pair.
    assert spread_of(embeddings, embeddings[:1]) == pytest.approx(alone)
    part = spread_of(embeddings[:3])
    expected = (30 * alone + 6 * part) / 36
    assert spread_of(embeddings, embeddings[:3]) == pytest.approx(expected)


def test_similarities_leave_out_the_window_itself(rng):
    embeddings = rng.normal(size=(4, 3))
    rows = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    similarities = to_numpy(similarities_to_others(embeddings))
    for i in range(4):
        expected = [rows[i] @ rows[(i + step) % 4] for step in (1, 2, 3)]
        np.testing.assert_allclose(similarities[i], expected, atol=1e-6)


def test_half_precision_does_not_matter():
    embeddings = np.full((4, 8), 200.0, "float16")
    assert spread_of(embeddings) < 1e-3


@pytest.mark.eager
def test_relcon_logs_the_spread_of_its_anchors(rng):
    keras.utils.set_random_seed(0)
    model = RelConModel(plain_encoder(), PlainDistance())
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    group = candidate_group(rng)
    logs = model.test_on_batch(group, return_dict=True)
    embeddings = to_numpy(model.encoder(group["anchor"], training=False))
    np.testing.assert_allclose(
        logs["embedding_spread"], by_the_definition(embeddings), rtol=1e-3
    )


def test_embeddings_are_a_matrix():
    with pytest.raises(ValueError, match=r"\(batch, dim\)"):
        similarities_to_others(np.ones(3))
