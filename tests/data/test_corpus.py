import numpy as np
import pytest

from keras_relcon.data import load_recordings, read_corpus


@pytest.fixture
def write(tmp_path):
    def write_file(leave_out=(), **changes):
        arrays = {
            "acc": np.arange(60, dtype="int16").reshape(20, 3) * 64,
            "starts": np.array([0, 12]),
            "subject": np.array(["a", "b"]),
            "rate_hz": np.array(25.0),
            **changes,
        }
        for name in leave_out:
            del arrays[name]
        path = tmp_path / "set.npz"
        np.savez(path, **arrays)
        return path

    return write_file


def test_recordings_are_in_g_and_end_where_the_next_one_starts(write):
    first, second = read_corpus(write())
    assert (first.num_samples, second.num_samples) == (12, 8)
    np.testing.assert_array_equal(
        first.acceleration[1], [3 / 64, 4 / 64, 5 / 64]
    )
    np.testing.assert_array_equal(
        second.acceleration[0], np.arange(36, 39) / 64
    )
    assert (first.subject, second.subject) == ("a", "b")
    assert first.sample_rate_hz == 25 and first.labels is None
    assert second.recording_id == "set/1"


def test_load_recordings_reads_such_a_file(write):
    path = write()
    loaded = load_recordings(str(path))
    for one, other in zip(loaded, read_corpus(path), strict=True):
        np.testing.assert_array_equal(one.acceleration, other.acceleration)
        assert one.subject == other.subject


def test_samples_of_eight_bits_are_sixty_fourths_of_a_g(write):
    samples = np.full((20, 3), 64, "int8")
    for recording in read_corpus(write(["acc"], acc_64=samples)):
        assert (recording.acceleration == 1).all()


@pytest.mark.parametrize("name", ["label_per_recording", "label"])
def test_one_label_per_recording(write, name):
    path = write(
        **{name: np.array(["walk", "sit"])}, recording=np.array(["r", "q"])
    )
    first, second = read_corpus(path)
    assert set(first.labels) == {"walk"} and set(second.labels) == {"sit"}
    assert second.recording_id == "q"


def test_one_label_per_sample(write):
    labels = np.repeat(np.array([1, 0, 1], "uint8"), [5, 9, 6])
    names = np.array(["walk", "sit"])
    first, second = read_corpus(write(labels=labels, label_names=names))
    assert first.labels.tolist() == ["sit"] * 5 + ["walk"] * 7
    assert second.labels.tolist() == ["walk"] * 2 + ["sit"] * 6


def test_recordings_of_some_subjects_alone(write):
    (only,) = read_corpus(write(), subjects=["b"])
    assert only.subject == "b" and only.recording_id == "set/1"


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"leave_out": ["acc"]}, "are absent"),
        ({"leave_out": ["rate_hz"]}, r"\['rate_hz'\] are absent"),
        ({"acc": np.zeros((20, 2), "int16")}, "of shape"),
        ({"acc": np.zeros((20, 3))}, "float64"),
        ({"starts": np.array([0, 19])}, "does not rise"),
        ({"starts": np.array([1, 9])}, "does not rise"),
        ({"subject": np.array(["a"])}, "`subject` has not one value"),
        ({"label": np.array(["a"])}, "`label` has not one value"),
        (
            {
                "labels": np.full(20, 2, "uint8"),
                "label_names": np.array(["a", "b"]),
            },
            "no index into `label_names`",
        ),
        (
            {
                "labels": np.full(20, -1),
                "label_names": np.array(["a", "b"]),
            },
            "no index into `label_names`",
        ),
    ],
)
def test_arrays_that_do_not_fit(write, changes, words):
    with pytest.raises(ValueError, match=words):
        list(read_corpus(write(**changes)))


def test_files_that_are_absent_or_damaged(write, tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        list(read_corpus(tmp_path / "absent.npz"))
    path = write()
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match="complete `.npz` file"):
        list(read_corpus(path))
    content = bytearray(write().read_bytes())
    content[content.rfind(b"PK\x01\x02") + 10] = 99  # unknown compression
    path.write_bytes(content)
    with pytest.raises(ValueError, match="complete `.npz` file"):
        list(read_corpus(path))
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ValueError, match="complete `.npz` file"):
        list(read_corpus(tmp_path / "one.npy"))
