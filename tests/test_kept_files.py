import itertools
import json
import multiprocessing
import os
import signal
import stat
import sys
import time
import types
import warnings

import keras
import numpy as np
import pytest

from keras_relcon import kept_files
from keras_relcon.kept_files import KeptFolder, content_key, locking

needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="processes are forked here"
)


def start(function, *args):
    process = multiprocessing.get_context("fork").Process(
        target=function, args=args
    )
    process.start()
    return process


def wait_for(path):
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.01)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# One file


def test_file_is_put_in_place_as_a_whole(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with kept_files.replacing(str(path)) as temporary:
        assert temporary.parent == tmp_path and temporary.suffix == ".csv"
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_error_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(error), kept_files.replacing(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("content", ["é\r\nè\n", "é\r\nè\n".encode()])
def test_content_is_written_as_it_is(tmp_path, content):
    kept_files.write_file(tmp_path / "table.csv", content)
    assert (tmp_path / "table.csv").read_bytes() == "é\r\nè\n".encode()


def test_empty_file_is_a_file(tmp_path):
    with kept_files.replacing(tmp_path / "empty"):
        pass
    assert (tmp_path / "empty").read_bytes() == b""


@pytest.mark.skipif(os.name == "nt", reason="modes are of Unix")
def test_new_file_has_the_mode_of_the_old_or_what_the_umask_allows(tmp_path):
    before = os.umask(0o027)
    try:
        for name in ("new", "old"):
            path = tmp_path / name
            if name == "old":
                path.write_text("")
                path.chmod(0o604)
            with kept_files.replacing(path) as temporary:
                temporary.write_text("content")
                # Not even for a moment wider than what it replaces.
                assert mode(temporary) == (0o640 if name == "new" else 0o600)
    finally:
        os.umask(before)
    assert mode(tmp_path / "new") == 0o640
    assert mode(tmp_path / "old") == 0o604


@pytest.mark.parametrize("is_there", [True, False])
def test_symbolic_link_is_refused(tmp_path, is_there):
    target, link = tmp_path / "target", tmp_path / "link"
    if is_there:
        target.write_text("old")
    link.symlink_to(target)
    with pytest.raises(OSError, match="must not be a symbolic link.*'.*link'"):
        with kept_files.replacing(link):
            raise AssertionError("nothing may be written")
    with pytest.raises(OSError, match="must not be a symbolic link.*'.*link'"):
        with kept_files.replacing_directory(link, lambda path: None):
            raise AssertionError("nothing may be written")
    assert link.is_symlink() and target.exists() == is_there
    assert len(names(tmp_path)) == 1 + is_there


def test_link_that_comes_meanwhile_is_refused(tmp_path):
    path = tmp_path / "file"
    with pytest.raises(OSError, match="must not be a symbolic link"):
        with kept_files.replacing(path) as temporary:
            temporary.write_text("new")
            path.symlink_to(tmp_path / "elsewhere")
    assert names(tmp_path) == ["file"] and path.is_symlink()


def test_temporary_file_never_follows_a_link(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "urandom", lambda count: bytes(count))
    outside = tmp_path / "outside"
    (tmp_path / ".partial-00000000-file").symlink_to(outside)
    with pytest.raises(FileExistsError):
        with kept_files.replacing(tmp_path / "file"):
            pass
    assert not outside.exists()


def test_folder_in_the_place_of_a_file_is_refused_at_once(tmp_path):
    with pytest.raises(OSError, match="must be a file, or free"):
        with kept_files.replacing(tmp_path):
            raise AssertionError("nothing may be written")


def test_file_and_its_folder_are_synced(tmp_path, monkeypatch):
    synced, fsync = [], os.fsync

    def record(handle):
        fsync(handle)
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))

    monkeypatch.setattr(os, "fsync", record)
    with kept_files.replacing(tmp_path / "file") as temporary:
        temporary.write_text("new")
    assert synced == [False, True]


def write_and_hang(path, started, use):
    with kept_files.lock(path), use(path) as temporary:
        (temporary / "a" if temporary.is_dir() else temporary).write_text("x")
        started.write_text("")
        time.sleep(60)


