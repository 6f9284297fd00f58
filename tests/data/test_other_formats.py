"""Files of formats that are not read: named, with what to export instead."""

import numpy as np
import pytest

from keras_relcon.data import Recording, read_recording

FORMATS = {
    "walk.avi": "a video.*Export the raw acceleration as .csv",
    "walk.fit": "Garmin.*app that logs it",
    "walk.mat": "MATLAB.*writetable.*scipy.io.loadmat",
    "walk.xlsx": "Excel.*CSV UTF-8",
    "walk.JSON": "JSON.*Choose .csv",
    "walk.omx": "Open Movement.*OMGUI",
    "walk.wav": "sound.*OMGUI.*.cwa",
    "walk.edf": "European Data Format.*pyedflib",
    "walk.agd": "epochs.*.gt3x.*ActiLife",
    "walk.c3d": "motion capture.*analog",
    "walk.npy": "one NumPy array.*numpy.savez",
    "walk.zip": "an archive.*Unpack",
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_is_named_with_what_to_do(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\x00\x01")
    with pytest.raises(ValueError, match=FORMATS[name]) as caught:
        read_recording(path, "s")
    assert f"path={str(path)!r}, which is" in str(caught.value)
    assert "must end in .csv" in str(caught.value)


def test_an_unknown_ending_is_told_what_is_read(tmp_path):
    path = tmp_path / "walk.xyz"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="must end in .csv.*device.*Save the"):
        read_recording(path, "s")


def signal():
    return np.tile([0.0, 0.6, 0.8], (100, 1))


def test_the_advice_for_mat_works(tmp_path):
    scipy_io = pytest.importorskip("scipy.io")
    scipy_io.savemat(tmp_path / "walk.mat", {"acceleration": signal()})
    with pytest.raises(ValueError, match="scipy.io.loadmat"):
        read_recording(tmp_path / "walk.mat", "s", 50)
    loaded = scipy_io.loadmat(tmp_path / "walk.mat")["acceleration"]
    assert Recording(loaded, 50, "s").num_samples == 100
    # As `writematrix`, without names: the message says what to do.
    np.savetxt(tmp_path / "walk.csv", loaded, delimiter=",")
    with pytest.raises(ValueError, match="first line with the names"):
        read_recording(tmp_path / "walk.csv", "s", 50)
    text = (tmp_path / "walk.csv").read_text()
    (tmp_path / "walk.csv").write_text("x,y,z\n" + text)
    assert read_recording(tmp_path / "walk.csv", "s", 50).num_samples == 100


def test_the_advice_for_npy_works(tmp_path):
    np.save(tmp_path / "walk.npy", signal())
    with pytest.raises(ValueError, match="numpy.savez"):
        read_recording(tmp_path / "walk.npy", "s", 50)
    array = np.load(tmp_path / "walk.npy")
    np.savez(tmp_path / "walk.npz", acceleration=array)
    assert read_recording(tmp_path / "walk.npz", "s", 50).num_samples == 100
