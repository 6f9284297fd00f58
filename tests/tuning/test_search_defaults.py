"""What a search takes where it is not told: as documented."""

import numpy as np

from keras_relcon.data import Windows
from keras_relcon.evaluation import Fold, LinearProbe
from keras_relcon.tuning import ValidationProbe


def windows_of(subjects):
    count = len(subjects)
    return Windows(
        acceleration=np.zeros((count, 8, 3), "float32"),
        subjects=np.array(subjects),
        labels=np.array(["walking"] * count),
        recordings=np.array(["r"] * count),
        start_seconds=np.arange(count, dtype="float64"),
        valid=np.ones(count, bool),
        sample_rate_hz=100.0,
    )


def test_a_probe_has_one_penalty_so_that_nothing_is_chosen():
    """With several, the rows that are scored would choose among them."""
    probe = ValidationProbe(
        windows_of(["a", "b", "c"]), [Fold(("a",), ("b",), ("c",))]
    )
    assert vars(probe.task) == vars(LinearProbe((0.1,)))
    assert probe.batch_size == 256
