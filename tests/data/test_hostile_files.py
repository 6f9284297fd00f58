"""Recordings that read other files, or ask for more than there is."""

import bz2
import gzip
import io
import json
import os
import socket
import zipfile
import zlib

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keras_relcon.data import (
    Recording,
    WindowStore,
    file_limits,
    load_recordings,
    read_corpus,
    read_labels,
    read_recording,
)
from keras_relcon.data.store import store_catalog

AXES = ("x", "y", "z")
ROWS = 1000


def read(path, **options):
    return read_recording(path, "s", sample_rate_hz=50, **options)


def signal(num_rows=ROWS):
    generator = np.random.default_rng(0)
    return [0, 0, 1] + generator.normal(0, 0.1, (num_rows, 3))


@pytest.fixture
def small(monkeypatch):
    """Files of a few kilobytes are large, so that tests are quick."""
    monkeypatch.setattr(file_limits, "FREE_BYTES", 1 << 16)


# HDF5 that reaches out


def external_storage(file, secret):
    np.asarray(signal(), "float64").tofile(secret)
    size = os.path.getsize(secret)
    file.create_dataset(
        "acc", (ROWS, 3), "float64", external=[(str(secret), 0, size)]
    )


def virtual_dataset(file, secret):
    with h5py.File(secret, "w") as other:
        other["acc"] = signal()
    layout = h5py.VirtualLayout((ROWS, 3), "float64")
    layout[:] = h5py.VirtualSource(str(secret), "acc", (ROWS, 3))
    file.create_virtual_dataset("acc", layout)


def external_link(file, secret):
    with h5py.File(secret, "w") as other:
        other["acc"] = signal()
    file["acc"] = h5py.ExternalLink(str(secret), "acc")


@pytest.mark.parametrize(
    "reach_out, match",
    [
        (external_storage, "'acc' refers to another file"),
        (virtual_dataset, "'acc' refers to another file"),
        (external_link, r"The file has \[\]"),
    ],
)
def test_hdf5_that_reads_another_file_is_refused(tmp_path, reach_out, match):
    path = tmp_path / "walk.h5"
    with h5py.File(path, "w") as file:
        reach_out(file, tmp_path / "secret")
    with pytest.raises(ValueError, match=match):
        read(path, columns="acc")


def test_links_of_hdf5_do_not_lead_in_circles(tmp_path):
    path = tmp_path / "walk.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("a")
        group["again"] = group
        group["soft"] = h5py.SoftLink("/a")
        group["acc"] = signal()
    assert len(read(path, columns="a/acc").acceleration) == ROWS


# Sizes that are only said


def sparse_hdf5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("acc", (10**12, 3), "float32", chunks=(1024, 3))


def wide_chunks(path):
    """Of few rows, in a chunk of very many."""
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "acc",
            (ROWS, 3),
            "float32",
            chunks=(10**8, 3),
            maxshape=(None, 3),
            compression="gzip",
        )


def said_in_npz(path, in_columns=False):
    """A header that says far more than comes."""
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        content,
        {"descr": "<f8", "fortran_order": in_columns, "shape": (10**12, 3)},
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("acc.npy", content.getvalue() + bytes(800))


def said_in_columns(path):
    """The same, in an order in which it is read at once."""
    said_in_npz(path, in_columns=True)


@pytest.mark.parametrize(
    "make, name",
    [
        (sparse_hdf5, "walk.h5"),
        (wide_chunks, "walk.h5"),
        (said_in_npz, "walk.npz"),
        (said_in_columns, "walk.npz"),
    ],
)
def test_sizes_that_are_only_said_are_refused(tmp_path, make, name):
    path = tmp_path / name
    make(path)
    with pytest.raises(ValueError, match="at most 300 times its size"):
        read(path, columns="acc")


# What unpacks to far more than it is

CALM = np.tile(np.array([0.0, 0.0, 1.0]), (200_000, 1))
TEXT = b"x,y,z\n" + b"0.01,0.02,1.01\n" * 200_000


def npz(path):
    np.savez_compressed(path, acc=CALM)


def hdf5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("acc", data=CALM, compression="gzip")


