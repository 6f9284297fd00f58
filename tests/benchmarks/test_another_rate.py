"""`benchmarks/another_rate.py` beside linear interpolation of NumPy."""

import numpy as np
import pytest
from keras import ops
from support import to_numpy


@pytest.fixture
def another_rate(load_benchmark):
    return load_benchmark("another_rate")


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.0, 1.3, 2.0])
def test_a_window_is_read_at_another_rate(another_rate, rng, factor):
    x = rng.normal(size=(2, 21, 3)).astype("float32")
    draw = ops.convert_to_tensor(np.full(2, factor, "float32"))
    found = to_numpy(another_rate.AnotherRate(2).apply(x, draw))
    # To and fro on both sides, so that nothing is read beyond an end.
    long = np.pad(x, ((0, 0), (20, 20), (0, 0)), mode="reflect")
    at = 10 + (np.arange(21) - 10) * factor
    for row in range(2):
        for axis in range(3):
            expected = np.interp(at, np.arange(-20, 41), long[row, :, axis])
            np.testing.assert_allclose(
                found[row, :, axis], expected, rtol=1e-4, atol=1e-5
            )


def test_each_window_has_a_rate_of_its_own_within_the_limits(another_rate):
    layer = another_rate.AnotherRate(1.5, seed=0)
    draws = to_numpy(layer.draw((1000, 21, 3)))
    assert draws.shape == (1000,)
    assert 1 / 1.5 <= draws.min() < 0.7 and 1.45 < draws.max() <= 1.5
    assert abs(np.log(draws).mean()) < 0.03
