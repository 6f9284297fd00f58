import logging
import warnings

import h5py
import numpy as np
import pytest

from keras_relcon.data import guess_columns, read_recording
from keras_relcon.data.readers.columns import guess_axes


def write(path, header, row="0.1,0.2,0.9", num_rows=20, **texts):
    rows = [f"{row}\n" for _ in range(num_rows)]
    path.write_text(header + "\n" + "".join(rows))
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "walk.csv"


@pytest.mark.parametrize(
    "header",
    [
        "x,y,z",
        "X,Y,Z",
        "acc_x,acc_y,acc_z",
        "accel_x,accel_y,accel_z",
        "ax,ay,az",
        "AccX,AccY,AccZ",
        "accelerationX,accelerationY,accelerationZ",
        "Accelerometer X (g),Accelerometer Y (g),Accelerometer Z (g)",
        "wrist acceleration x [m/s^2],wrist acceleration y [m/s^2],"
        "wrist acceleration z [m/s^2]",
        "x-axis (g),y-axis (g),z-axis (g)",
        "acc_x_g,acc_y_g,acc_z_g",
        "acc_x m/s^2,acc_y m/s^2,acc_z m/s^2",
        "x_acc,y_acc,z_acc",
        "z,y,x",
    ],
)
def test_common_names_of_the_axes(path, header):
    names = header.split(",")
    guess = guess_columns(write(path, header))
    assert list(guess["columns"]) == sorted(names, key=str.lower)
    assert guess["timestamp_column"] is False
    assert guess["label_column"] is False


def test_other_sensors_and_columns_are_passed_over(path):
    header = "gyro_x,gyro_y,gyro_z,mag_x,max,index,acc_x,acc_y,acc_z,hr"
    guess = guess_columns(write(path, header, ",".join("0" * 10)))
    assert guess["columns"] == ("acc_x", "acc_y", "acc_z")


@pytest.mark.parametrize(
    "other",
    [
        "{} (rad/s)",
        "{} [deg/s]",
        "{} (\xb0/s)",
        "{} (\xb5T)",
        "acc_jerk_{}",
        "angular_acc_{}",
        "accuracy_{}",
    ],
)
def test_columns_of_another_quantity_are_no_axes(path, other):
    header = ",".join(other.format(axis) for axis in "XYZ")
    with pytest.raises(ValueError, match="must look like the axes"):
        guess_columns(write(path, header))
    guess = guess_columns(
        write(path, header + ",acc_x,acc_y,acc_z", ",".join("0" * 6))
    )
    assert guess["columns"] == ("acc_x", "acc_y", "acc_z")


def test_words_in_brackets_that_are_no_units(path):
    for form in (
        "{} (radial)",
        "acc (T-shirt) {}",
        "ACC {} (T)",
        "acc {} (mT)",
    ):
        names = [form.format(axis) for axis in "XYZ"]
        guess = guess_columns(write(path, ",".join(names)))
        assert list(guess["columns"]) == names


@pytest.mark.parametrize(
    "name",
    [
        "Gyroscope.csv",
        "GyroscopeUncalibrated.csv.gz",
        "gravity.csv",
        "Magnetometer.npz",
    ],
)
def test_a_file_named_as_another_sensor_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="by its name the file of another"):
        guess_axes(("time", "z", "y", "x"), tmp_path / name)
    assert guess_axes(("acc_x", "acc_y", "acc_z"), name)[0] == "acc_x"
    for other in ("gravity_walk.csv", "accelerometer.csv"):
        assert guess_axes(("x", "y", "z"), other) == ("x", "y", "z")


def test_a_noted_label_goes_before_a_guessed_activity(path):
    header = "x,y,z,activity(txt),label(N)"
    guess = guess_columns(write(path, header, "0,0,1,still,sit"))
    assert guess["label_column"] == "label(N)"


def test_acceleration_without_gravity_is_said(path):
    header = ",".join(f"userAcceleration.{axis}" for axis in "xyz")
    header += "," + ",".join(f"gravity.{axis}" for axis in "xyz")
    write(path, header, "0,0,0,0,0,1")
    with pytest.warns(UserWarning, match="userAcceleration.x.*without gravity"):
        guess = guess_columns(path)
    assert guess["columns"][1] == "userAcceleration.y"


