"""Calibration at rest, against devices whose offset and gain are known."""

import re
import warnings

import numpy as np
import pytest
from device_format import write_cwa
from scipy.optimize import least_squares

from keras_relcon.data import (
    find_calibration,
    read_recording,
    resample_recording,
)

RATE_HZ = 50
OFFSET = np.array([0.04, -0.06, 0.03])  # g, added to what is measured
GAIN = np.array([1.03, 0.98, 1.01])


def postures(num_postures, only_up=False, seed=0):
    directions = np.random.default_rng(seed).normal(size=(num_postures, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    if only_up:
        directions[:, 2] = np.abs(directions[:, 2])
    return directions


def measured(directions, noise_g=0.003, seed=1):
    """Twelve seconds in each posture, a second of motion in between."""
    generator = np.random.default_rng(seed)
    still = np.repeat(directions[:, None], 12 * RATE_HZ, axis=1)
    still = still + generator.normal(scale=noise_g, size=still.shape)
    shape = (len(directions), RATE_HZ, 3)
    moved = directions[:, None] + generator.normal(scale=0.5, size=shape)
    true = np.concatenate([still, moved], axis=1).reshape(-1, 3)
    return true / GAIN - OFFSET


def fitted_otherwise(means):
    """Offset and gain by least squares of the distance from the sphere."""

    def distance(values):
        return np.linalg.norm((means + values[:3]) * values[3:], axis=1) - 1

    found = least_squares(distance, [0, 0, 0, 1, 1, 1], xtol=1e-14).x
    return found[:3], found[3:]


def test_known_offset_and_gain_are_found():
    signal = measured(postures(200))
    found = find_calibration(signal, RATE_HZ)
    assert found.refusal is None
    np.testing.assert_allclose(found.offset_g, OFFSET, atol=1e-3)
    np.testing.assert_allclose(found.gain, GAIN, atol=1e-3)
    assert found.error_before_g > 0.03 and found.error_after_g < 1e-3
    calibrated = found.apply(signal)
    assert calibrated.dtype == np.float32
    expected = (signal + OFFSET) * GAIN
    np.testing.assert_allclose(calibrated, expected, atol=0.01)


def test_it_is_the_least_squares_fit():
    signal = measured(postures(150, seed=3), noise_g=0.001)
    length = 10 * RATE_HZ
    count = len(signal) // length
    windows = signal[: count * length].reshape(count, length, 3)
    means = windows.mean(axis=1)[(windows.std(axis=1) < 0.013).all(axis=1)]
    found = find_calibration(signal, RATE_HZ)
    assert found.num_still_windows == len(means)
    offset, gain = fitted_otherwise(means)
    np.testing.assert_allclose(found.offset_g, offset, atol=3e-4)
    np.testing.assert_allclose(found.gain, gain, atol=3e-4)
    error = np.abs(np.linalg.norm(means, axis=1) - 1).mean()
    assert found.error_before_g == pytest.approx(error)


def test_a_right_device_is_left_right():
    signal = (measured(postures(100)) + OFFSET) * GAIN
    found = find_calibration(signal, RATE_HZ)
    np.testing.assert_allclose(found.offset_g, 0, atol=1e-3)
    np.testing.assert_allclose(found.gain, 1, atol=1e-3)


def test_a_device_without_any_error_is_not_refused():
    exact = np.repeat(postures(100), 10 * RATE_HZ, axis=0).astype(np.float32)
    found = find_calibration(exact, RATE_HZ)
    assert found.refusal is None and found.error_after_g < 1e-6


def test_one_posture_of_a_night_does_not_outweigh_the_others():
    signal = measured(postures(100))
    posture = measured(postures(1), noise_g=0)[:1] + 0.005  # as by warmth
    night = np.tile(posture, (3600 * RATE_HZ, 1))
    found = find_calibration(np.concatenate([signal, night]), RATE_HZ)
    np.testing.assert_allclose(found.offset_g, OFFSET, atol=2e-3)
    np.testing.assert_allclose(found.gain, GAIN, atol=2e-3)


@pytest.mark.parametrize(
    "directions, reason",
    [
        (postures(5), "windows of 10 s are still, and 10 must be"),
        (postures(100, only_up=True), "reach 0.3 g.*z from"),
        (
            postures(100) * np.linspace(0.9, 1.1, 100)[:, None],
            "error is [1-9][0-9]\\.. mg behind it",
        ),
    ],
)
def test_what_does_not_lie_on_a_sphere_all_around_is_refused(
    directions, reason
):
    signal = measured(directions).astype(np.float32)
    found = find_calibration(signal, RATE_HZ)
    assert re.search(reason, found.refusal)
    assert (found.gain == 1).all() and (found.offset_g == 0).all()
    np.testing.assert_array_equal(found.apply(signal), signal)


def test_missing_and_idle_samples_are_not_still():
    signal = measured(postures(100))
    signal[:5000] = np.nan
    signal[5000:10000] = 0
    found = find_calibration(signal, RATE_HZ)
    np.testing.assert_allclose(found.offset_g, OFFSET, atol=2e-3)


def test_a_moving_device_is_not_still():
    found = find_calibration(measured(postures(100), noise_g=0.02), RATE_HZ)
    assert found.num_still_windows == 0


def test_a_device_that_is_stuck_is_not_still():
    signal = measured(postures(100))
    signal[:5000] = np.nan
    expected = find_calibration(signal, RATE_HZ).num_still_windows
    signal[:5000] = [3.0, 0.0, 0.0]
    assert find_calibration(signal, RATE_HZ).num_still_windows == expected


@pytest.mark.parametrize("shape, rate", [((9, 2), 50), ((9, 3), 0)])
def test_what_is_no_signal_is_refused(shape, rate):
    with pytest.raises(ValueError, match=r"shape \(num_samples, 3\).*Received"):
        find_calibration(np.zeros(shape), rate)


def test_a_device_file_is_calibrated_on_request(tmp_path):
    pytest.importorskip("actfast")
    path = write_cwa(tmp_path / "a.cwa", measured(postures(100)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = read_recording(path, "s")
        recording = read_recording(path, "s", calibrate=True)
    assert plain.calibration is None
    found = recording.calibration
    np.testing.assert_allclose(found.offset_g, OFFSET, atol=2e-3)
    np.testing.assert_allclose(found.gain, GAIN, atol=2e-3)
    np.testing.assert_allclose(
        recording.acceleration, found.apply(plain.acceleration), atol=1e-4
    )
    assert resample_recording(recording, 25).calibration is found


def test_a_table_that_cannot_be_calibrated_is_left_with_the_reason(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y,z\n" + "0.0,0.6,0.8\n" * 500)
    with pytest.warns(UserWarning, match="lay still.*a.csv.*1 windows.*left"):
        recording = read_recording(path, "s", RATE_HZ, calibrate=True)
    assert "10 must be" in recording.calibration.refusal
    np.testing.assert_allclose(recording.acceleration[0], [0, 0.6, 0.8])
