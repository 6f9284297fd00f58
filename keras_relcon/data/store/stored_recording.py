"""What a store holds of each recording."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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
    """

    subject: str
    recording: str
    start_time: float | None
    sample_rate_hz: float
    start: int
    num_samples: int
    invalid: np.ndarray
    load: Callable

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
    catalog: dict  # without its recordings
    tables: dict

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
                )
            )
        start += entry["num_samples"]
    return stored
