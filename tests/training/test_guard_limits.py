import json
from types import SimpleNamespace

import numpy as np
import pytest
from training.train_script import make_groups

from keras_relcon.training import LossGuard
from keras_relcon.training.loss_guard import describe_anchors

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]


def test_a_loss_of_just_the_limit_goes_on(tmp_path):
    """The largest loss that is allowed is one that is allowed."""
    groups = make_groups()
    guard = LossGuard(tmp_path / "bad.jsonl", groups, largest_loss=5.0)
    guard.on_epoch_begin(0)
    groups[0]  # drawn, as by `fit`
    guard.on_train_batch_end(0, {"loss": 5.0})
    guard.on_train_batch_end(1, {"loss": 5.0})
    assert not guard.path.exists()
    # The mean of 5, 5 and 5.75 is of a batch above it.
    with pytest.raises(FloatingPointError, match="at most 5.*loss=5.75"):
        guard.on_train_batch_end(2, {"loss": 5.25})


def test_batches_of_one_execution_are_looked_at_together(tmp_path):
    """Keras calls back after the last batch of `steps_per_execution`."""
    groups = make_groups()
    guard = LossGuard(tmp_path / "bad.jsonl", groups, largest_loss=5.0)
    guard.on_epoch_begin(0)
    groups[0]  # drawn, as by `fit`
    guard.on_train_batch_end(1, {"loss": 5.0})
    assert not guard.path.exists()
    with pytest.raises(FloatingPointError, match="loss=6 at.* batches 2 to 3"):
        guard.on_train_batch_end(3, {"loss": 5.5})
    lines = [json.loads(line) for line in guard.path.read_text().splitlines()]
    assert [line["index"] for line in lines] == [2, 3]
    for line in lines:
        expected = describe_anchors(groups, 0, line["index"])
        assert line["anchors"] == expected and line["loss"] == "6.0"


def test_seconds_of_an_anchor_count_from_the_start_of_its_recording():
    """A piece behind a gap begins later than the recording does."""
    pieces = [
        SimpleNamespace(
            subject="s",
            recording="r",
            start=start,
            start_seconds=seconds,
            sample_rate_hz=50.0,
        )
        for start, seconds in ((0, 0.0), (1000, 27.5))
    ]
    groups = SimpleNamespace(
        store=SimpleNamespace(pieces=pieces),
        draw=lambda epoch, index: np.array([999, 1000, 1025]),
    )
    found = [place["seconds"] for place in describe_anchors(groups, 0, 0)]
    assert found == [999 / 50, 27.5, 28.0]
