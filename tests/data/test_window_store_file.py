import os
import pickle
import tracemalloc
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import h5py
import numpy as np
import pytest

from keras_relcon.data import (
    CandidateGroups,
    Interval,
    Recording,
    WindowStore,
    make_windows,
    sample_targets,
    synthetic_recordings,
)
from keras_relcon.data.store import (
    store_catalog,
    store_writer,
    stored_recording,
)
from keras_relcon.data.store.stored_recording import stored_in_file

STEP = 16 / 32767 / 2 * 1.01  # half a step of int16, and its rounding


def recording(subject, number, num_samples=600, labels=None, rate=100):
    rng = np.random.default_rng([ord(subject), number])
    acceleration = rng.normal(0, 0.5, (num_samples, 3)) + [0, 0, 1]
    name = f"walk/{number}"
    return Recording(acceleration, rate, subject, labels, name, 1e9 + number)


def recordings():
    return [recording(subject, k) for subject in "cab" for k in range(3)]


def starts_of(store):
    return [
        piece.start + offset
        for piece in store.pieces
        for offset in (0, 17, piece.num_samples - store.window_length)
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "windows.h5"
    WindowStore.create(path, recordings(), window_length=64)
    return path


@pytest.mark.parametrize("dtype, error", [("int16", STEP), ("float32", 0)])
def test_a_file_and_memory_give_the_same_windows(tmp_path, dtype, error):
    kwargs = {"window_length": 64, "dtype": dtype}
    file = WindowStore.create(tmp_path / "a.h5", recordings(), **kwargs)
    memory = WindowStore.from_recordings(recordings(), window_length=64)
    assert file.subjects == memory.subjects == ["a", "b", "c"]
    windows = file.read(starts_of(file))
    assert windows.dtype == np.float32 and windows.flags.writeable
    np.testing.assert_allclose(
        windows, memory.read(starts_of(memory)), rtol=0, atol=error
    )
    coarse = WindowStore.from_recordings(recordings(), **kwargs)
    np.testing.assert_array_equal(windows, coarse.read(starts_of(coarse)))


def test_a_file_and_memory_give_the_same_batches_in_any_order(tmp_path):
    file = WindowStore.create(
        tmp_path / "a.h5", recordings(), window_length=64, dtype="float32"
    )
    memory = WindowStore.from_recordings(recordings()[::-1], window_length=64)
    for epoch in range(2):
        first = CandidateGroups(file, 4, 5).batch(epoch, 1)
        second = CandidateGroups(memory, 4, 5).batch(epoch, 1)
        for key in first:
            np.testing.assert_array_equal(first[key], second[key])


def test_layout_is_hdf5_that_others_read(path):
    with h5py.File(path) as file:
        assert list(file["subjects"]) == ["a", "b", "c"]
        group = file["subjects/a/walk%2F1"]
        dataset = group["acceleration"]
        values = dataset[:] * file.attrs["scale_g"]
        assert dataset.dtype == np.int16 and dataset.shape == (600, 3)
        assert dataset.fletcher32 and dataset.compression == "gzip"
        assert group.attrs["recording"] == b"walk/1"
        assert group.attrs["start_time"] == 1e9 + 1
        assert file.attrs["format_version"] == 1
        assert file.attrs["sample_rate_hz"] == 100
    expected = recording("a", 1).acceleration
    np.testing.assert_allclose(values, expected, rtol=0, atol=STEP)


def test_an_iterator_is_read_one_recording_at_a_time(tmp_path):
    def peak_bytes(num_recordings):
        items = (recording("a", k, 100_000) for k in range(num_recordings))
        path = tmp_path / f"{num_recordings}.h5"
        tracemalloc.start()
        WindowStore.create(path, items)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    peak_bytes(1)  # what is imported and kept on the way
    assert peak_bytes(12) < 1.2 * peak_bytes(3)


def test_reading_a_file_takes_no_more_memory_than_the_windows(tmp_path):
    number = 400_000
    items = (recording("a", k, number) for k in range(10))
    store = WindowStore.create(tmp_path / "a.h5", items)
    unpacked = Path(f"{store.path}.unpacked")
    assert unpacked.stat().st_size > 24e6
    starts = np.array([p.start for p in store.pieces])
    store.read(starts)
    before, tallest = resident_bytes(), 0
    for offset in range(0, number - 256, 25_600):
        rows = (starts[:, None] + np.arange(0, 2_560, 256) + offset).ravel()
        rows = rows[rows < starts.max() + number - 256]
        store.read(rows)
        tallest = max(tallest, resident_bytes())
    assert tallest - before < 6e6


def resident_bytes():
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except FileNotFoundError:
        pytest.skip("resident memory is not told by this system")
    return int(pages) * 4096


def test_labels_come_back_per_sample_and_as_windows(tmp_path):
    labelled = synthetic_recordings(2, 6, 100, motions=["walking", "sitting"])
    changing = np.repeat(["sit", "stand", "sit"], 200)
    labelled.append(recording("z", 0, labels=changing))
    kwargs = {"window_length": 64, "dtype": "float32"}
    store = WindowStore.create(tmp_path / "a.h5", labelled, **kwargs)
    for again, first in zip(store.recordings(), sorted_by_id(labelled)):
        assert again.recording_id == first.recording_id
        np.testing.assert_array_equal(again.labels, first.labels)
        np.testing.assert_array_equal(again.acceleration, first.acceleration)
        assert again.start_time == first.start_time
    windows = store.windows(stride=32)
    expected = make_windows(sorted_by_id(labelled), 100, 64, 32)
    for name in ("acceleration", "labels", "subjects", "start_seconds"):
        np.testing.assert_array_equal(
            getattr(windows, name), getattr(expected, name)
        )
    assert len(store.windows()) == len(windows)


def sorted_by_id(recordings):
    return sorted(recordings, key=lambda r: (r.subject, r.recording_id))


def test_labels_and_targets_of_intervals(tmp_path):
    speed = np.repeat([1.0, 2.0, np.nan], 200)
    intervals = [
        Interval(0.5, 2.0, label="walk"),
        Interval(3.0, 99.0, label="run", targets={"slope": 0.1}),
        *sample_targets("speed", speed, 100),
    ]
    items = [(recording("a", 0), intervals), recording("a", 1)]
    for store in (
        WindowStore.create(tmp_path / "a.h5", items, window_length=100),
        WindowStore.from_recordings(items, window_length=100),
    ):
        first, second = store.recordings()
        assert second.labels is None
        expected = np.repeat(["", "walk", "", "run"], [50, 150, 100, 300])
        np.testing.assert_array_equal(first.labels, expected)
        windows = make_windows(first, 100, 100, 50)
        np.testing.assert_allclose(
            store.targets(windows, "speed"),
            [1, 1, 1, 1.5, 2, 2, 2, *[np.nan] * 4],
        )
        slopes = store.targets(windows, "slope")
        np.testing.assert_allclose(slopes[6:], 0.1)
        assert np.isnan(slopes[:6]).all()
        with pytest.raises(ValueError, match="`name` must be a target.*pace"):
            store.targets(windows, "pace")


def test_missing_and_clipped_samples_cut_pieces(tmp_path):
    acceleration = np.full((500, 3), 0.5)
    acceleration[100:110] = np.nan
    acceleration[300, 1] = -8.0
    acceleration[301, 2] = 50.0
    with pytest.warns(UserWarning, match="10 of 500"):
        broken = Recording(acceleration, 100, "a")
    with pytest.warns(UserWarning, match="2 samples reach 8 g"):
        store = WindowStore.create(
            tmp_path / "a.h5", broken, window_length=50, full_scale_g=8
        )
    bounds = [(p.start, p.start + p.num_samples) for p in store.pieces]
    assert bounds == [(0, 100), (110, 300), (302, 500)]
    info = store.info()
    assert info["num_missing_samples"] == 10
    assert info["num_clipped_samples"] == 2
    (again,) = store.recordings()
    is_missing = np.isnan(again.acceleration).any(axis=1)
    assert np.flatnonzero(is_missing).tolist() == [*range(100, 110), 300, 301]
    with h5py.File(store.path) as file:
        rows = file["subjects/a/recording_0/invalid"][:]
    assert rows.tolist() == [(100, 110, b"missing"), (300, 302, b"clipped")]


def test_names_of_any_kind_come_back(tmp_path):
    names = [("..", "."), ("ü/%2F", "a%/b"), ("x" * 300, "//")]
    items = [
        Recording(recording("a", 0).acceleration, 100, subject, None, name)
        for subject, name in names
    ]
    store = WindowStore.create(tmp_path / "a.h5", items)
    again = [(r.subject, r.recording_id) for r in store.recordings()]
    assert again == sorted(names)


def test_append_adds_recordings(tmp_path):
    path = tmp_path / "a.h5"
    first = WindowStore.create(path, recordings(), window_length=64)
    before = first.read(starts_of(first))
    more = [recording("a", 7), recording("d", 0, rate=50)]
    second = first.append(more)
    whole = WindowStore.from_recordings(
        recordings() + more, window_length=64, dtype="int16"
    )
    np.testing.assert_array_equal(
        second.read(starts_of(second)), whole.read(starts_of(whole))
    )
    # The first store still has what it had.
    np.testing.assert_array_equal(first.read(starts_of(first)), before)
    third = second.append([recording("e", 0)])
    assert third.subjects == ["a", "b", "c", "d", "e"]
    third.verify()
    with h5py.File(path) as file:
        assert set(file["subjects"]) == {"a", "b", "c", "d", "e"}


def test_a_catalog_larger_than_its_block_moves_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(store_writer, "SMALLEST_BLOCK", 512)
    monkeypatch.setattr(store_writer, "COPY_BYTES", 1000)
    path = tmp_path / "a.h5"
    store = WindowStore.create(path, recordings(), window_length=64)
    store = store.append([recording("d", k) for k in range(9)])
    store.verify()
    whole = [*recordings(), *(recording("d", k) for k in range(9))]
    memory = WindowStore.from_recordings(whole, window_length=64, dtype="int16")
    np.testing.assert_array_equal(
        store.read(starts_of(store)), memory.read(starts_of(memory))
    )
    with h5py.File(path) as file:
        assert file.userblock_size > 512
        assert file["subjects/d/walk%2F8/acceleration"][:].shape == (600, 3)


def test_a_store_opened_before_the_file_changed_says_so(tmp_path):
    path = tmp_path / "a.h5"
    WindowStore.create(path, recordings(), window_length=64)
    old = WindowStore.open(path)  # has not read yet
    old.append([recording("d", 0)])
    with pytest.raises(OSError, match="as it was when it was opened"):
        old.read([0])


def test_pickles_by_path(path):
    store = WindowStore.open(path)
    expected = store.read(starts_of(store))
    content = pickle.dumps(store)
    assert len(content) < 20_000 < expected.nbytes
    again = pickle.loads(content)
    np.testing.assert_array_equal(again.read(starts_of(again)), expected)
    part = pickle.loads(pickle.dumps(store.select_subjects(["b"])))
    assert part.subjects == ["b"]
    with pytest.raises(ValueError, match="inside one piece"):
        part.read([0])


def read_all(store):
    return store.read(starts_of(store))


def open_and_read(path):
    return read_all(WindowStore.open(path))


def test_many_threads_and_processes_read_at_once(path):
    store = WindowStore.open(path)
    expected = read_all(store)
    fresh = WindowStore.open(path)
    with ThreadPoolExecutor(8) as pool:
        for values in pool.map(read_all, [fresh] * 40):
            np.testing.assert_array_equal(values, expected)
    # All of them find nothing unpacked, and wait for the first.
    Path(f"{path}.unpacked").unlink()
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        for values in pool.map(open_and_read, [path] * 4):
            np.testing.assert_array_equal(values, expected)
    left = sorted(file.name for file in path.parent.iterdir())
    assert left == ["windows.h5", "windows.h5.unpacked"]


def test_more_than_the_system_reads_at_once_is_read_whole(path, monkeypatch):
    store = WindowStore.open(path)
    expected = store.read(starts_of(store))
    read = os.pread
    monkeypatch.setattr(
        stored_recording.os,
        "pread",
        lambda h, size, at: read(h, min(size, 100), at),
    )
    np.testing.assert_array_equal(store.read(starts_of(store)), expected)


def test_opening_again_does_not_unpack_again(path, monkeypatch):
    WindowStore.open(path)
    monkeypatch.setattr(
        "keras_relcon.data.store.unpacked_signal.read_chunk",
        lambda *args: pytest.fail("read a chunk"),
    )
    WindowStore.open(path)


def test_the_unpacked_signal_may_be_elsewhere(path, tmp_path):
    content = path.read_bytes()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        copy = tmp_path / folder / "windows.h5"
        copy.write_bytes(content)
        store = WindowStore.open(copy, cache_dir=tmp_path / "new")
        store.read([0])
        assert [*copy.parent.iterdir()] == [copy]
    assert len([*tmp_path.glob("new/windows.h5.*.unpacked")]) == 2


def test_a_folder_that_cannot_be_written_is_named(path, tmp_path, monkeypatch):
    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    copy = tmp_path / "windows.h5"
    copy.write_bytes(path.read_bytes())
    monkeypatch.setattr("keras_relcon.kept_files.lock", refuse)
    with pytest.raises(OSError, match="must be writable.*`cache_dir`"):
        WindowStore.open(copy)


def test_an_error_leaves_no_file(tmp_path):
    def fail():
        yield recording("a", 0)
        raise RuntimeError("the third file is not a recording")

    path = tmp_path / "a.h5"
    with pytest.raises(RuntimeError, match="third file"):
        WindowStore.create(path, fail())
    assert not [*tmp_path.iterdir()]
    store = WindowStore.create(path, recording("b", 0))
    with pytest.raises(RuntimeError, match="third file"):
        store.append(fail())
    with pytest.raises(RuntimeError, match="third file"):
        WindowStore.create(path, fail(), overwrite=True)
    assert WindowStore.open(path).subjects == ["b"]
    assert len([*tmp_path.iterdir()]) == 2


def test_a_second_writer_is_refused(tmp_path):
    path = tmp_path / "a.h5"

    def nested():
        yield recording("a", 0)
        WindowStore.create(path, recording("b", 0))

    with pytest.raises(OSError, match="Only one process may write"):
        WindowStore.create(path, nested())


def test_wrong_arguments(path, tmp_path):
    store = WindowStore.open(path)
    new = tmp_path / "new.h5"
    with pytest.raises(FileExistsError, match="must be a new file.*exists"):
        WindowStore.create(path, recordings())
    with pytest.raises(ValueError, match="`dtype` must be one of.*int8"):
        WindowStore.create(new, recordings(), dtype="int8")
    with pytest.raises(ValueError, match="`full_scale_g` must be"):
        WindowStore.create(new, recordings(), full_scale_g=0)
    with pytest.raises(ValueError, match="`window_length` must be"):
        WindowStore.create(new, recordings(), window_length=1)
    with pytest.raises(ValueError, match="above 0.*sample_rate_hz=0"):
        sample_targets("speed", [1.0, 2.0], 0)
    with pytest.raises(ValueError, match="at least one recording"):
        WindowStore.create(new, iter(()))
    with pytest.raises(TypeError, match="Interval.*type ndarray"):
        WindowStore.create(new, [np.zeros((9, 3))])
    with pytest.raises(TypeError, match="type tuple"):
        WindowStore.create(new, [(recording("a", 0), ["walking"])])
    with pytest.raises(ValueError, match="an id of its own.*'walk/0'.*'a'"):
        WindowStore.create(new, [recording("a", 0), recording("a", 0)])
    with pytest.raises(ValueError, match="an id of its own.*'walk/1'"):
        store.append([recording("a", 1)])
    with pytest.raises(ValueError, match="hold a window.*1 pieces"):
        WindowStore.create(new, recording("a", 0, 20))
    with pytest.raises(ValueError, match="'raise', 'skip'.*ignore"):
        WindowStore.open(path, on_error="ignore")
    with pytest.raises(FileNotFoundError):
        WindowStore.open(new)
    memory = WindowStore.from_recordings(recordings(), window_length=64)
    for part in (memory, store.select_subjects(["a"])):
        with pytest.raises(ValueError, match="a whole, undamaged store"):
            part.append([recording("d", 0)])
    with pytest.raises(ValueError, match="can be verified"):
        memory.verify()
    with pytest.raises(ValueError, match="start at or after 0 s and stop"):
        Interval(2.0, 1.0, label="walk")
    with pytest.raises(ValueError, match="a `label` or `targets`"):
        Interval(1.0, 2.0)
    assert not [*tmp_path.iterdir()]


def test_other_files_and_newer_versions_are_refused(
    path, tmp_path, monkeypatch
):
    other = tmp_path / "other.h5"
    other.write_text("time,x,y,z\n")
    with pytest.raises(ValueError, match="`WindowStore.create` wrote.*another"):
        WindowStore.open(other)
    other.write_bytes(b"")
    with pytest.raises(ValueError, match="`WindowStore.create` wrote.*another"):
        WindowStore.open(other)
    with h5py.File(other, "w") as file:
        file["acceleration"] = np.zeros((9, 3))
    with pytest.raises(ValueError, match="an HDF5 file of another kind"):
        WindowStore.open(other)
    monkeypatch.setattr(store_catalog, "FORMAT_VERSION", 2)
    WindowStore.create(other, recordings(), overwrite=True)
    monkeypatch.setattr(store_catalog, "FORMAT_VERSION", 1)
    with pytest.raises(ValueError, match="version 1 or earlier.*version 2"):
        WindowStore.open(other)


def test_no_warning_where_nothing_is_lost(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store = WindowStore.open(path)
        list(store.recordings())
        store.verify()


def test_stores_that_do_not_say_the_rates_of_recordings_have_one(path):
    catalog, _ = store_catalog.read_catalog(path)
    for entry in catalog["recordings"]:
        assert entry.pop("sample_rate_hz") == 100
    stored = stored_in_file(path, catalog, damaged={})
    assert {recording.sample_rate_hz for recording in stored} == {100.0}
