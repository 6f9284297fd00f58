"""What a store holds: the signal, and where each recording lies in it."""

import os
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from keras_relcon.data.recording import Recording
from keras_relcon.data.store.intervals import (
    invalid_table,
    spread_labels,
    spread_target,
    valid_stretches,
)
from keras_relcon.data.store.store_catalog import read_table

NOTHING = np.zeros(0, dtype=bool)


@dataclass(frozen=True)
class Piece:
    """A stretch of one recording without missing or clipped samples.

    Args:
        subject: str.
        recording: str. Recording id.
        start: int. First sample in the store's signal.
        num_samples: int. At least the store's `window_length`.
        start_seconds: float. From the recording's start.
        sample_rate_hz: float. That of the store, or very near it: see
            `resampled_rate`.
        start_time: float. Unix seconds of the first sample, or `None`.
    """

    subject: str
    recording: str
    start: int
    num_samples: int
    start_seconds: float
    sample_rate_hz: float
    start_time: float | None = None


@dataclass(frozen=True, eq=False)
class StoredRecording:
    """A recording in a store's signal.

    Args:
        subject: str.
        recording: str. Recording id.
        start_time: float. Unix seconds of the first sample, or `None`.
        sample_rate_hz: float. As of a `Piece`.
        start: int. First sample in the store's signal.
        num_samples: int.
        invalid: table of `intervals.invalid_table`.
        load: callable. Takes `"labels"` or `"targets"`; gives the table, or
            `None` where the recording has none.
        time_zone, placement: str, or `None`. As of `Recording`.
        is_labelled: bool. Whether it has labels, be they all empty. Defaults
            to `False`, not known: it has if there is a table of them.
    """

    subject: str
    recording: str
    start_time: float | None
    sample_rate_hz: float
    start: int
    num_samples: int
    invalid: np.ndarray
    load: Callable[..., Any]
    time_zone: str | None = None
    placement: str | None = None
    is_labelled: bool = False

    def pieces(self, window_length):
        """Returns the pieces at least as long as a window."""
        pieces = []
        for start, stop in valid_stretches(self.invalid, self.num_samples):
            if stop - start < window_length:
                continue
            seconds = start / self.sample_rate_hz
            time = self.start_time
            pieces.append(
                Piece(
                    self.subject,
                    self.recording,
                    self.start + start,
                    stop - start,
                    seconds,
                    self.sample_rate_hz,
                    None if time is None else time + seconds,
                )
            )
        return pieces

    def to_recording(self, signal):
        """Reads the `Recording`; invalid samples are NaN."""
        acceleration = signal.read([self.start], self.num_samples)[0]
        for row in self.invalid:
            acceleration[row["start"] : row["stop"]] = np.nan
        labels = self.load("labels")
        if labels is not None:
            labels = spread_labels(labels, self.num_samples)
        elif self.is_labelled:
            labels = ""
        with warnings.catch_warnings():
            # Said when the store was made.
            warnings.filterwarnings("ignore", message=".*are not finite")
            return Recording(
                acceleration,
                self.sample_rate_hz,
                self.subject,
                labels,
                self.recording,
                self.start_time,
                placement=self.placement,
                time_zone=self.time_zone,
            )

    def target(self, name):
        """`(num_samples,)` float64, or `None` if it has no such target."""
        table = self.load("targets")
        if table is None or name.encode() not in table["name"]:
            return None
        return spread_target(table, name, self.num_samples)


@dataclass(frozen=True)
class TableLoader:
    """Reads the tables of one recording from a store's file."""

    path: str
    catalog: dict[str, Any]  # without its recordings
    tables: dict[str, Any]

    def __call__(self, name):
        table = self.tables.get(name)
        if table is None:
            return None
        handle = os.open(self.path, os.O_RDONLY)
        try:
            return read_table(handle, self.catalog, table)
        finally:
            os.close(handle)


