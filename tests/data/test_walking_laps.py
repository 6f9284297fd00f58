import numpy as np
import pytest

from keras_relcon.data import read_walking_laps

HEADER = "subject,recording,start_seconds,end_seconds,stride_velocity_m_s"
RATE = 50


def write_signal(path, seconds=20, name="x,y,z"):
    path.parent.mkdir(parents=True, exist_ok=True)
    count = seconds * RATE
    ramp = np.arange(count) / 10_000
    rows = [f"{value:.4f},0,1" for value in ramp]
    path.write_text("\n".join([name, *rows]) + "\n")


@pytest.fixture
def folder(tmp_path):
    for subject in ("s1", "s2"):
        write_signal(tmp_path / subject / "walk.csv")
    write_signal(tmp_path / "s2" / "slow.csv", seconds=10)

    def write_laps(*lines, header=HEADER):
        (tmp_path / "laps.csv").write_text("\n".join([header, *lines]) + "\n")
        return tmp_path

    return write_laps


def read(folder, **kwargs):
    options = {"sample_rate_hz": RATE}
    return read_walking_laps(
        folder,
        sample_rate_hz=RATE,
        window_length=128,
        stride=64,
        recording_options=options,
        **kwargs,
    )


def test_windows_are_inside_laps_with_their_targets(folder):
    path = folder(
        "s1,walk,12.0,18.0,1.3,",  # not in order
        "s1,walk,2.0,8.0,1.1,0.25",
        "s2,slow,0.0,3.0,0.7,0.31",
        header=HEADER + ",double_support_time_s",
    )
    windows = read(path)
    # 300 samples of a lap: windows at 0, 64 and 128; of 150: one
    starts = [2, 3.28, 4.56, 12, 13.28, 14.56, 0]
    np.testing.assert_allclose(windows.start_seconds, starts)
    np.testing.assert_allclose(
        windows.acceleration[:, 0, 0], np.array(starts) * RATE / 10_000, 1e-4
    )
    assert windows.subjects.tolist() == ["s1"] * 6 + ["s2"]
    assert windows.recordings.tolist() == ["s1/walk"] * 6 + ["s2/slow"]
    np.testing.assert_array_equal(
        windows.targets["stride_velocity_m_s"], [1.1] * 3 + [1.3] * 3 + [0.7]
    )
    np.testing.assert_array_equal(
        windows.targets["double_support_time_s"],
        [0.25] * 3 + [np.nan] * 3 + [0.31],
    )
    assert windows.acceleration.shape == (7, 128, 3) and windows.valid.all()


def test_laps_that_touch_do_not_share_a_window(folder):
    windows = read(folder("s1,walk,0,4,1.0", "s1,walk,4,8,2.0"))
    ends = windows.start_seconds + 128 / RATE
    is_first = windows.targets["stride_velocity_m_s"] == 1.0
    assert (ends[is_first] <= 4).all()
    assert (windows.start_seconds[~is_first] >= 4).all()
    assert is_first.sum() == 2 and (~is_first).sum() == 2


def test_windows_are_at_100_hz_by_default(folder):
    path = folder("s1,walk,2.0,8.0,1.1")
    options = {"sample_rate_hz": RATE}
    windows = read_walking_laps(path, recording_options=options)
    assert windows.sample_rate_hz == 100
    assert windows.acceleration.shape == (3, 256, 3)
    np.testing.assert_allclose(windows.start_seconds, [2, 3.28, 4.56])


def test_files_of_other_kinds_and_full_names_are_found(folder, tmp_path):
    rows = np.tile([0.0, 0.0, 1.0], (500, 1))
    np.savez(tmp_path / "s1" / "run.npz", acceleration=rows)
    path = folder("s1,run,0,5,1.0", "s1,walk.csv,0,5,1.0")
    assert set(read(path).recordings) == {"s1/run", "s1/walk.csv"}
    write_signal(tmp_path / "s1" / "run.csv")
    with pytest.raises(ValueError, match=r"one file.*\['run.csv', 'run.npz'\]"):
        read(path)


@pytest.mark.parametrize("missing", HEADER.split(","))
def test_missing_columns_are_named(folder, missing):
    names = [name for name in HEADER.split(",") if name != missing]
    path = folder("s1,0,8,1.1", header=",".join(names))
    with pytest.raises(ValueError, match="`laps.csv` must have the columns"):
        read(path)


@pytest.mark.parametrize(
    "lines, match",
    [
        (
            ["s1,walk,0,8,fast"],
            "`stride_velocity_m_s` must be a number.*'fast'",
        ),
        (["s1,walk,0,8,nan"], "`stride_velocity_m_s` must be a number"),
        (["s1,walk,0,8,1", "s1,walk,,9,1"], "`start_seconds` must.* in line 3"),
        (["s1,walk"], "`start_seconds` must be a number"),
        (["s1,walk,8,2,1.1"], "begin at or after 0 s and end later"),
        (["s1,walk,-1,2,1.1"], "begin at or after 0 s and end later"),
        (["s1,walk,12,20.1,1.1"], "inside its recording.*line 2.*20.1"),
        (
            ["s1,walk,6,12,1", "s2,walk,0,9,1", "s1,walk,0,6.5,1"],
            "must not overlap.*lines 4 and 2",
        ),
        (["s1,run,0,5,1"], r"one file.*s1/run in line 2.*\['walk.csv'\]"),
        (["s9,walk,0,5,1"], r"one file.*s9/walk in line 2.*\[\]"),
        (["s1,walk,0,8,1,1"], "at most 5 cells.*more in line 2"),
        ([], "and rows"),
        (["s1,walk,0,2,1"], "as long as a window"),
    ],
)
def test_wrong_tables_are_refused(folder, lines, match):
    path = folder(*lines)
    with pytest.raises(ValueError, match=match):
        read(path)


def test_repeated_column_and_missing_table_are_refused(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="must hold `laps.csv`"):
        read(tmp_path)
    path = folder("s1,walk,0,8,1,2", header=HEADER + ",stride_velocity_m_s")
    with pytest.raises(ValueError, match="each once"):
        read(path)


def test_end_may_be_half_a_sample_late(folder):
    windows = read(folder("s1,walk,15,20.01,1.1"))
    assert (windows.start_seconds + 128 / RATE <= 20).all()
