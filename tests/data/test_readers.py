import tracemalloc
import warnings

import numpy as np
import pytest
from whole_tables import read_table

from keras_relcon.data import read_recording
from keras_relcon.data.readers import csv_blocks

TIMES = np.arange(100) / 50


def tilted(num_samples=100):
    angle = np.linspace(0, 1, num_samples)
    return np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=1)


def write_csv(path, columns, header=None):
    lines = [",".join(header or columns)]
    lines += [",".join(map(str, row)) for row in zip(*columns.values())]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def columns():
    return dict(zip("xyz", tilted().T))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "walk.csv"


def test_reads_columns_by_name(path, columns):
    table = {"z": columns["z"], "note": ["a, b"] * 100, **columns}
    table["note"] = ['"a, b"'] * 100
    recording = read_recording(write_csv(path, table), "s1", 50)
    np.testing.assert_allclose(recording.acceleration, tilted(), atol=1e-6)
    assert recording.sample_rate_hz == 50
    assert recording.recording_id == "walk" and recording.start_time is None


def test_converts_metres_per_second_squared(path, columns):
    table = {k: v * 9.80665 for k, v in columns.items()}
    recording = read_recording(write_csv(path, table), "s", 50, unit="m/s2")
    np.testing.assert_allclose(recording.acceleration, tilted(), atol=1e-6)


def test_reads_npz(tmp_path, columns):
    np.savez(tmp_path / "r.npz", t=TIMES * 1e3, label=["sit"] * 100, **columns)
    recording = read_recording(
        tmp_path / "r.npz",
        "s",
        timestamp_column="t",
        timestamp_unit="ms",
        label_column="label",
    )
    np.testing.assert_allclose(recording.acceleration, tilted(), atol=1e-6)
    assert recording.sample_rate_hz == pytest.approx(50)
    assert set(recording.labels) == {"sit"}


def test_npz_columns_must_be_equally_long(tmp_path, columns):
    np.savez(tmp_path / "r.npz", **{**columns, "z": np.ones(99)})
    with pytest.raises(ValueError, match="1-D and equally long"):
        read_recording(tmp_path / "r.npz", "s", 50)


@pytest.mark.parametrize(
    "unit, values",
    [
        ("s", 1.7e9 + TIMES),
        ("ms", np.rint(1.7e12 + TIMES * 1e3).astype(int)),
        ("us", np.rint(1.7e15 + TIMES * 1e6).astype(int)),
        (
            "ns",
            [1_700_000_000_000_000_000 + 20_000_000 * k for k in range(100)],
        ),
        ("iso", [f"2023-11-14T22:13:{20 + t:09.6f}Z" for t in TIMES]),
        ("iso", [f"2023-11-14 23:13:{20 + t:09.6f}+01:00" for t in TIMES]),
        ("iso", [f"2023-11-14T22:13:{20 + t:09.6f}" for t in TIMES]),
    ],
)
def test_timestamps_in_each_unit(path, columns, unit, values):
    recording = read_recording(
        write_csv(path, {"t": values, **columns}),
        "s",
        timestamp_column="t",
        timestamp_unit=unit,
    )
    assert recording.sample_rate_hz == pytest.approx(50, rel=1e-4)
    assert recording.start_time == pytest.approx(1.7e9, abs=1e-3)
    assert recording.num_samples == 100
    np.testing.assert_allclose(recording.acceleration, tilted(), atol=1e-4)


def test_irregular_timestamps_are_put_on_a_grid(path):
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.015, 0.025, 200))
    values = {"x": times / 10, "y": 0 * times, "z": 0 * times + 1}
    recording = read_recording(
        write_csv(path, {"t": times, **values}), "s", timestamp_column="t"
    )
    grid = times[0] + np.arange(recording.num_samples) / (
        recording.sample_rate_hz
    )
    np.testing.assert_allclose(
        recording.acceleration[:, 0], grid / 10, atol=1e-5
    )


def test_labels_of_rows_follow_the_grid(path, columns):
    labels = ["a"] * 50 + ["b"] * 50
    recording = read_recording(
        write_csv(path, {"t": TIMES, "label": labels, **columns}),
        "s",
        timestamp_column="t",
        label_column="label",
    )
    assert recording.labels.tolist() == labels


