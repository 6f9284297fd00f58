import numpy as np
import pytest

from keras_relcon.data.at_rest import (
    rest_magnitude,
    rest_magnitude_of_windows,
    without_gravity_message,
)

RATE_HZ = 50


def day(gravity, rest_seconds=20, moving_seconds=60):
    """Rest, then motion of half a g."""
    rng = np.random.default_rng(0)
    count = RATE_HZ * (rest_seconds + moving_seconds)
    values = rng.normal(0, 0.005, (count, 3)) + np.array([0, 0, gravity])
    moving = slice(RATE_HZ * rest_seconds, None)
    values[moving] += rng.normal(0, 0.5, values[moving].shape)
    return values


@pytest.mark.parametrize("gravity", [0.0, 0.02, 0.95, 1.0])
def test_it_is_that_of_the_seconds_at_rest(gravity):
    found = rest_magnitude(day(gravity), RATE_HZ)
    assert found == pytest.approx(gravity, abs=0.01)
    is_said = without_gravity_message(found, "a", "Look.") is not None
    assert is_said == (gravity < 0.3)


def test_without_rest_nothing_is_known():
    assert np.isnan(rest_magnitude(day(0.0, rest_seconds=2), RATE_HZ))
    assert np.isnan(rest_magnitude(np.ones((10, 3)), RATE_HZ))
    assert without_gravity_message(np.nan, "a", "Look.") is None


def test_zeros_and_missing_seconds_do_not_count():
    values = day(1.0)
    values[: 8 * RATE_HZ] = 0
    values[8 * RATE_HZ : 12 * RATE_HZ] = np.nan
    assert rest_magnitude(values, RATE_HZ) == pytest.approx(1, abs=0.01)
    assert np.isnan(rest_magnitude(np.zeros((5000, 3)), RATE_HZ))


def test_windows_are_looked_at_one_by_one():
    windows = day(0.0).reshape(-1, 100, 3)
    assert rest_magnitude_of_windows(windows) == pytest.approx(0, abs=0.01)
    assert np.isnan(rest_magnitude_of_windows(windows[:0]))


def test_the_message_says_what_to_do():
    text = without_gravity_message(0.012, "recording 'a'", "Look.")
    assert text == (
        "A device at rest must measure gravity, 1 g. Received: recording 'a', "
        "with a median magnitude of 0.01 g where it rests. This is "
        "acceleration without gravity. Look."
    )
