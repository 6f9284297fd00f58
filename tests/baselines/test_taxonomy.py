"""The four terms against numbers and loops, and their 15 combinations."""

import math

import keras
import numpy as np
import pytest
from baselines.every_method import unit, waves
from support import (
    gradients,
    numeric_gradient,
    plain_encoder,
    to_numpy,
    windows_of_two_kinds,
)

from keras_relcon.baselines import Taxonomy
from keras_relcon.baselines.taxonomy import (
    COMBINATIONS,
    attraction,
    squared_error,
)
from keras_relcon.losses import info_nce_loss

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


def small(**kwargs):
    keras.utils.set_random_seed(0)
    arguments = {"queue_size": 4, "seed": 1, "momentum": 0.9, **kwargs}
    return Taxonomy(plain_encoder(), **arguments)


def cosine(first, second):
    first, second = np.float64(first), np.float64(second)
    return first @ second / math.sqrt((first @ first) * (second @ second))


def info_nce(query, key, queue, temperature):
    """One row of `ce` or `cd`, key by key."""
    own = cosine(query, key) / temperature
    total = math.exp(own)
    for past in queue:
        total += math.exp(cosine(query, past) / temperature)
    return math.log(total) - own


def test_terms_of_known_numbers():
    queries = np.float32(unit(waves((4, 5))))
    embeddings = np.float32(unit(waves((4, 5), 0.8)))
    found = to_numpy(attraction(queries, embeddings)).mean()
    np.testing.assert_allclose(found, 1.699373, atol=2e-6)
    windows = np.float32(waves((4, 6, 3)))
    decoded = np.float32(waves((4, 6, 3), 1.2))
    found = to_numpy(squared_error(decoded, windows)).mean()
    np.testing.assert_allclose(found, 17.257826, rtol=1e-6)
    past = np.float32(unit(waves((5, 18), 0.6)))
    flat = decoded.reshape(4, 18), windows.reshape(4, 18)
    found = to_numpy(info_nce_loss(*flat, past, 0.1)).mean()
    np.testing.assert_allclose(found, 2.812494, rtol=1e-6)


def test_terms_of_a_batch_are_those_of_loops(rng):
    """Two steps: in the second the queues hold what came in the first."""
    model = small(cd=1.0, views=keras.layers.Identity())
    batches = [windows_of_two_kinds(rng, 3, 40) for _ in range(2)]
    model(batches[0], training=True)
    keys, past = to_numpy(model.keys.keys), to_numpy(model.past_windows.keys)
    for row, window in enumerate(batches[0]):
        np.testing.assert_allclose(
            past[row], unit(window.reshape(1, -1))[0], rtol=1e-4
        )
    outputs = model(batches[1], training=True)
    new_keys = to_numpy(model.keys.keys)[:3]
    np.testing.assert_array_equal(to_numpy(model.keys.keys)[3], keys[0])
    embeddings = to_numpy(outputs["embedding"])  # the views are the windows
    decoded = to_numpy(model.decode(embeddings, training=True))
    expected = {"ce": [], "ae": [], "ad": [], "cd": []}
    for row, window in enumerate(batches[1].reshape(3, -1)):
        expected["ce"].append(
            info_nce(embeddings[row], new_keys[row], keys, 0.2)
        )
        expected["ae"].append(0.0)
        error = np.float64(decoded[row]) - window
        expected["ad"].append((error**2).sum())
        expected["cd"].append(info_nce(decoded[row], window, past, 0.1))
    for term, values in expected.items():
        np.testing.assert_allclose(
            to_numpy(outputs[term]), values, rtol=1e-3, atol=1e-4
        )
    total = sum(np.mean(values) for values in expected.values())
    np.testing.assert_allclose(
        to_numpy(model.loss_of(outputs)), total, rtol=1e-3
    )


def test_attraction_pulls_at_both(rng):
    first, second = rng.normal(size=(2, 3, 4))
    found = gradients(
        lambda a, b: keras.ops.sum(attraction(a, b)), [first, second]
    )

    def total(a, b):
        return sum(2 - 2 * cosine(x, y) for x, y in zip(a, b))

    expected = (
        numeric_gradient(lambda a: total(a, second), first),
        numeric_gradient(lambda b: total(first, b), second),
    )
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.filterwarnings("ignore:With `ae` alone")
@pytest.mark.parametrize("name", COMBINATIONS)
def test_each_combination_has_its_terms_and_no_other(rng, name):
    model = small(**COMBINATIONS[name])
    outputs = model(windows_of_two_kinds(rng, 4), training=True)
    terms = set(name.split("+"))
    assert set(outputs) == {"embedding", *terms}
    expected = sum(to_numpy(outputs[term]).mean() for term in terms)
    np.testing.assert_allclose(
        to_numpy(model.loss_of(outputs)), expected, rtol=1e-4
    )
    assert (model.slow_encoder is None) == ("ce" not in terms)
    assert (model.past_windows is None) == ("cd" not in terms)
    assert (model.decode is None) == (not terms & {"ad", "cd"})


def test_there_are_fifteen():
    assert len(COMBINATIONS) == 15
    assert COMBINATIONS["ce+ae+ad"] == {"ce": 1, "ae": 1, "ad": 1, "cd": 0}


def test_validation_leaves_queues_and_the_slow_copy(rng):
    model = small(cd=1.0)
    windows = windows_of_two_kinds(rng, 4)
    model(windows, training=True)
    before = [to_numpy(v) for v in model.non_trainable_variables]
    model(windows, training=False)
    names = [v.path for v in model.non_trainable_variables]
    for name, old, v in zip(names, before, model.non_trainable_variables):
        if "seed" not in name and "num_drawn" not in name:
            np.testing.assert_array_equal(to_numpy(v), old, err_msg=name)


def test_a_decoder_is_a_layer():
    with pytest.raises(TypeError, match="`decoder` must be a layer or 'mlp'"):
        small(decoder=None)


def test_windows_of_another_length_are_refused():
    model = small()
    windows = waves((4, 16, 3)).astype("float32")
    model(windows)
    with pytest.raises(ValueError, match="expected shape=.None, 16, 3."):
        model(windows[:, :-2])


def test_bad_weights_are_explained():
    with pytest.raises(ValueError, match="At least one of `ce`"):
        small(ce=0, ae=0, ad=0, cd=0)
    with pytest.raises(ValueError, match="`ad` must be.*at least 0"):
        small(ad=-1.0)
    with pytest.warns(UserWarning, match="every embedding becomes the same"):
        small(ce=0, ad=0)
