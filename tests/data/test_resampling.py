import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_relcon.data import (
    Recording,
    regularize,
    resample,
    resample_labels,
    resample_recording,
    resampled_rate,
)

RATES = st.sampled_from([20, 25, 31.25, 49.95, 50, 64, 100, 128])


def sine(num_samples, rate_hz, frequency_hz):
    time = np.arange(num_samples) / rate_hz
    wave = np.sin(2 * np.pi * frequency_hz * time)
    return np.stack([wave, -0.5 * wave, 1 + 0.1 * wave], axis=1)


@given(RATES, RATES, st.integers(3, 400))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_constant_gravity_is_kept_up_to_the_edges(from_hz, to_hz, num_samples):
    still = np.tile([0.0, -0.6, 0.8], (num_samples, 1))
    result = resample(still, from_hz, to_hz)
    expected = np.tile([0.0, -0.6, 0.8], (len(result), 1))
    np.testing.assert_allclose(result, expected, atol=1e-3)
    # The last output sample is the last one before the input's end.
    assert abs(len(result) / to_hz - num_samples / from_hz) <= 2 / to_hz


@pytest.mark.parametrize(
    "from_hz, to_hz", [(50, 100), (20, 100), (100, 50), (64, 100), (49.9, 100)]
)
def test_slow_sine_is_the_same_at_the_new_rate(from_hz, to_hz):
    result = resample(sine(int(10 * from_hz), from_hz, 2.0), from_hz, to_hz)
    expected = sine(len(result), to_hz, 2.0)
    inner = slice(int(to_hz), -int(to_hz))
    # The Kaiser window of the filter ripples by about 1e-3.
    np.testing.assert_allclose(result[inner], expected[inner], atol=5e-3)
    # The last samples lie after the end of the input: extrapolated.
    known = np.arange(len(result)) / to_hz <= (int(10 * from_hz) - 1) / from_hz
    np.testing.assert_allclose(result[known], expected[known], atol=2e-2)


def test_sine_above_the_new_nyquist_is_removed_not_folded():
    result = resample(sine(1000, 100, 40.0), 100, 50)
    assert np.abs(result[25:-25, 0]).max() < 0.01


def amplitude(signal, rate_hz, frequency_hz):
    """Of the best fitting sine, without the first and last second."""
    edge = int(rate_hz)
    angle = 2 * np.pi * frequency_hz * np.arange(len(signal)) / rate_hz
    basis = np.stack([np.sin(angle), np.cos(angle), 1 + 0 * angle], axis=1)
    inner = slice(edge, -edge)
    weights = np.linalg.lstsq(basis[inner], signal[inner], rcond=None)[0]
    return float(np.hypot(weights[0], weights[1]))


@pytest.mark.parametrize("jitter", [0.0, 0.2, 0.4])
def test_3_hz_at_irregular_37_hz_keeps_its_amplitude_at_100_hz(jitter):
    rng = np.random.default_rng(0)
    index = np.arange(37 * 30)
    times = (index + rng.uniform(-jitter, jitter, len(index))) / 37
    wave = np.sin(2 * np.pi * 3 * times)
    acceleration = np.stack([wave, 0.5 * wave, 1 + 0 * wave], axis=1)
    on_grid, rate_hz, _ = regularize(times, acceleration)
    result = resample(on_grid, rate_hz, 100)
    for axis, expected in ((0, 1.0), (1, 0.5)):
        gain = amplitude(result[:, axis], 100, 3) / expected
        assert abs(gain - 1) < 0.02, f"the amplitude is {gain:.4f} of the true"
    worst = np.abs(result[100:-100, 2] - 1).max()
    assert worst < 1e-3, f"gravity is off by {worst:.1e} g"


@pytest.mark.parametrize("frequency_hz", [12.6, 13, 14, 20, 30, 37.6, 45])
def test_sines_above_the_new_nyquist_are_attenuated_by_40_db(frequency_hz):
    result = resample(sine(4000, 100, frequency_hz), 100, 25)
    # The gain on the first axis: what is left, whatever frequency it folded to.
    left = np.sqrt(2) * (result[25:-25, 0]).std()
    attenuation_db = -20 * np.log10(left + 1e-12)
    assert attenuation_db >= 40, f"attenuated by {attenuation_db:.1f} dB only"


@pytest.mark.parametrize("frequency_hz", [0.5, 3, 6, 9, 10])
@pytest.mark.parametrize("from_hz, to_hz", [(100, 25), (25, 100), (64, 25)])
def test_sines_of_the_pass_band_keep_their_amplitude(
    from_hz, to_hz, frequency_hz
):
    wave = sine(40 * from_hz, from_hz, frequency_hz)
    gain = amplitude(resample(wave, from_hz, to_hz)[:, 0], to_hz, frequency_hz)
    assert abs(gain - 1) < 2e-3, f"the gain is {gain:.5f}"


@pytest.mark.parametrize("frequency_hz", [5, 10, 20])
def test_upsampling_leaves_no_image(frequency_hz):
    result = resample(sine(2000, 50, frequency_hz), 50, 100)
    image = amplitude(result[:, 0], 100, 50 - frequency_hz)
    assert image < 1e-3, f"an image of {image:.1e} of the sine is left"


