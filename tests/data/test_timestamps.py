from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from keras_relcon.data import read_recording, read_recordings
from keras_relcon.data.readers.read_rows import read_rows
from keras_relcon.data.readers.time_units import UNIT_IN_NAME
from keras_relcon.data.readers.timestamps import (
    parse_times,
    split_at_gaps,
    to_seconds,
)

START = datetime(2023, 10, 29, 0, 59, 58, tzinfo=timezone.utc)
NUM = 200  # four seconds at 50 Hz: the clock changes in the middle


def write(path, times, labels=None):
    """A line in time, so that each sample tells when it was taken."""
    lines = ["time,x,y,z" + (",label" if labels else "")]
    for k, time in enumerate(times):
        label = f",{labels[k]}" if labels else ""
        lines.append(f"{time},{k / 1000},0,1{label}")
    path.write_text("\n".join(lines) + "\n")
    return path


def wall_clock(change_hours, start=START, offset=None):
    """Local times whose clock is moved by some hours after 2 s."""
    moments = []
    for k in range(NUM):
        moment = start + timedelta(milliseconds=20 * k)
        hours = 2 + (change_hours if k >= NUM // 2 else 0)
        zone = timezone(timedelta(hours=hours))
        local = moment.astimezone(zone)
        moments.append((local if offset else local.replace(tzinfo=None)))
    return [moment.isoformat() for moment in moments]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "night.csv"


def test_clock_put_back_by_an_hour_goes_on(path):
    file = write(path, wall_clock(-1))
    with pytest.warns(UserWarning, match="back by an hour at row 100 .*dayl"):
        recording = read_recording(file, "s")
    assert recording.num_samples == NUM
    assert recording.sample_rate_hz == pytest.approx(50)
    np.testing.assert_allclose(
        recording.acceleration[:, 0], np.arange(NUM) / 1000, atol=1e-6
    )
    with pytest.warns(UserWarning, match="back by an hour"):
        assert len(read_recordings(file, "s")) == 1


def test_clock_put_back_with_jitter(path):
    rng = np.random.default_rng(0)
    start = datetime(2023, 10, 29, 2, 59, 58)
    shifts = 20 * np.arange(NUM) + rng.uniform(-6, 6, NUM)
    shifts -= 3_600_000 * (np.arange(NUM) >= 100)
    times = [start + timedelta(milliseconds=float(s)) for s in shifts]
    write(path, [time.isoformat() for time in times])
    with pytest.warns(UserWarning, match="back by an hour at row 100"):
        recording = read_recording(path, "s")
    grid = np.arange(recording.num_samples) / recording.sample_rate_hz
    np.testing.assert_allclose(
        recording.acceleration[:, 0], grid / 0.02 / 1000, atol=1e-3
    )


def test_clock_put_back_in_a_column_of_dates():
    dates = np.array(wall_clock(-1), "datetime64[us]")
    with pytest.warns(UserWarning, match="back by an hour"):
        seconds = to_seconds(dates, "iso")
    np.testing.assert_allclose(np.diff(seconds), 0.02, atol=1e-6)


@pytest.mark.parametrize("back_s", [3500, 3700, 7200, 60, 3600.03])
def test_other_steps_back_stay_an_error(path, back_s):
    start = datetime(2023, 10, 29, 2, 59, 58)
    times = [
        start + timedelta(seconds=0.02 * k - back_s * (k >= 100))
        for k in range(NUM)
    ]
    write(path, [time.isoformat() for time in times])
    with pytest.raises(ValueError, match="row 100 .*does not follow row 99"):
        read_recording(path, "s")


def test_an_hour_back_in_numbers_stays_an_error(path):
    times = 1.7e9 + np.arange(NUM) / 50 - 3600 * (np.arange(NUM) >= 100)
    with pytest.raises(ValueError, match="row 100 .*does not follow"):
        read_recording(write(path, times), "s")


def test_an_hour_back_in_dates_with_an_offset_stays_an_error(path):
    times = wall_clock(-1)
    write(path, [f"{time}Z" for time in times])
    with pytest.raises(ValueError, match="does not follow row"):
        read_recording(path, "s")


def test_one_date_with_an_offset_tells_that_none_is_local():
    dates = np.array(wall_clock(-1), dtype=str)
    blocks = [
        {"time": part, **{axis: np.ones(len(part)) for axis in "xyz"}}
        for part in (np.array([f"{dates[0]}Z"]), dates[1:])
    ]
    seconds, *_ = read_rows(blocks, "xyz", "time", "iso")
    assert np.diff(seconds).min() < -3000
    with pytest.warns(UserWarning, match="clock goes back by an hour"):
        seconds, *_ = read_rows(blocks[1:], "xyz", "time", "iso")
    assert np.diff(seconds).min() > 0


@pytest.mark.parametrize("change_hours", [-1, 1])
def test_offsets_from_utc_are_exact(path, change_hours):
    times = wall_clock(change_hours, offset=True)
    assert times[0].endswith("+02:00") and not times[-1].endswith("+02:00")
    with pytest.warns(UserWarning) as told:
        (recording,) = read_recordings(write(path, times), "s")
    assert ["one offset from UTC" in str(w.message) for w in told] == [True]
    assert recording.num_samples == NUM
    assert recording.start_time == START.timestamp()


def test_clock_put_forward_is_a_gap(path):
    file = write(path, wall_clock(1))
    first, second = read_recordings(file, "s")
    assert first.num_samples == second.num_samples == NUM // 2
    assert second.start_time - first.start_time == pytest.approx(3602)


def test_gaps_over_the_limit_split(path):
    times = np.arange(300) / 50
    times[100:] += 30
    times[200:] += 300
    labels = ["a"] * 150 + ["b"] * 150
    write(path, 1.7e9 + times, labels)
    recordings = read_recordings(path, "s", max_gap_seconds=5)
    names = [f"night_{k}" for k in range(3)]
    assert [r.recording_id for r in recordings] == names
    assert [r.num_samples for r in recordings] == [100, 100, 100]
    starts = [r.start_time - 1.7e9 for r in recordings]
    np.testing.assert_allclose(starts, [0, 32, 334], atol=1e-6)
    assert recordings[1].labels.tolist() == ["a"] * 50 + ["b"] * 50
    for recording in recordings:
        assert np.isfinite(recording.acceleration).all()
        assert recording.sample_rate_hz == pytest.approx(50, rel=1e-6)
    # The gap of 30 s is within the limit: missing samples, as in one recording.
    with pytest.warns(UserWarning, match="1(499|500) of 1700"):
        first, second = read_recordings(
            path, "s", max_gap_seconds=60, recording_id="n"
        )
    assert (first.recording_id, second.recording_id) == ("n_0", "n_1")
    assert np.isnan(first.acceleration[100:1599]).all()
    with pytest.warns(UserWarning, match="samples of subject"):
        whole = read_recording(path, "s")
    np.testing.assert_array_equal(whole.acceleration[:1700], first.acceleration)


def test_a_stretch_of_one_sample_is_left_out(path):
    times = np.arange(100) / 50
    times[99] += 1000
    with pytest.warns(UserWarning, match="1 of 2 stretches"):
        (recording,) = read_recordings(write(path, times), "s")
    assert recording.num_samples == 99
    assert recording.recording_id == "night"


def test_files_without_timestamps_are_one_recording(path):
    path.write_text("x,y,z\n" + "0,0,1\n" * 50)
    (recording,) = read_recordings(path, "s", sample_rate_hz=50)
    assert recording.num_samples == 50 and recording.start_time is None


def test_wrong_gap(path):
    with pytest.raises(ValueError, match="`max_gap_seconds` must be positive"):
        read_recordings(path, "s", max_gap_seconds=0)
    write(path, [0, 0.9, 1.8])
    with pytest.raises(ValueError, match="within 0.5 s of each other"):
        read_recordings(path, "s", max_gap_seconds=0.5)


@pytest.mark.parametrize(
    "unit, rate", [("s", "0.05"), ("us", "5e"), ("ns", "")]
)
def test_a_wrong_unit_is_seen_by_the_rate(path, unit, rate):
    times = 1_700_000_000_000 + 20 * np.arange(100)
    with pytest.raises(
        ValueError, match=f"{rate}.*per second with timestamp_u"
    ):
        read_recording(
            write(path, times),
            "s",
            timestamp_column="time",
            timestamp_unit=unit,
        )


def test_split_at_gaps_keeps_every_row():
    pieces = split_at_gaps(np.array([0.0, 1, 2, 9, 10, 20]), 5)
    assert pieces == [slice(0, 3), slice(3, 5), slice(5, 6)]


@pytest.mark.parametrize(
    "offsets, zones",
    [
        (["+02:00", "+02:00"], ("+02:00",)),
        (["+02:00", "+01:00", "+02:00"], ("+02:00", "+01:00")),
        (["Z", "-0530"], ("UTC", "-05:30")),
        (["+02", " +02:00", ""], ("+02:00", None)),
        (["", ""], (None,)),
    ],
)
def test_a_block_of_dates_tells_its_zones(offsets, zones):
    dates = np.array([f"2024-05-01T10:00:00{offset}" for offset in offsets])
    assert parse_times(dates, "iso")[1] == zones
    assert parse_times(np.array([1.7e9]), "s")[1] == ()


@pytest.mark.parametrize("rate_hz", [50, 1000, 2000])
@pytest.mark.parametrize("per_second", [1e3, 1e6])
def test_unix_times_are_known_at_any_rate(path, rate_hz, per_second):
    if per_second == 1e3 and rate_hz > 1000:
        pytest.skip("rows would share a millisecond")
    times = 1_714_557_600 * per_second
    times = (times + np.arange(3000) * per_second / rate_hz).astype("int64")
    recording = read_recording(write(path, times), "s")
    assert recording.sample_rate_hz == pytest.approx(rate_hz, rel=0.01)
    assert recording.start_time == pytest.approx(1_714_557_600, abs=1)


MOMENTS = [
    datetime(2024, 5, 1, 10) + timedelta(milliseconds=20 * k)
    for k in range(4000)
]


def table(path, header, times):
    lines = [f"{time},0,0,1" for time in times]
    path.write_text("\n".join([f"{header},x,y,z", *lines]))
    return path


@pytest.mark.parametrize(
    "header, times, words",
    [
        ("Time (min)", np.arange(100) / 3000, "'Time .min.'.*to seconds"),
        ("Time [h]", np.arange(100) / 180_000, "'Time .h.'.*to seconds"),
        ("time (samples)", np.arange(100), "'time .samples.'"),
        (
            "timestamp",
            [638_501_472_000_000_000 + 200_000 * k for k in range(100)],
            "ticks of 100 ns",
        ),
        (
            "timestamp",
            [17_145_576_000_000_000 + 200_000 * k for k in range(100)],
            "ticks of 100 ns",
        ),
        (
            "timestamp",
            [f"{time:%Y%m%d%H%M%S%f}"[:-3] for time in MOMENTS[:100]],
            "yyyyMMddHHmmss",
        ),
        (
            "time",
            [f"{time:%H%M%S.%f}"[:-3] for time in MOMENTS],
            "1 steps of 40 s, from 100059.98 to 100100.00.* HHMMSS",
        ),
        (
            "time",
            [f"{time:%H%M%S%f}"[:-3] for time in MOMENTS],
            "100059.98 to 100100.00.* HHMMSS",
        ),
    ],
)
def test_numbers_in_no_known_unit_are_refused(path, header, times, words):
    with pytest.raises(ValueError, match=words):
        read_recording(table(path, header, times), "s")


def test_a_unit_in_a_name_is_not_that_of_a_column_that_is_given(path):
    table(path, "Time (min)", np.arange(100) / 50)
    with pytest.raises(ValueError, match="Convert it to seconds"):
        read_recording(path, "s", timestamp_column="Time (min)")
    read_recording(path, "s", timestamp_column="Time (min)", timestamp_unit="s")


@pytest.mark.parametrize(
    "name, unit",
    [
        ("timeMs", "ms"),
        ("TimeUS", "us"),
        ("timestampNs", "ns"),
        ("elapsedSeconds", "s"),
        ("Begin Time - msec", "ms"),
        ("Begin Time - ss.msec", "s"),
        ("time (µs)", "us"),
        ("timestampms", "ms"),
        ("times", None),
        ("timestamps", None),
        ("timeStamps", None),
        ("datetime", None),
    ],
)
def test_units_in_names(name, unit):
    found = UNIT_IN_NAME.search(name)
    assert (found and found.lastgroup) == unit


def test_milliseconds_in_a_name_in_camel_case(path):
    recording = read_recording(table(path, "timeMs", np.arange(100)), "s")
    assert recording.sample_rate_hz == 1000


@pytest.mark.parametrize("step", [1, 20, 125])
def test_milliseconds_without_leading_zeros_are_named(path, step):
    times = [
        f"2024-05-01 10:00:{ms // 1000:02d}.{ms % 1000}"
        for ms in range(5, 20_000, step)
    ]
    table(path, "time", times)
    words = "the column 'time', where .* follows .*three digits"
    for options in ({}, {"sort_timestamps": True}):
        with pytest.raises(ValueError, match=words):
            read_recording(path, "s", **options)
    with pytest.raises(ValueError, match=words):
        read_recordings(path, "s", on_clock_change="split")


def test_fractions_without_zeros_at_their_end_are_read(path, recwarn):
    times = [
        f"2024-05-01 10:00:{ms // 1000:02d}.{ms % 1000:03d}".rstrip("0")
        for ms in range(4, 20_000, 20)
    ]
    assert read_recording(table(path, "time", times), "s").sample_rate_hz == 50
    assert not recwarn.list


@pytest.mark.parametrize(
    "form, zone",
    [
        ("{:%Y/%m/%d %H:%M:%S.%f}", None),
        ("{0:%Y}/{0.month}/{0.day} {0:%H:%M:%S.%f}", None),
        ("{:%Y-%m-%d %H:%M:%S.%f UTC}", "UTC"),
        ("{:%Y/%m/%d %H:%M:%S.%f} GMT", "UTC"),
        ("{:%Y/%m/%d %H:%M:%S.%f} +02:00", "+02:00"),
    ],
)
def test_dates_with_slashes_and_utc_by_name(path, form, zone):
    times = [form.format(time) for time in MOMENTS[:200]]
    recording = read_recording(table(path, "time", times), "s")
    start = 1_714_557_600 - (7200 if zone == "+02:00" else 0)
    assert recording.start_time == start
    assert (recording.sample_rate_hz, recording.time_zone) == (50, zone)
