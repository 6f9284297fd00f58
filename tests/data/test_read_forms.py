"""Each row of the tables of docs/reading.md, on a file in that form."""

import re
import shutil
from datetime import datetime, timezone
from pathlib import Path

import h5py
import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from keras_relcon.data import read_recording

ROOT = Path(__file__).resolve().parents[2]
DEVICES = ROOT.parent / "shared" / "data" / "devices"
READ, NOT_READ = re.findall(
    r"(?:^\|.*\n)+", (ROOT / "docs" / "reading.md").read_text(), re.M
)[:2]
NUM_ROWS = 300
RATE = 50
START = 1714557600.0  # 2024-05-01 10:00 UTC
G = 9.80665
AXES = (0.0, 0.6, 0.8)  # g, of every file here


def rows_of(table):
    """Cells of the rows of a table, by the first cell."""
    lines = [line.strip("|\n ") for line in table.splitlines()[2:]]
    cells = [re.split(r"\s+\|\s+", line) for line in lines]
    return {first: rest for first, *rest in cells}


def moment(k):
    return datetime.fromtimestamp(START + k / RATE, timezone.utc)


def write(path, header, row, delimiter=","):
    rows = [delimiter.join(map(str, row(k))) for k in range(NUM_ROWS)]
    path.write_text("\n".join([header, *rows] if header else rows) + "\n")
    return path


def scaled(factor, *order):
    """The axes in another unit, in the order x, y, z or another."""
    return [AXES[axis] * factor for axis in order or (0, 1, 2)]


def of_device(name, suffix):
    def copy(folder):
        if not (DEVICES / name).exists():
            pytest.skip("the files of devices are not on this machine")
        return shutil.copy(DEVICES / name, folder / f"recording{suffix}")

    return copy


def omgui(folder):
    return write(
        folder / "ax3.csv",
        "",
        lambda k: [moment(k).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], *AXES],
    )


def actigraph(has_times):
    """The raw export of ActiLife: M/d/yyyy, and lines that are no rows."""
    lines = [
        "------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 "
        "Firmware v2.5.0 date format M/d/yyyy at 50 Hz  Filter Normal "
        "-----------",
        "Serial Number: MOS2D16160581",
        "Start Time 10:00:00",
        "Start Date 5/1/2024",
        "Epoch Period (hh:mm:ss) 00:00:00",
        "Download Time 12:00:00",
        "Download Date 5/2/2024",
        "Current Memory Address: 0",
        "Current Battery Voltage: 4.03     Mode = 12",
        "--------------------------------------------------",
    ]
    names = [f"Accelerometer {axis}" for axis in "XYZ"]
    names = ["Timestamp", *names] if has_times else names

    def stamp(k):
        return f"5/1/2024 {moment(k):%H:%M:%S.%f}"[:-3]

    def make(folder):
        return write(
            folder / "rawRAW.csv",
            "\n".join([*lines, ",".join(names)]),
            lambda k: [*([stamp(k)] if has_times else []), *AXES],
        )

    return make


def geneactiv_export(folder):
    """A hundred lines, then a date, x, y, z, light, button, temperature."""
    lines = ["Device Type,GENEActiv", "Measurement Frequency,50 Hz"]
    lines += [""] * 98

    def stamp(k):
        return f"{moment(k):%Y-%m-%d %H:%M:%S:%f}"[:-3]

    return write(
        folder / "a.csv",
        "\n".join(lines),
        lambda k: [stamp(k), *AXES, 12, 0, 25.1],
    )


def shimmer(folder):
    names = ["Timestamp_Unix_CAL", *(f"Accel_LN_{a}_CAL" for a in "XYZ")]
    units = ["ms", *["m/(s^2)"] * 3]
    head = ['"sep=\t"', "\t".join(names), "\t".join(units)]
    return write(
        folder / "shimmer.csv",
        "\n".join(head),
        lambda k: [START * 1000 + 20 * k, *scaled(G)],
        "\t",
    )