def parquet(path):
    columns = {name: CALM[:, at] for at, name in enumerate(AXES)}
    pq.write_table(pa.table(columns), path)


def csv_gz(path):
    path.write_bytes(gzip.compress(TEXT))


def csv_bz2(path):
    path.write_bytes(bz2.compress(TEXT))


def csv_zst(path):
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(TEXT)


BOMBS = [
    (npz, "walk.npz"),
    (hdf5, "walk.h5"),
    (parquet, "walk.parquet"),
    (csv_gz, "walk.csv.gz"),
    (csv_bz2, "walk.csv.bz2"),
    (csv_zst, "walk.csv.zst"),
]


@pytest.mark.parametrize("make, name", BOMBS)
def test_what_unpacks_to_far_more_is_refused(tmp_path, small, make, name):
    path = tmp_path / name
    make(path)
    columns = "acc" if path.suffix in (".npz", ".h5") else AXES
    with pytest.raises(ValueError, match="pass a larger `max_expansion`"):
        read(path, columns=columns, max_expansion=40)
    # Whoever knows the file may read it, and is asked no more afterwards.
    found = read(path, columns=columns, max_expansion=1e6)
    assert len(found.acceleration) == len(CALM)
    with pytest.raises(ValueError, match="at most 40 times"):
        read(path, columns=columns, max_expansion=40)


def test_limit_must_be_a_number_of_at_least_one(tmp_path):
    with pytest.raises(ValueError, match="`max_expansion` must be"):
        read(tmp_path / "walk.csv", max_expansion=0.5)


def test_archives_that_unpack_to_far_more_are_refused(tmp_path, small):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("A_DeviceMotion_data/wlk_1/sub_1.csv", bytes(10**7))
    with pytest.raises(ValueError, match="at most 300 times its size"):
        load_recordings(path)
    path = tmp_path / "corpus.npz"
    np.savez_compressed(path, acc=np.zeros((10**6, 3), np.int16))
    with pytest.raises(ValueError, match="at most 300 times its size"):
        list(read_corpus(path))


def test_gt3x_that_unpacks_to_far_more_is_refused(tmp_path, small):
    path = tmp_path / "walk.gt3x"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("info.txt", "Serial Number: A\n")
        archive.writestr("log.bin", bytes(10**7))
    pytest.importorskip("actfast")
    with pytest.raises(ValueError, match="at most 300 times its size"):
        read_recording(path, "s")


def test_a_line_without_an_end_is_refused(tmp_path):
    path = tmp_path / "walk.csv"
    path.write_bytes(b"x,y,z\n1,2,3\n" + b"1," * (14 << 20))
    with pytest.raises(ValueError, match="A line may have at most"):
        read(path)


# Stores


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "store.h5"
    recording = Recording(signal(4000), 50, "s01", recording_id="a")
    WindowStore.create(path, recording, sample_rate_hz=50, window_length=64)
    (tmp_path / "store.h5.unpacked").unlink()
    return path


def forge(path, change):
    """Changes the catalog of a store, and all that vouches for it."""
    catalog, _ = store_catalog.read_catalog(path)
    packed_before = store_catalog.pack(catalog)
    change(catalog)
    packed = store_catalog.pack(catalog)
    with open(path, "r+b") as file:
        file.write(packed.ljust(len(packed_before), b"\0"))
        file.seek(catalog["end"] if catalog["end"] < 10**9 else 0, 0)
        if catalog["end"] < 10**9:
            footer = store_catalog.FOOTER
            file.write(packed + footer.pack(len(packed), store_catalog.MAGIC))
            file.truncate()


def table_of(catalog):
    return catalog["recordings"][0]["tables"]["acceleration"]


def huge(catalog):
    rows = 10**12
    catalog["recordings"][0]["num_samples"] = rows
    table_of(catalog)["shape"] = [rows, 3]
    table_of(catalog)["chunk_rows"] = rows


def objects(catalog):
    table_of(catalog)["type"] = "|O"


def negative(catalog):
    table_of(catalog)["chunks"][0][0] = -10


def without_a_part(catalog):
    del catalog["recordings"][0]["tables"]


