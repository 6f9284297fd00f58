import numpy as np
import pytest
from device_format import write_geneactiv

from keras_relcon.data import read_recording
from keras_relcon.data.placement import body_part


@pytest.mark.parametrize(
    "text, part",
    [
        ("Waist", "hip"),
        ("right+wrist", "wrist"),
        ("left thigh", "thigh"),
        ("hip_acc_x", "hip"),
        ("chip_x", None),
        ("wrist and ankle", None),
        ("", None),
    ],
)
def test_one_part_of_the_body_is_recognised(text, part):
    assert body_part(text) == part


@pytest.mark.parametrize("place", ["wrist", "ankle"])
def test_of_two_sensors_the_named_one_tells_its_place(tmp_path, place):
    path = tmp_path / "a.csv"
    sensors = ("wrist_acc", "wrist_gyro", "ankle_acc")
    names = [f"{sensor}_{axis}" for sensor in sensors for axis in "xyz"]
    rows = ["0.0,0.6,0.8,9,9,9,0.8,0.6,0.0"] * 200
    path.write_text("\n".join([",".join(names), *rows]) + "\n")
    with pytest.raises(ValueError, match="One set of columns.*ankle_acc_x"):
        read_recording(path, "s", 50)
    columns = [f"{place}_acc_{axis}" for axis in "xyz"]
    recording = read_recording(path, "s", 50, columns=columns)
    assert recording.placement == place


@pytest.mark.parametrize(
    "location, place", [("left wrist", "wrist"), ("", None)]
)
def test_a_geneactiv_says_where_it_was_worn(tmp_path, location, place):
    pytest.importorskip("actfast")
    signal = np.tile([0.0, 0.6, 0.8], (600, 1))
    path = write_geneactiv(tmp_path / "a.bin", signal, location=location)
    assert read_recording(path, "s").placement == place
