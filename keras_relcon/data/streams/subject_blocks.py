"""Batches of several windows of each of several subjects."""

import numpy as np

from keras_relcon import checks
from keras_relcon.data.streams.candidate_cells import (
    CandidateCells,
    fewest_per_piece,
)


def check_blocks(batch_size, num_candidates, policy, allow_overlap):
    """Raises a ValueError unless batches can be of such blocks."""
    size = num_candidates + 1
    if batch_size % size or batch_size == size:
        raise ValueError(
            checks.message(
                'With `anchors="all"` a batch is of `num_candidates + 1` '
                "windows of each of two subjects or more.",
                {"batch_size": batch_size, "num_candidates": num_candidates},
                f"Use batch_size={max(2, round(batch_size / size)) * size}.",
            )
        )
    if policy == "time_span" or allow_overlap:
        raise ValueError(
            checks.message(
                '`anchors="all"` takes windows side by side of a subject or a '
                "recording.",
                {"policy": policy, "allow_overlap": allow_overlap},
                'Use `policy="subject"` without `allow_overlap`.',
            )
        )


def check_max_blocks(max_blocks, anchors):
    """Raises a ValueError unless batches of blocks can have this limit."""
    checks.check_whole("max_blocks", max_blocks, 1, "Use None for no limit.")
    if anchors != "all":
        raise ValueError(
            checks.message(
                '`max_blocks` goes with `anchors="all"`.',
                {"anchors": anchors, "max_blocks": max_blocks},
                "Leave it out.",
            )
        )


class SubjectBlocks:
    """Draws windows of several subjects, so many of each, all of them anchors.

    Args:
        store: `WindowStore`.
        table: `PieceTable`.
        batch_size, max_blocks: see `CandidateGroups`.
        block_size: int. Windows of a subject that follow each other.
    """

    def __init__(self, store, table, batch_size, block_size, max_blocks):
        self.table = table
        self.batch_size = batch_size
        self.block_size = block_size
        self.max_blocks = max_blocks
        num_blocks = num_sure_blocks(table, block_size, max_blocks)
        self.num_windows = num_blocks * block_size
        self.num_batches = self.num_windows // batch_size
        self.subject_at = SubjectAt(store)

    def shapes(self, num_rows):
        """Shape of each part of windows, and `(shape, dtype)` of the rest."""
        return {"anchor": (num_rows,)}, {"subject": ((num_rows,), "int32")}

    def draw_round(self, generator_of):
        """Cells, and which of them follow each other; see `OwnCandidates`."""
        rng = generator_of(0)
        cells = CandidateCells(self.table, self.table.draw_shift(rng))
        return cells, draw_blocks(cells, self.block_size, rng, self.max_blocks)

    def draw(self, drawn, position, generator_of, rows):
        """Where the windows of a batch begin, and whose they are."""
        cells, order = drawn
        begin = position * self.batch_size
        chosen = order[begin : begin + self.batch_size][rows]
        starts = cells.locate(chosen)[1]
        return {"anchor": starts}, {"subject": self.subject_at(starts)}


class SubjectAt:
    """Tells whose signal is at a place of a store.

    Args:
        store: `WindowStore`.
    """

    def __init__(self, store):
        pieces = sorted(store.pieces, key=lambda piece: piece.start)
        places = {name: place for place, name in enumerate(store.subjects)}
        self._firsts = np.array([piece.start for piece in pieces])
        self._subjects = np.array(
            [places[piece.subject] for piece in pieces], dtype=np.int32
        )

    def __call__(self, starts):
        """The places of the subjects among those of the store, int32."""
        piece = np.searchsorted(self._firsts, starts, side="right") - 1
        return self._subjects[piece]


def draw_blocks(cells, size, rng, most=None):
    """Orders cells so that each `size` in a row are of one group.

    The cells of a group, in random order, are dealt into blocks; the blocks of
    each group are spread evenly over the order, at random places, so that
    blocks next to each other are rarely of one group.

    Args:
        cells: `CandidateCells` of a table.
        size: int. Cells of a block.
        rng: `numpy.random.Generator`.
        most: int. Blocks of one group at most. Defaults to `None`: all.

    Returns:
        `(blocks * size,)` int. Cells, each at most once; what is left of a
        group after its last whole block is left out.
    """
    edges = _group_edges(cells)
    blocks, places = [], []
    for first, stop in zip(edges[:-1], edges[1:]):
        num_blocks = int(_num_blocks(stop - first, size, most))
        drawn = first + rng.permutation(stop - first)[: num_blocks * size]
        blocks.append(drawn.reshape(num_blocks, size))
        offsets = rng.random(num_blocks)
        places.append((np.arange(num_blocks) + offsets) / max(num_blocks, 1))
    order = np.argsort(np.concatenate(places), kind="stable")
    return np.concatenate(blocks)[order].reshape(-1)


def num_sure_blocks(table, size, most=None):
    """How many blocks there are, whatever the shift.

    Args:
        table: `PieceTable`.
        size: int. Cells of a block.
        most: int. Blocks of one group at most. Defaults to `None`: all.

    Returns:
        int.
    """
    fewest = np.add.reduceat(fewest_per_piece(table), table.group_start)
    return int(_num_blocks(fewest, size, most).sum())


def _num_blocks(num_cells, size, most):
    """Whole blocks of groups of some cells."""
    num_blocks = num_cells // size
    return num_blocks if most is None else np.minimum(num_blocks, most)


def _group_edges(cells):
    """`(groups + 1,)`: the first cell of each group, and the end."""
    table = cells.table
    ends = np.cumsum(cells.num_per_piece())
    return np.concatenate([[0], ends[table.group_stop - 1]])
