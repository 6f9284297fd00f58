"""Zeros with which software fills the time while a device sleeps."""

import warnings

import numpy as np
import pytest
from device_format import write_gt3x

from keras_relcon.data import read_recording

RATE_HZ = 30


def awake(num_samples=900):
    time = np.arange(num_samples) / RATE_HZ
    return np.stack(
        [0.2 * np.sin(5 * time), -0.6 + 0 * time, 0.8 + 0 * time], axis=1
    )


def write(path, values, names="Accelerometer {}", has_times=True):
    """A table as ActiLife exports it, without its preamble."""
    header = [names.format(axis) for axis in "XYZ"]
    lines = [",".join([*(["Timestamp"] if has_times else []), *header])]
    for k, row in enumerate(values):
        second = f"{10 + k / RATE_HZ:09.6f}"
        time = [f"2024-05-01T10:00:{second}"] if has_times else []
        lines.append(",".join([*time, *(f"{value:.3f}" for value in row)]))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("has_times", [True, False])
def test_zeros_that_repeat_are_missing_and_counted(tmp_path, has_times):
    values = awake()
    values[300:600] = 0
    path = write(tmp_path / "a.csv", values, has_times=has_times)
    options = {} if has_times else {"sample_rate_hz": RATE_HZ}
    with pytest.warns(UserWarning, match="300 of 900 rows of 0, 0, 0.*row 300"):
        recording = read_recording(path, "s", **options)
    assert recording.num_samples == 900
    is_known = np.isfinite(recording.acceleration).all(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(~is_known), range(300, 600))
    np.testing.assert_allclose(
        recording.acceleration[is_known], values[is_known], atol=2e-3
    )


def test_zeros_of_a_device_file_are_missing(tmp_path):
    pytest.importorskip("actfast")
    values = awake()
    values[:90] = 0
    path = write_gt3x(tmp_path / "a.gt3x", values, RATE_HZ)
    with pytest.warns(UserWarning, match="90 of 900 rows of 0, 0, 0"):
        recording = read_recording(path, "s")
    assert np.isnan(recording.acceleration[:90]).all()
    assert np.isfinite(recording.acceleration[90:]).all()


def test_a_single_row_of_zeros_may_be_a_fall(tmp_path):
    values = awake()
    values[[100, 200, 201, 300]] = 0
    values[400:700, 1] = 0  # on one axis alone
    path = write(tmp_path / "a.csv", values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(path, "s")
    assert np.isfinite(recording.acceleration).all()


def test_without_gravity_zeros_are_rest(tmp_path):
    values = awake() * 0.1
    values[300:600] = 0
    path = write(tmp_path / "a.csv", values, "linear_acc_{}")
    with pytest.warns(UserWarning, match="without gravity"):
        recording = read_recording(path, "s")
    assert np.isfinite(recording.acceleration).all()


def test_zeros_do_not_hide_the_unit(tmp_path):
    """Most of the file is filled: the median of all rows would be 0."""
    values = awake() * 9.80665
    values[200:] = 0
    path = write(tmp_path / "a.csv", values)
    with pytest.warns(UserWarning, match="700 of 900"):
        with pytest.raises(ValueError, match='Pass unit="m/s2"'):
            read_recording(path, "s")


def test_a_file_of_zeros_alone_is_refused(tmp_path):
    path = write(tmp_path / "a.csv", 0 * awake())
    with pytest.warns(UserWarning, match="900 of 900"):
        with pytest.raises(ValueError, match="finite on all axes"):
            read_recording(path, "s")