def compressed(folder, ending=".gz"):
    pyarrow = pytest.importorskip("pyarrow")
    path = folder / f"a.csv{ending}"
    text = write(folder / "a.csv", "x,y,z", lambda k: AXES).read_bytes()
    with pyarrow.output_stream(str(path), compression="detect") as file:
        file.write(text)
    return path


def utf_16(folder):
    path = write(folder / "a.csv", "x,y,z", lambda k: AXES)
    path.write_text(path.read_text(), encoding="utf-16")
    return path


def decimal_commas(folder):
    path = write(folder / "a.csv", "x;y;z", lambda k: AXES, ";")
    path.write_text(path.read_text().replace(".", ","))
    return path


def e4(folder):
    counts = [round(value * 64) for value in AXES]
    head = "\n".join([", ".join([f"{START:.6f}"] * 3), "50.0, 50.0, 50.0"])
    return write(folder / "ACC.csv", head, lambda k: counts)


def sensor_logger(folder, name="TotalAcceleration.csv", factor=G):
    return write(
        folder / name,
        "time,seconds_elapsed,z,y,x",
        lambda k: [
            int(START) * 10**9 + k * 20_000_000,
            k / RATE,
            *scaled(factor, 2, 1, 0),
        ],
    )


def sensor_log(folder):
    sensors = ("accelerometerAcceleration", "motionUserAcceleration")
    names = [f"{sensor}{axis}(G)" for sensor in sensors for axis in "XYZ"]
    names += [f"gyroRotation{axis}(rad/s)" for axis in "XYZ"]
    return write(
        folder / "log.csv",
        ",".join(["loggingTime(txt)", *names]),
        lambda k: [moment(k).isoformat(" "), *AXES, 0, 0, 0.1, 1, 1, 1],
    )


def core_motion(folder):
    sensors = ("gravity", "userAcceleration")
    names = [f"{sensor}.{axis}" for sensor in sensors for axis in "xyz"]
    return write(
        folder / "motion.csv",
        ",".join(["timestamp", *names]),
        lambda k: [START + k / RATE, 0, 0.5, 0.8, 0, 0.1, 0],
    )


def apple_watch(folder):
    sensors = ("acceleration", "gravity")
    names = [f"{sensor}{axis}" for sensor in sensors for axis in "XYZ"]
    return write(
        folder / "watch.csv",
        ",".join(["timestamp", *names]),
        lambda k: [START + k / RATE, 0, 0.1, 0, 0, 0.5, 0.8],
    )


def phyphox(delimiter):
    names = [f'"Acceleration {axis} (m/s^2)"' for axis in "xyz"]
    names = ['"Time (s)"', *names, '"Absolute acceleration (m/s^2)"']

    def make(folder):
        return write(
            folder / "Raw Data.csv",
            delimiter.join(names),
            lambda k: [k / RATE, *scaled(G), G],
            delimiter,
        )

    return make


def plain(header, row, name="a.csv"):
    return lambda folder: write(folder / name, header, row)


def andro_sensor(folder):
    sensors = ("ACCELEROMETER", "GRAVITY", "LINEAR ACCELERATION")
    names = [f"{sensor} {axis} (m/s²)" for sensor in sensors for axis in "XYZ"]
    return write(
        folder / "a.csv",
        ",".join([*names, "Time since start in ms"]),
        lambda k: [*scaled(G), *scaled(G), 0, 0, 0, k * 20],
    )


def parquet_file(folder):

    start = np.datetime64("2024-05-01T10:00:00", "us")
    columns = {axis: [value] * NUM_ROWS for axis, value in zip("xyz", AXES)}
    columns["time"] = start + np.arange(NUM_ROWS) * np.timedelta64(20_000, "us")
    parquet.write_table(pyarrow.table(columns), folder / "a.parquet")
    return folder / "a.parquet"


