"""Keeps continuous signals at one rate, so any window of them can be read."""

import copy
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon import checks
from keras_relcon.data import file_limits
from keras_relcon.data.recording import Recording
from keras_relcon.data.store.intervals import CLIPPED, MISSING, Interval
from keras_relcon.data.store.signal_encoding import (
    SignalEncoding,
    encode_recordings,
)
from keras_relcon.data.store.store_catalog import read_catalog, report_damage
from keras_relcon.data.store.store_writer import append_to_store, create_store
from keras_relcon.data.store.stored_recording import (
    FileSignal,
    MemorySignal,
    StoredRecording,
    stored_in_file,
)
from keras_relcon.data.store.unpacked_signal import (
    IsUnpackedFrom,
    find_damage,
    stamp_of,
    unpack,
)
from keras_relcon.data.windows import Windows, check_window, make_windows
from keras_relcon.reprs import counted, described, duration
from keras_relcon.types import PathLike

Recordings: TypeAlias = (
    Recording | Iterable[Recording] | Iterable[tuple[Recording, list[Interval]]]
)
StoredType: TypeAlias = Literal["int16", "float32"]


class WindowStore:
    """Signals of many subjects at one rate, read as windows at any sample.

    Recordings are resampled and kept whole; samples that are missing, not
    finite or clipped cut them into continuous pieces, so a window read from a
    piece is always valid. Pieces shorter than a window are left out, with a
    warning that counts them.

    A store is in memory (`WindowStore.from_recordings`) or in a file
    (`WindowStore.create`, `WindowStore.open`); both are used in the same way.
    The file is HDF5, compressed and checksummed. When a file is opened for the
    first time since it changed, all of it is checked and unpacked into
    `<path>.unpacked` beside it, from which any window is read at once. Reading
    takes no memory but the windows'; many processes and threads may read.

    Args:
        signal: `MemorySignal` or `FileSignal`.
        recordings: list of `StoredRecording`. Where each lies in the signal.
        encoding: `SignalEncoding`.
        window_length: int. Samples per window.
        path: str. The file, or `None`. Defaults to `None`.

    Example:

    >>> store = WindowStore.create("windows.h5", recordings)
    >>> train, test = store.split_subjects((0.8, 0.2), seed=0)
    >>> windows = train.read([piece.start for piece in train.pieces])
    """

    def __init__(
        self,
        signal: MemorySignal | FileSignal,
        recordings: Iterable[StoredRecording],
        encoding: SignalEncoding,
        window_length: int,
        path: str | None = None,
    ) -> None:
        self.encoding = encoding
        self.sample_rate_hz = encoding.sample_rate_hz
        self.window_length = int(window_length)
        self.path = path
        self.num_damaged = 0
        self._cache_dir: PathLike | None = None
        self._signal = signal
        self._is_part = False
        self._keep(recordings)

    @classmethod
    def from_recordings(
        cls,
        recordings: Recordings,
        sample_rate_hz: float = 100,
        window_length: int = 256,
        dtype: StoredType = "float32",
        full_scale_g: float = 16.0,
    ) -> Self:
        """Resamples recordings and keeps their signals in memory.

        Args:
            recordings: `Recording`, or iterable of `Recording`, or of pairs
                `(Recording, list of Interval)` with labels and targets.
            sample_rate_hz: float. Rate of the store. Defaults to `100`.
            window_length: int. Samples per window. Defaults to `256`.
            dtype: str. `"float32"`, or `"int16"` in steps of `full_scale_g /
                32767`. Defaults to `"float32"`.
            full_scale_g: float. Range of the sensor, g. Samples at or beyond
                it are clipped: no window covers them. Defaults to `16.0`.

        Returns:
            `WindowStore`.

        Raises:
            TypeError: if an item is no recording.
            ValueError: if there is no recording, an argument is wrong, two
                recordings of a subject have the same id, or no continuous
                piece is as long as a window.
        """
        check_window(sample_rate_hz, window_length)
        encoding = SignalEncoding(float(sample_rate_hz), dtype, full_scale_g)
        stored, signals, total = [], [], 0
        for entry, samples, tables in encode_recordings(
            recordings, encoding, window_length
        ):
            stored.append(
                StoredRecording(
                    **entry,
                    start=total,
                    num_samples=len(samples),
                    invalid=tables["invalid"],
                    load={k: v for k, v in tables.items() if len(v)}.get,
                )
            )
            signals.append(samples)
            total += len(samples)
        signal = MemorySignal(np.concatenate(signals), encoding.scale_g)
        return cls(signal, stored, encoding, window_length)

    @classmethod
    def create(
        cls,
        path: PathLike,
        recordings: Recordings,
        sample_rate_hz: float = 100,
        window_length: int = 256,
        dtype: StoredType = "int16",
        full_scale_g: float = 16.0,
        overwrite: bool = False,
        cache_dir: PathLike | None = None,
    ) -> Self:
        """Writes recordings to a file, one at a time, and opens it.

        A writer killed at any moment, or an error of any recording, leaves
        the file that was there before, or none.

        Args:
            path: str or path. The HDF5 file.
            recordings: As for `from_recordings`. An iterator is read once,
                and only one recording of it is in memory at a time.
            sample_rate_hz: float. Rate of the store. Defaults to `100`.
            window_length: int. Samples per window. Defaults to `256`.
            dtype: str. `"int16"`, in steps of `full_scale_g / 32767`, or
                `"float32"`. Defaults to `"int16"`.
            full_scale_g: float. Range of the sensor, g. Samples at or beyond
                it are clipped: no window covers them. Defaults to `16.0`.
            overwrite: bool. Whether a file at `path` may be replaced. Defaults
                to `False`.
            cache_dir: str or path. As for `open`.

        Returns:
            `WindowStore`.

        Raises:
            FileExistsError: if there is a file and `overwrite` is not set.
            FileNotFoundError: if there is no folder for it.
            OSError: if another process is writing the file.
            TypeError, ValueError: as for `from_recordings`.
        """
        check_window(sample_rate_hz, window_length)
        encoding = SignalEncoding(float(sample_rate_hz), dtype, full_scale_g)
        if Path(path).exists() and not overwrite:
            raise FileExistsError(
                "`path` must be a new file. "
                f"Received: path={str(path)!r}, which exists. Use "
                "`WindowStore.open(path).append(...)` to add to it, or "
                "`overwrite=True` to replace it."
            )
        items = encode_recordings(recordings, encoding, window_length)
        create_store(path, items, encoding, window_length)
        return cls.open(
            path, cache_dir=cache_dir, max_expansion=file_limits.UNBOUNDED
        )

    @classmethod
    def open(
        cls,
        path: PathLike,
        on_error: Literal["raise", "skip"] = "raise",
        cache_dir: PathLike | None = None,
        max_expansion: float = file_limits.MAX_EXPANSION,
    ) -> Self:
        """Opens a file that `create` wrote.

        The first time since the file changed, every chunk is checked and
        unpacked. `verify` checks again.

        Args:
            path: str or path.
            on_error: str. `"raise"` if anything is damaged, or `"skip"` the
                damaged recordings, with a warning that counts and names them.
                Defaults to `"raise"`.
            cache_dir: str or path. Folder of the unpacked signal, about twice
                the size of the file. Defaults to the folder of `path`.
            max_expansion: float. How many times its size a file may unpack to,
                as of `read_recording`. Defaults to `300.0`.

        Returns:
            `WindowStore`.

        Raises:
            FileNotFoundError: if there is no file.
            OSError: if a recording or the file is damaged; it is named.
            ValueError: if it is no store, of a newer version or unpacks to
                too much, or `on_error` is neither.
        """
        checks.check_one_of("on_error", on_error, ("raise", "skip"))
        path = os.path.abspath(path)
        with file_limits.expansion(max_expansion):
            catalog, problems = read_catalog(path)
        stamp = stamp_of(path, catalog)
        unpacked = unpack(path, catalog, cache_dir)
        report_damage(path, catalog, problems, unpacked.damaged, on_error)
        encoding = SignalEncoding(
            catalog["sample_rate_hz"],
            catalog["dtype"],
            catalog["full_scale_g"],
        )
        signal = FileSignal(
            unpacked.path,
            encoding.number_type,
            encoding.scale_g,
            IsUnpackedFrom(stamp),
        )
        stored = stored_in_file(path, catalog, unpacked.damaged)
        store = cls(signal, stored, encoding, catalog["window_length"], path)
        store.num_damaged = len(unpacked.damaged)
        store._cache_dir = cache_dir
        return store

    def append(self, recordings: Recordings) -> Self:
        """Adds recordings to the file.

        The file is copied, the copy is added to, and it takes the place of
        the file: at any moment there is the old file or the new one. This
        costs the time and the space of a copy, so add many at once.

        Args:
            recordings: As for `create`. New ids for each subject.

        Returns:
            `WindowStore` of the new file. This one keeps what it has.

        Raises:
            OSError: if another process is writing the file, or it is damaged.
            TypeError, ValueError: as for `from_recordings`; or if this store
                is in memory, or a part of a store.
        """
        if self.path is None or self._is_part or self.num_damaged:
            raise ValueError(
                "Only a whole, undamaged store in a file can be appended to. "
                "Received: a store in memory, a part of a store, or one with "
                "damaged recordings. Use `WindowStore.create`, and append "
                "before splitting."
            )

        def encode(known):
            return encode_recordings(
                recordings, self.encoding, self.window_length, known
            )

        append_to_store(self.path, encode)
        return type(self).open(
            self.path,
            cache_dir=self._cache_dir,
            max_expansion=file_limits.UNBOUNDED,
        )

    @property
    def subjects(self) -> list[str]:
        """Sorted subject ids."""
        return sorted({piece.subject for piece in self.pieces})

    @property
    def num_windows(self) -> int:
        """Windows that do not overlap, counted from each piece's start."""
        return sum(p.num_samples // self.window_length for p in self.pieces)

    def read(self, starts: ArrayLike) -> np.ndarray:
        """Reads the windows that begin at the given samples of the signal.

        Args:
            starts: `(num_windows,)` int. Each window must lie in one piece.

        Returns:
            `(num_windows, window_length, 3)` float32, g. A copy.

        Raises:
            ValueError: if a window is not inside one piece of this store.
        """
        starts = np.asarray(starts, dtype=np.int64).reshape(-1)
        self._check_inside(starts)
        return self._signal.read(starts, self.window_length)

    def recordings(self) -> Iterator[Recording]:
        """Yields the recordings as they are kept: `Recording` at the rate.

        Where the rate was not met it is one nearby, see `resampled_rate`.
        Samples that no window may cover are NaN. Labels are empty where there
        are none; `None` if the recording has none at all.
        """
        for stored in self._recordings:
            yield stored.to_recording(self._signal)

    def windows(self, stride: int | None = None) -> Windows:
        """Cuts all recordings into labelled windows, in memory.

        Args:
            stride: int. Samples from one window's start to the next. Defaults
                to half a window.

        Returns:
            `Windows`, as `make_windows` gives them.

        Raises:
            ValueError: if `stride` is not positive, or only some recordings
                have labels.
        """
        stride = self.window_length // 2 if stride is None else stride
        return make_windows(
            list(self.recordings()),
            self.sample_rate_hz,
            self.window_length,
            stride,
        )

    def targets(self, windows: Windows, name: str) -> np.ndarray:
        """Returns a target's mean over each window.

        Args:
            windows: `Windows` of this store.
            name: str. Name of the target in the intervals.

        Returns:
            `(num_windows,)` float64. NaN where a window is not covered.

        Raises:
            ValueError: if no recording has a target of this name.
        """
        means, is_known = np.full(len(windows), np.nan), False
        for stored in self._recordings:
            target = stored.target(name)
            if target is None:
                continue
            is_known = True
            mine = (windows.subjects == stored.subject) & (
                windows.recordings == stored.recording
            )
            seconds = windows.start_seconds[mine]
            starts = np.rint(seconds * stored.sample_rate_hz).astype(int)
            rows = starts[:, None] + np.arange(self.window_length)
            means[mine] = target[rows].mean(axis=1)
        if not is_known:
            raise ValueError(
                "`name` must be a target of a recording in the store. "
                f"Received: name={name!r}. Give targets as `Interval`s."
            )
        return means

    def select_subjects(self, subjects: Iterable[str] | str) -> Self:
        """Returns a store of only these subjects; the signal is shared.

        Args:
            subjects: iterable of str, or str for one.

        Returns:
            `WindowStore`.

        Raises:
            ValueError: if a subject is not in the store, or none is given.
        """
        if isinstance(subjects, str):
            subjects = [subjects]
        wanted = {str(subject) for subject in subjects}
        unknown = sorted(wanted - set(self.subjects))
        if unknown or not wanted:
            raise ValueError(
                "`subjects` must name subjects of the store. "
                f"Received: subjects={unknown or '[]'}. "
                f"The store has {self.subjects}."
            )
        part = copy.copy(self)
        part._is_part = True
        part._keep([r for r in self._recordings if r.subject in wanted])
        return part

    def split_subjects(
        self, fractions: Sequence[float], seed: int = 0
    ) -> tuple[Self, ...]:
        """Splits into stores that share no subject.

        Args:
            fractions: list of float. Share of the subjects of each store; they
                sum to 1. Each store gets at least one subject.
            seed: int. Which subjects go where. Defaults to `0`.

        Returns:
            tuple of `WindowStore`, one per fraction.

        Raises:
            ValueError: if the fractions are not positive or do not sum to 1,
                or there are fewer subjects than fractions.
        """
        subjects = self.subjects
        counts = _split_counts(len(subjects), fractions)
        order = np.random.Generator(np.random.Philox(seed)).permutation(
            len(subjects)
        )
        ends = np.cumsum(counts)
        return tuple(
            self.select_subjects([subjects[i] for i in order[end - n : end]])
            for n, end in zip(counts, ends)
        )

    def verify(self) -> None:
        """Checks every byte of the file, and of its unpacked signal, again.

        Raises:
            OSError: if anything is damaged; recordings are named.
            ValueError: if the store is in memory.
        """
        if not isinstance(self._signal, FileSignal) or self.path is None:
            raise ValueError(
                "Only a store in a file can be verified. Received: a store in "
                "memory."
            )
        with file_limits.expansion(file_limits.UNBOUNDED):  # it was opened
            catalog, problems = read_catalog(self.path)
        damaged = find_damage(self.path, catalog, self._signal.path)
        report_damage(self.path, catalog, problems, damaged, "raise")

    def __repr__(self) -> str:
        num_samples = sum(piece.num_samples for piece in self.pieces)
        recordings = {(p.subject, p.recording) for p in self.pieces}
        return described(
            self,
            counted(len(self.subjects), "subject"),
            counted(len(recordings), "recording"),
            f"{duration(num_samples / self.sample_rate_hz)} at "
            f"{self.sample_rate_hz:g} Hz",
            f"windows of {self.window_length} samples",
            "in memory" if self.path is None else f"in {str(self.path)!r}",
        )

    def info(self) -> dict[str, Any]:
        """Returns what the store holds: a dict of counts, rate and hours."""
        num_samples = sum(piece.num_samples for piece in self.pieces)
        recordings = {(p.subject, p.recording) for p in self.pieces}
        return {
            "num_subjects": len(self.subjects),
            "num_recordings": len(recordings),
            "num_windows": self.num_windows,
            "hours": num_samples / self.sample_rate_hz / 3600,
            "sample_rate_hz": self.sample_rate_hz,
            "window_length": self.window_length,
            "dtype": self.encoding.dtype,
            "num_missing_samples": self._count_invalid(MISSING),
            "num_clipped_samples": self._count_invalid(CLIPPED),
            "num_damaged_recordings": self.num_damaged,
            "path": self.path,
        }

    def _keep(self, recordings):
        # The order of pieces, and so of batches, is the same in memory and in
        # a file, and however the recordings came.
        self._recordings = sorted(
            recordings, key=lambda stored: (stored.subject, stored.recording)
        )
        self.pieces = tuple(
            piece
            for stored in self._recordings
            for piece in stored.pieces(self.window_length)
        )
        by_start = sorted(self.pieces, key=lambda piece: piece.start)
        self._first = np.array([p.start for p in by_start], dtype=np.int64)
        self._last = self._first - self.window_length
        self._last += np.array([p.num_samples for p in by_start], dtype=int)

    def _count_invalid(self, reason):
        rows = [
            r.invalid[r.invalid["reason"] == reason] for r in self._recordings
        ]
        return sum(int(np.sum(r["stop"] - r["start"])) for r in rows)

    def _check_inside(self, starts):
        piece = np.searchsorted(self._first, starts, side="right") - 1
        is_inside = (piece >= 0) & (starts <= self._last[piece])
        if not is_inside.all():
            raise ValueError(
                "Each window must lie inside one piece of the store. "
                f"Received: starts with {starts[~is_inside][0]}. "
                "Take starts from `store.pieces`: from `start` to "
                "`start + num_samples - window_length`."
            )


def _split_counts(num_subjects, fractions):
    """Returns a list of counts, at least 1 each, closest to the fractions.

    Raises:
        ValueError: if the fractions are not positive or do not sum to 1, or
            there are fewer subjects than fractions.
    """
    fractions = np.asarray(fractions, dtype=np.float64).reshape(-1)
    is_split = len(fractions) > 0 and (fractions > 0).all()
    if not is_split or not np.isclose(fractions.sum(), 1.0):
        raise ValueError(
            "`fractions` must be positive and sum to 1. "
            f"Received: fractions={fractions.tolist()}."
        )
    if num_subjects < len(fractions):
        raise ValueError(
            "Each split needs at least one subject. "
            f"Received: {num_subjects} subjects for {len(fractions)} splits. "
            "Ask for fewer splits."
        )
    # One subject each, then the rest where the share is furthest from full.
    counts = np.ones(len(fractions), dtype=int)
    for _ in range(num_subjects - len(fractions)):
        counts[np.argmax(fractions * num_subjects - counts)] += 1
    return counts.tolist()