@pytest.mark.parametrize(
    "name, first, second, unit",
    [
        ("time", "0.00", "0.02", "s"),
        ("timestamp", "1700000000000", "1700000000020", "ms"),
        ("Timestamp", "1700000000000000", "1700000000020000", "us"),
        ("time", "1700000000000000000", "1700000000020000000", "ns"),
        ("time_ms", "0", "1200", "ms"),
        ("timestamp (s)", "0", "0.0001", "s"),
        ("datetime", "2024-05-01T10:00:00.00", "2024-05-01T10:00:00.02", "iso"),
        ("seconds_elapsed", "0", "0.02", "s"),
        ("Creation_Time", "20000000", "40000000", "ns"),
    ],
)
def test_timestamps_and_their_unit(path, name, first, second, unit):
    path.write_text(f"{name},x,y,z\n{first},0,0,1\n{second},0,0,1\n")
    guess = guess_columns(path)
    assert guess["timestamp_column"] == name
    assert guess["timestamp_unit"] == unit


def test_what_is_guessed_is_logged_and_used(path, caplog):
    lines = [f"{k / 50},0,0,1,sit,other\n" for k in range(100)]
    path.write_text("time,acc_x,acc_y,acc_z,activity,note\n" + "".join(lines))
    with caplog.at_level(logging.INFO, "keras_relcon"):
        recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(50)
    assert set(recording.labels) == {"sit"}
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "walk.csv: axes ('acc_x', 'acc_y', 'acc_z'), timestamps 'time' in 's', "
        "labels 'activity'."
    )
    assert guess_columns(path) == {
        "columns": ("acc_x", "acc_y", "acc_z"),
        "timestamp_column": "time",
        "timestamp_unit": "s",
        "label_column": "activity",
    }


def test_what_is_named_is_not_guessed(path, caplog):
    lines = [f"{k / 50},{k / 25},0,0,1,sit\n" for k in range(100)]
    path.write_text("time,other,x,y,z,activity\n" + "".join(lines))
    with caplog.at_level(logging.INFO, "keras_relcon"):
        recording = read_recording(
            path,
            "s",
            columns=("z", "y", "x"),
            timestamp_column="other",
            label_column=False,
        )
    assert not caplog.records
    assert recording.sample_rate_hz == pytest.approx(25)
    assert recording.labels is None
    np.testing.assert_array_equal(recording.acceleration[0], [1, 0, 0])
    # a rate: times are not used
    recording = read_recording(path, "s", 100, timestamp_column=False)
    assert recording.sample_rate_hz == 100 and recording.num_samples == 100


@pytest.mark.parametrize(
    "times, rate",
    [
        (["%.3f" % (k / 100) for k in range(100)], "100"),
        ([f"{1_700_000_000_000 + 40 * k}" for k in range(100)], "25"),
        ([f"2024-05-01T10:00:{k / 32:09.6f}" for k in range(100)], "32"),
    ],
    ids=["seconds", "ms", "iso"],
)
def test_a_rate_that_the_unused_times_contradict_is_told(path, times, rate):
    path.write_text("time,x,y,z\n" + "".join(f"{t},0,0,1\n" for t in times))
    match = f"walk.csv: .* is 50, .*column 'time'.* {rate} Hz.*column=False"
    with pytest.warns(UserWarning, match=match):
        recording = read_recording(path, "s", 50)
    assert recording.sample_rate_hz == 50


@pytest.mark.parametrize(
    "header, times",
    [
        ("time", [f"{k / 49:.4f}" for k in range(100)]),  # a clock off by 2 %
        ("time", [f"{k // 50}" for k in range(100)]),  # whole seconds
        ("time", [f"10:00:{k:02}" for k in range(60)]),  # no dates
        ("time", ["2024-05-01T10:00:00"]),
        ("time", [""] * 100),
        ("label", [f"{k / 100:.2f}" for k in range(100)]),  # no times
    ],
)
def test_times_that_tell_no_other_rate_are_silent(path, header, times):
    rows = [f"{time},0,0,1\n" for time in times + times[-1:]]
    path.write_text(f"{header},x,y,z\n" + "".join(rows))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_recording(path, "s", 50)


def test_a_rate_is_compared_with_several_times_but_not_on_request(path):
    lines = [f"0,0,1,{k * 20},{k * 40}\n" for k in range(100)]
    path.write_text("x,y,z,Arrival_Time,Creation_Time\n" + "".join(lines))
    with pytest.warns(UserWarning, match="is 25.*'Arrival_Time'.*of 50 Hz"):
        read_recording(path, "s", 25)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path.write_text("x,y,z,time,other\n" + "".join(lines))
        read_recording(path, "s", 100, timestamp_column=False)