def feather_file(folder):
    pyarrow = pytest.importorskip("pyarrow")
    feather = pytest.importorskip("pyarrow.feather")
    start = np.datetime64("2024-05-01T10:00:00", "us")
    columns = {axis: [value] * NUM_ROWS for axis, value in zip("xyz", AXES)}
    columns["time"] = start + np.arange(NUM_ROWS) * np.timedelta64(20_000, "us")
    feather.write_feather(pyarrow.table(columns), str(folder / "a.feather"))
    return folder / "a.feather"


def npz(folder):
    np.savez(folder / "a.npz", acceleration=np.tile(AXES, (NUM_ROWS, 1)))
    return folder / "a.npz"


def hdf5(folder):
    with h5py.File(folder / "a.h5", "w") as file:
        file["wrist/acceleration"] = np.tile(AXES, (NUM_ROWS, 1))
    return folder / "a.h5"


# The form of a row, the rate that is right, and whether it begins at START.
READ_FORMS = {
    "any `.csv` with `x`, `y`, `z` and dates (ISO 8601)": (
        plain("date,x,y,z", lambda k: [moment(k).isoformat(), *AXES]),
        RATE,
        START,
    ),
    "any `.csv` without times": (plain("x,y,z", lambda k: AXES), RATE),
    "Axivity `.cwa` (AX3, AX6)": (of_device("ax3_testfile.cwa", ".cwa"), 98.9),
    "GENEActiv `.bin`": (of_device("GENEActiv_testfile.bin", ".bin"), 85.7),
    "ActiGraph `.gt3x`": (of_device("actigraph_testfile.gt3x", ".gt3x"), 30),
    "ActiGraph `.csv`, raw export with its ten lines": (
        actigraph(has_times=True),
        RATE,
        START,
    ),
    "ActiGraph `.csv`, raw export without a column of times": (
        actigraph(has_times=False),
        RATE,
        START,
    ),
    "Axivity `.csv` of OMGUI, no header": (omgui, RATE, START),
    "GENEActiv `.csv`, raw export": (geneactiv_export, RATE, START),
    "Empatica E4 `ACC.csv`": (e4, RATE, START),
    "Sensor Logger `TotalAcceleration.csv`": (sensor_logger, RATE, START),
    "SensorLog (iOS)": (sensor_log, RATE, START),
    "Core Motion, `gravity.x` and `userAcceleration.x`": (
        core_motion,
        RATE,
        START,
    ),
    "Apple Watch, `accelerationX` beside `gravityX`": (
        apple_watch,
        RATE,
        START,
    ),
    "phyphox, comma": (phyphox(","), RATE, 0),
    "phyphox, semicolon or tab": (phyphox(";"), RATE, 0),
    "Physics Toolbox, g-force meter": (
        plain("time,gFx,gFy,gFz,TgF", lambda k: [k / RATE, *AXES, 1]),
        RATE,
        0,
    ),
    "Physics Toolbox, several sensors": (
        plain(
            "time,gFx,gFy,gFz,ax,ay,az,wx,wy,wz",
            lambda k: [k / RATE, *AXES, *scaled(G), 9, 9, 9],
        ),
        RATE,
        0,
    ),
    "AndroSensor": (andro_sensor, RATE, 0),
    "MetaWear MetaBase": (
        plain(
            "epoch (ms),time (+02:00),elapsed (s),"
            "x-axis (g),y-axis (g),z-axis (g)",
            lambda k: [
                round(START * 1000) + 20 * k,
                moment(k).isoformat(),
                k / RATE,
                *AXES,
            ],
        ),
        RATE,
        START,
    ),
    "Movesense": (
        plain("Timestamp,X,Y,Z", lambda k: [20 * k, *scaled(G)]),
        RATE,
        0,
    ),
    "Xsens DOT, `Acc_X`": (
        plain(
            "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z",
            lambda k: [k, 16667 * k, *scaled(G), 1, 1, 1],
        ),
        60,
    ),
    "Shimmer Consensys, `sep=`, names, units": (shimmer, RATE, START),
    "`.csv.gz`, `.csv.bz2`, `.csv.zst`": (compressed, RATE),
    "`.csv` in UTF-16, or with a byte order mark": (utf_16, RATE),
    "`.csv` with decimal commas": (decimal_commas, RATE),
    "`.parquet`": (parquet_file, RATE, START),
    "`.feather`": (feather_file, RATE, START),
    "`.npz`": (npz, RATE),
    "`.h5`, `.hdf5`": (hdf5, RATE),
    "a table with a gyroscope or magnetometer beside": (
        plain(
            "gyro_x,gyro_y,gyro_z,acc_x,acc_y,acc_z,mag_x,mag_y,mag_z",
            lambda k: [9, 9, 9, *AXES, 7, 7, 7],
        ),
        RATE,
    ),
}


