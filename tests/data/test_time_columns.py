"""Tables with two columns of times, dates in many forms, and epochs."""

import warnings
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from keras_relcon.data import guess_columns, read_recording

START = 1_714_557_600  # 2024-05-01T10:00:00Z
G = 9.80665


def write(path, header, row, num_rows=500):
    rows = [",".join(str(cell) for cell in row(k)) for k in range(num_rows)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def sensor_logger(path, elapsed_hz=50, first="time"):
    """`time` is in ns; `seconds_elapsed` beside it."""

    def row(k):
        times = [START * 10**9 + k * 20_000_000, k / elapsed_hz]
        times = times if first == "time" else times[::-1]
        return [*times, 0.8 * G, 0.6 * G, 0.0]

    names = sorted(["time", "seconds_elapsed"], key=lambda name: name != first)
    return write(path, ",".join([*names, "z,y,x"]), row)


@pytest.mark.parametrize("first", ["time", "seconds_elapsed"])
def test_of_two_times_that_agree_the_absolute_one_is_read(tmp_path, first):
    path = sensor_logger(tmp_path / "TotalAcceleration.csv", first=first)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(path, "s", unit="m/s2")
    assert recording.sample_rate_hz == 50
    assert recording.start_time == START
    guess = guess_columns(path)
    assert (guess["timestamp_column"], guess["timestamp_unit"]) == (
        "time",
        "ns",
    )


def test_a_wrong_rate_is_told_beside_two_times(tmp_path):
    path = sensor_logger(tmp_path / "TotalAcceleration.csv")
    with pytest.warns(UserWarning, match="is 100, while.*rate of 50 Hz") as w:
        read_recording(path, "s", 100, unit="m/s2")
    assert len(w) == 1
    # The advice: leave the rate out, or use no times.
    assert read_recording(path, "s", unit="m/s2").sample_rate_hz == 50
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_recording(path, "s", 100, unit="m/s2", timestamp_column=False)


def test_two_times_that_disagree_are_refused_with_both_rates(tmp_path):
    path = sensor_logger(tmp_path / "TotalAcceleration.csv", elapsed_hz=25)
    with pytest.raises(ValueError, match="'time': '50 Hz'.*'25 Hz'.*Pass one"):
        read_recording(path, "s", unit="m/s2")
    with pytest.warns(UserWarning, match="'time' .* 50 Hz, while.*25 Hz"):
        recording = read_recording(
            path, "s", unit="m/s2", timestamp_column="time", timestamp_unit="ns"
        )
    assert recording.sample_rate_hz == 50


@pytest.mark.parametrize("kind", ["jitter", "pairs"])
def test_a_second_clock_that_jitters_is_no_other_rate(tmp_path, kind):
    """As the arrival times of HHAR, beside the times of the sensor."""
    jitter = np.random.default_rng(0).uniform(0, 19, 500).round().astype(int)
    if kind == "pairs":  # the usual step is 5 ms
        jitter = np.tile([15, 0], 250)
    path = write(
        tmp_path / "Phones_accelerometer.csv",
        "Index,Arrival_Time,Creation_Time,x,y,z",
        lambda k: [
            k,
            START * 1000 + 20 * k + jitter[k],
            START * 10**9 + k * 20_000_000,
            0.0,
            0.6 * G,
            0.8 * G,
        ],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(
            path,
            "s",
            unit="m/s2",
            timestamp_column="Creation_Time",
            timestamp_unit="ns",
        )
    assert recording.sample_rate_hz == pytest.approx(50)


ZONE = timezone(timedelta(hours=-4))
DATES = {
    "Z": lambda moment: moment.isoformat("T", "milliseconds")[:-6] + "Z",
    "T": lambda moment: moment.isoformat("T", "milliseconds"),
    "space": lambda moment: moment.isoformat(" ", "milliseconds")[:-6],
    "decimal comma": lambda moment: moment.isoformat(" ", "milliseconds")[
        :-6
    ].replace(".", ","),
    "-0400": lambda moment: moment.astimezone(ZONE).strftime(
        "%Y-%m-%dT%H:%M:%S.%f-0400"
    ),
    " -04:00": lambda moment: (
        moment.astimezone(ZONE)
        .isoformat(" ", "milliseconds")
        .replace("-04:00", " -04:00")
    ),
    " -0400": lambda moment: moment.astimezone(ZONE).strftime(
        "%Y-%m-%d %H:%M:%S.%f -0400"
    ),
}


def dates(path, form):
    def row(k):
        moment = datetime.fromtimestamp(START + k / 50, timezone.utc)
        return [f'"{DATES[form](moment)}"', 0.0, 0.6, 0.8]

    return write(path, "timestamp,x,y,z", row, num_rows=200)


@pytest.mark.parametrize("form", DATES)
def test_dates_tell_the_rate_and_the_start(tmp_path, form):
    path = dates(tmp_path / "a.csv", form)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(50, rel=1e-6)
    assert recording.start_time == pytest.approx(START, abs=1e-6)


@pytest.mark.parametrize("form", DATES)
def test_a_wrong_rate_beside_dates_is_told(tmp_path, form):
    path = dates(tmp_path / "a.csv", form)
    with pytest.warns(UserWarning, match="is 100, while.*rate of 50 Hz"):
        read_recording(path, "s", 100)


EPOCHS = {
    "Unix": ("time", lambda k: START + 5 * k),
    "named": ("time (s)", lambda k: 5 * k),
    "dates": (
        "timestamp",
        lambda k: datetime.fromtimestamp(
            START + 5 * k, timezone.utc
        ).isoformat(),
    ),
}


@pytest.mark.parametrize("kind", EPOCHS)
@pytest.mark.parametrize("rate", [None, 200, 0.2])
def test_epochs_of_5_s_are_refused_as_such(tmp_path, kind, rate):
    name, time = EPOCHS[kind]
    path = write(
        tmp_path / "epochs.csv",
        f"{name},x,y,z",
        lambda k: [time(k), 0.0, 0.6, 0.8],
    )
    with pytest.raises(ValueError, match="0.2 per second.*5 s apart.*epochs"):
        read_recording(path, "s", rate)


def test_a_rate_of_epochs_without_times_is_refused(tmp_path):
    path = write(tmp_path / "a.csv", "x,y,z", lambda k: [0.0, 0.6, 0.8])
    with pytest.raises(ValueError, match="0.2 per second.*raw samples"):
        read_recording(path, "s", 0.2)


def test_times_of_a_device_that_ran_for_weeks_can_be_named(tmp_path):
    """In ms since its start, they look like Unix seconds of epochs."""
    path = write(
        tmp_path / "a.csv",
        "timestamp,x,y,z",
        lambda k: [1_500_000_000 + 5 * k, 0.0, 0.6, 0.8],
    )
    with pytest.raises(ValueError, match="Pass the unit.*'ms'.*epochs"):
        read_recording(path, "s")
    recording = read_recording(
        path, "s", timestamp_column="timestamp", timestamp_unit="ms"
    )
    assert recording.sample_rate_hz == 200
