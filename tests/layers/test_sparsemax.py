import keras
import numpy as np
import pytest
import reference
from support import gradients, to_numpy

import keras_relcon as kr
from keras_relcon.layers import Sparsemax, sparsemax

pytestmark = pytest.mark.every_backend


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 1.0, 10.0, 1e4])
def test_matches_the_sorting_oracle_at_every_support_size(rng, scale):
    logits = (scale * rng.normal(size=(5, 7, 130))).astype("float32")
    expected = reference.sparsemax(logits)
    np.testing.assert_allclose(to_numpy(sparsemax(logits)), expected, atol=1e-6)


def test_support_of_two_is_exact():
    # The case that keras.ops.sparsemax gets wrong.
    output = to_numpy(Sparsemax()(np.array([[1.0, 0.9, 0.0]], "float32")))
    np.testing.assert_allclose(output, [[0.55, 0.45, 0.0]], atol=1e-7)


def test_equal_logits_share_equally():
    output = to_numpy(sparsemax(np.full((2, 64), 3.0, "float32")))
    np.testing.assert_allclose(output, 1 / 64, rtol=1e-6)


def test_a_large_offset_changes_nothing(rng):
    logits = rng.normal(size=(4, 20)).astype("float32")
    shifted = to_numpy(sparsemax(logits + 1000.0))
    np.testing.assert_allclose(shifted, reference.sparsemax(logits), atol=2e-4)


def test_minus_infinity_is_never_in_the_support():
    output = to_numpy(sparsemax(np.array([[1.0, 0.9, -np.inf]], "float32")))
    np.testing.assert_allclose(output, [[0.55, 0.45, 0.0]], atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 13, 200, 250, 333])
def test_any_number_of_logits(rng, size):
    logits = rng.normal(size=(3, 4, size)).astype("float32")
    np.testing.assert_allclose(
        to_numpy(sparsemax(logits)), reference.sparsemax(logits), atol=1e-6
    )


def test_large_logits_that_share_a_group_are_all_found(rng):
    # 64 logits have 8 groups, of every eighth logit: the maxima of the groups
    # alone would leave out seven of these.
    logits = rng.uniform(-1, 0, (5, 64)).astype("float32")
    logits[:, 3::8] += 3
    output = to_numpy(sparsemax(logits))
    np.testing.assert_allclose(output, reference.sparsemax(logits), atol=1e-6)
    assert (output > 0).sum(-1).min() > 1


def test_a_row_with_nan_is_nan_and_leaves_the_others(rng):
    logits = rng.normal(size=(3, 20)).astype("float32")
    logits[1, 4] = np.nan
    output = to_numpy(sparsemax(logits))
    assert np.isnan(output[1]).all()
    np.testing.assert_allclose(
        output[::2], reference.sparsemax(logits[::2]), atol=1e-6
    )


@pytest.mark.parametrize(
    "row", [[1.0, np.inf, 2.0], [-np.inf] * 3, [np.inf, -np.inf, np.inf]]
)
def test_a_row_of_an_infinite_maximum_is_nan(row):
    logits = np.array([row, [1.0, 0.9, 0.0]], "float32")
    output = to_numpy(sparsemax(logits))
    assert np.isnan(output[0]).all()
    np.testing.assert_allclose(output[1], [0.55, 0.45, 0.0], atol=1e-6)


def test_the_largest_numbers_do_not_overflow():
    largest = float(np.finfo("float32").max)
    for row in ([1e30, 0.0, -1e30], [largest, -largest, 0.0]):
        output = to_numpy(sparsemax(np.array([row], "float32")))
        np.testing.assert_array_equal(output, [[1.0, 0.0, 0.0]])


@pytest.mark.parametrize("size", [5, 40])
def test_one_vector(rng, size):
    logits = rng.normal(size=size).astype("float32")
    output = to_numpy(sparsemax(logits))
    np.testing.assert_allclose(output, reference.sparsemax(logits), atol=1e-6)


@pytest.mark.parametrize("size", [5, 40])
def test_the_logits_are_left_as_they_are(rng, size):
    logits = keras.ops.convert_to_tensor(rng.normal(size=(3, size)), "float32")
    before = to_numpy(logits).copy()
    sparsemax(logits)
    np.testing.assert_array_equal(to_numpy(logits), before)


def test_other_axis(rng):
    logits = rng.normal(size=(3, 9, 4)).astype("float32")
    expected = np.moveaxis(
        reference.sparsemax(np.moveaxis(logits, 1, -1)), -1, 1
    )
    np.testing.assert_allclose(
        to_numpy(sparsemax(logits, axis=1)), expected, atol=1e-6
    )


def test_half_precision_is_computed_in_float32(rng):
    logits = rng.normal(size=(3, 50)).astype("float16")
    output = sparsemax(logits)
    assert keras.backend.standardize_dtype(output.dtype) == "float16"
    np.testing.assert_allclose(
        to_numpy(output), reference.sparsemax(logits), atol=1e-3
    )


@pytest.mark.parametrize(
    "scale, size", [(0.05, 40), (1.0, 40), (5.0, 40), (0.5, 7), (0.5, 333)]
)
def test_gradient_matches_the_closed_form(rng, scale, size):
    logits = (scale * rng.normal(size=(6, size))).astype("float32")
    upstream = rng.normal(size=(6, size))
    support = reference.sparsemax(logits) > 0
    mean = (upstream * support).sum(-1) / support.sum(-1)
    expected = support * (upstream - mean[:, None])
    weights = keras.ops.convert_to_tensor(upstream, "float32")
    (gradient,) = gradients(
        lambda x: keras.ops.sum(sparsemax(x) * weights), [logits]
    )
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_gradient_of_equal_logits_and_of_another_axis(rng):
    # Ties at the edge of the support: those in it share the mean.
    logits = np.array([[0.5, 0.5, 0.5, -1.0], [2.0, 1.0, 0.0, 0.0]]).T
    upstream = rng.normal(size=(4, 2))
    support = reference.sparsemax(logits.T).T > 0
    mean = (upstream * support).sum(0) / support.sum(0)
    weights = keras.ops.convert_to_tensor(upstream, "float32")
    (gradient,) = gradients(
        lambda x: keras.ops.sum(sparsemax(x, axis=0) * weights), [logits]
    )
    np.testing.assert_allclose(gradient, support * (upstream - mean), atol=1e-5)


def test_layer_serialises_and_keeps_the_shape():
    layer = Sparsemax.from_config(Sparsemax(axis=1).get_config())
    assert layer.axis == 1
    assert layer.compute_output_shape((2, 5)) == (2, 5)
    assert kr.layers.Sparsemax is Sparsemax


def test_integers_are_refused():
    with pytest.raises(TypeError, match="floats.*int32.*Cast them"):
        sparsemax(np.array([[1, 2, 3]], "int32"))
