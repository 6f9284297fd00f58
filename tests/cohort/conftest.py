import numpy as np
import pytest
from command_support import write_recordings

from keras_relcon.cohort import find_jobs


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Four people, three recordings of each, and a file that is none."""
    folder = write_recordings(tmp_path_factory.mktemp("study"))
    (folder / "s00" / "bad.csv").write_text("x,y,z\n1,2\n")
    return folder


@pytest.fixture
def jobs(study):
    return find_jobs(study, sample_rate_hz=50)


def arrays_below(folder):
    """The arrays of each embeddings file, by its path below a folder."""
    found = {}
    for path in sorted(folder.rglob("*.embeddings.npz")):
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        found[path.relative_to(folder).as_posix()] = arrays
    return found


def assert_same_files(one, other):
    one, other = arrays_below(one), arrays_below(other)
    assert one.keys() == other.keys() and one
    for name, arrays in one.items():
        for key in arrays.keys() - {"embeddings"}:
            np.testing.assert_array_equal(arrays[key], other[name][key])
        np.testing.assert_allclose(
            arrays["embeddings"], other[name]["embeddings"], atol=1e-5
        )


@pytest.fixture
def same_files():
    return assert_same_files
