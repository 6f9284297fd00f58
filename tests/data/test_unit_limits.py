"""The median magnitudes by which a unit is refused, as documented."""

import numpy as np
import pytest

from keras_relcon.data import Recording
from keras_relcon.data.units import to_g


def still(magnitude):
    return np.tile([0.0, 0.0, magnitude], (10, 1))


def test_no_motion_has_a_median_above_4_g():
    Recording(still(3.99), 50, "s")
    np.testing.assert_allclose(to_g(still(3.99), "g"), still(3.99), rtol=1e-6)
    with pytest.raises(ValueError, match="must be in g"):
        Recording(still(4.01), 50, "s")
    with pytest.raises(ValueError, match="unit of the data"):
        to_g(still(4.01), "g")


@pytest.mark.parametrize(
    "magnitude, is_refused",
    [(0.79, False), (0.81, True), (1.0, True), (1.29, True), (1.31, False)],
)
def test_a_median_near_1_is_not_in_metres(magnitude, is_refused):
    """From 0.8 to 1.3 it is the magnitude of a device at rest, in g."""
    if is_refused:
        with pytest.raises(ValueError, match='unit="g"'):
            to_g(still(magnitude), "m/s2")
    else:
        found = to_g(still(magnitude), "m/s2")
        np.testing.assert_allclose(found, still(magnitude / 9.80665), rtol=1e-6)


def test_standard_gravity_has_all_its_digits():
    """9.80665 m/s2, by definition (3rd CGPM, 1901)."""
    found = to_g(still(9.80665), "m/s2")
    np.testing.assert_allclose(found[:, 2], 1.0, rtol=1e-7)
