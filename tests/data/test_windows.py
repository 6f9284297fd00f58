import dataclasses
import warnings

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_relcon.data import Recording, Windows, make_windows


def ramp(num_samples, subject="s", **kwargs):
    """Each sample tells its own time."""
    time = np.arange(num_samples) / 1e4
    return Recording(np.stack([time] * 3, 1), 100, subject, **kwargs)


@given(st.integers(2, 60), st.integers(1, 70), st.integers(0, 200))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_windows_start_at_every_multiple_of_the_stride(length, stride, extra):
    num_samples = length + extra
    windows = make_windows(
        ramp(num_samples), window_length=length, stride=stride
    )
    assert len(windows) == (num_samples - length) // stride + 1
    starts = np.arange(len(windows)) * stride
    expected = (starts[:, None] + np.arange(length)) / 1e4
    np.testing.assert_allclose(
        windows.acceleration[:, :, 1], expected, atol=1e-7
    )
    np.testing.assert_allclose(windows.start_seconds, starts / 100)
    assert windows.valid.all()


RATES = st.sampled_from([20, 31.25, 50, 64, 99.7, 100])


def noise(num_samples, rate_hz, seed):
    acceleration = np.random.default_rng(seed).normal(size=(num_samples, 3))
    return Recording(0.5 * acceleration, rate_hz, "s")


@given(RATES, st.integers(2, 80), st.integers(1, 12), st.data())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_windows_side_by_side_are_the_recording(rate_hz, length, num, data):
    rest = data.draw(st.integers(0, length - 1))
    recording = noise(num * length + rest, rate_hz, length)
    windows = make_windows(recording, rate_hz, length, stride=length)
    assert len(windows) == num
    np.testing.assert_array_equal(
        windows.acceleration.reshape(-1, 3),
        recording.acceleration[: num * length],
    )


@given(RATES, st.integers(2, 60), st.integers(1, 90), st.integers(0, 300))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_no_sample_of_a_window_is_shifted(rate_hz, length, stride, extra):
    recording = noise(length + extra, rate_hz, stride)
    windows = make_windows(recording, rate_hz, length, stride)
    assert len(windows) == extra // stride + 1
    for index, window in enumerate(windows.acceleration):
        start = index * stride
        np.testing.assert_array_equal(
            window, recording.acceleration[start : start + length]
        )
        assert windows.start_seconds[index] == index * (stride / rate_hz)
        assert round(windows.start_seconds[index] * rate_hz) == start


@given(st.integers(2, 60), st.integers(1, 60), st.integers(0, 200))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_overlapping_windows_cover_every_sample(length, stride, extra):
    stride = min(stride, length)
    windows = make_windows(ramp(length + extra), 100, length, stride)
    seen = np.unique(np.rint(windows.acceleration[:, :, 0] * 1e4).astype(int))
    last = (len(windows) - 1) * stride + length
    np.testing.assert_array_equal(seen, np.arange(last))
    assert length + extra - last < stride  # what is left gives no window