@pytest.mark.parametrize("rate", ["50", 0, -1.0])
def test_what_is_no_rate_is_not_compared(path, rate):
    path.write_text("time,x,y,z\n" + "".join(f"{k},0,0,1\n" for k in range(99)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="`sample_rate_hz` must be"):
            read_recording(path, "s", rate)


def test_unused_times_that_cannot_be_read_are_passed_over(tmp_path):
    times = np.array([{}] * 50)
    np.savez(tmp_path / "a.npz", accel=np.full((50, 3), 0.5), time=times)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(tmp_path / "a.npz", "s", 50)
    assert recording.num_samples == 50


def test_a_guess_can_be_changed_and_passed_on(path):
    lines = [f"{k * 20},0,0,1,0.6,0.8,0\n" for k in range(100)]
    header = "timestamp,hip_acc_x,hip_acc_y,hip_acc_z,fx,fy,fz\n"
    path.write_text(header + "".join(lines))
    guess = guess_columns(path)
    guess["columns"] = ("fx", "fy", "fz")
    recording = read_recording(path, "s", **guess)
    assert recording.sample_rate_hz == pytest.approx(50)
    np.testing.assert_allclose(recording.acceleration[9], [0.6, 0.8, 0])


@pytest.mark.parametrize(
    "header, message",
    [
        (
            "wrist_acc_x,wrist_acc_y,wrist_acc_z,hip_acc_x,hip_acc_y,hip_acc_z",
            r"One set.*'wrist_acc_x'.*'hip_acc_z'\)\]. Pass the three names as",
        ),
        ("acc_x,acc_y,acc_z,AccX,AccY,AccZ", "One set.*'acc_x'.*'AccX'"),
        ("x,y,z,Arrival_Time,Creation_Time", "One column.*'Arrival_Time', '"),
        ("x,y,z,class,activity", "`label_column`.*'activity'.*=False"),
        ("a,b,c", r"look like the axes.*\['a', 'b', 'c'\]. Pass the three"),
        ("x,y", "look like the axes"),
        ("x|y|z", "look like the axes.*Pass the `delimiter`"),
        ("0.1,-0.2,9e-1", "Add a first line with the names"),
    ],
)
def test_no_guess_or_several_are_an_error(path, header, message):
    row = ",".join("0" * len(header.split(",")))
    with pytest.raises(ValueError, match=message):
        read_recording(write(path, header, row), "s")


def test_a_row_of_units_below_the_header_is_no_date(path):
    lines = [f"{k * 20},0,0,1\n" for k in range(100)]
    path.write_text("timestamp,x,y,z\nms,g,g,g\n" + "".join(lines))
    assert guess_columns(path)["timestamp_unit"] == "ms"
    recording = read_recording(path, "s")
    assert recording.sample_rate_hz == pytest.approx(50)
    assert recording.num_samples == 100


def test_an_ambiguous_column_can_be_named(path):
    lines = [f"0,0,1,{k * 20},{k * 40}\n" for k in range(100)]
    path.write_text("x,y,z,Arrival_Time,Creation_Time\n" + "".join(lines))
    recording = read_recording(
        path, "s", timestamp_column="Creation_Time", timestamp_unit="ms"
    )
    assert recording.sample_rate_hz == pytest.approx(25)


def test_only_columns_in_the_groups_of_the_axes_count(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("wrist/accel/x", "wrist/accel/y", "wrist/accel/z"):
            file[name] = np.full(50, 0.5)
        for name in ("wrist/gyro/x", "wrist/gyro/y", "wrist/gyro/z"):
            file[name] = np.ones(50)
        file["wrist/accel/time"] = np.arange(50) / 50
        file["wrist/gyro/time"] = np.arange(50) / 25
        file["wrist/activity"] = ["sit"] * 50
    recording = read_recording(tmp_path / "a.h5", "s")
    assert recording.sample_rate_hz == pytest.approx(50)
    assert recording.acceleration[0].tolist() == [0.5] * 3
    assert recording.labels[0] == "sit"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [(("x", "x", "z"), "three different names"), ((0, 1, 2), "the names of")],
)
def test_columns_are_three_names_of_which_none_is_twice(
    tmp_path, columns, expected
):
    path = tmp_path / "walk.csv"
    path.write_text("x,y,z\n" + "0,0,1\n" * 100)
    with pytest.raises(ValueError, match=f"`columns` must be {expected}"):
        read_recording(path, "s", 50, columns=columns)
