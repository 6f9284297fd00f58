import collections
import zipfile
from pathlib import Path

import numpy as np
import pytest

from keras_relcon.data import (
    load_recordings,
    read_motionsense,
    read_wisdm_watch,
)

REAL_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
COLUMNS = (
    ",attitude.roll,attitude.pitch,attitude.yaw,gravity.x,gravity.y,gravity.z,"
    "rotationRate.x,rotationRate.y,rotationRate.z,"
    "userAcceleration.x,userAcceleration.y,userAcceleration.z\n"
)


def real(name):
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not on this machine")
    return path


def subset(source, target, wanted):
    """Copies some members of a zip to another."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if wanted(name):
                new.writestr(name, old.read(name))
    return target


def write_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def motionsense_csv(num_rows=20, gravity=(0.0, 0.6, 0.8)):
    rows = [
        f"{k},9,9,9,{','.join(map(str, gravity))},9,9,9,{k / 100},0.1,-0.2\n"
        for k in range(num_rows)
    ]
    return COLUMNS + "".join(rows)


def wisdm_rows(subject, letter, times_ns, x=0.0):
    return "".join(
        f"{subject},{letter},{t},{x},9.80665,-4.903325;\n" for t in times_ns
    )


def steps(num_rows, start=10**15, step=50_000_000):
    return start + step * np.arange(num_rows)


@pytest.fixture
def motionsense_zip(tmp_path):
    folder = "A_DeviceMotion_data"
    return write_zip(
        tmp_path / "ms.zip",
        {
            f"{folder}/wlk_15/sub_10.csv": motionsense_csv(30),
            f"{folder}/wlk_7/sub_2.csv": motionsense_csv(20),
            f"{folder}/dws_1/sub_24.csv": motionsense_csv(),
            f"{folder}/.DS_Store": "x",
            f"{folder}/dws_1/._sub_24.csv": "x",
            f"__MACOSX/{folder}/dws_1/sub_24.csv": "x",
            "data_subjects_info.csv": "x",
        },
    )


def test_motionsense_is_total_acceleration(motionsense_zip):
    with pytest.warns(UserWarning, match="360 recordings.* has 3"):
        recordings = read_motionsense(motionsense_zip)
    assert [r.recording_id for r in recordings] == [
        "dws_1/sub_24",
        "wlk_7/sub_2",
        "wlk_15/sub_10",
    ]
    assert [r.subject for r in recordings] == ["24", "2", "10"]
    assert [r.labels[0] for r in recordings] == [
        "downstairs",
        "walking",
        "walking",
    ]
    last = recordings[-1]
    assert last.num_samples == 30 and last.sample_rate_hz == 50
    np.testing.assert_allclose(
        last.acceleration[7], [0.07, 0.7, 0.6], atol=1e-6
    )


def test_motionsense_of_another_sensor_is_refused(tmp_path):
    path = write_zip(
        tmp_path / "b.zip", {"wlk_7/sub_1.csv": ",x,y,z\n0,1,1,1\n"}
    )
    with pytest.raises(ValueError, match="without.*gravity.x.*DeviceMotion"):
        read_motionsense(path)


@pytest.fixture
def wisdm_zip(tmp_path):
    folder = "wisdm-dataset"
    times = steps(400)
    return write_zip(
        tmp_path / "wisdm.zip",
        {
            f"{folder}/activity_key.txt": "walking = A\nstairs = C\n\n",
            f"{folder}/raw/watch/accel/data_1600_accel_watch.txt": (
                wisdm_rows(1600, "A", times[:200])
                + wisdm_rows(1600, "C", times[200:])
            ),
            f"{folder}/raw/watch/accel/data_1601_accel_watch.txt": (
                wisdm_rows(1601, "A", times, x=1.0)
            ),
            f"{folder}/raw/phone/accel/data_1601_accel_phone.txt": "x",
        },
    )


def read_one_wisdm(tmp_path, rows):
    return read_wisdm_watch(
        write_zip(
            tmp_path / "one.zip",
            {
                "activity_key.txt": "walking = A\n",
                "raw/watch/accel/data_7_accel_watch.txt": rows,
            },
        )
    )


def test_wisdm_is_split_by_activity_and_in_g(wisdm_zip):
    recordings = read_wisdm_watch(wisdm_zip)
    assert [r.recording_id for r in recordings] == [
        "1600/walking_1",
        "1600/stairs_1",
        "1601/walking_1",
    ]
    assert [r.num_samples for r in recordings] == [200, 200, 400]
    assert {r.sample_rate_hz for r in recordings} == {20}
    np.testing.assert_allclose(
        recordings[0].acceleration, np.tile([0, 1, -0.5], (200, 1)), atol=1e-6
    )


def test_wisdm_is_split_where_time_jumps_or_turns_back(tmp_path):
    times = np.concatenate(
        [steps(200), steps(150, 2 * 10**15), steps(120, 10**14)]
    )
    recordings = read_one_wisdm(tmp_path, wisdm_rows(7, "A", times))
    assert [r.num_samples for r in recordings] == [200, 150, 120]
    assert recordings[2].recording_id == "7/walking_3"


def test_wisdm_short_pieces_are_counted(tmp_path):
    times = np.concatenate([steps(200), steps(90, 2 * 10**15)])
    with pytest.warns(UserWarning, match="1 pieces are shorter than 5 s"):
        recordings = read_one_wisdm(tmp_path, wisdm_rows(7, "A", times))
    assert len(recordings) == 1


def test_wisdm_repeated_and_irregular_times(tmp_path):
    rng = np.random.default_rng(0)
    times = 10**15 + np.cumsum(rng.integers(9_000_000, 90_000_000, 300))
    times[100] = times[99]
    rows = "".join(f"7,A,{t},{(t - times[0]) / 1e9},0,9.8;\n" for t in times)
    (recording,) = read_one_wisdm(tmp_path, rows)
    expected = np.arange(recording.num_samples) / 20 / 9.80665
    np.testing.assert_allclose(
        recording.acceleration[:, 0], expected, atol=1e-6
    )


def test_wisdm_malformed_rows_are_counted(tmp_path):
    rows = wisdm_rows(7, "A", steps(200)) + "7,A,12,;\nx\n\n"
    with pytest.warns(UserWarning, match="2 rows of subject 7"):
        (recording,) = read_one_wisdm(tmp_path, rows)
    assert recording.num_samples == 200


def test_archives_without_the_right_members(tmp_path):
    path = write_zip(tmp_path / "other.zip", {"a.csv": "x"})
    with pytest.raises(ValueError, match="MotionSense archive must hold"):
        read_motionsense(path)
    with pytest.raises(ValueError, match="WISDM archive must hold"):
        read_wisdm_watch(path)


def test_load_recordings_knows_the_zips(motionsense_zip, wisdm_zip):
    with pytest.warns(UserWarning, match="360"):
        assert len(load_recordings(motionsense_zip)) == 3
    assert len(load_recordings(str(wisdm_zip))) == 3


def test_load_recordings_reads_a_folder(tmp_path):
    rows = "0.0,0.6,0.8\n" * 10
    timed = "".join(f"{k / 50},0,0,1,sit\n" for k in range(10))
    for name, text in {
        "anna/walk.csv": "x,y,z\n" + rows,
        "ben/day1.csv": "time,x,y,z,label\n" + timed,
        "ben/.hidden.csv": "x",
        "readme.txt": "x",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    anna, ben = load_recordings(tmp_path, sample_rate_hz=25)
    assert (anna.subject, anna.recording_id) == ("anna", "anna/walk")
    assert anna.sample_rate_hz == 25 and anna.labels is None
    assert ben.sample_rate_hz == pytest.approx(50)
    assert ben.labels.tolist() == ["sit"] * 10
    with pytest.raises(ValueError, match="Either `sample_rate_hz` or"):
        load_recordings(tmp_path)


@pytest.mark.parametrize(
    "times",
    [
        [f"{k / 50}" for k in range(100)],
        [f"{k}" for k in range(0, 2000, 20)],
        [f"2024-05-01T10:00:{k / 50:09.6f}" for k in range(100)],
    ],
    ids=["seconds", "ms", "iso"],
)
def test_times_of_a_folder_tell_their_unit(tmp_path, times):
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / "walk.csv").write_text(
        "time,x,y,z\n" + "".join(f"{time},0,0,1\n" for time in times)
    )
    (recording,) = load_recordings(tmp_path)
    assert recording.sample_rate_hz == pytest.approx(50)
    assert recording.num_samples == 100


def test_load_recordings_says_what_it_accepts(tmp_path):
    accepted = "A_DeviceMotion_data.zip.*wisdm-dataset.zip.*<subject>/<name>"
    with pytest.raises(ValueError, match=accepted):
        load_recordings(tmp_path)
    with pytest.raises(ValueError, match=accepted):
        load_recordings(write_zip(tmp_path / "other.zip", {"a.csv": "x"}))
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_recordings(tmp_path / "none")


def test_some_files_of_the_real_motionsense(tmp_path):
    path = subset(
        real("A_DeviceMotion_data.zip"),
        tmp_path / "few.zip",
        lambda name: name.endswith(("jog_9/sub_1.csv", "sit_5/sub_20.csv")),
    )
    with pytest.warns(UserWarning, match="has 2"):
        jogging, sitting = load_recordings(path)
    assert (jogging.subject, sitting.subject) == ("1", "20")
    size = np.linalg.norm(sitting.acceleration, axis=1)
    np.testing.assert_allclose(np.median(size), 1, atol=0.03)
    assert np.linalg.norm(jogging.acceleration, axis=1).std() > 0.5


def test_one_file_of_the_real_wisdm(tmp_path):
    path = subset(
        real("wisdm-dataset.zip"),
        tmp_path / "few.zip",
        lambda name: "activity_key" in name or "data_1600_accel" in name,
    )
    recordings = load_recordings(path)
    assert len({r.labels[0] for r in recordings}) == len(recordings) == 18
    assert all(170 < r.duration_seconds < 190 for r in recordings)


@pytest.mark.slow
def test_the_whole_real_motionsense():
    recordings = load_recordings(real("A_DeviceMotion_data.zip"))
    assert len(recordings) == 360
    assert {r.subject for r in recordings} == {f"{k}" for k in range(1, 25)}
    counts = collections.Counter(r.labels[0] for r in recordings)
    assert counts == {
        "downstairs": 72,
        "upstairs": 72,
        "walking": 72,
        "jogging": 48,
        "standing": 48,
        "sitting": 48,
    }
    minutes = sum(r.duration_seconds for r in recordings) / 60
    assert minutes == pytest.approx(470.96, abs=0.01)


@pytest.mark.slow
def test_the_whole_real_wisdm():
    with pytest.warns(UserWarning, match="3 pieces"):
        recordings = load_recordings(real("wisdm-dataset.zip"))
    assert len({r.subject for r in recordings}) == 46
    assert len({r.labels[0] for r in recordings}) == 18
    minutes = sum(r.duration_seconds for r in recordings) / 60
    assert minutes == pytest.approx(2470.7, abs=0.1)
