"""Batches of anchors with candidates of the same subject, for training."""

import warnings

import keras
import numpy as np

# Streams of random numbers under one (seed, epoch): see `_generator`.
CELLS, CANDIDATES = 0, 1


class CandidateGroups(keras.utils.PyDataset):
    """Draws anchors, and for each anchor windows of the same subject.

    Section 3.2 of [RelCon](https://arxiv.org/abs/2411.18822): the candidates
    of an anchor are `num_candidates` other windows of its subject, here, and
    the other anchors of the batch, taken by the model.

    In each epoch every piece of signal is cut into windows side by side,
    after a random shift, so two of them never overlap. Each window is an
    anchor at most once in an epoch. Candidates are distinct, and drawn
    uniformly. Subjects with too few windows are left out, with a warning.

    Every batch depends on `(seed, epoch, index)` alone: it is the same on any
    worker, in any order, in a new process. Only whole batches are given. To
    continue an interrupted training, set `epoch` to the first epoch to run.

    Args:
        store: `WindowStore`.
        batch_size: int. Anchors per batch, at least 2. Defaults to `64`.
        num_candidates: int. Within-subject candidates per anchor. Defaults to
            `20`.
        seed: int. Not negative. Defaults to `0`.
        steps_per_epoch: int. Batches per epoch. More than the store has
            anchors for goes on with a new shift and order. Defaults to what
            the store has anchors for, whatever the shift.
        is_fixed: bool. Whether every epoch is the same, as for validation.
            Defaults to `False`.
        **kwargs: `workers`, `use_multiprocessing` and `max_queue_size` of
            `keras.utils.PyDataset`.

    Returns:
        Each item is a dict: `"anchor"`, `(batch_size, window_length, 3)`, and
        `"candidates"`, `(batch_size, num_candidates, window_length, 3)`,
        float32, g.

    Raises:
        ValueError: if a size is too small, or the store has too few windows.

    Differs from the released code: candidates come from the whole time of the
    subject, not from the same subject and hour.

    Example:

    >>> groups = CandidateGroups(store, batch_size=64, num_candidates=20)
    >>> model.fit(groups, epochs=10)
    """

    def __init__(
        self,
        store,
        batch_size=64,
        num_candidates=20,
        seed=0,
        steps_per_epoch=None,
        is_fixed=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check_sizes(batch_size, num_candidates, seed, steps_per_epoch)
        self.store = store
        self.batch_size = batch_size
        self.num_candidates = num_candidates
        self.seed = seed
        self.steps_per_epoch = steps_per_epoch
        self.is_fixed = is_fixed
        self.epoch = 0
        self._is_drawn = False  # the last batch of the epoch
        pieces = _eligible_pieces(store, num_candidates)
        self._first = np.array([piece.start for piece in pieces])
        self._length = np.array([piece.num_samples for piece in pieces])
        names = [piece.subject for piece in pieces]
        _, self._subject = np.unique(names, return_inverse=True)
        num_sure = sum(_sure_cells(p, store.window_length) for p in pieces)
        self._batches_per_round = num_sure // batch_size
        if self._batches_per_round == 0:
            raise ValueError(
                "The store must have at least one batch of windows. "
                f"Received: {num_sure} windows for batch_size={batch_size}. "
                "Use a smaller `batch_size` or more data."
            )
        self._cells = None

    def __len__(self):
        return self.steps_per_epoch or self._batches_per_round

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(
                f"`index` must be in [0, {len(self)}). Received: index={index}."
            )
        batch = self.batch(self.epoch, index)
        self._is_drawn |= index == len(self) - 1
        return batch

    def on_epoch_end(self):
        # Not in on_epoch_begin: workers start drawing before it is called.
        # Keras calls this once more before the first epoch, after drawing a
        # batch or two to build the model; that is no epoch. What processes
        # draw cannot be seen here, so with them each call counts.
        is_over = self._is_drawn or self.use_multiprocessing
        if is_over and not self.is_fixed:
            self.epoch += 1
        self._is_drawn = False

    def batch(self, epoch, index):
        """Returns the batch at `index` of any epoch, as a dict."""
        anchors, candidates = self.draw(epoch, index)
        window_shape = (self.store.window_length, 3)
        windows = self.store.read(candidates.reshape(-1))
        return {
            "anchor": self.store.read(anchors),
            "candidates": windows.reshape(candidates.shape + window_shape),
        }

    def draw(self, epoch, index):
        """Returns where the windows of a batch start in the store's signal.

        Returns:
            `(anchors, candidates)`: `(batch_size,)` and
            `(batch_size, num_candidates)` int.
        """
        round_index, position = divmod(index, self._batches_per_round)
        starts, first, count, order = self._cells_of(epoch, round_index)
        begin = position * self.batch_size
        anchors = order[begin : begin + self.batch_size]
        rng = _generator(self.seed, epoch, index, CANDIDATES)
        local = anchors - first[anchors]  # place among the subject's cells
        others = _draw_distinct(rng, count[anchors] - 1, self.num_candidates)
        others += others >= local[:, None]  # step over the anchor itself
        return starts[anchors], starts[others + first[anchors][:, None]]

    def _cells_of(self, epoch, round_index):
        """Cells of a round: start, subject's first cell and count; order."""
        cached = self._cells
        if cached is None or cached[0] != (epoch, round_index):
            rng = _generator(self.seed, epoch, round_index, CELLS)
            cached = ((epoch, round_index), self._draw_cells(rng))
            self._cells = cached  # one assignment: safe between threads
        return cached[1]

    def _draw_cells(self, rng):
        window_length = self.store.window_length
        num_shifts = np.minimum(window_length, self._length - window_length + 1)
        shift = rng.integers(num_shifts)
        num_cells = (self._length - shift) // window_length
        piece = np.repeat(np.arange(len(num_cells)), num_cells)
        before = np.cumsum(num_cells) - num_cells
        within = np.arange(len(piece)) - before[piece]
        starts = (self._first + shift)[piece] + within * window_length
        per_subject = np.bincount(self._subject, num_cells).astype(np.int64)
        first = np.cumsum(per_subject) - per_subject
        subject = self._subject[piece]
        order = rng.permutation(len(starts))
        return starts, first[subject], per_subject[subject], order

    def __getstate__(self):
        return {**self.__dict__, "_cells": None}


def _generator(seed, epoch, index, stream):
    """A generator of its own for each (seed, epoch, index, stream).

    Philox is a cipher of a counter: the upper words of the counter keep the
    streams apart, 2**128 blocks each.
    """
    return np.random.Generator(
        np.random.Philox(
            key=np.array([seed, epoch], dtype=np.uint64),
            counter=np.array([0, 0, index, stream], dtype=np.uint64),
        )
    )


def _draw_distinct(rng, num_items, num_draws):
    """Draws distinct items of `[0, num_items)`, for each row at once.

    Floyd's algorithm: draw `j` picks from the first `num_items - num_draws +
    j + 1` items, and takes the last of them if its pick was taken before.
    Every set is equally likely, at a cost that does not grow with num_items.
    A shuffle of each row then makes every order equally likely.

    Args:
        num_items: `(rows,)` int, each at least `num_draws`.

    Returns:
        `(rows, num_draws)` int.
    """
    last = num_items[:, None] - num_draws + np.arange(num_draws)
    picks = rng.integers(last + 1)
    for j in range(1, num_draws):
        is_taken = (picks[:, :j] == picks[:, j : j + 1]).any(axis=1)
        picks[is_taken, j] = last[is_taken, j]
    return rng.permuted(picks, axis=1)


def _check_sizes(batch_size, num_candidates, seed, steps_per_epoch):
    if batch_size < 2:
        raise ValueError(
            "`batch_size` must be at least 2: the other anchors of a batch "
            f"are candidates too. Received: batch_size={batch_size}."
        )
    if num_candidates < 1:
        raise ValueError(
            "`num_candidates` must be at least 1. "
            f"Received: num_candidates={num_candidates}."
        )
    if not 0 <= seed < 2**64:
        raise ValueError(
            f"`seed` must be in [0, 2**64). Received: seed={seed}."
        )
    if steps_per_epoch is not None and steps_per_epoch < 1:
        raise ValueError(
            "`steps_per_epoch` must be at least 1, or None. "
            f"Received: steps_per_epoch={steps_per_epoch}."
        )


def _sure_cells(piece, window_length):
    """Cells side by side that a piece has after the largest shift."""
    largest_shift = (
        min(window_length, piece.num_samples - window_length + 1) - 1
    )
    return (piece.num_samples - largest_shift) // window_length


def _eligible_pieces(store, num_candidates):
    counts = dict.fromkeys(store.subjects, 0)
    for piece in store.pieces:
        counts[piece.subject] += _sure_cells(piece, store.window_length)
    needed = num_candidates + 1
    small = [subject for subject, n in counts.items() if n < needed]
    if len(small) == len(counts):
        raise ValueError(
            f"At least one subject must have {needed} windows that do not "
            f"overlap, after any shift: an anchor and {num_candidates} "
            f"candidates. Received: at most {max(counts.values())} per "
            "subject. Use a smaller `num_candidates` or longer recordings."
        )
    if small:
        warnings.warn(
            f"{len(small)} of {len(counts)} subjects have fewer than {needed} "
            f"windows and are left out: {', '.join(small)}.",
            stacklevel=3,
        )
    return [piece for piece in store.pieces if piece.subject not in small]
