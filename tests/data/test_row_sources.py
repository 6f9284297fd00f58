"""Tables of several people, devices or sensors."""

import h5py
import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from keras_relcon.data import read_recording


def write(path, name, values):
    values = [values[k] for k in np.arange(200) * len(values) // 200]
    rows = [f"{k / 50},{v},0.1,0.2,0.9\n" for k, v in enumerate(values)]
    path.write_text(f"time,{name},x,y,z\n" + "".join(rows))
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    "name, values",
    [
        ("subject", ["1", "2", "3"]),
        ("User ID", ["a", "b"]),
        ("sensor", ["accelerometer", "gyroscope"]),
        ("deviceName", ["left", "", "right"]),
    ],
)
def test_rows_of_two_are_refused(tmp_path, kind, name, values):
    path = write(tmp_path / "a.csv", name, values)
    if kind == "parquet":
        table = pyarrow.csv.read_csv(path)
        path = path.with_suffix(".parquet")
        parquet.write_table(table, path)
    with pytest.raises(ValueError, match="rows of one person.*" + name):
        read_recording(path, "s")
    with pytest.raises(ValueError, match="rows of one person.*" + name):
        read_recording(path, "s", columns=("x", "y", "z"))


@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_a_subject_of_the_whole_file_is_no_column(tmp_path, kind):
    arrays = {"acc": np.tile([0.0, 0.6, 0.8], (200, 1)), "subject": "s1"}
    arrays["device"] = np.array([1, 2])
    path = tmp_path / f"a.{kind}"
    if kind == "npz":
        np.savez(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            file.update(arrays)
    options = {"columns": "acc", "sample_rate_hz": 50}
    assert read_recording(path, "s", **options).num_samples == 200
    rows = ["x,y,z,device,device"] + ["0,0.6,0.8,a,b"] * 200
    (tmp_path / "a.csv").write_text("\n".join(rows))
    recording = read_recording(tmp_path / "a.csv", "s", sample_rate_hz=50)
    assert recording.num_samples == 200


def test_a_column_that_is_named_as_labels_may_have_several(tmp_path):
    path = write(tmp_path / "a.csv", "sensor", ["still", "shaken"])
    recording = read_recording(path, "s", label_column="sensor")
    assert set(recording.labels) == {"still", "shaken"}


@pytest.mark.parametrize(
    "name, values",
    [
        ("subject", ["7"]),
        ("subject", ["s01", "NA", " s01", "nan"]),
        ("user", ["2024-05-01", "2024-05-02"]),
        ("user", ["true", "false"]),
        ("sensor", ["accelerometer", ""]),
        ("sensor", ["0.25", "0.5", "1"]),
        ("position", ["sitting", "standing"]),
    ],
)
def test_rows_of_one_are_read(tmp_path, name, values):
    path = write(tmp_path / "a.csv", name, values)
    if name == "user":  # dates and flags, of the file's own type
        parquet.write_table(pyarrow.csv.read_csv(path), tmp_path / "a.parquet")
        path = tmp_path / "a.parquet"
    assert read_recording(path, "s").num_samples == 200