def options_of(cell):
    """The arguments that a cell of the table says, as Python reads them."""
    code = re.match(r"`(.*?)`$", cell)
    return eval(f"dict({code[1]})") if code else {}


def test_the_tables_are_of_these_forms():
    assert list(rows_of(READ)) == list(READ_FORMS)
    assert list(rows_of(NOT_READ)) == list(NOT_READ_FORMS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", READ_FORMS)
def test_what_is_read(tmp_path, form):
    make, rate_hz, *start = READ_FORMS[form]
    options = options_of(rows_of(READ)[form][1])
    if "devices" in rows_of(READ)[form][1]:
        pytest.importorskip("actfast")
    recording = read_recording(make(tmp_path), "s", **options)
    assert recording.sample_rate_hz == pytest.approx(rate_hz, rel=1e-3)
    norms = np.linalg.norm(recording.acceleration, axis=1)
    assert np.nanmedian(norms) == pytest.approx(1, abs=0.1)
    if start:
        assert recording.start_time == pytest.approx(start[0], abs=1e-3)
    if not make.__qualname__.startswith("of_device"):
        tolerance = 1 / 128 if form.startswith("Empatica") else 1e-5
        expected = np.tile(AXES, (recording.num_samples, 1))
        np.testing.assert_allclose(
            recording.acceleration, expected, atol=tolerance
        )
        assert recording.num_samples >= NUM_ROWS - 1


WITHOUT_GRAVITY = "without gravity"
NOT_READ_FORMS = {
    "Sensor Logger `Accelerometer.csv`": (
        lambda folder: sensor_logger(folder, "Accelerometer.csv", 0.01),
        {
            "unit": "m/s2",
            "timestamp_column": "time",
            "timestamp_unit": "ns",
        },
        WITHOUT_GRAVITY,
    ),
    "Physics Toolbox, linear accelerometer": (
        plain("time,ax,ay,az,aT", lambda k: [k / RATE, 0.01, 0.02, 0.01, 0.1]),
        {"unit": "m/s2"},
        WITHOUT_GRAVITY,
    ),
    "Xsens DOT, `FreeAcc_X`": (
        plain("FreeAcc_X,FreeAcc_Y,FreeAcc_Z", lambda k: scaled(0.01)),
        {"unit": "m/s2", "sample_rate_hz": 60},
        WITHOUT_GRAVITY,
    ),
    "two accelerometers in one table": (
        plain(
            "hip_acc_x,hip_acc_y,hip_acc_z,leg_acc_x,leg_acc_y,leg_acc_z",
            lambda k: [*AXES, *AXES],
        ),
        {"sample_rate_hz": RATE},
        "`columns`",
    ),
    "a gyroscope alone": (
        plain("gyro_x,gyro_y,gyro_z", lambda k: AXES),
        {"sample_rate_hz": RATE},
        "accelerometer",
    ),
    "a file named as another sensor, with `x`, `y`, `z`": (
        lambda folder: write(
            folder / "Gyroscope.csv", "time,x,y,z", lambda k: [k / RATE, *AXES]
        ),
        {},
        "by its name the file of another sensor",
    ),
    "phyphox, `Linear Acceleration.csv`": (
        lambda folder: write(
            folder / "Linear Acceleration.csv",
            '"Time (s)","X (m/s^2)","Y (m/s^2)","Z (m/s^2)"',
            lambda k: [k / RATE, *scaled(0.01)],
        ),
        {"unit": "m/s2"},
        WITHOUT_GRAVITY,
    ),
    "a table of several people, devices or sensors, told by a column": (
        plain(
            "time,device,x,y,z", lambda k: [k / RATE, "ab"[k % 2] * 3, *AXES]
        ),
        {},
        "rows of one person, device and sensor",
    ),
    "axes in mg (Polar)": (
        plain("time,X [mg],Y [mg],Z [mg]", lambda k: [k / RATE, *scaled(1000)]),
        {},
        "Divide the axes by 1000",
    ),
    "epochs of seconds, by dates, Unix time or `time (s)`": (
        plain("time (s),x,y,z", lambda k: [5 * k, *AXES]),
        {"sample_rate_hz": 200},
        "0.2 per second",
    ),
    "epochs of seconds, by numbers from 0 without a unit": (
        plain("time,x,y,z", lambda k: [5 * k, *AXES]),
        {"timestamp_unit": "s"},
        "0.2 per second",
    ),
    "times in minutes, hours, days, ticks or samples, as `Time (min)` says": (
        plain("Time (min),x,y,z", lambda k: [k / RATE / 60, *AXES]),
        {},
        "to seconds",
    ),
    "ticks of 100 ns (.NET, Windows); numbers such as yyyyMMddHHmmss or "
    "HHMMSS": (
        plain(
            "timestamp,x,y,z",
            lambda k: [638_501_472_000_000_000 + 200_000 * k, *AXES],
        ),
        {},
        "ticks of 100 ns",
    ),
    "milliseconds without leading zeros, `10:00:00.20` for 20 ms": (
        plain(
            "time,x,y,z",
            lambda k: [f"2024-05-01 10:00:0{k // 50}.{k % 50 * 20}", *AXES],
        ),
        {},
        "three digits",
    ),
    "times of 1e8 to 1e9 s": (
        plain("time,x,y,z", lambda k: [f"{736e6 + k / RATE:.2f}", *AXES]),
        {},
        "from 2001, as Apple",
    ),
    "rows that arrive in bursts, with the time of arrival": (
        plain("time,x,y,z", lambda k: [k // 10 / 5 + k % 10 / 1000, *AXES]),
        {},
        "in 30 bursts of about 10",
    ),
    "`.xlsx`, `.mat`, `.edf`, `.wav`, `.txt`, `.json`, `.agd`": (
        None,
        {},
        None,
    ),
}


@pytest.mark.parametrize("form", NOT_READ_FORMS)
def test_what_is_not_read(tmp_path, form):
    make, options, words = NOT_READ_FORMS[form]
    happens, _ = rows_of(NOT_READ)[form]
    if happens.startswith("a warning"):
        with pytest.warns(UserWarning, match=words):
            read_recording(make(tmp_path), "s", **options)
        return
    assert happens.startswith("refused")
    if make is not None:
        with pytest.raises(ValueError, match=words):
            read_recording(make(tmp_path), "s", **options)
        return
    for suffix in re.findall(r"\.\w+", form):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"x")
        with pytest.raises(ValueError, match=re.escape(suffix)):
            read_recording(path, "s")


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".zst"])
def test_every_compression(tmp_path, ending):
    path = compressed(tmp_path, ending)
    packed, plain_file = path.read_bytes(), tmp_path / "a.csv"
    assert packed != plain_file.read_bytes()
    found, expected = (
        read_recording(file, "s", sample_rate_hz=RATE)
        for file in (path, plain_file)
    )
    np.testing.assert_array_equal(found.acceleration, expected.acceleration)
    assert found.recording_id == expected.recording_id == "a"