def test_missing_samples_stay_missing_and_spoil_nothing_else():
    acceleration = sine(500, 50, 1.0)
    clean = resample(acceleration, 50, 100)
    acceleration[200:210] = np.nan
    result = resample(acceleration, 50, 100)
    is_missing = np.isnan(result).all(axis=1)
    assert is_missing[400:419].all()
    assert is_missing.sum() == 21  # and the points between bad and good
    far = np.abs(np.arange(1000) - 409) > 60
    np.testing.assert_allclose(result[far], clean[far], atol=2e-2)


def test_all_samples_missing():
    result = resample(np.full((10, 3), np.nan), 50, 100)
    assert result.shape == (20, 3) and np.isnan(result).all()


def test_same_rate_changes_nothing():
    acceleration = sine(100, 50, 1.0).astype(np.float32)
    np.testing.assert_array_equal(resample(acceleration, 50, 50), acceleration)


@pytest.mark.parametrize(
    "rates", [(0, 100), (50, -1), (np.nan, 1), (50, np.inf), (np.inf, 50)]
)
def test_rates_must_be_positive(rates):
    with pytest.raises(ValueError, match="above 0"):
        resample(np.ones((10, 3)), *rates)


def test_a_signal_must_have_channels():
    with pytest.raises(ValueError, match=r"shape=\(10,\).*axis of channels"):
        resample(np.ones(10), 50, 100)


def test_rate_must_be_within_reach():
    with pytest.raises(ValueError, match="at least `from_hz` / 1000"):
        resample(np.ones((10, 3)), 1e5, 1)


def test_labels_follow_their_samples():
    labels = resample_labels(["a", "a", "b", "b"], 50, 100, 8)
    assert labels.tolist() == ["a", "a", "a", "a", "b", "b", "b", "b"]


@pytest.mark.parametrize("from_hz", [100.02, 49.987, 31.2345, 51.27])
def test_a_rate_that_is_not_met_is_known(from_hz):
    rate_hz = resampled_rate(from_hz, 100)
    assert 0 < abs(rate_hz / 100 - 1) < 6e-4
    result = resample(sine(20_000, from_hz, 2.0), from_hz, 100)
    expected = sine(len(result), rate_hz, 2.0)
    np.testing.assert_allclose(result[100:-100], expected[100:-100], atol=5e-3)
    still = Recording(np.ones((20_000, 3)) / 2, from_hz, "s")
    assert resample_recording(still, 100).sample_rate_hz == rate_hz


@pytest.mark.parametrize("from_hz", [20, 31.25, 49.9, 50, 64, 100, 128])
def test_a_rate_that_is_met_is_the_wanted_one(from_hz):
    assert resampled_rate(from_hz, 100) == 100.0


@pytest.mark.parametrize("from_hz, ratio", [(100.02, 1), (49.99, 2)])
def test_labels_stay_at_their_samples_over_a_long_time(from_hz, ratio):
    labels = np.arange(20_000)
    found = resample_labels(labels, from_hz, 100, 20_000 * ratio)
    shift = np.abs(found - np.arange(len(found)) / ratio)
    assert shift.max() <= 0.5


def test_recording_keeps_everything_but_the_rate():
    recording = Recording(
        sine(100, 50, 1.0),
        50,
        "s",
        labels="sit",
        recording_id="r",
        start_time=5.0,
    )
    result = resample_recording(recording, 100)
    assert result.sample_rate_hz == 100 and result.num_samples == 200
    assert (result.subject, result.recording_id) == ("s", "r")
    assert result.start_time == 5.0
    assert result.labels.tolist() == ["sit"] * 200
    assert resample_recording(recording, 50) is recording


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_regularize_is_exact_on_a_line(seed):
    rng = np.random.default_rng(seed)
    times = 1e9 + np.cumsum(rng.uniform(0.01, 0.03, size=200))
    line = np.stack([times - times[0], 2 - (times - times[0])], axis=1)
    result, rate_hz, _ = regularize(times, line)
    grid = np.arange(len(result)) / rate_hz
    np.testing.assert_allclose(result[:, 0], grid, atol=1e-4)
    np.testing.assert_allclose(result[:, 1], 2 - grid, atol=1e-4)
    # The grid may end behind the last sample by a thousandth of a step.
    assert -1.1e-3 <= ((times[-1] - times[0]) - grid[-1]) * rate_hz <= 1.01


def test_regularize_takes_the_median_rate():
    times = np.arange(100) * 0.02
    times[50:] += 0.013
    _, rate_hz, _ = regularize(times, np.ones((100, 3)))
    assert rate_hz == pytest.approx(50)


def test_regularize_invents_nothing_in_a_long_gap():
    times = np.concatenate([np.arange(50) * 0.02, 5 + np.arange(50) * 0.02])
    result, _, labels = regularize(
        times, np.ones((100, 3)), labels=["a"] * 50 + ["b"] * 50
    )
    is_missing = np.isnan(result).all(axis=1)
    assert not is_missing[:50].any() and is_missing[50:250].all()
    assert not is_missing[250:].any()
    assert labels[0] == "a" and labels[-1] == "b"


def test_regularize_names_the_first_row_out_of_order():
    times = np.arange(10.0)
    times[4] = 2.5
    with pytest.raises(ValueError, match="row 4 .*does not follow row 3"):
        regularize(times, np.ones((10, 3)))
    times[4] = 3.0
    with pytest.raises(ValueError, match="row 4 .*repeats row 3"):
        regularize(times, np.ones((10, 3)))
    with pytest.raises(ValueError, match="at least 2 samples"):
        regularize(times[:1], np.ones((1, 3)))