def stored_in_file(path, catalog, damaged):
    """`StoredRecording`s of a store's file, but for the damaged ones."""
    base = {**catalog, "recordings": []}
    stored, start = [], 0
    for index, entry in enumerate(catalog["recordings"]):
        if index not in damaged:
            load = TableLoader(str(path), base, entry["tables"])
            invalid = load("invalid")
            if invalid is None:
                invalid = invalid_table(NOTHING, NOTHING)
            stored.append(
                StoredRecording(
                    entry["subject"],
                    entry["recording"],
                    entry["start_time"],
                    # Stores of older versions do not say it.
                    entry.get("sample_rate_hz", catalog["sample_rate_hz"]),
                    start,
                    entry["num_samples"],
                    invalid,
                    load,
                    # Not in stores of older versions.
                    entry.get("time_zone"),
                    entry.get("placement"),
                    entry.get("is_labelled", False),
                )
            )
        start += entry["num_samples"]
    return stored


class MemorySignal:
    """A signal in memory.

    Args:
        samples: `(total_samples, 3)` int16 or float32.
        scale_g: float. What one unit is, g.
    """

    def __init__(self, samples, scale_g=1.0):
        self.samples = np.ascontiguousarray(samples)
        self.scale_g = scale_g

    def read(self, starts, num_samples):
        """Reads `num_samples` rows from each of `starts`.

        Args:
            starts: `(num_windows,)` int.
            num_samples: int.

        Returns:
            `(num_windows, num_samples, 3)` float32, g. A copy.
        """
        # Rows of the view overlap: each is one window, contiguous in memory.
        view = sliding_window_view(self.samples.reshape(-1), 3 * num_samples)
        windows = view[::3][starts].reshape(-1, num_samples, 3)
        return _to_g(windows, self.scale_g)


class FileSignal:
    """A signal in a file of numbers, opened when first read.

    Windows are read by position, so threads may share the signal; it pickles
    by path. Nothing is mapped: the file takes no memory of the process.

    Args:
        path: str. The numbers, `(total_samples, 3)`, from the first byte.
        number_type: `np.dtype`.
        scale_g: float. What one unit is, g.
        check: callable. Takes the opened file, and raises if it is not the
            one this signal was made for.
    """

    def __init__(self, path, number_type, scale_g, check):
        self.path = path
        self.number_type = number_type
        self.scale_g = scale_g
        self._check = check
        self._file = None
        self._lock = threading.Lock()

    def read(self, starts, num_samples):
        """Reads as `MemorySignal.read` does."""
        row_bytes = 3 * self.number_type.itemsize
        num_bytes = num_samples * row_bytes
        handle = self._open().fileno()
        content = b"".join(
            [
                _read_at(handle, num_bytes, offset)
                for offset in (np.asarray(starts) * row_bytes).tolist()
            ]
        )
        if len(content) != len(starts) * num_bytes:
            raise OSError(
                "The unpacked signal must hold every window of the store. "
                f"Received: {self.path!r}, which was cut. Remove it, and open "
                "the store again."
            )
        windows = np.frombuffer(content, dtype=self.number_type)
        return _to_g(windows.reshape(-1, num_samples, 3), self.scale_g)

    def _open(self):
        if self._file is None:
            with self._lock:
                if self._file is None:
                    file = open(self.path, "rb", buffering=0)
                    self._check(file)
                    self._file = file
        return self._file

    def __getstate__(self):
        return {**self.__dict__, "_file": None, "_lock": None}

    def __setstate__(self, state):
        self.__dict__.update(state, _lock=threading.Lock())

    def __del__(self):
        if getattr(self, "_file", None) is not None:
            self._file.close()


def _read_at(handle, num_bytes, offset):
    """Bytes of a file; fewer where it ends."""
    content = os.pread(handle, num_bytes, offset)
    if len(content) == num_bytes:
        return content
    parts = [content]
    while parts[-1]:  # Linux gives 2 GB at a time
        offset += len(parts[-1])
        num_bytes -= len(parts[-1])
        parts.append(os.pread(handle, num_bytes, offset))
    return b"".join(parts)


def _to_g(windows, scale_g):
    if windows.dtype == np.float32:
        # Fancy indexing has copied already; bytes are read-only.
        return windows if windows.flags.writeable else windows.copy()
    return np.multiply(windows, np.float32(scale_g), dtype=np.float32)
