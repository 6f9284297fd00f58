"""Batches of anchors that have candidates of their own."""

import numpy as np

from keras_relcon import checks
from keras_relcon.data.streams.candidate_cells import CandidateCells
from keras_relcon.data.streams.epoch_batches import draw_distinct

# Streams of random numbers; 0 is that of the cells.
CANDIDATES, OTHER_CELLS = 1, 2


class OwnCandidates:
    """Draws anchors, and for each anchor windows near it.

    Args:
        table: `PieceTable`.
        batch_size, num_candidates, allow_overlap: see `CandidateGroups`.
        num_anchors: int. How many there are, whatever the shift.
    """

    def __init__(
        self, table, batch_size, num_candidates, allow_overlap, num_anchors
    ):
        self.table = table
        self.batch_size = batch_size
        self.num_candidates = num_candidates
        self.allow_overlap = allow_overlap
        self.num_windows = num_anchors
        self.num_batches = num_anchors // batch_size

    def shapes(self, num_rows):
        """Shape of each part of windows, and `(shape, dtype)` of the rest."""
        windows = {
            "anchor": (num_rows,),
            "candidates": (num_rows, self.num_candidates),
        }
        return windows, {}

    def draw_round(self, generator_of):
        """Cells, those of candidates, and the anchors in order.

        Args:
            generator_of: callable from the number of a stream to a
                `numpy.random.Generator`.
        """
        rng = generator_of(0)
        cells = CandidateCells(self.table, self.table.draw_shift(rng))
        others = cells
        if self.allow_overlap:
            shift = self.table.draw_shift(generator_of(OTHER_CELLS))
            others = CandidateCells(self.table, shift)
        order = cells.anchors(others, self.num_candidates)
        if len(order) < self.batch_size:
            raise ValueError(
                checks.message(
                    "Each epoch must have at least one batch of anchors with "
                    "enough candidates.",
                    f"{len(order)} anchors for batch_size={self.batch_size}",
                    "Use a longer `span_seconds`, a smaller `num_candidates` "
                    "or more data.",
                )
            )
        rng.shuffle(order)
        # With a time span, the number of anchors was tried for a few shifts
        # only: should one leave fewer, some come twice.
        num_anchors = self.num_batches * self.batch_size
        if len(order) < num_anchors:
            order = np.resize(order, num_anchors)
        return cells, others, order

    def draw(self, drawn, position, generator_of, rows):
        """Where the windows of a batch begin.

        Args:
            drawn: what `draw_round` gave.
            position: int. Which batch of the round.
            generator_of: callable, as of `draw_round`.
            rows: slice. Those of this shard.

        Returns:
            `(starts, rest)`: dicts of arrays, the second empty here.
        """
        cells, others, order = drawn
        begin = position * self.batch_size
        anchors = order[begin : begin + self.batch_size]
        first, stop = cells.candidates_near(anchors, others)
        rng = generator_of(CANDIDATES)
        if others is cells:
            picks = draw_distinct(rng, stop - first - 1, self.num_candidates)
            # Step over the anchor itself.
            picks += picks >= (anchors - first)[:, None]
        else:
            picks = draw_distinct(rng, stop - first, self.num_candidates)
        starts = {
            "anchor": cells.locate(anchors[rows])[1],
            "candidates": others.locate((first[:, None] + picks)[rows])[1],
        }
        return starts, {}
