import threading

import numpy as np
import pytest


@pytest.fixture
def distances(tmp_path):
    from keras_relcon.tuning.trained_distances import TrainedDistances

    return TrainedDistances(tmp_path / "cache")


def test_a_distance_is_trained_once_for_all_that_want_it(distances):
    started, calls = threading.Event(), []

    def train():
        calls.append(threading.current_thread().name)
        started.set()
        second.start()
        # Wide enough for the other to ask for it meanwhile.
        second.join(0.3)
        return [np.arange(3.0), np.float32([[7]])]

    found = {}

    def ask(name):
        found[name] = distances.weights("k" * 64, train)

    second = threading.Thread(target=ask, args=("second",))
    first = threading.Thread(target=ask, args=("first",))
    first.start()
    assert started.wait(20)
    first.join(20)
    second.join(20)
    assert len(calls) == 1
    for weights in found.values():
        np.testing.assert_array_equal(weights[0], [0, 1, 2])
        assert weights[1].dtype == "float32" and weights[1].shape == (1, 1)
    assert set(found) == {"first", "second"}
    assert len(list(distances.directory.iterdir())) == 1


def test_another_key_is_another_distance(distances):
    for key, value in (("a", 1.0), ("b", 2.0)):
        distances.weights(key * 64, lambda: [np.array(value)])
    found = distances.weights("a" * 64, lambda: [np.array(9.0)])
    assert found[0] == 1


def test_a_training_that_fails_leaves_nothing(distances):
    def fail():
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        distances.weights("a" * 64, fail)
    assert list(distances.directory.iterdir()) == []


def test_a_damaged_file_is_trained_again(distances):
    distances.weights("a" * 64, lambda: [np.ones(3)])
    (path,) = distances.directory.iterdir()
    path.write_bytes(path.read_bytes()[:50])
    with pytest.warns(UserWarning, match="damaged.*trained again"):
        found = distances.weights("a" * 64, lambda: [np.zeros(3)])
    np.testing.assert_array_equal(found[0], 0)
    assert (distances.weights("a" * 64, lambda: None)[0] == 0).all()