@needs_fork
def test_kill_leaves_the_old_file_and_the_next_writer_cleans_up(tmp_path):
    path, started = tmp_path / "file", tmp_path / "started"
    path.write_text("old")
    # One that is written without the lock is not touched.
    other = tmp_path / ".partial-01234567-other-file"
    other.write_text("of another file")
    process = start(write_and_hang, path, started, kept_files.replacing)
    wait_for(started)
    with pytest.raises(OSError, match=f"process {process.pid} on .*has ended"):
        with kept_files.lock(path, wait=False):
            pass
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert path.read_text() == "old"
    assert len(names(tmp_path)) == 5  # a temporary file, and the lock's
    with kept_files.lock(path, wait=False):
        assert names(tmp_path) == [".file.lock", other.name, "file", "started"]
    assert names(tmp_path) == [other.name, "file", "started"]


def write_often(folder, index, num_rounds):
    for number in range(num_rounds):
        with kept_files.replacing(folder / "shared") as temporary:
            temporary.write_text(f"{index} {number}" * 1000)
        kept = KeptFolder(folder)
        kept.arrays("fold", f"{number}", lambda: {"x": np.full(9, number)})


@needs_fork
@pytest.mark.parametrize(
    "num_processes, num_rounds",
    [(4, 25), pytest.param(8, 200, marks=pytest.mark.slow)],
)
def test_writers_of_one_folder_leave_each_other_alone(
    tmp_path, num_processes, num_rounds
):
    processes = [
        start(write_often, tmp_path, index, num_rounds)
        for index in range(num_processes)
    ]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * num_processes
    expected = [f"fold-{number}.npz" for number in range(num_rounds)]
    assert names(tmp_path) == sorted(["shared", *expected])


# A whole folder


def never(path):
    raise FileExistsError(f"{path.name} must stay")


def test_folder_is_put_in_place_as_a_whole(tmp_path):
    path = tmp_path / "parent" / "preset"
    with kept_files.replacing_directory(path, never) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "file").write_text("new")
        assert not path.exists()
    assert (path / "inner" / "file").read_text() == "new"
    assert names(path.parent) == ["preset"]


def test_folder_is_replaced_where_that_is_allowed(tmp_path):
    path = tmp_path / "preset"
    path.mkdir(mode=0o750)
    (path / "old").write_text("")
    asked = []
    with kept_files.replacing_directory(path, asked.append) as folder:
        (folder / "new").write_text("")
    assert names(path) == ["new"] and names(tmp_path) == ["preset"]
    assert mode(path) == 0o750
    assert asked[0] == asked[1] == path and len(asked) == 3


def test_folder_that_must_stay_is_not_written(tmp_path):
    (tmp_path / "preset").mkdir()
    with kept_files.replacing_directory(tmp_path / "preset", never) as folder:
        (folder / "first").write_text("")  # an empty folder is free
    with pytest.raises(FileExistsError, match="preset must stay"):
        with kept_files.replacing_directory(tmp_path / "preset", never):
            raise AssertionError("nothing may be written")
    assert names(tmp_path / "preset") == ["first"]
    (tmp_path / "file").write_text("old")
    with pytest.raises(OSError, match="must be a folder, or free"):
        with kept_files.replacing_directory(tmp_path / "file", lambda p: None):
            raise AssertionError("nothing may be written")
    assert (tmp_path / "file").read_text() == "old"


def test_error_leaves_the_old_folder_and_no_other(tmp_path):
    path = tmp_path / "preset"
    path.mkdir()
    (path / "old").write_text("")
    with pytest.raises(ValueError):
        with kept_files.replacing_directory(path, lambda p: None) as folder:
            (folder / "half").write_text("")
            raise ValueError
    assert names(path) == ["old"] and names(tmp_path) == ["preset"]


def test_what_comes_meanwhile_is_not_replaced_without_permission(tmp_path):
    path = tmp_path / "preset"
    with pytest.raises(FileExistsError, match="preset must stay"):
        with kept_files.replacing_directory(path, never) as folder:
            (folder / "mine").write_text("")
            path.mkdir()
            (path / "theirs").write_text("")
    assert names(path) == ["theirs"] and names(tmp_path) == ["preset"]


