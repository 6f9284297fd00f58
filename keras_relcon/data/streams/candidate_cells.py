"""Which windows may be candidates of which: pieces in groups, cut in cells."""

import numpy as np

POLICIES = ("subject", "recording", "time_span")
PHASES = 4  # how many shifts stand for all of them
CELLS_AT_ONCE = 2**18  # bounds the temporary arrays


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

    def draw_shift(self, rng, grid=None):
        """Draws how far from its start each piece is cut into windows.

        Args:
            rng: `np.random.Generator`.
            grid: `WindowMap` on whose grid windows must begin. Defaults to
                `activity`.
        """
        grid = self.activity if grid is None else grid
        step = 1 if grid is None else grid.step
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


class CandidateCells:
    """Cuts pieces into cells: windows side by side, after a shift.

    Cells are numbered by group and time. Where each lies is worked out when
    asked for, so a store of any size takes no memory here, but one number a
    cell where windows at rest are left out.

    Args:
        table: `PieceTable`.
        shift: `(num_pieces,)` int. Where the first cell of each piece begins.
    """

    def __init__(self, table, shift):
        self.table = table
        self._shift = shift
        self._count = (table.length - shift) // table.window_length
        self._before = np.cumsum(self._count) - self._count
        self._num_all = int(self._count.sum())
        self._moving = None
        if table.activity is not None:
            self._moving = self._moving_cells()
        size = self._num_all if self._moving is None else len(self._moving)
        self.size = size

    def locate(self, cells):
        """Returns the piece and the first sample in the store of cells."""
        piece, start = self._locate_all(self._to_all(cells))
        return piece, self.table.first[piece] + start

    def num_per_piece(self):
        """`(num_pieces,)` int. Cells of each piece."""
        edges = np.append(self._before, self._num_all)
        return np.diff(self._from_all(edges))

    def candidates_near(self, cells, others):
        """The cells of `others` that may be candidates of cells of this.

        Args:
            cells: `(num_anchors,)` int. Cells of this.
            others: `CandidateCells` of the same table.

        Returns:
            `(first, stop)`, each `(num_anchors,)` int: a range of `others`.
            It has the cells themselves where `others` is this.
        """
        piece, start = self._locate_all(self._to_all(cells))
        table = self.table
        if table.span is None:
            edges = np.append(others._before, others._num_all)
            group = table.group[piece]
            first = edges[table.group_start[group]]
            stop = edges[table.group_stop[group]]
        else:
            key = table.key[piece] + start
            first = others._num_until(key - table.span - 1)
            stop = others._num_until(key + table.span)
        return others._from_all(first), others._from_all(stop)

    def anchors(self, others, num_candidates):
        """Returns the cells that have enough candidates, in order."""
        if self.table.span is None:
            # Groups with too few windows have been left out before.
            return np.arange(self.size, dtype=_index_type(self.size))
        needed = num_candidates + (others is self)
        parts = [np.zeros(0, dtype=_index_type(self.size))]
        for begin in range(0, self.size, CELLS_AT_ONCE):
            stop = min(begin + CELLS_AT_ONCE, self.size)
            cells = np.arange(begin, stop, dtype=parts[0].dtype)
            first, last = self.candidates_near(cells, others)
            parts.append(cells[last - first >= needed])
        return np.concatenate(parts)

    def anchors_per_piece(self, num_candidates):
        """`(num_pieces,)` int. Cells with enough candidates among the cells."""
        if self.table.span is None:
            return self.num_per_piece()
        cells = self.anchors(self, num_candidates)
        counts = np.zeros(len(self._count), dtype=np.int64)
        for begin in range(0, len(cells), CELLS_AT_ONCE):
            piece, _ = self.locate(cells[begin : begin + CELLS_AT_ONCE])
            counts += np.bincount(piece, minlength=len(counts))
        return counts

    def _to_all(self, cells):
        return cells if self._moving is None else self._moving[cells]

    def _from_all(self, cells):
        """How many cells come before; of all, and of those that move."""
        if self._moving is None:
            return cells
        return np.searchsorted(self._moving, cells)

    def _locate_all(self, cells):
        piece = np.searchsorted(self._before, cells, side="right") - 1
        within = cells - self._before[piece]
        return piece, self._shift[piece] + within * self.table.window_length

    def _num_until(self, key):
        """How many cells begin at or before a moment of the table's clock."""
        table = self.table
        piece = np.searchsorted(table.key, key, side="right") - 1
        is_before_all = piece < 0
        piece = np.maximum(piece, 0)
        elapsed = key - table.key[piece] - self._shift[piece]
        within = np.clip(
            elapsed // table.window_length + 1, 0, self._count[piece]
        )
        return np.where(is_before_all, 0, self._before[piece] + within)

    def _moving_cells(self):
        parts = [np.zeros(0, dtype=_index_type(self._num_all))]
        for begin in range(0, self._num_all, CELLS_AT_ONCE):
            stop = min(begin + CELLS_AT_ONCE, self._num_all)
            cells = np.arange(begin, stop, dtype=parts[0].dtype)
            piece, start = self._locate_all(cells)
            piece = self.table.activity_index[piece]
            is_moving = self.table.activity.is_moving(piece, start)
            parts.append(cells[is_moving])
        return np.concatenate(parts)


def fewest_per_piece(table):
    """`(num_pieces,)` int. Cells of each piece, whatever its shift."""
    counts = [
        CandidateCells(table, shift).num_per_piece()
        for shift in table.trial_shifts()
    ]
    return np.min(counts, axis=0)


def _index_type(size):
    return np.int32 if size < 2**31 else np.int64


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
