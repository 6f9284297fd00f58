from types import SimpleNamespace

import numpy as np
import pytest

from keras_relcon.evaluation.tasks import fine_tune
from keras_relcon.evaluation.tasks.fine_tune_network import (
    train_to_best_epoch,
)


class SpyNetwork:
    """Remembers the rows of every epoch."""

    def __init__(self):
        self.epochs = []

    def fit(self, x, y, sample_weight, **kwargs):
        assert not kwargs["shuffle"], "the order is drawn already"
        self.epochs.append((x.tolist(), y.tolist(), sample_weight.tolist()))
        return SimpleNamespace(history={"loss": [1.0]})


def _epochs(seed):
    network, rows = SpyNetwork(), np.arange(20)
    train_to_best_epoch(
        network,
        (rows, rows, rows),
        None,
        batch_size=4,
        epochs=3,
        patience=None,
        seed=seed,
    )
    return network.epochs


def test_each_epoch_has_an_order_of_its_own_drawn_by_the_seed():
    first, again, other = _epochs(7), _epochs(7), _epochs(8)
    assert first == again
    for x, y, weights in first:
        assert x == y == weights and sorted(x) == list(range(20))
    assert len({tuple(x) for x, _, _ in first + other}) == 6


@pytest.mark.every_backend
def test_fine_tune_orders_the_windows_by_its_seed(
    make_motion, make_encoder, monkeypatch
):
    asked = {}

    def spy(network, train, validation, **kwargs):
        asked.update(kwargs)
        return 1, (), ()

    monkeypatch.setattr(fine_tune, "train_to_best_epoch", spy)
    task = fine_tune.FineTune(8, batch_size=5, epochs=6, patience=4, seed=7)
    task.fit(*make_motion(6, 0), encoder=make_encoder())
    assert asked == {"batch_size": 5, "epochs": 6, "patience": 4, "seed": 7}
