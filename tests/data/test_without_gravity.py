"""Files of apps that take gravity away, by the names that they use."""

import warnings

import numpy as np
import pytest

from keras_relcon.data import guess_columns, read_recording

RATE_HZ = 50
NUM = 500
GRAVITY = np.array([0.0, -0.6, -0.8])
APPS = {
    # name of the file, names of the axes, columns beside them
    "Apple": ("a.csv", "userAcceleration.{}", ()),
    "SensorLog": ("a.csv", "motionUserAcceleration{}(G)", ()),
    "phyphox": ("a.csv", "Linear Acceleration {} (g)", ()),
    "Xsens": ("a.csv", "FreeAcc_{}", ("Euler_X", "Euler_Y", "Euler_Z")),
    "Physics Toolbox": ("a.csv", "a{} (g)", ("aT (g)",)),
    "Sensor Logger": ("Accelerometer.csv", "{}", ("seconds_elapsed",)),
    "phyphox, a file each": ("Linear Acceleration.csv", "{}", ()),
    "UCI HAR": ("a.csv", "body_acc_{}", ()),
    "linear behind": ("a.csv", "acceleration_linear_{}", ()),
}


def motion(is_still=False):
    time = np.arange(NUM) / RATE_HZ
    size = 0.002 if is_still else 0.4
    return size * np.stack(
        [np.sin(9 * time), np.cos(5 * time), np.sin(7 * time)], axis=1
    )


def write(path, **columns):
    """Columns of one or three, by their names; `{}` is an axis."""
    names, values = ["time"], [np.arange(NUM) / RATE_HZ]
    for name, column in columns.items():
        if column.ndim == 1:
            names, values = [*names, name], [*values, column]
            continue
        upper = "." not in name and name != "{}" and "a{}" not in name
        for axis, channel in zip("XYZ" if upper else "xyz", column.T):
            names.append(name.format(axis))
            values.append(channel)
    rows = [",".join(f"{v:.6f}" for v in row) for row in zip(*values)]
    path.write_text("\n".join([",".join(names), *rows]) + "\n")
    return path


def write_app(folder, app, values):
    name, axes, others = APPS[app]
    beside = {other: np.zeros(NUM) for other in others}
    return write(folder / name, **{axes: values}, **beside)


@pytest.mark.parametrize("app", APPS)
def test_the_names_of_each_app_are_known(tmp_path, app):
    path = write_app(tmp_path, app, motion())
    time = {"timestamp_column": "time"}
    with pytest.warns(UserWarning, match="are acceleration without gravity"):
        recording = read_recording(path, "s", **time)
    np.testing.assert_allclose(recording.acceleration, motion(), atol=1e-3)


def test_the_advice_of_sensor_logger_is_its_other_file(tmp_path):
    path = write_app(tmp_path, "Sensor Logger", motion())
    with pytest.warns(UserWarning, match="Read `TotalAcceleration.csv`"):
        read_recording(path, "s", timestamp_column="time")
    for name in ("TotalAcceleration", "AccelerometerUncalibrated"):
        total = path.rename(tmp_path / f"{name}.csv")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_recording(total, "s", timestamp_column="time")
        path = total


@pytest.mark.parametrize(
    "axes, gravity",
    [
        ("userAcceleration.{}", "gravity.{}"),
        ("acceleration{}", "gravity{}"),
        ("motionUserAcceleration{}(G)", "motionGravity{}(G)"),
        ("acc_{}", "grav_{}"),
        ("linear_acc_{}", "gravity_acc_{}"),
    ],
)
def test_gravity_is_added_where_the_file_has_it(tmp_path, axes, gravity):
    down = np.tile(GRAVITY, (NUM, 1))
    path = write(tmp_path / "a.csv", **{axes: motion(), gravity: down})
    with pytest.warns(
        UserWarning, match="are acceleration without gravity.*gr"
    ):
        recording = read_recording(path, "s")
    expected = motion() + GRAVITY
    np.testing.assert_allclose(recording.acceleration, expected, atol=1e-3)
    # A guess can be passed on, or told to leave gravity out.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        guess = guess_columns(path)
        same = read_recording(path, "s", **guess)
        without = read_recording(path, "s", gravity_columns=False)
    assert guess["gravity_columns"][0].lower().startswith(gravity[:4].lower())
    np.testing.assert_array_equal(same.acceleration, recording.acceleration)
    np.testing.assert_allclose(without.acceleration, motion(), atol=1e-3)