def test_disordered_timestamps_are_one_clear_error(path, columns):
    times = TIMES.copy()
    times[[7, 8]] = times[[8, 7]]
    file = write_csv(path, {"t": times, **columns})
    with pytest.raises(ValueError, match="row 8 .*does not follow row 7"):
        read_recording(file, "s", timestamp_column="t")
    with pytest.warns(UserWarning, match="sorted by time, and 0 rows"):
        recording = read_recording(
            file, "s", timestamp_column="t", sort_timestamps=True
        )
    assert recording.num_samples == 100


def test_repeated_timestamps_are_one_clear_error(path, columns):
    times = TIMES.copy()
    times[8] = times[7]
    file = write_csv(path, {"t": times, **columns})
    with pytest.raises(ValueError, match="row 8 .*repeats row 7"):
        read_recording(file, "s", timestamp_column="t")
    with pytest.warns(UserWarning, match="and 1 rows with a repeated"):
        recording = read_recording(
            file, "s", timestamp_column="t", sort_timestamps=True
        )
    np.testing.assert_allclose(recording.acceleration, tilted(), atol=1e-2)


def test_unknown_column_suggests_the_nearest(path, columns):
    table = dict(zip(["acc_x", "acc_y", "acc_z"], columns.values()))
    file = write_csv(path, table)
    with pytest.raises(
        ValueError, match=r"'accx' must be.*\['acc_x', .*mean 'acc_x'\?"
    ):
        read_recording(file, "s", 50, columns=("accx", "acc_y", "acc_z"))
    with pytest.raises(ValueError, match="'time' must be"):
        read_recording(file, "s", columns=list(table), timestamp_column="time")


def test_unit_must_fit_the_data(path, columns):
    in_g = write_csv(path, columns)
    with pytest.raises(ValueError, match="unit='m/s2'.*1.00. Pass unit=\"g\""):
        read_recording(in_g, "s", 50, unit="m/s2")
    read_recording(in_g, "s", 50, unit="m/s2", check_unit=False)
    write_csv(path, {k: v * 9.8 for k, v in columns.items()})
    with pytest.raises(ValueError, match="unit='g'.*9.80. Pass unit=\"m/s2\""):
        read_recording(path, "s", 50)
    with pytest.raises(ValueError, match=r"one of \['g', 'm/s2'\].*'mg'"):
        read_recording(path, "s", 50, unit="mg")


def test_unit_must_be_the_one_in_the_names(path, columns):
    # without gravity: a size that neither unit contradicts
    names = [f"Acceleration {axis} (m/s^2)" for axis in "xyz"]
    file = write_csv(path, {k: 2 * v for k, v in columns.items()}, names)
    match = r"unit='g' .*'Acceleration x \(m/s\^2\)'.* in m/s2. Pass unit=\"m"
    with pytest.raises(ValueError, match=match):
        read_recording(file, "s", 50)
    read_recording(file, "s", 50, unit="m/s2")
    recording = read_recording(file, "s", 50, check_unit=False)
    np.testing.assert_allclose(recording.acceleration, 2 * tilted(), atol=1e-6)


def test_rows_that_are_not_numeric_are_dropped_and_counted(path, columns):
    columns = {k: [repr(float(v)) for v in c] for k, c in columns.items()}
    columns["time"] = [repr(i / 50) for i in range(100)]
    columns["x"][0] = "m/s2"
    columns["z"][40] = "error"
    write_csv(path, {**columns, "label": ["sit"] * 100})
    with open(path, "a") as file:
        file.write("\nend of file\n")
    with pytest.warns(UserWarning, match="3 rows of walk.csv"):
        recording = read_recording(path, "s", label_column="label")
    assert recording.num_samples == 99 == len(recording.labels)
    kept = np.delete(recording.acceleration, 39, axis=0)
    expected = np.delete(tilted(), [0, 40], axis=0)
    np.testing.assert_allclose(kept, expected, atol=1e-6)


