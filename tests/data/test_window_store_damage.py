import os
import shutil
import signal
import time
import warnings
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from keras_relcon.data import Recording, WindowStore
from keras_relcon.data.store.store_catalog import read_catalog

LENGTH = 64


def recording(subject, number, num_samples=2000):
    rng = np.random.default_rng([ord(subject), number])
    acceleration = rng.normal(0, 0.3, (num_samples, 3))
    labels = np.repeat(["sit", "walk"], num_samples // 2)
    return Recording(acceleration, 100, subject, labels, f"{subject}{number}")


def recordings(subjects="abcd"):
    return [recording(subject, k) for subject in subjects for k in range(3)]


def contents(store):
    """All windows of each recording, by its id."""
    return {
        piece.recording: store.read([piece.start, piece.start + 1000]).tobytes()
        for piece in store.pieces
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "a.h5"
    store = WindowStore.create(path, recordings(), window_length=LENGTH)
    return path, contents(store)


@pytest.fixture
def copy(whole, tmp_path):
    return Path(shutil.copy(whole[0], tmp_path / "a.h5"))


def skip_damage(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return WindowStore.open(path, on_error="skip")


def flip(path, position, bit=0):
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def place_of(path, name, table="acceleration"):
    """Where the first chunk of a recording lies in the file."""
    catalog, _ = read_catalog(path)
    (entry,) = (e for e in catalog["recordings"] if e["recording"] == name)
    offset, size, *_ = entry["tables"][table]["chunks"][0]
    return catalog["block_size"] + offset, size


@pytest.mark.parametrize("table", ["acceleration", "labels"])
def test_a_flipped_bit_names_its_recording_and_the_rest_is_read(
    whole, copy, table
):
    offset, size = place_of(copy, "b1", table)
    WindowStore.open(copy)  # unpacked while it was whole
    flip(copy, offset + size // 2, bit=3)
    with pytest.raises(
        OSError, match="1 of 12 recordings.*'b1' of subject 'b'"
    ):
        WindowStore.open(copy)
    with pytest.warns(UserWarning, match="1 of 12 recordings.*'b1'.*left out"):
        store = WindowStore.open(copy, on_error="skip")
    assert store.info()["num_damaged_recordings"] == 1
    expected = {k: v for k, v in whole[1].items() if k != "b1"}
    assert contents(store) == expected
    with pytest.raises(ValueError, match="undamaged"):
        store.append([recording("e", 0)])


def test_any_flipped_bit_is_found_and_nothing_wrong_is_read(whole, copy):
    content = copy.read_bytes()
    rng = np.random.default_rng(0)
    catalog, _ = read_catalog(copy)
    # Anywhere; and in the catalog, in what HDF5 wrote first, and at the end.
    start, size = catalog["block_size"], len(content)
    positions = [*rng.integers(size, size=40), *rng.integers(600, size=6)]
    positions += [*start + rng.integers(4000, size=14), size - 1, size - 20, 0]
    for position in positions:
        copy.write_bytes(content)
        flip(copy, int(position), int(rng.integers(8)))
        with pytest.raises(OSError, match="must be intact"):
            WindowStore.open(copy)
        left = contents(skip_damage(copy))
        assert len(left) >= 11
        assert left.items() <= whole[1].items()


@pytest.mark.parametrize("share", [0.999, 0.95, 0.7, 0.45])
def test_a_truncated_file_names_what_is_lost_and_the_rest_is_read(
    whole, copy, share
):
    os.truncate(copy, int(copy.stat().st_size * share))
    with pytest.raises(OSError, match="must be intact.*cut off"):
        WindowStore.open(copy)
    left = contents(skip_damage(copy))
    assert left.items() <= whole[1].items()
    catalog, _ = read_catalog(copy)
    lost = {
        entry["recording"]
        for entry in catalog["recordings"]
        if place_of(copy, entry["recording"])[0] > copy.stat().st_size
    }
    assert lost.isdisjoint(left)
    if share < 0.9:
        assert lost
        with pytest.raises(OSError, match=f"recording '{min(lost)}'.*cut off"):
            WindowStore.open(copy)


def test_a_file_cut_in_its_catalog_cannot_be_read(copy):
    for size in (1, 7, 100):
        os.truncate(copy, size)
        copy.write_bytes(copy.read_bytes())
        with pytest.raises((OSError, ValueError), match="Received.*a.h5"):
            skip_damage(copy)


def test_nothing_left_is_an_error_even_when_skipping(tmp_path):
    path = tmp_path / "a.h5"
    WindowStore.create(path, recording("a", 0))
    flip(path, place_of(path, "a0")[0])
    with pytest.raises(OSError, match="1 of 1 recordings"):
        skip_damage(path)


def test_verify_finds_what_came_after_opening(copy):
    store = WindowStore.open(copy)
    store.verify()
    unpacked = Path(f"{copy}.unpacked")
    flip(unpacked, 2000 * 3 * 2 + 5)  # in the second recording
    with pytest.raises(OSError, match="'a1' of subject 'a'.*differs in"):
        store.verify()
    flip(unpacked, 2000 * 3 * 2 + 5)
    store.verify()
    flip(copy, place_of(copy, "c2")[0] + 9)
    with pytest.raises(OSError, match="'c2' of subject 'c'"):
        store.verify()


def test_an_unpacked_signal_that_was_cut_is_made_again(whole, copy):
    WindowStore.open(copy)
    unpacked = Path(f"{copy}.unpacked")
    for size in (0, 3, unpacked.stat().st_size // 2):
        os.truncate(unpacked, size)
        assert contents(WindowStore.open(copy)) == whole[1]
    store = WindowStore.open(copy)
    store.read([0])
    os.truncate(unpacked, 5000)
    with pytest.raises(OSError, match="which was cut.*open the store again"):
        store.read([p.start for p in store.pieces])


def test_a_damaged_structure_is_not_appended_to(copy):
    store = WindowStore.open(copy)
    catalog, _ = read_catalog(copy)
    flip(copy, catalog["block_size"] + 20)  # the superblock of HDF5
    with pytest.raises(OSError, match="undamaged store.*HDF5 structure"):
        store.append([recording("e", 0)])


def append(path, subject):
    WindowStore.open(path).append(recordings(subject))


def create(path, subject):
    WindowStore.create(
        path, recordings(subject), window_length=LENGTH, overwrite=True
    )


def start(target, *args):
    process = get_context("fork").Process(target=target, args=args)
    process.start()
    return process


@pytest.mark.parametrize("write", [append, create])
def test_a_writer_killed_at_random_leaves_the_old_file_or_the_new(
    whole, copy, write
):
    rng = np.random.default_rng(1)
    begin = time.monotonic()
    process = start(write, copy, "e")
    process.join()
    seconds = time.monotonic() - begin
    assert process.exitcode == 0
    new = contents(WindowStore.open(copy))
    num_killed = 0
    while num_killed < 12:
        shutil.copy(whole[0], copy)
        process = start(write, copy, "e")
        time.sleep(rng.uniform(0, seconds))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        if process.exitcode == -signal.SIGKILL:
            num_killed += 1
        else:
            seconds *= 0.8  # it ended before: faster now than it was alone
        found = contents(WindowStore.open(copy))
        assert found in (whole[1], new)
    # What a killed writer left is taken over, and gone.
    shutil.copy(whole[0], copy)
    store = WindowStore.open(copy).append(recordings("f"))
    store.verify()
    assert store.subjects == ["a", "b", "c", "d", "f"]
    names = sorted(file.name for file in copy.parent.iterdir())
    assert names == ["a.h5", "a.h5.unpacked"]


def append_and_die(path, function, call):
    """Kills its own process at a call of `os.<function>`."""
    original, calls = getattr(os, function), []

    def die(*args):
        calls.append(args)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args)

    setattr(os, function, die)
    append(path, "e")


@pytest.mark.parametrize(
    "function, call, is_new",
    [
        ("fsync", 1, False),  # the new file is written, not yet on the disk
        ("replace", 1, False),
        ("fsync", 2, True),  # renamed, the folder not yet on the disk
        ("pwrite", 1, True),  # while unpacking
        ("fsync", 3, True),
        ("replace", 2, True),
    ],
)
def test_a_writer_killed_at_each_step(whole, copy, function, call, is_new):
    WindowStore.open(copy)
    process = start(append_and_die, copy, function, call)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    store = WindowStore.open(copy)
    assert store.subjects == [*"abcd"] + ["e"] * is_new
    assert whole[1].items() <= contents(store).items()
    again = store.append(recordings("g"))
    assert again.subjects == [*store.subjects, "g"]
    names = sorted(file.name for file in copy.parent.iterdir())
    assert names == ["a.h5", "a.h5.unpacked"]
