"""Tables of several people, devices or sensors."""

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


@pytest.mark.parametrize(
    "name, values",
    [
        ("subject", ["7"]),
        ("sensor", ["accelerometer", ""]),
        ("sensor", ["0.25", "0.5", "1"]),
        ("position", ["sitting", "standing"]),
    ],
)
def test_rows_of_one_are_read(tmp_path, name, values):
    recording = read_recording(write(tmp_path / "a.csv", name, values), "s")
    assert recording.num_samples == 200
