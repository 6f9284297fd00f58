import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon.models import KeyQueue

pytestmark = pytest.mark.every_backend


def small_queue(size=5):
    queue = KeyQueue(size, seed=0)
    queue.build((None, 3))
    return queue


def test_it_begins_with_random_unit_vectors():
    keys = to_numpy(small_queue(200).keys)
    np.testing.assert_allclose((keys**2).sum(1), 1, rtol=1e-5)
    assert np.abs(keys.mean(0)).max() < 0.2
    np.testing.assert_array_equal(keys, to_numpy(small_queue(200).keys))


def test_the_newest_are_first_and_the_oldest_go(rng):
    queue = small_queue()
    expected = list(to_numpy(queue.keys))
    for count in (2, 3, 1, 5):
        keys = rng.normal(size=(count, 3)).astype("float32")
        queue.put(keys)
        expected = [*keys, *expected][:5]
        np.testing.assert_array_equal(to_numpy(queue(keys)), expected)


def test_what_was_read_stays(rng):
    queue = small_queue()
    found = queue(np.ones((2, 3), "float32"))
    before = np.array(to_numpy(found))
    queue.put(rng.normal(size=(2, 3)).astype("float32"))
    np.testing.assert_array_equal(to_numpy(found), before)


def test_it_is_saved_and_loaded(rng, tmp_path):
    queue = small_queue()
    queue.put(rng.normal(size=(2, 3)).astype("float32"))
    model = keras.Sequential([keras.Input((3,)), queue])
    model.save(tmp_path / "queue.keras")
    loaded = keras.saving.load_model(tmp_path / "queue.keras").layers[-1]
    np.testing.assert_array_equal(to_numpy(loaded.keys), to_numpy(queue.keys))


def test_keys_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="holds, which are 5.*6 keys"):
        small_queue().put(np.ones((6, 3), "float32"))
    with pytest.raises(ValueError, match=r"the queue, 3.*shape=\(2, 4\)"):
        small_queue().put(np.ones((2, 4), "float32"))
    with pytest.raises(ValueError, match="`size`"):
        KeyQueue(0)
