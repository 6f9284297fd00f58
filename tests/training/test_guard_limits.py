import pytest
from training.train_script import make_groups

from keras_relcon.training import LossGuard

pytestmark = pytest.mark.every_backend


def test_a_loss_of_just_the_limit_goes_on(tmp_path):
    """The largest loss that is allowed is one that is allowed."""
    guard = LossGuard(tmp_path / "bad.jsonl", make_groups(), largest_loss=5.0)
    guard.on_epoch_begin(0)
    guard.on_train_batch_end(0, {"loss": 5.0})
    guard.on_train_batch_end(1, {"loss": 5.0})
    assert not guard.path.exists()
    # The mean of 5, 5 and 5.75 is of a batch above it.
    with pytest.raises(FloatingPointError, match="at most 5.*loss=5.75"):
        guard.on_train_batch_end(2, {"loss": 5.25})
