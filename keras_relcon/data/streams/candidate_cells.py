"""Windows side by side, and which of them may be candidates of which."""

import numpy as np

CELLS_AT_ONCE = 2**18  # bounds the temporary arrays


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


def _index_type(size):
    return np.int32 if size < 2**31 else np.int64
