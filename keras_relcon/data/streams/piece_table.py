"""The pieces of a store as arrays, in the groups that candidates come from."""

import numpy as np

POLICIES = ("subject", "recording", "time_span")
PHASES = 4  # how many shifts stand for all of them


class PieceTable:
    """Pieces in order of group and time.

    Args:
        pieces: list of `Piece`.
        window_length: int.
        sample_rate_hz: float.
        policy: str. One of `POLICIES`. Under `"time_span"` a group is a
            subject whose recordings have a `start_time` and do not overlap;
            each recording of other subjects is its own group.
        span: int. Largest distance in time, in samples, of `"time_span"`.
        activity: `ActivityMap` of the pieces in their present order, or
            `None`.
    """

    def __init__(
        self, pieces, window_length, sample_rate_hz, policy, span, activity
    ):
        self.window_length = window_length
        self.span = span if policy == "time_span" else None
        self.activity = activity
        self.pieces = np.array(pieces, dtype=object)
        self.first = np.array([piece.start for piece in pieces])
        self.length = np.array([piece.num_samples for piece in pieces])
        self.activity_index = np.arange(len(pieces))
        names, seconds = _groups(pieces, policy, sample_rate_hz)
        _, self.group = np.unique(names, axis=0, return_inverse=True)
        self.group = self.group.reshape(-1)
        self.time = np.rint(seconds * sample_rate_hz).astype(np.int64)
        self._sort()

    def select(self, is_selected):
        """Keeps only the pieces under a mask."""
        for name in ("pieces", "first", "length", "activity_index", "group"):
            setattr(self, name, getattr(self, name)[is_selected])
        self.time = self.time[is_selected]
        self._sort()

    def largest_shift(self):
        return np.minimum(self.window_length, self._num_starts()) - 1

    def draw_shift(self, rng):
        """Draws how far from its start each piece is cut into windows."""
        if self.activity is None:
            return rng.integers(self.largest_shift() + 1)
        step = self.activity.step
        return step * rng.integers(self.largest_shift() // step + 1)

    def trial_shifts(self):
        """Yields shifts among which each piece has its fewest windows."""
        largest = self.largest_shift()
        if self.activity is None:
            yield largest
        if self.activity is not None or self.span is not None:
            step = -(-self.window_length // PHASES)
            step = step if self.activity is None else self.activity.step
            for shift in range(0, self.window_length, step):
                yield np.minimum(shift, largest // step * step)

    def _num_starts(self):
        return self.length - self.window_length + 1

    def _sort(self):
        order = np.lexsort((self.time, self.group))
        for name in ("pieces", "first", "length", "activity_index", "time"):
            setattr(self, name, getattr(self, name)[order])
        _, self.group = np.unique(self.group[order], return_inverse=True)
        counts = np.bincount(self.group)
        # Of each group: its first piece, and the one after its last.
        self.group_stop = np.cumsum(counts)
        self.group_start = self.group_stop - counts
        # One axis of time for all groups, one after another and far apart.
        self.time = self.time - self.time[self.group_start][self.group]
        extent = int((self.time + self.length).max()) + 2 * (self.span or 0) + 2
        self.key = self.group * extent + self.time


def _groups(pieces, policy, sample_rate_hz):
    """A name of two parts and the seconds on the group's clock, by piece."""
    subjects = [piece.subject for piece in pieces]
    if policy == "subject":
        # In the order of the store: the clock is not looked at.
        return [(name, "") for name in subjects], np.arange(len(pieces))
    own = [(piece.subject, piece.recording) for piece in pieces]
    seconds, clock = np.transpose(
        [_starts(piece, sample_rate_hz) for piece in pieces]
    )
    if policy == "recording":
        return own, seconds
    shared = _subjects_on_one_clock(pieces, clock, sample_rate_hz)
    names = [
        (piece.subject, "") if piece.subject in shared else name
        for piece, name in zip(pieces, own)
    ]
    is_shared = np.array([name in shared for name in subjects])
    return names, np.where(is_shared, clock, seconds)


def _starts(piece, sample_rate_hz):
    """Seconds from the recording's start, and Unix seconds or NaN.

    As if the rate were the store's: lengths are counted in its samples, and
    the pieces of a recording must not overlap.
    """
    seconds = piece.start_seconds * (piece.sample_rate_hz / sample_rate_hz)
    if piece.start_time is None:
        return seconds, np.nan
    return seconds, piece.start_time + (seconds - piece.start_seconds)


def _subjects_on_one_clock(pieces, clock, sample_rate_hz):
    """Subjects whose recordings have a start time and do not overlap."""
    extents = {}
    for piece, start in zip(pieces, clock):
        stop = start + piece.num_samples / sample_rate_hz
        recordings = extents.setdefault(piece.subject, {})
        times = recordings.setdefault(piece.recording, [])
        times += [start, stop]
    shared = set()
    for subject, recordings in extents.items():
        spans = sorted((min(t), max(t)) for t in recordings.values())
        starts, stops = np.array(spans).T
        # Not a number is not before anything.
        if np.isfinite(starts).all() and (stops[:-1] <= starts[1:]).all():
            shared.add(subject)
    return shared
