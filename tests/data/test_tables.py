import builtins
import zipfile

import h5py
import numpy as np
import pyarrow
import pytest
from pyarrow import feather, parquet
from whole_tables import read_table

from keras_relcon.data import read_recording
from keras_relcon.data.readers import array_tables
from keras_relcon.data.readers.tables import (
    list_columns,
    table_blocks,
)

NUM = 100
TIMES = np.arange(NUM) / 50


def tilted():
    angle = np.linspace(0, 1, NUM)
    return np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=1)


def write_parquet(path, **columns):
    parquet.write_table(pyarrow.table(columns), path)
    return path


def check(recording, with_labels=True):
    assert recording.sample_rate_hz == pytest.approx(50, rel=1e-4)
    np.testing.assert_allclose(recording.acceleration, tilted(), atol=1e-5)
    if with_labels:
        assert recording.labels.tolist() == ["a"] * 50 + ["b"] * 50


LABELS = ["a"] * 50 + ["b"] * 50


def test_parquet(tmp_path):
    axes = dict(zip("xyz", tilted().T))
    path = write_parquet(
        tmp_path / "r.parquet", time=TIMES, label=LABELS, **axes
    )
    check(read_recording(path, "s"))


@pytest.mark.parametrize("time_zone", [None, "UTC"])
def test_parquet_of_other_types(tmp_path, time_zone):
    start = np.datetime64("2023-11-14T22:13:20", "us")
    dates = start + (TIMES * 1e6).astype("timedelta64[us]")
    labels = pyarrow.array(LABELS).dictionary_encode()
    path = write_parquet(
        tmp_path / "r.parquet",
        **{f"acc.{a}": c.astype("f4") for a, c in zip("xyz", tilted().T)},
        datetime=pyarrow.array(dates, pyarrow.timestamp("us", tz=time_zone)),
        activity=labels,
    )
    recording = read_recording(path, "s")
    check(recording)
    assert recording.start_time == 1_700_000_000


def test_parquet_nulls_are_missing_samples(tmp_path):
    axes = {a: c.tolist() for a, c in zip("xyz", tilted().T)}
    axes["y"][7] = None
    path = write_parquet(tmp_path / "r.parquet", **axes)
    with pytest.warns(UserWarning, match="1 of 100 samples"):
        recording = read_recording(path, "s", 50)
    assert np.isnan(recording.acceleration[7, 1])


def block_import(monkeypatch, package):
    original = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == package:
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)


def test_hdf5_datasets_are_columns(tmp_path):
    path = tmp_path / "r.hdf5"
    with h5py.File(path, "w") as file:
        for axis, channel in zip("xyz", tilted().T):
            file[f"day1/{axis}"] = channel
        file["day1/time"] = TIMES
        file["day1/label"] = LABELS
        file["day1/note"] = "one value"
    check(read_recording(path, "s"))
    check(
        read_recording(
            path,
            "s",
            columns=("day1/x", "day1/y", "day1/z"),
            timestamp_column="day1/time",
            label_column="day1/label",
        )
    )
    check(read_recording(path, "s", 50, columns="day1"))


def test_hdf5_path_of_an_array_of_three_columns(tmp_path):
    path = tmp_path / "r.h5"
    with h5py.File(path, "w") as file:
        file["s1/walk/acceleration"] = tilted()
        file["s1/run/acceleration"] = 2 * tilted()
    assert "s1/run/acceleration.z" in list_columns(path)
    with pytest.raises(ValueError, match="One set of columns.*walk"):
        read_recording(path, "s", 50)
    recording = read_recording(path, "s", 50, columns="s1/walk/acceleration")
    check(recording, with_labels=False)


def write_hdf5(path, **arrays):
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values


def write_feather(path, **columns):
    feather.write_feather(pyarrow.table(columns), str(path), chunksize=40)


WRITERS = {
    "h5": write_hdf5,
    "npz": np.savez,
    "parquet": write_parquet,
    "feather": write_feather,
}