def test_what_comes_at_the_very_end_is_not_replaced(tmp_path, monkeypatch):
    # Something comes after the last look, before the rename.
    path, rename = tmp_path / "preset", os.rename

    def come_first(source, target):
        path.mkdir()
        (path / "theirs").write_text("")
        rename(source, target)

    with pytest.raises(OSError):
        with kept_files.replacing_directory(path, never) as folder:
            (folder / "mine").write_text("")
            monkeypatch.setattr(os, "rename", come_first)
    assert names(path) == ["theirs"] and names(tmp_path) == ["preset"]


def test_what_comes_into_the_old_folder_is_not_lost(tmp_path, monkeypatch):
    path, rename = tmp_path / "preset", os.rename
    path.mkdir()
    (path / "old").write_text("")

    def only_old(folder):
        if names(folder) != ["old"]:
            raise FileExistsError("more than a preset")

    def come_first(source, target):
        if source == path:
            (path / "precious").write_text("")
        rename(source, target)

    with pytest.raises(FileExistsError, match="more than a preset"):
        with kept_files.replacing_directory(path, only_old) as folder:
            (folder / "mine").write_text("")
            monkeypatch.setattr(os, "rename", come_first)
    assert names(path) == ["old", "precious"]
    assert names(tmp_path) == ["preset"]


# Locks


def count_up(path, num_rounds):
    for _ in range(num_rounds):
        with kept_files.lock(path):
            number = int(path.read_text())
            time.sleep(0.001)
            path.write_text(str(number + 1))


@needs_fork
def test_lock_lets_one_process_in_at_a_time(tmp_path):
    path = tmp_path / "count"
    path.write_text("0")
    processes = [start(count_up, path, 20) for _ in range(4)]
    for process in processes:
        process.join()
    assert path.read_text() == "80"
    assert names(tmp_path) == ["count"]


def test_lock_of_one_path_is_free_for_another(tmp_path):
    with kept_files.lock(tmp_path / "a"):
        with kept_files.lock(tmp_path / "b", wait=False):
            pass
        with pytest.raises(OSError, match="Only one process .*a', held by"):
            with kept_files.lock(tmp_path / "a", wait=False):
                pass
    with kept_files.lock(tmp_path / "a", wait=False):
        pass


def test_without_locks_nobody_waits_and_nothing_is_removed(
    tmp_path, monkeypatch
):
    import fcntl

    def refuse(*args):
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    leftover = tmp_path / ".partial-01234567-a"
    leftover.write_text("perhaps of a writer at work")
    with kept_files.lock(tmp_path / "a"):
        with kept_files.lock(tmp_path / "a", wait=False):
            pass
    assert names(tmp_path) == [leftover.name]


def test_lock_of_windows(tmp_path, monkeypatch):
    # Stands in for a module that is on Windows alone.
    import fcntl

    def locking_call(handle, kind, num_bytes):
        assert (kind, num_bytes) == (2, 1)
        assert os.lseek(handle, 0, os.SEEK_CUR) == locking.LOCKED_BYTE
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PermissionError("locked") from error

    msvcrt = types.SimpleNamespace(LK_NBLCK=2, locking=locking_call)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    with kept_files.lock(tmp_path / "a"):
        with pytest.raises(OSError, match=f"process {os.getpid()} on"):
            with kept_files.lock(tmp_path / "a", wait=False):
                pass
    with kept_files.lock(tmp_path / "a", wait=False):
        pass
    assert names(tmp_path) == []


# Results under a key


def test_results_are_computed_once(tmp_path):
    folder, calls = KeptFolder(tmp_path / "new" / "folder"), []

    def compute():
        calls.append(1)
        return {"x": np.arange(3.0), "names": np.array(["a", "b"])}

    key = "0123456789abcdef" * 4
    for folder in (folder, KeptFolder(folder.directory)):
        result = folder.arrays("embeddings", key, compute)
        np.testing.assert_array_equal(result["x"], [0, 1, 2])
        assert list(result["names"]) == ["a", "b"]
    assert len(calls) == 1
    assert names(folder.directory) == [f"embeddings-{key[:32]}.npz"]
    assert folder.arrays("embeddings", "other") is None
    assert folder.arrays("fold", key) is None
    assert folder.json("scores", key) is None
    assert folder.json("scores", key, lambda: {"f1": 0.5}) == {"f1": 0.5}
    assert folder.json("scores", key) == {"f1": 0.5}
    path = folder.path("scores", key, ".json")
    assert json.loads(path.read_text()) == {"f1": 0.5}
    assert path.name == f"scores-{key[:32]}.json"


