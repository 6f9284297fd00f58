import numpy as np
import pytest
from keras import ops
from support import to_numpy

from keras_relcon.layers import SpanMask

pytestmark = pytest.mark.every_backend


def test_a_span_becomes_the_mean_of_the_rest(rng):
    x = rng.normal(2, 1, size=(4, 20, 3)).astype("float32")
    starts = np.array([0, 3, 7, 13], "int32")
    output = to_numpy(
        SpanMask(7).apply(*map(ops.convert_to_tensor, (x, starts)))
    )
    for window, expected, start in zip(output, x.astype("float64"), starts):
        kept = np.delete(expected, np.arange(start, start + 7), axis=0)
        expected[start : start + 7] = kept.mean(0)
        np.testing.assert_allclose(window, expected, rtol=1e-5, atol=1e-6)


def test_every_start_is_drawn_and_none_beyond_the_window():
    starts = to_numpy(SpanMask(7, seed=0).draw((400, 10, 3)))
    assert set(starts.tolist()) == {0, 1, 2, 3}


def test_spans_that_hide_nothing_or_all_are_refused(rng):
    for length in (0, 2.5):
        with pytest.raises(ValueError, match="at least 1.*span_length="):
            SpanMask(length)
    with pytest.raises(ValueError, match="longer than the span, 20 samples"):
        SpanMask(20)(rng.normal(size=(2, 20, 3)).astype("float32"))
