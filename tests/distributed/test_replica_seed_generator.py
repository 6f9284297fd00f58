import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon.distributed import ReplicaSeedGenerator, replicas
from keras_relcon.layers import Noise

pytestmark = pytest.mark.every_backend


def draws(monkeypatch, replica, count=3):
    monkeypatch.setattr(replicas, "replica_index", lambda: replica)
    noise = Noise(seed=5)
    return [to_numpy(noise.draw((4, 8, 3))) for _ in range(count)]


def test_replicas_draw_differently_and_repeat_by_seed(monkeypatch):
    first, second = draws(monkeypatch, 0), draws(monkeypatch, 1)
    np.testing.assert_array_equal(second, draws(monkeypatch, 1))
    everything = np.reshape([first, second], (6, -1))
    correlation = np.corrcoef(everything) - np.eye(6)
    assert np.abs(correlation).max() < 0.6


def test_the_first_replica_draws_as_keras_does():
    own, plain = ReplicaSeedGenerator(5), keras.random.SeedGenerator(5)
    for _ in range(2):
        np.testing.assert_array_equal(
            to_numpy(keras.random.normal((4,), seed=own)),
            to_numpy(keras.random.normal((4,), seed=plain)),
        )
