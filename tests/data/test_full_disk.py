"""A disk that is full: an error that says so, and what was there stays."""

import contextlib
import errno
import hashlib
import os
import shutil
import subprocess
import traceback
from pathlib import Path

import keras
import numpy as np
import pytest
from command_support import small_encoder

from keras_relcon.data import Recording, WindowStore
from keras_relcon.data.streams.stored_ranking import StoredRanking
from keras_relcon.estimators import MotionClassifier
from keras_relcon.evaluation.embeddings import Embeddings
from keras_relcon.kept_files import KeptFolder, replacing
from keras_relcon.presets import save_to_preset
from keras_relcon.timeline import NumberTimeline

resource = pytest.importorskip("resource", reason="limits are of Unix")
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks"),
    # TensorFlow was imported by Keras, and its threads are not used.
    pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]
FULL = (errno.ENOSPC, errno.EFBIG)


def recordings(count, first=0):
    generator = np.random.default_rng(first)
    for person in range(first, first + count):
        signal = [0, 0, 1] + generator.normal(0, 0.1, (20_000, 3))
        yield Recording(signal, 50, f"s{person}")


def create(folder, seed):
    path = folder / "store.h5"
    options = {"cache_dir": folder.parent, "overwrite": True}
    WindowStore.create(path, recordings(2, seed), 50, 64, **options)


def append(folder, seed):
    path = folder / "store.h5"
    if not path.exists():
        create(folder, seed)
    store = WindowStore.open(path, cache_dir=folder.parent)
    store.append(recordings(2, 10 * len(store.subjects)))


def embeddings(name):
    def write(folder, seed):
        count = 3000
        text = np.array([f"s{seed}"] * count)
        Embeddings(
            np.random.default_rng(seed).normal(size=(count, 8)),
            text,
            text,
            np.arange(float(count)),
            np.ones(count, bool),
        ).save(folder / name)

    return write


def timeline(name):
    def write(folder, seed):
        signal = np.random.default_rng(seed).normal(size=(200_000, 3))
        NumberTimeline.of(
            Recording(signal, 50, "s"),
            2.0 * np.arange(2000),
            2.0,
            np.arange(2000.0) + seed,
            np.ones(2000, bool),
        ).save(folder / name)

    return write


def kept(folder, seed):
    found = {"a": np.random.default_rng(seed).normal(size=(100, 100))}
    KeptFolder(folder).keep_arrays("kind", "key", found)


def encoder(seed):
    keras.utils.set_random_seed(seed)
    model = small_encoder()
    model.build((None, 64, 3))
    return model


def preset(folder, seed):
    save_to_preset(
        encoder(seed), folder / "preset", overwrite=True, window_length=64
    )


def classifier(folder, seed):
    generator = np.random.default_rng(seed)
    windows = generator.normal(size=(60, 64, 3))
    model = MotionClassifier(encoder(seed), num_folds=0, verbose=False)
    model.fit(windows, np.arange(60) % 3)
    model.save(folder / "model", overwrite=True)


def ranking(folder, seed):
    generator = np.random.default_rng(seed)
    StoredRanking(
        generator.integers(0, 1000, (200, 16)),
        generator.integers(0, 16, (200, 16, 15)),
        {"signal": "abc", "num_candidates": 8},
    ).save(folder / "ranking.h5")


WRITERS = {
    "a store": create,
    "more of a store": append,
    "embeddings, .npz": embeddings("e.npz"),
    "embeddings, .parquet": embeddings("e.parquet"),
    "a page": timeline("t.html"),
    "a table": timeline("t.csv"),
    "a timeline": timeline("t.parquet"),
    "a kept result": kept,
    "a ranking": ranking,
    "a preset": preset,
    "a classifier": classifier,
}


def state(folder):
    """Names and contents of all that is there."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def in_child(function, *args):
    """What a function raised in a process of its own, or `None`."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        said = ""
        try:
            function(*args)
        except OSError as error:
            said = f"{error.errno in FULL} {error}"
        except BaseException:
            said = traceback.format_exc()
        os.write(writer, said.encode()[:60_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"ended by signal {os.WTERMSIG(status)}"
    return said or None


def write_limited(write, folder, limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    write(folder, 1)


def check_full_disk(write, folder, count):
    """Tries a limit on the size of a file, from nothing to nearly enough."""
    folder.mkdir()
    write(folder, 0)
    before = state(folder)
    largest = max(path.stat().st_size for path in folder.rglob("*.*"))
    num_refused = 0
    for limit in np.linspace(0, 0.999 * largest, count).astype(int):
        said = in_child(write_limited, write, folder, int(limit))
        if said is None:
            continue  # what is written anew is smaller
        num_refused += 1
        assert said.startswith("True "), said
        assert "There must be room for the whole file" in said, said
        assert str(folder) in said, said
        assert state(folder) == before
    return num_refused


@pytest.mark.parametrize("name", WRITERS)
def test_no_room_for_a_file(name, tmp_path):
    assert check_full_disk(WRITERS[name], tmp_path / "out", 3) >= 2


@pytest.mark.hardening
@pytest.mark.parametrize("name", WRITERS)
def test_no_room_for_a_file_of_any_size(name, tmp_path):
    assert check_full_disk(WRITERS[name], tmp_path / "out", 100) >= 50


@contextlib.contextmanager
def small_disk(folder, kilobytes):
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k"]
    done = subprocess.run([*mount, "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.hardening
@pytest.mark.parametrize("name", ["a store", "more of a store", "a preset"])
def test_a_disk_that_is_full(name, tmp_path):
    write, whole = WRITERS[name], tmp_path / "whole"
    whole.mkdir()
    write(whole, 0)
    size = sum(path.stat().st_size for path in whole.rglob("*")) // 1024
    folder, num_refused = tmp_path / "disk", 0
    folder.mkdir()
    for more in np.linspace(16, 2 * size, 30).astype(int):
        if shutil.which("mount") is None:
            pytest.skip("no file system may be mounted here")
        with small_disk(folder, size + more):
            shutil.copytree(whole, folder, dirs_exist_ok=True)
            before = state(folder)
            said = in_child(write, folder, 1)
            if said is not None:
                num_refused += 1
                assert said.startswith("True [Errno"), said
                assert "There must be room for the whole file" in said
                assert state(folder) == before
    assert num_refused >= 5


def test_error_names_the_path_and_what_is_free(tmp_path):
    path = tmp_path / "out" / "t.csv"
    path.parent.mkdir()
    said = in_child(write_limited, timeline("t.csv"), path.parent, 1000)
    assert said.endswith(f"{str(path)!r}")
    free = int(said.split("where ")[1].split(" are free")[0].replace(",", ""))
    assert abs(free - shutil.disk_usage(tmp_path).free) < 1e9


def test_a_full_disk_elsewhere_is_not_taken_for_this_one(tmp_path):
    error = OSError(errno.ENOSPC, "full", "/elsewhere/file")
    with pytest.raises(OSError) as found, replacing(tmp_path / "file"):
        raise error
    assert found.value is error


def test_paths_of_other_errors_stay(tmp_path):
    with pytest.raises(FileNotFoundError, match="no_folder"):
        timeline("t.csv")(Path(tmp_path / "no_folder"), 0)
