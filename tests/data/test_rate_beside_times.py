"""A given rate and unused times: how far apart is told, as documented."""

import warnings

import numpy as np
import pytest

from keras_relcon.data import read_recording


def write(path, rate_hz):
    rows = ["time,x,y,z"]
    rows += [f"{k / rate_hz:.6f},0.0,0.0,1.0" for k in range(200)]
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("rate_hz", [46, 53, 54])
def test_more_than_a_twentieth_is_told(tmp_path, rate_hz):
    """A clock of a device is off by less than 5 %."""
    path = write(tmp_path / "a.csv", rate_hz)
    with pytest.warns(UserWarning, match=f"is 50, while.*rate of {rate_hz}"):
        recording = read_recording(path, "s", sample_rate_hz=50)
    assert recording.sample_rate_hz == 50


@pytest.mark.parametrize("rate_hz", [48, 49.9, 52])
def test_a_clock_that_is_off_by_less_is_not(tmp_path, rate_hz):
    path = write(tmp_path / "a.csv", rate_hz)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(path, "s", sample_rate_hz=50)
    np.testing.assert_allclose(recording.duration_seconds, 4.0)
