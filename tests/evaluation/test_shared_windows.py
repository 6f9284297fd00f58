import numpy as np
import pytest

from keras_relcon.evaluation import leaks

ROWS = {
    "train": np.array([0, 1]),
    "validation": np.array([2]),
    "test": np.array([3, 4]),
}


@pytest.mark.parametrize("part, row", [("train", 1), ("validation", 2)])
def test_a_test_window_in_either_other_part_is_found(rng, part, row):
    """Validation rows choose, and many probes are fitted on them as well."""
    acceleration = rng.normal(size=(5, 16, 3)).astype("float32")
    leaks.check_no_shared_windows(acceleration, ROWS)
    acceleration[row] = acceleration[4]
    with pytest.raises(ValueError, match="Received: 1 windows"):
        leaks.check_no_shared_windows(acceleration, ROWS)


def test_test_windows_may_be_alike_among_themselves(rng):
    acceleration = rng.normal(size=(5, 16, 3)).astype("float32")
    acceleration[3] = acceleration[4]
    leaks.check_no_shared_windows(acceleration, ROWS)
