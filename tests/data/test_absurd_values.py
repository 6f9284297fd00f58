"""One number that no device measures spoils the windows that hold it only."""

import warnings

import numpy as np
import pytest

from keras_relcon.data import (
    Recording,
    make_windows,
    read_recording,
    regularize,
    resample,
)
from keras_relcon.data.units import without_absurd

RATE_HZ = 50


def signal(num_samples=3000):
    time = np.arange(num_samples) / RATE_HZ
    axes = [0.3 * np.sin(9 * time), 0.2 * np.cos(5 * time), 1 + 0 * time]
    return np.stack(axes, axis=1)


def write(path, values, unit=1.0, has_times=False):
    lines = ["time,x,y,z" if has_times else "x,y,z"]
    for k, row in enumerate(values * unit):
        time = [f"{k / RATE_HZ:.2f}"] if has_times else []
        lines.append(",".join([*time, *(f"{value:.7g}" for value in row)]))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("row", [0, 1500])
@pytest.mark.parametrize("unit", ["g", "m/s2"])
@pytest.mark.parametrize("has_times", [True, False])
def test_an_absurd_value_of_a_file(tmp_path, row, unit, has_times):
    values = signal()
    values[row, 1] = 2.6e7
    path = write(
        tmp_path / "a.csv", values, 9.80665 if unit == "m/s2" else 1, has_times
    )
    options = {} if has_times else {"sample_rate_hz": RATE_HZ}
    with pytest.warns(UserWarning, match=rf"1 of 3000 samples.*0: {row}\)"):
        spoilt = read_recording(path, "s", unit=unit, **options)
    check_windows(spoilt, row)


@pytest.mark.parametrize("value", [2.6e7, -1e30, 1e300, 101.0])
def test_an_absurd_value_of_an_array(value):
    values = signal()
    values[1500, 2] = value
    given = values.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spoilt = Recording(values, RATE_HZ, "s")
    np.testing.assert_array_equal(values, given)
    check_windows(spoilt, 1500)


def test_an_absurd_value_of_a_recording_is_counted():
    values = signal().astype(np.float32)
    values[[3, 5]] = 1e5
    with pytest.warns(UserWarning, match="within 100 g.*'s', with 2 of 3000"):
        Recording(values, RATE_HZ, "s")
    assert values[3, 0] == 1e5  # the caller's array is the caller's


def test_what_a_device_of_impacts_measures_is_kept():
    values = signal()
    values[100] = [99.0, -60.0, 20.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = Recording(values, RATE_HZ, "s")
    np.testing.assert_allclose(recording.acceleration[100], values[100])


def test_a_wrong_unit_is_no_absurd_value(tmp_path):
    """Raw counts are refused as such, not taken away one by one."""
    counts = signal() * 256
    assert without_absurd(counts)[1] is None
    path = write(tmp_path / "a.csv", counts)
    with pytest.raises(ValueError, match="raw counts"):
        read_recording(path, "s", sample_rate_hz=RATE_HZ)


def check_windows(spoilt, row):
    """All windows are those of the clean signal, but the ones with the row."""
    clean = Recording(signal(), RATE_HZ, "s")
    options = {"sample_rate_hz": 100, "window_length": 256, "stride": 256}
    found, expected = (
        make_windows(spoilt, **options),
        make_windows(clean, **options),
    )
    holds = np.zeros(len(expected.valid), bool)
    # The filter reaches a sample or two to each side of what is missing.
    for sample in (2 * row - 4, 2 * row, 2 * row + 4):
        holds[min(max(sample, 0) // 256, len(holds) - 1)] = True
    assert not found.valid[2 * row // 256]
    np.testing.assert_array_equal(found.valid, ~holds)
    error = np.abs(found.acceleration - expected.acceleration)[~holds]
    # The straight line over the sample reaches others through the filter.
    assert error.max() < 0.01
    far = error[np.arange(len(error)) != 2 * row // 256 - 1]
    assert np.median(far) < 1e-6


@pytest.mark.parametrize("scale", [1.0, 9.80665])
def test_resample_and_regularize_keep_an_absurd_value_to_itself(scale):
    clean = scale * signal()
    spoilt = np.array(clean)
    spoilt[1500, 0] = 1e7
    times = np.arange(len(clean)) / RATE_HZ
    for change in (
        lambda values: resample(values, RATE_HZ, 2 * RATE_HZ),
        lambda values: regularize(times, values, 2 * RATE_HZ)[0],
    ):
        with pytest.warns(UserWarning, match="within 100 g.*1 of 3000.*1500"):
            found = change(spoilt)
        is_known = np.isfinite(found).all(axis=1)
        assert 1 <= (~is_known).sum() <= 3
        difference = np.abs(found - change(clean))[is_known]
        assert difference.max() < 0.1 * scale


def test_resample_leaves_channels_that_are_no_axes():
    counts = np.full((100, 1), 1e7)
    counts[50] = -1e7
    assert np.isfinite(resample(counts, 50, 100)).all()