def test_rows_without_times_keep_their_place(path, columns):
    columns = {k: [repr(float(v)) for v in c] for k, c in columns.items()}
    columns["z"][40] = "error"
    for name in "xyz":
        columns[name][50] = ""
    write_csv(path, {**columns, "label": ["sit"] * 50 + [""] + ["sit"] * 49})
    with pytest.warns(UserWarning) as warned:
        recording = read_recording(path, "s", 50, label_column="label")
    texts = " ".join(str(each.message) for each in warned)
    assert "1 rows of walk.csv are not numeric and are missing" in texts
    expected = np.float32(tilted())
    expected[[40, 50]] = np.nan
    np.testing.assert_allclose(recording.acceleration, expected, atol=1e-6)
    assert recording.labels.tolist().count("sit") == 98
    assert recording.labels[[40, 50]].tolist() == ["", ""]


def test_empty_cells_are_missing_samples(path, columns):
    columns = {k: [repr(float(v)) for v in c] for k, c in columns.items()}
    columns["y"][3] = ""
    with pytest.warns(UserWarning, match="1 of 100 samples"):
        recording = read_recording(write_csv(path, columns), "s", 50)
    assert recording.num_samples == 100
    assert np.isnan(recording.acceleration[3, 1])


@pytest.mark.parametrize("is_timed", [True, False])
def test_bad_rows_cost_little_memory(path, monkeypatch, is_timed):
    """Not each cell of the file is a Python object at the same time."""
    num_rows, words = 20_000, ["sit", "", "a longer label"]
    rows = [[k / 1e5, 0.6, 0.8, words[k % 3]] for k in range(num_rows)]
    rows[1][1], rows[7001][2], rows[7002][2] = "", "error", "bad"
    table = dict(zip(["x", "y", "z", "label"], zip(*rows)))
    write_csv(path, table)
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 20_000)
    arguments = (path, ["x", "y", "z"], ["label"], ",", is_timed)
    tracemalloc.start()
    with pytest.warns(UserWarning, match="2 rows of walk.csv"):
        found = read_table(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = sum(column.nbytes for column in found.values())
    assert peak < 2.2 * size + 1e6, (peak, size)
    is_bad = np.isin(np.arange(num_rows), [7001, 7002])
    expected = np.array([row[0] for row in rows])
    labels = np.array([row[3] for row in rows])
    expected[is_bad], labels[is_bad] = np.nan, ""
    kept = ~is_bad if is_timed else slice(None)
    np.testing.assert_array_equal(found["x"], expected[kept])
    assert found["label"].tolist() == labels[kept].tolist()
    assert np.flatnonzero(np.isnan(found["y"]))[0] == 1


def test_byte_order_mark_and_other_delimiter(path):
    text = "x; y; z\n" + "0.0;0.6;0.8\n" * 10
    path.write_text(text, encoding="utf-8-sig")
    recording = read_recording(path, "s", 50, delimiter=";")
    np.testing.assert_allclose(recording.acceleration[9], [0, 0.6, 0.8])


def test_files_without_rows(path):
    path.write_text("")
    with pytest.raises(ValueError, match="header and rows.*empty"):
        read_recording(path, "s", 50)
    path.write_text("x,y,z\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="rows of numbers"):
            read_recording(path, "s", 50)


def test_wrong_arguments(path, tmp_path, columns):
    write_csv(path, {"t": TIMES, **columns})
    with pytest.raises(ValueError, match="Either `sample_rate_hz` or"):
        read_recording(path, "s")
    with pytest.raises(ValueError, match="Only one of `sample_rate_hz`"):
        read_recording(path, "s", 50, timestamp_column="t")
    with pytest.raises(ValueError, match="Only one of `label_column`"):
        read_recording(path, "s", 50, label_column="t", labels="sit")
    with pytest.raises(ValueError, match="`columns` must be three"):
        read_recording(path, "s", 50, columns="xyz")
    with pytest.raises(ValueError, match="`timestamp_unit` must be one of"):
        read_recording(path, "s", timestamp_column="t", timestamp_unit="min")
    with pytest.raises(ValueError, match="ISO 8601.*'0.0'"):
        read_recording(path, "s", timestamp_column="t", timestamp_unit="iso")
    with pytest.raises(FileNotFoundError, match="existing file"):
        read_recording(tmp_path / "none.csv", "s", 50)
    (tmp_path / "r.txt").write_text("x")
    with pytest.raises(ValueError, match="end in .csv, .npz, .parquet"):
        read_recording(tmp_path / "r.txt", "s", 50)
