"""Keeps continuous signals at one rate, so any window of them can be read."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from keras_relcon.data.resampling import resample
from keras_relcon.data.windows import (
    as_recordings,
    check_window,
    recording_name,
)


@dataclass(frozen=True)
class Piece:
    """A stretch of one recording without missing samples.

    Args:
        subject: str.
        recording: str. Recording id.
        start: int. First sample in the store's signal.
        num_samples: int. At least the store's `window_length`.
        start_seconds: float. From the recording's start.
    """

    subject: str
    recording: str
    start: int
    num_samples: int
    start_seconds: float


class WindowStore:
    """Signals of many subjects at one rate, read as windows at any sample.

    Recordings are resampled and cut at missing samples into continuous
    pieces, so a window read from a piece is always valid. Pieces shorter than
    a window are left out, with a warning that counts them.

    Make one with `WindowStore.from_recordings`.

    Args:
        signal: `(total_samples, 3)` float32, g. All pieces, one after another.
        pieces: list of `Piece`. Where each continuous stretch lies.
        sample_rate_hz: float. Rate of the signal.
        window_length: int. Samples per window.

    Example:

    >>> store = WindowStore.from_recordings(recordings, window_length=256)
    >>> train, test = store.split_subjects((0.8, 0.2), seed=0)
    >>> windows = train.read([piece.start for piece in train.pieces])
    """

    def __init__(self, signal, pieces, sample_rate_hz, window_length):
        signal = np.ascontiguousarray(signal, dtype=np.float32)
        self.sample_rate_hz = float(sample_rate_hz)
        self.window_length = int(window_length)
        # A subject's pieces lie side by side, as the sampler needs them.
        self.pieces = tuple(sorted(pieces, key=lambda p: (p.subject, p.start)))
        self._signal = signal
        by_start = sorted(self.pieces, key=lambda piece: piece.start)
        self._first = np.array([p.start for p in by_start])
        self._last = self._first - self.window_length
        self._last += np.array([p.num_samples for p in by_start])

    @classmethod
    def from_recordings(cls, recordings, sample_rate_hz=100, window_length=256):
        """Resamples recordings and keeps their signals in memory.

        Args:
            recordings: `Recording` or list of them.
            sample_rate_hz: float. Rate of the store. Defaults to `100`.
            window_length: int. Samples per window. Defaults to `256`.

        Returns:
            `WindowStore`.

        Raises:
            ValueError: if there is no recording, a size is not positive, or no
                continuous piece is as long as a window.
        """
        recordings = as_recordings(recordings)
        check_window(sample_rate_hz, window_length)
        signals, pieces, total, num_short = [], [], 0, 0
        for index, recording in enumerate(recordings):
            acceleration = resample(
                recording.acceleration,
                recording.sample_rate_hz,
                sample_rate_hz,
            )
            name = recording_name(recording, index)
            for start, stop in _finite_stretches(acceleration):
                if stop - start < window_length:
                    num_short += 1
                    continue
                seconds = start / sample_rate_hz
                pieces.append(
                    Piece(recording.subject, name, total, stop - start, seconds)
                )
                signals.append(acceleration[start:stop])
                total += stop - start
        _report_short(num_short, len(pieces), window_length, sample_rate_hz)
        return cls(
            np.concatenate(signals), pieces, sample_rate_hz, window_length
        )

    @property
    def subjects(self):
        """Sorted subject ids."""
        return sorted({piece.subject for piece in self.pieces})

    @property
    def num_windows(self):
        """Windows that do not overlap, counted from each piece's start."""
        return sum(p.num_samples // self.window_length for p in self.pieces)

    def read(self, starts):
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
        # Rows of the view overlap: each is one window, contiguous in memory.
        view = sliding_window_view(
            self._signal.reshape(-1), 3 * self.window_length
        )[::3]
        return view[starts].reshape(-1, self.window_length, 3)

    def select_subjects(self, subjects):
        """Returns a store of only these subjects; the signal is shared.

        Raises:
            ValueError: if a subject is not in the store, or none is given.
        """
        wanted = {str(subject) for subject in subjects}
        unknown = sorted(wanted - set(self.subjects))
        if unknown or not wanted:
            raise ValueError(
                "`subjects` must name subjects of the store. "
                f"Received: subjects={unknown or '[]'}. "
                f"The store has {self.subjects}."
            )
        pieces = [piece for piece in self.pieces if piece.subject in wanted]
        return WindowStore(
            self._signal, pieces, self.sample_rate_hz, self.window_length
        )

    def split_subjects(self, fractions, seed=0):
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

    def info(self):
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
        }

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


def _finite_stretches(acceleration):
    """`(start, stop)` of the runs of rows that are all finite."""
    is_finite = np.isfinite(acceleration).all(axis=1)
    edges = np.diff(is_finite.astype(np.int8), prepend=0, append=0)
    return zip(
        np.flatnonzero(edges == 1).tolist(),
        np.flatnonzero(edges == -1).tolist(),
    )


def _report_short(num_short, num_kept, window_length, sample_rate_hz):
    seconds = window_length / sample_rate_hz
    if not num_kept:
        raise ValueError(
            "At least one recording must hold a window without missing "
            f"samples: {window_length} samples at {sample_rate_hz:g} Hz are "
            f"{seconds:.2f} s. Received: {num_short} pieces, all shorter. "
            "Use a smaller `window_length`."
        )
    if num_short:
        warnings.warn(
            f"{num_short} of {num_short + num_kept} continuous pieces are "
            f"shorter than a window ({seconds:.2f} s) and are left out.",
            stacklevel=3,
        )


def _split_counts(num_subjects, fractions):
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
