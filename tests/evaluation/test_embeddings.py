import numpy as np
import pytest
from pyarrow import parquet

from keras_relcon.evaluation import Embeddings
from keras_relcon.evaluation.embeddings import saved_key


@pytest.fixture
def embeddings():
    vectors = np.random.default_rng(0).normal(size=(4, 12)).astype("float32")
    vectors[2] = np.nan
    return Embeddings(
        vectors,
        np.array([0.0, 2.56, 5.12, 0.0]),
        np.array([True, True, False, True]),
        np.array(["s1", "s1", "s1", "subject 2"]),
        np.array(["a", "a", "a", "b"]),
    )


@pytest.mark.parametrize("suffix", ["npz", "parquet"])
def test_a_file_brings_everything_back(embeddings, tmp_path, suffix):
    path = embeddings.save(tmp_path / "new" / f"walk.{suffix}")
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    found = Embeddings.load(path)
    for name, expected in vars(embeddings).items():
        value = getattr(found, name)
        np.testing.assert_array_equal(value, expected)
        assert value.dtype.kind == expected.dtype.kind
    assert found.embeddings.dtype == np.float32


def test_parquet_is_a_table_of_one_row_per_window(embeddings, tmp_path):
    table = parquet.read_table(embeddings.save(tmp_path / "walk.parquet"))
    assert table.column_names[:9] == [
        "recording",
        "subject",
        "start_seconds",
        "valid",
        "start",
        "start_unix_seconds",
        "time_zone",
        "embedding_000",
        "embedding_001",
    ]
    assert table.num_rows == 4
    assert table["subject"].to_pylist()[3] == "subject 2"
    np.testing.assert_array_equal(
        table["embedding_011"].to_numpy(), embeddings.embeddings[:, 11]
    )


def test_a_failed_save_leaves_the_old_file(embeddings, tmp_path, monkeypatch):
    path = embeddings.save(tmp_path / "walk.npz")
    before = path.read_bytes()

    def fail(file, **arrays):
        file.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        embeddings.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_files_are_refused(embeddings, tmp_path):
    with pytest.raises(ValueError, match="`path` must end in one of"):
        embeddings.save(tmp_path / "walk.csv")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        Embeddings.load(tmp_path / "absent.npz")
    other = tmp_path / "other.npz"
    np.savez(other, x=np.zeros(3))
    with pytest.raises(ValueError, match="holds something else"):
        Embeddings.load(other)
    path = embeddings.save(tmp_path / "walk.npz")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="damaged or holds"):
        Embeddings.load(path)
    table = tmp_path / "walk.parquet"
    content = bytearray(embeddings.save(table).read_bytes())
    content[-200:-100] = bytes(100)
    table.write_bytes(content)
    with pytest.raises(ValueError, match="damaged or holds"):
        Embeddings.load(table)
    table.write_bytes(b"PAR1 and no more")
    with pytest.raises(ValueError, match="damaged or holds"):
        Embeddings.load(table)


@pytest.mark.parametrize("suffix", ["npz", "parquet"])
def test_a_file_says_what_made_it(embeddings, tmp_path, suffix):
    path = tmp_path / f"walk.{suffix}"
    assert saved_key(path) is None
    assert saved_key(embeddings.save(path)) is None
    assert saved_key(embeddings.save(path, key="abc")) == "abc"
    assert len(Embeddings.load(path)) == 4
    path.write_bytes(path.read_bytes()[:-200])
    assert saved_key(path) is None


def test_a_file_of_unknown_compression_is_damaged(embeddings, tmp_path):
    path = embeddings.save(tmp_path / "walk.npz", key="abc")
    content = bytearray(path.read_bytes())
    entry = b"PK\x01\x02"  # of the directory of the zip archive
    for place in (content.find(entry), content.rfind(entry)):
        content[place + 10] = 99
    path.write_bytes(content)
    assert saved_key(path) is None
    with pytest.raises(ValueError, match="damaged or holds"):
        Embeddings.load(path)
