"""HHAR, PAMAP2 and Opportunity as their own readmes describe the rows.

Whole archives of these three were not at hand. Rows are written here column by
column as public descriptions of the sets list them, with names in place of
numbers of columns; three rows of HHAR are its own first ones.
"""

import io
import warnings

import numpy as np
import pytest

from tfds_builders.hhar import parse as hhar
from tfds_builders.opportunity import parse as opportunity
from tfds_builders.pamap2 import parse as pamap2

G = 9.80665


def names_of(module, recording):
    return [module.CLASS_NAMES[code] for code in recording.labels]


# HHAR: the nominal rate of each model, Hz.
HHAR_RATES = {
    "gear": 100,
    "lgwatch": 200,
    "nexus4": 200,
    "s3": 150,
    "s3mini": 100,
    "samsungold": 50,
}
HHAR_HEADER = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"


def hhar_rows(user, model, number, gts, created_ns, rate=None, arrived=None):
    """Rows of one device: packets arrive in ms, samples are made in ns."""
    rate = rate or HHAR_RATES[model]
    rows = []
    for k, gt in enumerate(gts):
        # packets of four: rows share their arrival, within a millisecond
        time = 1424696638740 + round(1000 * (k // 4 * 4) / rate)
        time = time if arrived is None else arrived[k]
        created = created_ns + round(k * 1e9 / rate)
        rows.append(
            f"{k},{time},{created},-0.5650316,-9.572019,-0.61411273,"
            f"{user},{model},{model}_{number},{gt}"
        )
    return rows


def parse_hhar(rows, position="wrist"):
    file = io.BytesIO("\n".join([HHAR_HEADER, *rows, ""]).encode())
    return hhar.parse_accelerometer(file, position)


@pytest.mark.parametrize("model", HHAR_RATES)
def test_hhar_rates_units_and_labels(model):
    # watches count from their start, phones from 1970
    created = 27920678471000 if "watch" in model else 1424696631913248572
    activities = ["stand", "sit", "walk", "stairsup", "stairsdown", "bike"]
    gts = [gt for gt in [*activities, "null"] for _ in range(12)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (recording,) = parse_hhar(hhar_rows("a", model, 1, gts, created))
    assert recording.sample_rate_hz == HHAR_RATES[model]
    assert names_of(hhar, recording) == gts
    assert recording.recording_id == f"a/{model}_1"
    np.testing.assert_allclose(
        recording.acceleration[0],
        np.array([-0.5650316, -9.572019, -0.61411273]) / G,
        rtol=1e-6,
    )
    norms = np.linalg.norm(recording.acceleration, axis=1)
    assert norms == pytest.approx(0.980, abs=1e-3)


def test_hhar_its_own_first_rows():
    """Arrivals are 1 and 9 ms apart; the sensor's clock tells the rate."""
    rows = [
        "0,1424696633908,1424696631913248572,-5.958191,0.6880646,8.135345,",
        "1,1424696633909,1424696631918283972,-5.95224,0.6702118,8.136536,",
        "2,1424696633918,1424696631923288855,-5.9950867,0.6535492,8.204376,",
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (recording,) = parse_hhar(
            [f"{row}a,nexus4,nexus4_1,stand" for row in rows], "waist"
        )
    assert recording.sample_rate_hz == 200
    assert names_of(hhar, recording) == ["stand"] * 3
    expected = np.array([-5.958191, 0.6880646, 8.135345]) / G
    np.testing.assert_allclose(recording.acceleration[0], expected, rtol=1e-6)


def test_hhar_knows_both_of_its_clocks():
    """A nominal rate that the sensor's own clock contradicts is told."""
    steady = hhar_rows("a", "gear", 1, ["walk"] * 40, 27920678471000)
    slow = hhar_rows("b", "lgwatch", 2, ["walk"] * 40, 5, rate=120)
    told = r"1 of 2 devices.*b/lgwatch_2 120 \(200\)"
    with pytest.warns(UserWarning, match=told):
        first, second = parse_hhar([*steady, *slow])
    assert (first.sample_rate_hz, second.sample_rate_hz) == (100, 200)
    assert len(second.labels) == 40  # no row is dropped


def test_hhar_packets_that_arrive_late_and_devices_side_by_side():
    start = 1424696638740
    arrived = [start, start + 40, start + 30, start + 30, start + 5000]
    one = hhar_rows("a", "gear", 1, ["walk"] * 5, 7, arrived=arrived)
    two = hhar_rows("a", "gear", 2, ["null"] * 5, 9)
    rows = [row for pair in zip(one, two) for row in pair]
    first, late, other = parse_hhar(rows)
    assert [len(r.labels) for r in (first, late, other)] == [4, 1, 5]
    assert late.start_seconds == 5
    assert (first.recording_id, other.recording_id) == (
        "a/gear_1-0",
        "a/gear_2",
    )
    assert set(names_of(hhar, other)) == {"null"}


# PAMAP2, readme of the set: 54 columns.
PAMAP2_IMU = [
    "temperature",
    *(f"acceleration_16g_{axis}" for axis in "xyz"),
    *(f"acceleration_6g_{axis}" for axis in "xyz"),
    *(f"gyroscope_{axis}" for axis in "xyz"),
    *(f"magnetometer_{axis}" for axis in "xyz"),
    *(f"orientation_{k}" for k in range(4)),
]
PAMAP2_COLUMNS = [
    "timestamp",
    "activity",
    "heart_rate",
    *(f"{p}_{c}" for p in ("hand", "chest", "ankle") for c in PAMAP2_IMU),
]
# m/s2 at rest; the orientation is invalid in the set.
PAMAP2_GRAVITY = {
    "hand": (2.37223, 8.60074, 3.51048),
    "chest": (0.23808, 9.80003, -1.68896),
    "ankle": (9.65918, -1.65569, -0.0997967),
}
# Activities and their ids of the readme, 18 of them.
PAMAP2_ACTIVITIES = {
    **{1: "lying", 2: "sitting", 3: "standing", 4: "walking", 5: "running"},
    **{6: "cycling", 7: "nordic_walking", 9: "watching_tv"},
    **{10: "computer_work", 11: "car_driving", 12: "ascending_stairs"},
    **{13: "descending_stairs", 16: "vacuum_cleaning", 17: "ironing"},
    **{18: "folding_laundry", 19: "house_cleaning", 20: "playing_soccer"},
    **{24: "rope_jumping"},
}


def pamap2_rows(activities, lost=()):
    """Rows at 100 Hz; a `(position, row)` of `lost` never arrived."""
    rows = []
    for k, activity in enumerate(activities):
        row = dict.fromkeys(PAMAP2_COLUMNS, "0")
        row["timestamp"] = f"{8.38 + k / 100:.2f}"
        row["activity"] = str(activity)
        row["heart_rate"] = "104" if k % 11 == 0 else "NaN"  # about 9 Hz
        for position, gravity in PAMAP2_GRAVITY.items():
            row[f"{position}_temperature"] = "30.375"
            row[f"{position}_orientation_0"] = "1"
            for axis, value in zip("xyz", gravity):
                row[f"{position}_acceleration_16g_{axis}"] = str(value)
                # saturated, and not calibrated as well
                row[f"{position}_acceleration_6g_{axis}"] = "61.1"
            if (position, k) in lost:
                for name in PAMAP2_IMU:
                    row[f"{position}_{name}"] = "NaN"
        rows.append(" ".join(row[name] for name in PAMAP2_COLUMNS))
    return io.BytesIO("\n".join([*rows, ""]).encode())


@pytest.mark.parametrize("position", PAMAP2_GRAVITY)
def test_pamap2_rates_units_and_labels(position):
    assert len(PAMAP2_COLUMNS) == 54 and len(PAMAP2_ACTIVITIES) == 18
    activities = [0, *PAMAP2_ACTIVITIES, 0]
    file = pamap2_rows(activities, lost=[(position, 3), ("other", 5)])
    (recording,) = pamap2.parse_dat(file, "101", "Protocol/s", position)
    assert recording.sample_rate_hz == 100 and len(recording.labels) == 20
    assert names_of(pamap2, recording) == [
        "null",  # transient
        *PAMAP2_ACTIVITIES.values(),
        "null",
    ]
    expected = np.tile(np.array(PAMAP2_GRAVITY[position]) / G, (20, 1))
    expected[3] = np.nan
    np.testing.assert_allclose(recording.acceleration, expected, rtol=1e-5)
    norms = np.linalg.norm(recording.acceleration, axis=1)
    assert np.nanmedian(norms) == pytest.approx(1, abs=0.03)


def test_pamap2_the_rate_is_that_of_its_clock():
    times = np.loadtxt(pamap2_rows([4] * 200), usecols=0)
    rate = (len(times) - 1) / (times[-1] - times[0])
    assert rate == pytest.approx(pamap2.SAMPLE_RATE_HZ)


def test_pamap2_a_sensor_that_lost_rows_loses_no_row():
    """Heart rates are NaN in most rows: they are no reason to drop one."""
    lost = [("hand", k) for k in range(4, 30)]
    (recording,) = pamap2.parse_dat(
        pamap2_rows([4] * 50, lost), "101", "r", "hand"
    )
    is_lost = np.isnan(recording.acceleration).all(axis=1)
    assert np.flatnonzero(is_lost).tolist() == list(range(4, 30))
    (ankle,) = pamap2.parse_dat(
        pamap2_rows([4] * 50, lost), "101", "r", "ankle"
    )
    assert np.isfinite(ankle.acceleration).all()


# Opportunity, column_names.txt of the set: 250 columns.
ACCELEROMETERS = (
    *("RKN^", "HIP", "LUA^", "RUA_", "LH", "BACK"),
    *("RKN_", "RWR", "RUA^", "LUA_", "LWR", "RH"),
)
UNITS = ("BACK", "RUA", "RLA", "LUA", "LLA")
OPPORTUNITY_COLUMNS = [
    "MILLISEC",
    *(f"{s} acc{a}" for s in ACCELEROMETERS for a in "XYZ"),
    *(  # 9 axes and a quaternion each
        f"{unit} {name}{axis}"
        for unit in UNITS
        for name, axes in (
            ("acc", "XYZ"),
            ("gyro", "XYZ"),
            ("magnetic", "XYZ"),
            ("Quaternion", "1234"),
        )
        for axis in axes
    ),
    *(f"{shoe} {k}" for shoe in ("L-SHOE", "R-SHOE") for k in range(16)),
    *(  # 12 objects with accelerometer and gyroscope
        f"object {k} {name}"
        for k in range(12)
        for name in ("accX", "accY", "accZ", "gyroX", "gyroY")
    ),
    *(f"REED SWITCH {k}" for k in range(13)),
    *(f"drawer {k} acc{axis}" for k in range(8) for axis in "XYZ"),
    *(f"TAG{tag} {axis}" for tag in range(1, 5) for axis in "XYZ"),
    "Locomotion",
    "HL_Activity",
    *("LL_Left_Arm", "LL_Left_Arm_Object"),
    *("LL_Right_Arm", "LL_Right_Arm_Object"),
    "ML_Both_Arms",
]
OPPORTUNITY_GRAVITY = {  # milli-g
    "BACK": (-967, 112, 230),
    "RWR": (-251, 940, -203),
    "LWR": (120, -988, 70),
}
LOCOMOTION = {0: "null", 1: "stand", 2: "walk", 4: "sit", 5: "lie"}


def opportunity_rows(locomotion, lost=()):
    rows = []
    for k, code in enumerate(locomotion):
        row = dict.fromkeys(OPPORTUNITY_COLUMNS, "0")
        row["MILLISEC"] = str(int(k * 100 / 3))  # 0, 33, 66, 100
        row["Locomotion"] = str(code)
        row["HL_Activity"], row["ML_Both_Arms"] = "105", "406516"
        for sensor in ACCELEROMETERS:
            values = OPPORTUNITY_GRAVITY.get(sensor, (5000, 5000, 5000))
            if (sensor, k) in lost:
                values = ("NaN", "NaN", "NaN")
            for axis, value in zip("XYZ", values):
                row[f"{sensor} acc{axis}"] = str(value)
        rows.append(" ".join(row[name] for name in OPPORTUNITY_COLUMNS))
    return io.BytesIO("\n".join([*rows, ""]).encode())


@pytest.mark.parametrize(
    "position, sensor",
    [("right_wrist", "RWR"), ("left_wrist", "LWR"), ("back", "BACK")],
)
def test_opportunity_rates_units_and_labels(position, sensor):
    assert len(OPPORTUNITY_COLUMNS) == 250
    assert OPPORTUNITY_COLUMNS.index("Locomotion") == 243
    lost = [(sensor, 2), (sensor, 3), ("HIP", 4)]
    file = opportunity_rows(LOCOMOTION, lost)
    (recording,) = opportunity.parse_dat(file, "1", "S1-ADL1", position)
    assert names_of(opportunity, recording) == list(LOCOMOTION.values())
    expected = np.tile(np.array(OPPORTUNITY_GRAVITY[sensor]) / 1000, (5, 1))
    expected[2:4] = np.nan
    np.testing.assert_allclose(recording.acceleration, expected, rtol=1e-6)
    norms = np.linalg.norm(recording.acceleration, axis=1)
    assert np.nanmedian(norms) == pytest.approx(1, abs=0.03)


def test_opportunity_the_rate_is_that_of_its_clock():
    times = np.loadtxt(opportunity_rows([1] * 301), usecols=0) / 1000
    rate = (len(times) - 1) / (times[-1] - times[0])
    assert rate == pytest.approx(opportunity.SAMPLE_RATE_HZ)
    file = opportunity_rows([1] * 301)
    (recording,) = opportunity.parse_dat(file, "1", "S1-ADL1", "back")
    assert recording.sample_rate_hz == opportunity.SAMPLE_RATE_HZ
