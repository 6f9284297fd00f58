"""Long recordings are on disk, with the same values as in memory."""

import contextlib
import errno
import os
import types
import warnings

import numpy as np
import pytest
from device_format import write_cwa

from keras_relcon.data import (
    large_arrays,
    read_recording,
    regularizing,
    resample_recording,
    resampled_signal,
)
from keras_relcon.evaluation.window_stream import WindowStream

NUM_ROWS = 3000


@pytest.fixture
def on_disk(monkeypatch):
    """Arrays of more than a kilobyte are on disk, and passes are short."""

    @contextlib.contextmanager
    def change():
        with monkeypatch.context() as patch:
            patch.setattr(large_arrays, "MAX_BYTES_IN_MEMORY", 1 << 10)
            for module in (large_arrays, regularizing, resampled_signal):
                patch.setattr(module, "CHUNK", 700)
            yield

    return change


def is_memory_mapped(array):
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False


def signal():
    time = np.arange(NUM_ROWS) / 50
    axes = [0.3 * np.sin(5 * time), 0.6 + 0 * time, 0.8 + 0 * time]
    return np.round(np.stack(axes, axis=1), 3)


def write_csv(path, seconds, acceleration, label="walk"):
    rows = [
        f"{second:.3f},{','.join(map(str, row))},{label}"
        for second, row in zip(seconds, acceleration)
    ]
    path.write_text("\n".join(["time,x,y,z,label", *rows]))
    return path


STEADY = 1_700_000_000 + np.arange(NUM_ROWS) / 50
JITTER = np.random.default_rng(0).uniform(0, 0.004, NUM_ROWS)
TIMES = {
    "steady": STEADY,
    "jitter": STEADY + JITTER,
    "a gap": STEADY + JITTER + 90 * (np.arange(NUM_ROWS) > 1500),
}


@pytest.mark.filterwarnings("ignore:.*not finite")
@pytest.mark.parametrize("has_faults", [False, True])
@pytest.mark.parametrize("kind", TIMES)
def test_a_table_on_disk_has_the_values_of_one_in_memory(
    tmp_path, on_disk, kind, has_faults
):
    acceleration = signal()
    if has_faults:
        acceleration[100] = 1e6
        acceleration[690:705] = 0
        acceleration[1400, 1] = np.nan
    path = write_csv(tmp_path / "a.csv", TIMES[kind], acceleration)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if has_faults else "default")
        expected = read_recording(path, "s")
        with on_disk():
            found = read_recording(path, "s")
    assert is_memory_mapped(found.acceleration)
    assert not is_memory_mapped(expected.acceleration)
    np.testing.assert_allclose(
        found.acceleration, expected.acceleration, atol=1e-6
    )
    assert found.sample_rate_hz == expected.sample_rate_hz
    assert found.start_time == expected.start_time
    assert found.labels.tolist() == expected.labels.tolist()
    if has_faults and kind == "steady":
        is_missing = np.isnan(found.acceleration)
        rows = [100, *range(690, 705), 1400]
        np.testing.assert_array_equal(np.flatnonzero(is_missing.all(1)), rows)
        assert is_missing.sum() == 3 * len(rows)


@pytest.mark.filterwarnings("ignore:.*not finite")
def test_m_s2_and_gravity_beside_are_on_disk_too(tmp_path, on_disk):
    names = "x,y,z,gravity_x,gravity_y,gravity_z"
    motion = np.round(signal() - [0, 0.6, 0.8], 3)
    table = np.concatenate([motion, 0 * motion + [0, 0.6, 0.8]], axis=1)
    path = tmp_path / "a.csv"
    np.savetxt(path, 9.80665 * table, delimiter=",", header=names, comments="")
    options = {"sample_rate_hz": 50, "unit": "m/s2"}
    options["gravity_columns"] = tuple(names.split(",")[3:])
    options["columns"] = ("x", "y", "z")
    with pytest.warns(UserWarning, match="gravity of the file is added"):
        with on_disk():
            found = read_recording(path, "s", **options)
    assert is_memory_mapped(found.acceleration)
    np.testing.assert_allclose(found.acceleration, signal(), atol=1e-5)


def test_a_device_file_on_disk(tmp_path, on_disk):
    pytest.importorskip("actfast")
    path = write_cwa(tmp_path / "a.cwa", signal())
    expected = read_recording(path, "s")
    with on_disk():
        found = read_recording(path, "s")
    assert is_memory_mapped(found.acceleration)
    np.testing.assert_allclose(
        found.acceleration, expected.acceleration, atol=1e-6
    )


def test_windows_of_a_recording_on_disk(tmp_path, on_disk):
    path = write_csv(tmp_path / "a.csv", STEADY, signal())
    expected = read_recording(path, "s")
    with on_disk():
        found = read_recording(path, "s")
        for rate in (50, 100):
            parts = [
                np.concatenate([w for w, _ in stream.blocks(4)])
                for stream in (
                    WindowStream(found, rate, 128, 128),
                    WindowStream(expected, rate, 128, 128),
                )
            ]
            np.testing.assert_allclose(*parts, atol=1e-6)
    np.testing.assert_allclose(
        resample_recording(found, 25).acceleration,
        resample_recording(expected, 25).acceleration,
        atol=1e-6,
    )


def test_a_growing_array_is_what_was_appended(on_disk):
    blocks = [np.full((k, 3), k) for k in (1, 200, 0, 7)]
    for context in (contextlib.nullcontext, on_disk):
        with context():
            array = large_arrays.GrowingArray(np.float32)
            for block in blocks:
                array.append(block)
            found = array.array()
        assert is_memory_mapped(found) == (context is on_disk)
        np.testing.assert_array_equal(found, np.concatenate(blocks))


def test_a_full_disk_is_an_error_that_says_what_to_do(
    tmp_path, on_disk, monkeypatch
):
    path = write_csv(tmp_path / "a.csv", STEADY, signal())
    full = (errno.ENOSPC, "No space left on device")

    def no_room(*args):
        raise OSError(*full)

    expected = r"room for temporary files.*No space left.*Set .* TMPDIR"
    with on_disk():
        with monkeypatch.context() as patch:
            patch.setattr(os, "posix_fallocate", no_room, raising=False)
            with pytest.raises(OSError, match=expected) as caught:
                read_recording(path, "s")
            assert caught.value.errno == errno.ENOSPC
        array = large_arrays.GrowingArray(np.float32)
        array.append(np.zeros((1000, 3)))
        array._file = types.SimpleNamespace(write=no_room)
        with pytest.raises(OSError, match=expected):
            array.append(np.zeros((1000, 3)))


def test_released_memory_keeps_its_values(on_disk):
    with on_disk():
        array = large_arrays.empty((5000, 3), np.float32)
        for rows in large_arrays.chunks(array):
            array[rows] = rows.start
        large_arrays.release(array)
        for rows in large_arrays.chunks(array):
            assert (array[rows] == rows.start).all()
