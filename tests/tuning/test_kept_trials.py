import threading

import numpy as np
import pytest
from support import small_encoder


def test_damaged_scores_are_as_none(tmp_path):
    from keras_relcon.tuning.kept_trials import KeptTrials

    kept = KeptTrials(tmp_path)
    kept.keep("a" * 64, {}, {"seconds": 1.0}, small_encoder())
    assert kept.scores("a" * 64) == {"seconds": 1.0}
    (path,) = tmp_path.glob("scores-*")
    path.write_text(path.read_text()[:20])
    with pytest.warns(UserWarning, match="scores-a.*damaged"):
        assert kept.scores("a" * 64) is None
    kept.keep("a" * 64, {}, {"seconds": 1.0}, small_encoder())
    kept.encoder_path("a" * 64).unlink()
    assert kept.scores("a" * 64) is None


def test_a_reason_is_the_error_without_what_keras_adds(tmp_path):
    from keras_relcon.tuning.kept_trials import KeptTrials

    kept, key = KeptTrials(tmp_path), "a" * 64
    assert kept.reason(key) is None
    for message, reason in (
        ("", "LengthError"),
        (
            "In Dense.\n\n\x1b[1mToo long.\x1b[0m\n\nArguments received by it",
            "LengthError: In Dense. Too long.",
        ),
    ):
        error = type("LengthError", (ValueError,), {})(message)
        error.add_note("A note of JAX.")
        with pytest.raises(ValueError) as raised:
            with kept.keeping_reason(key, {"seed": 0}):
                raise error
        assert raised.value is error
        assert kept.reason(key) == reason
    for _ in range(2):
        kept.forget_reason(key)
        assert kept.reason(key) is None
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def kept(tmp_path):
    from keras_relcon.tuning.kept_trials import KeptTrials

    return KeptTrials(tmp_path / "cache")


def test_a_distance_is_trained_once_for_all_that_want_it(kept):
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
        found[name] = kept.distance_weights("k" * 64, train)

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
    assert len(list(kept.directory.iterdir())) == 1


def test_another_key_is_another_distance(kept):
    for key, value in (("a", 1.0), ("b", 2.0)):
        kept.distance_weights(key * 64, lambda: [np.array(value)])
    found = kept.distance_weights("a" * 64, lambda: [np.array(9.0)])
    assert found[0] == 1


def test_a_distance_that_an_earlier_version_wrote_is_read(kept):
    weights = [np.arange(3.0), np.ones((2, 2), "float32")]
    name = f"distance-{'a' * 32}.npz"
    np.savez(kept.directory / name, *weights)
    for found, weight in zip(
        kept.distance_weights("a" * 64, None), weights, strict=True
    ):
        np.testing.assert_array_equal(found, weight)


def test_a_training_that_fails_leaves_nothing(kept):
    def fail():
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        kept.distance_weights("a" * 64, fail)
    assert list(kept.directory.iterdir()) == []


def test_a_damaged_file_is_trained_again(kept):
    kept.distance_weights("a" * 64, lambda: [np.ones(3)])
    (path,) = kept.directory.iterdir()
    path.write_bytes(path.read_bytes()[:50])
    with pytest.warns(UserWarning, match="damaged.*computed again"):
        found = kept.distance_weights("a" * 64, lambda: [np.zeros(3)])
    np.testing.assert_array_equal(found[0], 0)
    assert (kept.distance_weights("a" * 64, lambda: None)[0] == 0).all()
