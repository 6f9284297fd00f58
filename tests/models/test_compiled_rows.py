import keras
import numpy as np
import pytest
from keras import ops
from support import candidate_group, small_distance, to_numpy

from keras_relcon.models.backend_programs import compiled

pytestmark = [pytest.mark.every_backend, pytest.mark.xla]


@pytest.mark.parametrize("num_rows", [1, 2, 5])
def test_rows_come_back_in_their_order(rng, num_rows):
    layer = keras.layers.Dense(4)
    layer.build((None, 3))
    shared = rng.normal(size=(6, 4)).astype("float32")
    x = rng.normal(size=(num_rows, 3)).astype("float32")
    function = compiled(
        lambda shared, x: layer(x) + ops.sum(shared, axis=0),
        layer,
        num_shared=1,
    )
    output = function(ops.convert_to_tensor(shared), ops.convert_to_tensor(x))
    expected = x.astype("float64") @ to_numpy(layer.kernel) + shared.sum(axis=0)
    np.testing.assert_allclose(to_numpy(output), expected, atol=1e-5)


@pytest.fixture(scope="module")
def ranked(motif_weights):
    """A distance, a batch, and the distances of all rows."""
    distance = small_distance(motif_weights)
    group = candidate_group(np.random.default_rng(0), 5, 2, 40).values()
    return distance, *group, to_numpy(distance.candidate_distances(*group))


@pytest.mark.parametrize("first, num_rows", [(0, 1), (4, 1), (1, 3), (2, 2)])
def test_some_rows_are_ranked_as_all_are(ranked, first, num_rows):
    distance, anchors, candidates, expected = ranked
    rows = slice(first, first + num_rows)
    output = distance.candidate_distances(anchors, candidates[rows], first)
    np.testing.assert_allclose(to_numpy(output), expected[rows], rtol=1e-4)
