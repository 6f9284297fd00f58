import numpy as np
import pytest
from support import to_numpy

from keras_relcon.models import mlp_projector

pytestmark = pytest.mark.every_backend


def test_no_activation_after_the_last_layer(rng):
    projector = mlp_projector([5, 3])
    x = rng.normal(size=(4, 7)).astype("float32")
    output = to_numpy(projector(x))
    first, last = projector.layers
    hidden = np.maximum(x @ to_numpy(first.kernel) + to_numpy(first.bias), 0)
    expected = hidden @ to_numpy(last.kernel) + to_numpy(last.bias)
    np.testing.assert_allclose(output, expected, atol=1e-5)
    assert (output < 0).any()


@pytest.mark.parametrize("widths", [[], [8, 0], [8.0], ["8"], 8, None])
def test_widths_are_positive(widths):
    with pytest.raises(ValueError, match="one positive int per layer"):
        mlp_projector(widths)
