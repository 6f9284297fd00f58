import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from keras_relcon.data import WindowStore, read_ipol_gait

REAL_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HEADER = "LAV,LAX,LAY,LAZ,LRV,LRX,LRY,LRZ,RAV,RAX,RAY,RAZ,RRV,RRX,RRY,RRZ"
LEFT = [[100, 160], [210, 270], [320, 380], [560, 620], [670, 730]]
RIGHT = [[155, 215], [265, 325], [267, 300], [375, 500], [485, 790]]


def walk(subject=1, **changes):
    fields = {
        "Subject": subject,
        "Trial": 1,
        "Code": f"{subject}-1",
        "WalkedDistance": 10,
        "WalkingSpeed": 5.7,
        "LeftFootActivity": LEFT,
        "RightFootActivity": RIGHT,
    }
    return {**fields, **changes}


def table(num_rows=900, header=HEADER):
    values = np.zeros((num_rows, header.count(",") + 1))
    values[:] = np.arange(values.shape[1]) / 100 + 0.001
    values[:, 1] += np.arange(num_rows) / 10_000
    rows = [",".join(f"{value:.6e}" for value in row) for row in values]
    return "\n".join([header, *rows]) + "\n"


def write(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if isinstance(content, dict):
                content = json.dumps(content)
            archive.writestr(f"GaitData/{name}", content)
    return path


@pytest.fixture
def archive(tmp_path):
    members = {"readme.txt": "x"}
    for subject in (10, 2):
        members[f"{subject}-1.csv"] = table()
        members[f"{subject}-1.json"] = walk(subject)
    members["77-1.json"] = walk(77)  # without its signal
    return write(tmp_path / "gait.zip", members)


def test_each_foot_is_a_recording_of_its_accelerometer(archive):
    items = read_ipol_gait(archive)
    assert [r.recording_id for r, _ in items] == [
        "2-1/left",
        "2-1/right",
        "10-1/left",
        "10-1/right",
    ]
    assert [r.subject for r, _ in items] == ["2", "2", "10", "10"]
    (left, _), (right, _) = items[:2]
    assert left.sample_rate_hz == right.sample_rate_hz == 100
    ramp = np.arange(900) / 10_000
    np.testing.assert_allclose(
        left.acceleration,
        np.stack([0.011 + ramp, 0 * ramp + 0.021, 0 * ramp + 0.031], axis=1),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        right.acceleration, np.tile([0.091, 0.101, 0.111], (900, 1)), atol=1e-6
    )


def test_speed_is_twice_the_distance_by_the_time_of_both_feet(archive):
    for _, intervals in read_ipol_gait(archive):
        walking = intervals[0]
        assert (walking.start_seconds, walking.stop_seconds) == (1.0, 7.9)
        assert walking.label == "walking"
        speed = walking.targets["walking_speed_m_s"]
        assert speed == pytest.approx(2 * 10 / 6.9)  # not the field's 5.7


def strides(intervals):
    return [
        (i.start_seconds, i.stop_seconds, i.targets["stride_time_s"])
        for i in intervals[1:]
    ]


def test_strides_go_from_start_to_start_and_outliers_are_left_out(archive):
    (_, left), (_, right) = read_ipol_gait(archive)[:2]
    # 1.1 s each but the third, of 2.4 s: an activity was missed
    expected = [(1.0, 2.1, 1.1), (2.1, 3.2, 1.1), (5.6, 6.7, 1.1)]
    np.testing.assert_allclose(strides(left), expected)
    # the second, of 0.02 s, is an activity that was counted twice
    expected = [(1.55, 2.65, 1.1), (2.67, 3.75, 1.08), (3.75, 4.85, 1.1)]
    np.testing.assert_allclose(strides(right), expected)


@pytest.mark.parametrize(
    "lengths, kept",
    [((90, 90, 135, 60, 90), 5), ((90, 90, 136, 59, 90), 3), ((), 0)],
)
def test_strides_from_two_thirds_to_three_halves_are_kept(
    tmp_path, lengths, kept
):
    starts = np.cumsum([100, *lengths]).tolist()
    events = [[start, start + 20] for start in starts]
    members = {"1-1.csv": table(), "1-1.json": walk(LeftFootActivity=events)}
    items = read_ipol_gait(write(tmp_path / "gait.zip", members))
    assert len(strides(items[0][1])) == kept


def test_unsorted_activities_are_sorted(tmp_path):
    members = {
        "1-1.csv": table(),
        "1-1.json": walk(RightFootActivity=[RIGHT[k] for k in (0, 2, 1, 3, 4)]),
    }
    items = read_ipol_gait(write(tmp_path / "gait.zip", members))
    expected = [(1.55, 2.65, 1.1), (2.67, 3.75, 1.08), (3.75, 4.85, 1.1)]
    np.testing.assert_allclose(strides(items[1][1]), expected)


def test_a_store_takes_the_items(archive):
    store = WindowStore.from_recordings(
        read_ipol_gait(archive), window_length=256
    )
    windows = store.windows()
    speeds = store.targets(windows, "walking_speed_m_s")
    inside = (windows.start_seconds >= 1) & (windows.start_seconds <= 5.34)
    np.testing.assert_allclose(speeds[inside], 20 / 6.9)
    assert np.isnan(speeds[~inside]).all() and inside.sum() == 4 * 4


@pytest.mark.parametrize(
    "members, match",
    [
        ({"1-1.json": walk()}, "pairs of `<code>.csv`"),
        ({"1-1.csv": table(), "1-1.json": "{"}, "must be a JSON file"),
        ({"1-1.csv": table(), "1-1.json": {"Subject": 1}}, "must have the fie"),
        (
            {"1-1.csv": table(), "1-1.json": walk(LeftFootActivity=[])},
            r"without \['LeftFootActivity'\]",
        ),
        (
            {
                "1-1.csv": table(header=HEADER.replace("LAX", "LQX")),
                "1-1.json": walk(),
            },
            r"without the columns \['LAX'\]",
        ),
        (
            {"1-1.csv": HEADER + "\n1,x\n", "1-1.json": walk()},
            "must hold rows of numbers",
        ),
        ({"1-1.csv": table(700), "1-1.json": walk()}, "inside the 700 samples"),
        (
            {"1-1.csv": table(), "1-1.json": walk(WalkedDistance=0)},
            "positive `WalkedDistance`",
        ),
    ],
)
def test_damaged_archives_are_refused(tmp_path, members, match):
    path = write(tmp_path / "gait.zip", members)
    with pytest.raises(ValueError, match=match):
        read_ipol_gait(path)


def test_real_archive_is_plausible():
    path = REAL_DATA / "ipol_gait.zip"
    if not path.exists():
        pytest.skip("the IPOL archive is not on this machine")
    items = read_ipol_gait(path)
    assert len(items) == 352 and len({r.subject for r, _ in items}) == 176
    speeds, rest, times = [], [], []
    for recording, intervals in items:
        speeds.append(intervals[0].targets["walking_speed_m_s"])
        start = int(intervals[0].start_seconds * 100)
        rest.append(np.abs(recording.acceleration[: start // 2].mean(axis=0)))
        times += [i.targets["stride_time_s"] for i in intervals[1:]]
    assert 0.2 < min(speeds) and max(speeds) < 1.9
    assert 0.8 < np.median(speeds) < 0.9  # with the turn, half of them ill
    assert np.median(rest) < 0.01  # no gravity: a foot at rest reads 0
    assert 0.6 < min(times) and max(times) < 3.0
    assert 1.1 < np.median(times) < 1.3
    with zipfile.ZipFile(path) as archive:
        fields = {
            str(walk["Subject"]): walk["WalkingSpeed"]
            for name in archive.namelist()
            if name.endswith(".json")
            for walk in [json.loads(archive.read(name))]
        }
    ratios = [fields[r.subject] / s for (r, _), s in zip(items, speeds)]
    assert 1.95 < np.median(ratios) < 2.1