def check_is_read_as_it_is(path):
    """The axes with gravity are read, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(path, "s")
    expected = motion() + GRAVITY
    np.testing.assert_allclose(recording.acceleration, expected, atol=1e-3)


def test_gravity_is_not_added_to_what_holds_it(tmp_path):
    down = np.tile(GRAVITY, (NUM, 1))
    columns = {"acceleration{}": motion() + GRAVITY, "gravity{}": down}
    path = write(tmp_path / "a.csv", **columns)
    check_is_read_as_it_is(path)


@pytest.mark.parametrize(
    "free, total",
    [
        ("FreeAcc_{}", "Acc_{}"),
        ("linear_acc_{}", "Acc_{}"),
        ("acceleration.{}", "accelerationIncludingGravity.{}"),
        ("acc_no_gravity_{}", "acc_with_gravity_{}"),
        ("a{}", "gF{}"),
        ("motionUserAcceleration{}(G)", "accelerometerAcceleration{}(G)"),
    ],
)
def test_of_two_sets_the_one_with_gravity_is_read(tmp_path, free, total):
    columns = {free: motion(), total: motion() + GRAVITY}
    path = write(tmp_path / "a.csv", **columns)
    check_is_read_as_it_is(path)


def test_a_signal_near_0_at_rest_is_warned_of(tmp_path):
    path = write(tmp_path / "a.csv", **{"acc_{}": motion(is_still=True)})
    for options in ({}, {"sample_rate_hz": 50}):
        with pytest.warns(UserWarning, match="at rest must measure.*a.csv"):
            read_recording(path, "s", **options)


@pytest.mark.parametrize(
    "name", ["berlin_acc", "acc_linda", "colin_accelerometer", "s01_body_acc"]
)
def test_names_of_files_that_only_look_like_it(tmp_path, name):
    path = write(tmp_path / f"{name}.csv", **{"{}": motion() + GRAVITY})
    check_is_read_as_it_is(path)


def test_a_signal_whose_mean_is_near_0_is_warned_of(tmp_path):
    seconds = np.arange(60 * RATE_HZ) / RATE_HZ
    walk = 2 * np.sin(np.outer(seconds, [12.6, 12.6, 25]) + [0, 1, 0])
    turning = np.stack([np.sin(seconds), np.cos(seconds), 0 * seconds], 1)
    assert np.abs(turning[:3000].mean(0)).max() < 0.1
    path = tmp_path / "wheel.npz"
    np.savez(path, acc=turning)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_recording(path, "s", columns="acc", sample_rate_hz=RATE_HZ)
    for gravity, unit in ((0, "g"), (1, "g"), (9.8, "m/s2")):
        path = tmp_path / f"{gravity}.npz"
        np.savez(path, acc=walk + [0, 0, gravity])
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            read_recording(
                path, "s", columns="acc", sample_rate_hz=RATE_HZ, unit=unit
            )
        texts = [str(each.message) for each in found]
        assert [
            "0.0" in text and "means over 10 s" in text for text in texts
        ] == ([] if gravity else [True])


def test_gravity_columns_that_are_not_there(tmp_path):
    path = write(tmp_path / "a.csv", **{"acc_{}": motion()})
    names = ("acc_X", "acc_Y", "acc_Z")
    with pytest.raises(ValueError, match="'down_x' must be in the file"):
        read_recording(
            path,
            "s",
            columns=names,
            gravity_columns=("down_x", "down_y", "down_z"),
        )