def text_for_a_number(catalog):
    catalog["window_length"] = "64"


def no_rows_in_a_chunk(catalog):
    table_of(catalog)["chunk_rows"] = 0


@pytest.mark.parametrize(
    "change, match",
    [
        (huge, "at most 300 times its size"),
        (objects, "catalog is of another form"),
        (negative, "catalog is of another form"),
        (without_a_part, "catalog is of another form"),
        (text_for_a_number, "catalog is of another form"),
        (no_rows_in_a_chunk, "catalog is of another form"),
    ],
)
def test_forged_catalogs_are_refused(store, change, match):
    forge(store, change)
    with pytest.raises(ValueError, match=match):
        WindowStore.open(store)
    assert [path.name for path in store.parent.iterdir()] == [store.name]


def test_a_store_at_rest_is_written_and_opened(tmp_path, small):
    path = tmp_path / "store.h5"
    calm = np.tile([0.0, 0.0, 1.0], (100_000, 1))
    recordings = [Recording(calm, 50, f"s{person}") for person in range(2)]
    store = WindowStore.create(path, recordings[:1], 50, 64)
    store.append(recordings[1:]).verify()
    with pytest.raises(ValueError, match="pass a larger `max_expansion`"):
        WindowStore.open(path, max_expansion=2)
    whole = WindowStore.open(path, max_expansion=1e4)
    assert whole.subjects == ["s0", "s1"]


def test_catalog_that_unpacks_to_far_more_is_refused(store):
    body = zlib.compress(json.dumps(["a" * 10**7]).encode())
    header = store_catalog.HEADER.pack(
        store_catalog.MAGIC, 1, zlib.crc32(body), len(body)
    )
    store.write_bytes(header + body)
    with pytest.raises(OSError, match="both are damaged"):
        WindowStore.open(store)


def test_chunk_that_unpacks_to_far_more_is_damage(store):
    bomb = zlib.compress(bytes(10**7), 9) + b"sum."

    def change(catalog):
        chunk = table_of(catalog)["chunks"][0]
        at = catalog["block_size"] + chunk[0]
        with open(store, "r+b") as file:
            file.seek(at)
            file.write(bomb)
        chunk[1:3] = len(bomb), zlib.crc32(bomb)

    forge(store, change)
    with pytest.raises(OSError, match="unpack to more than"):
        WindowStore.open(store)


# What is no file


@pytest.fixture(params=["pipe", "device", "socket", "folder"])
def no_file(request, tmp_path):
    def make(name):
        path = tmp_path / name
        if request.param == "pipe":
            os.mkfifo(path)
        elif request.param == "device":
            path.symlink_to("/dev/zero")
        elif request.param == "folder":
            path.mkdir()
        else:
            bound = socket.socket(socket.AF_UNIX)
            request.addfinalizer(bound.close)
            bound.bind(str(path))
        return path

    return make


@pytest.mark.skipif(os.name == "nt", reason="they are of Unix")
@pytest.mark.parametrize("ending", ["csv", "csv.gz", "npz", "h5", "parquet"])
def test_what_is_no_file_is_refused_at_once(no_file, ending):
    path = no_file(f"walk.{ending}")
    with pytest.raises(ValueError, match="`path` must be a file. Received: .*"):
        read(path)


@pytest.mark.skipif(os.name == "nt", reason="they are of Unix")
@pytest.mark.parametrize(
    "name, function",
    [
        ("walk.cwa", lambda path: read_recording(path, "s")),
        ("store.h5", WindowStore.open),
        ("corpus.npz", lambda path: list(read_corpus(path))),
    ],
)
def test_others_refuse_it_too(no_file, name, function):
    path = no_file(name)
    with pytest.raises(ValueError, match="`path` must be a file"):
        function(path)


@pytest.mark.skipif(os.name == "nt", reason="they are of Unix")
def test_pipe_of_labels_is_no_file_of_labels(tmp_path):
    os.mkfifo(tmp_path / "walk.labels.csv")
    with pytest.raises(FileNotFoundError, match="must be an existing file"):
        read_labels(tmp_path / "walk.labels.csv")