@pytest.mark.parametrize("suffix", WRITERS)
def test_blocks_have_no_seams(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"r.{suffix}"
    axes = dict(zip("xyz", tilted().T))
    WRITERS[suffix](path, time=TIMES, label=LABELS, **axes)
    monkeypatch.setattr(array_tables, "BLOCK_ROWS", 30)
    blocks = list(table_blocks(path, ["time", "x"], ["label"]))
    assert max(len(block["x"]) for block in blocks) == 30
    for name, values in (("time", TIMES), ("x", axes["x"]), ("label", LABELS)):
        joined = np.concatenate([block[name] for block in blocks])
        assert joined.tolist() == list(values)
    check(read_recording(path, "s"))


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_whole_numbers_as_labels_have_one_name(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(array_tables, "BLOCK_ROWS", 30)
    labels = np.repeat([3, 4], 50).tolist()
    labels[70] = None  # in the last block but one
    path = tmp_path / f"r.{suffix}"
    axes = dict(zip("xyz", tilted().T))
    WRITERS[suffix](path, time=TIMES, label=labels, **axes)
    found = read_recording(path, "s").labels
    assert found.tolist() == ["" if k is None else str(k) for k in labels]


def test_what_is_no_array_in_an_npz_is_passed_over(tmp_path):
    path = tmp_path / "r.npz"
    np.savez(path, acceleration=tilted(), time=TIMES, label=LABELS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("readme.txt", "recorded at home")
    check(read_recording(path, "s"))


@pytest.mark.parametrize("order", "CF")
def test_npz_of_either_order_and_both_compressions(
    tmp_path, monkeypatch, order
):
    monkeypatch.setattr(array_tables, "BLOCK_ROWS", 30)
    axes = np.asarray(tilted(), order=order)
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "r.npz", acceleration=axes, time=TIMES, label=LABELS)
        check(read_recording(tmp_path / "r.npz", "s"))


def test_an_array_of_hdf5_is_read_once(tmp_path, monkeypatch):
    write_hdf5(tmp_path / "r.h5", acceleration=tilted())
    shapes, read = [], array_tables._Hdf5._rows

    def spy(*args):
        shapes.append(read(*args).shape)
        return read(*args)

    monkeypatch.setattr(array_tables._Hdf5, "_rows", spy)
    monkeypatch.setattr(array_tables, "BLOCK_ROWS", 40)
    check(read_recording(tmp_path / "r.h5", "s", 50), with_labels=False)
    assert shapes == [(40, 3), (40, 3), (20, 3)]


def test_npz_array_of_three_columns(tmp_path):
    np.savez(tmp_path / "r.npz", accel=tilted(), time=TIMES, label=LABELS)
    check(read_recording(tmp_path / "r.npz", "s"))
    check(read_recording(tmp_path / "r.npz", "s", columns="accel"))


def test_npz_dates(tmp_path):
    start = np.datetime64("2023-11-14T22:13:20", "ms")
    dates = start + (TIMES * 1e3).astype("timedelta64[ms]")
    np.savez(tmp_path / "r.npz", accel=tilted(), timestamps=dates)
    recording = read_recording(tmp_path / "r.npz", "s")
    check(recording, with_labels=False)
    assert recording.start_time == 1_700_000_000
    with pytest.raises(ValueError, match='dates.*timestamp_unit="iso"|numbers'):
        read_recording(
            tmp_path / "r.npz",
            "s",
            timestamp_column="timestamps",
            timestamp_unit="ms",
        )


def test_all_kinds_give_the_same_table(tmp_path):
    axes = dict(zip("xyz", tilted().T))
    np.savez(tmp_path / "r.npz", label=LABELS, **axes)
    with h5py.File(tmp_path / "r.h5", "w") as file:
        file.update({"label": LABELS, **axes})
    lines = [f"{x!r},{y!r},{z!r}" for x, y, z in tilted().tolist()]
    lines = [f"{line},{label}" for line, label in zip(lines, LABELS)]
    (tmp_path / "r.csv").write_text("\n".join(["x,y,z,label", *lines]))
    write_parquet(tmp_path / "r.parquet", label=LABELS, **axes)
    for name in ("r.npz", "r.h5", "r.csv", "r.parquet"):
        assert sorted(list_columns(tmp_path / name)) == ["label", *"xyz"]
        table = read_table(tmp_path / name, ["x", "z"], ["label"])
        np.testing.assert_array_equal(table["x"], tilted()[:, 0], name)
        np.testing.assert_array_equal(table["z"], tilted()[:, 2], name)
        assert table["label"].tolist() == LABELS


@pytest.mark.parametrize("kind", ["npz", "parquet", "feather"])
def test_durations_are_seconds(tmp_path, kind):
    path = tmp_path / f"r.{kind}"
    times = (TIMES * 1e9).astype("timedelta64[ns]")
    columns = {"time": times, **dict(zip("xyz", tilted().T))}
    if kind == "npz":
        np.savez(path, **columns)
    elif kind == "parquet":
        write_parquet(path, **columns)
    else:
        feather.write_feather(pyarrow.table(columns), path)
    recording = read_recording(path, "s")
    assert (recording.sample_rate_hz, recording.start_time) == (50, 0)