def test_results_can_be_written_without_being_computed(tmp_path):
    folder = KeptFolder(tmp_path)
    for value in (1, 2):
        folder.keep_json("scores", "key", {"value": value})
        folder.keep_arrays("distance", "key", {"arr_0": np.array([value])})
        assert folder.json("scores", "key") == {"value": value}
        assert folder.arrays("distance", "key")["arr_0"] == [value]


def test_without_a_directory_nothing_is_kept():
    folder = KeptFolder(None)
    assert folder.json("scores", "key", lambda: 1) == 1
    assert folder.json("scores", "key", lambda: 2) == 2
    assert folder.arrays("fold", "key") is None


@pytest.mark.parametrize(
    "damage, suffix",
    [
        *itertools.product(["cut", "emptied", "flipped"], [".npz", ".json"]),
        ("encrypted", ".npz"),
        ("unknown compression", ".npz"),
    ],
)
def test_damaged_result_is_warned_of_and_computed_again(
    tmp_path, damage, suffix
):
    folder = KeptFolder(tmp_path)
    read, value = {
        ".npz": (folder.arrays, {"x": np.arange(300)}),
        ".json": (folder.json, {"text": "é" * 300}),
    }[suffix]
    read("kind", "key", lambda: value)
    path = folder.path("kind", "key", suffix)
    content = path.read_bytes()
    at = content.rfind(b"PK\x01\x02")  # the directory of the zip archive
    place = {"encrypted": at + 8, "unknown compression": at + 10}
    flipped = bytearray(content)
    flipped[place.get(damage, len(content) // 2)] ^= 255
    path.write_bytes(
        {"cut": content[:-20], "emptied": b""}.get(damage, flipped)
    )
    match = "kind-key.* is damaged .* computed again"
    with pytest.warns(UserWarning, match=match) as caught:
        again = read("kind", "key", lambda: value)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert again is value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert str(read("kind", "key")) == str(value)


def compute_slowly(folder, index):
    def compute():
        with open(folder.parent / "calls", "a") as file:
            file.write(f"{index}\n")
        time.sleep(0.2)
        return {"x": np.arange(3)}

    result = KeptFolder(folder).arrays("fold", "key", compute)
    np.testing.assert_array_equal(result["x"], np.arange(3))


@needs_fork
def test_processes_that_ask_together_compute_once(tmp_path):
    processes = [
        start(compute_slowly, tmp_path / "kept", index) for index in range(4)
    ]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert len((tmp_path / "calls").read_text().splitlines()) == 1


def test_error_of_one_leaves_the_key_to_the_next(tmp_path):
    folder = KeptFolder(tmp_path)
    with pytest.raises(ZeroDivisionError):
        folder.json("scores", "key", lambda: 1 / 0)
    assert names(tmp_path) == []
    assert folder.json("scores", "key", lambda: 1) == 1


# Keys


def test_keys_tell_shapes_types_and_weights_apart():
    zeros = np.zeros((2, 3), "float32")
    dense, twin, wide = (keras.layers.Dense(2) for _ in range(3))
    for layer, width in ((dense, 3), (twin, 3), (wide, 4)):
        layer.build((None, width))
        layer.set_weights([np.ones_like(w) for w in layer.get_weights()])
    parts = [
        [zeros],
        [zeros.T.copy()],
        [zeros.astype("float64")],
        [zeros, "a"],
        [zeros, "b"],
        [{"a": 1}],
        [dense],
        [wide],
        [],
    ]
    keys = [content_key(*part) for part in parts]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 64 for key in keys)
    assert content_key(twin) == content_key(dense)  # the name is no part
    twin.set_weights([w * 2 for w in twin.get_weights()])
    assert content_key(twin) != content_key(dense)


def test_versions_of_what_computes_are_named():
    versions = kept_files.library_versions()
    assert {"python", "keras", "keras_relcon", "numpy"} <= set(versions)
    assert versions["keras"] == keras.__version__