@given(
    st.lists(st.integers(1, 150), min_size=1, max_size=5), st.integers(2, 40)
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_windows_of_several_recordings_do_not_mix(lengths, length):
    lengths = [*(max(n, 2) for n in lengths), length]
    recordings = [noise(n, 100, seed) for seed, n in enumerate(lengths)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are shorter than a window
        windows = make_windows(recordings, 100, length, length)
    expected = [
        r.acceleration[: r.num_samples // length * length] for r in recordings
    ]
    np.testing.assert_array_equal(
        windows.acceleration.reshape(-1, 3), np.concatenate(expected)
    )


@given(st.integers(2, 30), st.integers(1, 30), st.sets(st.integers(0, 199)))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_window_is_valid_if_no_sample_of_it_is_missing(
    length, stride, missing
):
    acceleration = np.full((200, 3), 0.5)
    acceleration[sorted(missing), 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # samples are not finite
        recording = Recording(acceleration, 100, "s")
    windows = make_windows(recording, 100, length, stride)
    for index, is_valid in enumerate(windows.valid):
        samples = range(index * stride, index * stride + length)
        assert is_valid == missing.isdisjoint(samples)


def test_columns_say_where_each_window_is_from():
    windows = make_windows(
        [
            ramp(300, "a", labels="x", recording_id="first"),
            ramp(256, "b", labels="y"),
        ],
        stride=32,
    )
    assert windows.acceleration.shape == (3, 256, 3)
    assert windows.acceleration.dtype == np.float32
    assert windows.subjects.tolist() == ["a", "a", "b"]
    assert windows.recordings.tolist() == ["first", "first", "recording_1"]
    assert windows.labels.tolist() == ["x", "x", "y"]
    assert windows.sample_rate_hz == 100


def test_resamples_to_the_rate_of_the_windows():
    still = Recording(np.tile([0.0, 0.0, 1.0], (128, 1)), 50, "s")
    windows = make_windows(still, sample_rate_hz=100)
    assert len(windows) == 1
    np.testing.assert_allclose(windows.acceleration[0, :, 2], 1, atol=1e-3)


def test_starts_are_right_at_a_rate_that_is_not_met():
    recording = noise(20_000, 100.02, 0)
    windows = make_windows(recording, 100, 200, 100)
    samples = np.rint(windows.start_seconds * 100.02).astype(int)
    np.testing.assert_allclose(windows.start_seconds, samples / 100.02)
    np.testing.assert_array_equal(
        windows.acceleration[:, 0], recording.acceleration[samples]
    )
    assert windows.sample_rate_hz == 100


def test_label_is_the_most_frequent_and_the_smallest_of_a_tie():
    labels = list("bbbaaabbbb") + list("ccaabbccaa")
    windows = make_windows(ramp(20, labels=labels), window_length=10, stride=10)
    assert windows.labels.tolist() == ["b", "a"]


def test_windows_over_missing_samples_are_invalid_and_zero_there():
    acceleration = np.ones((40, 3)) / 2
    acceleration[15, 1] = np.nan
    with pytest.warns(UserWarning, match="not finite"):
        recording = Recording(acceleration, 100, "s")
    windows = make_windows(recording, window_length=10, stride=10)
    assert windows.valid.tolist() == [True, False, True, True]
    assert np.isfinite(windows.acceleration).all()
    assert windows.acceleration[1, 5, 1] == 0
    assert np.isnan(recording.acceleration[15, 1])  # the input is untouched


def test_short_recordings_are_left_out_with_one_warning():
    recordings = [ramp(10), ramp(300), ramp(20)]
    with pytest.warns(UserWarning, match="2 of 3 recordings") as caught:
        windows = make_windows(recordings)
    assert len(caught) == 1 and len(windows) == 1
    assert windows.recordings.tolist() == ["recording_1"]


def test_nothing_long_enough():
    with pytest.raises(ValueError, match="as long as a window.*2.56 s"):
        make_windows([ramp(10), ramp(20)])


def test_select_by_mask_and_by_index():
    windows = make_windows(ramp(100), window_length=10, stride=10)
    mask = windows.start_seconds > 0.65
    assert len(windows.select(mask)) == 3
    picked = windows.select([2, 0])
    assert isinstance(picked, Windows)
    np.testing.assert_allclose(picked.start_seconds, [0.2, 0.0])
    np.testing.assert_array_equal(
        picked.acceleration[0], windows.acceleration[2]
    )
    assert picked.labels is None
    assert len(windows.select([])) == 0
    with pytest.raises(ValueError, match="one value per window"):
        windows.select([True, False])


def test_columns_may_be_lists_and_series():
    signal = np.arange(12.0).reshape(4, 1, 3)
    windows = Windows(
        signal,
        ["a", "a", "b", "b"],
        pandas.Categorical(["w", "x", "y", "z"]),
        pandas.Series(["r"] * 4),
        (0.0, 1.0, 2.0, 3.0),
        [True, True, False, True],
        100.0,
        targets={"speed": [1, 2, 3, 4]},
    )
    picked = windows.select([3, 0])
    assert picked.labels.tolist() == ["z", "w"]
    assert picked.subjects.tolist() == ["b", "a"]
    assert picked.targets["speed"].tolist() == [4, 1]
    assert len(windows.select(windows.valid).labels) == 3


@pytest.mark.parametrize(
    "name", ["subjects", "labels", "recordings", "start_seconds", "valid"]
)
def test_each_window_has_one_value_of_each_column(name):
    windows = make_windows(ramp(600, labels="x"))
    short = {name: getattr(windows, name)[:-1]}
    with pytest.raises(ValueError, match=f"`{name}` must have one value per w"):
        dataclasses.replace(windows, **short)


def test_each_window_has_one_target():
    windows = make_windows(ramp(600))
    with pytest.raises(ValueError, match="`speed` must have one value per w"):
        dataclasses.replace(windows, targets={"speed": [1.0]})


def test_sizes_may_be_whole_floats():
    whole = make_windows(ramp(300), 100, 64, 32)
    floats = make_windows(ramp(300), 100.0, 64.0, 32.0)
    np.testing.assert_array_equal(floats.acceleration, whole.acceleration)


@pytest.mark.parametrize("value", [0, 12.5, True, "128", None, np.inf])
@pytest.mark.parametrize("name", ["stride", "window_length"])
def test_sizes_are_whole_numbers(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number"):
        make_windows(ramp(300), **{name: value})


def test_wrong_arguments():
    with pytest.raises(ValueError, match="finite number, above 0.*=inf"):
        make_windows(ramp(300), sample_rate_hz=np.inf)
    with pytest.raises(ValueError, match="`window_length` must be"):
        make_windows(ramp(300), window_length=1)
    with pytest.raises(ValueError, match="`sample_rate_hz` must be .*above 0"):
        make_windows(ramp(300), sample_rate_hz=0)
    with pytest.raises(ValueError, match="at least one recording"):
        make_windows([])
    with pytest.raises(TypeError, match="one `Recording` or a list"):
        make_windows([np.ones((300, 3))])
    with pytest.raises(ValueError, match="must have labels, or none.*1 of 2"):
        make_windows([ramp(300, labels="x"), ramp(300)])


def test_replaced_windows_of_another_number_have_no_clock():
    recording = ramp(600, start_time=1.7e9)
    windows = make_windows(recording)
    fewer = {
        name: getattr(windows, name)[:1]
        for name in ("acceleration", "subjects", "recordings", "valid")
    }
    fewer["start_seconds"] = windows.start_seconds[:1]
    with pytest.raises(ValueError, match="`start_times` must have one value"):
        dataclasses.replace(windows, **fewer)
    unknown = make_windows(ramp(600))
    replaced = dataclasses.replace(unknown, **fewer)
    assert len(replaced.start_times) == len(replaced.time_zones) == 1
    assert np.isnan(replaced.start_times).all()


def test_validity_may_be_numbers():
    windows = Windows(
        np.zeros((3, 8, 3)), ["a"] * 3, None, ["r"] * 3, [0, 1, 2], [1, 0, 1], 8
    )
    kept = windows.select(windows.valid)
    assert kept.start_seconds.tolist() == [0, 2]
