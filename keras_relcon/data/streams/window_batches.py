"""Batches of windows, for training without candidates."""

from typing import Any, Literal

import keras
import numpy as np

from keras_relcon import checks
from keras_relcon.data.store.window_store import WindowStore
from keras_relcon.data.streams.activity import ActivityMap, MagnitudeMap
from keras_relcon.data.streams.candidate_cells import (
    CandidateCells,
    PieceTable,
    fewest_per_piece,
)
from keras_relcon.data.streams.epoch_batches import EpochBatches, generator

WEIGHTINGS = (None, "activity")
# Streams of random numbers under one (seed, epoch), beside those of
# `CandidateGroups`.
CELLS, PICKS = 3, 4


class WindowBatches(EpochBatches):
    """Draws batches of windows from a store.

    What methods train on that take no candidates: `SimCLR`, `AugPred`,
    `MotifDistance`.

    In each epoch every piece of signal is cut into windows side by side, after
    a random shift, as in `CandidateGroups`; each is drawn at most once. With
    `weighting="activity"` windows are drawn with replacement, in proportion to
    the standard deviation of the magnitude of acceleration among the windows
    of their subject; every subject keeps its share of windows. A subject
    without activity is drawn from uniformly.

    Every batch depends on `(seed, epoch, index)` alone: it is the same on any
    worker, in any order, in a new process, and from a store in memory or in a
    file. Only whole batches are given. To continue an interrupted training,
    set `epoch` to the first epoch to run.

    Args:
        store: `WindowStore`.
        batch_size: int. Windows per batch. Defaults to `64`.
        seed: int. Not negative. Defaults to `0`.
        steps_per_epoch: int. Batches per epoch. More than the store has
            windows for goes on with a new shift and order. Defaults to what
            the store has windows for, whatever the shift.
        is_fixed: bool. Whether every epoch is the same, as for validation.
            Defaults to `False`.
        weighting: `None` or `"activity"`. Reads the whole store once; then
            shifts are multiples of a quarter of a window. Defaults to `None`.
        minimum_std_g: float. Leaves out windows at rest: the standard
            deviation of every axis is below. Reads the whole store once, as
            above. Defaults to `None`.
        **kwargs: `workers`, `use_multiprocessing` and `max_queue_size` of
            `keras.utils.PyDataset`.

    Returns:
        Each item is `(batch_size, window_length, 3)` float32, g.

    Raises:
        TypeError: if `store` is no `WindowStore`.
        ValueError: if an argument is wrong, or the store has less than a batch
            of windows.

    Differs from Yuan et al. (2024), from whom the weighting is: they draw 1500
    windows of each of a few subjects without replacement, at any second, with
    the standard deviation of the stored first channel.

    Example:

    >>> batches = WindowBatches(store, batch_size=64, weighting="activity")
    >>> model.fit(batches, epochs=10)
    """

    settings = EpochBatches.settings + ("weighting",)

    def __init__(
        self,
        store: WindowStore,
        batch_size: int = 64,
        seed: int = 0,
        steps_per_epoch: int | None = None,
        is_fixed: bool = False,
        weighting: Literal["activity"] | None = None,
        minimum_std_g: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            store,
            batch_size,
            seed,
            steps_per_epoch,
            is_fixed,
            minimum_std_g,
            **kwargs,
        )
        checks.check_whole("batch_size", batch_size, 1, "Use 64.")
        checks.check_one_of("weighting", weighting, WEIGHTINGS)
        self.weighting = weighting
        activity = None
        if minimum_std_g is not None:
            activity = ActivityMap(store, store.pieces, minimum_std_g)
        self._table = PieceTable(
            store.pieces,
            store.window_length,
            store.sample_rate_hz,
            "subject",
            0,
            activity,
        )
        self._magnitude = None
        if weighting == "activity":
            self._magnitude = MagnitudeMap(store, store.pieces)
        num_sure = int(fewest_per_piece(self._table).sum())
        self._batches_per_round = num_sure // batch_size
        if self._batches_per_round == 0:
            raise ValueError(
                "The store must have at least one batch of windows. Received: "
                f"{num_sure} windows, whatever the shift, for "
                f"batch_size={batch_size}. Use a smaller `batch_size`, a "
                "smaller `minimum_std_g` or more data."
            )

    def batch(self, epoch: int, index: int) -> np.ndarray:
        """Returns the batch at `index` of any epoch: an array, as above."""
        return self.store.read(self.draw(epoch, index))

    def batch_specs(self) -> keras.KerasTensor:
        """Shape and dtype of a batch."""
        shape = (self.num_rows, self.store.window_length, 3)
        return keras.KerasTensor(shape, "float32")

    def draw(self, epoch: int, index: int) -> np.ndarray:
        """Returns where the windows of a batch start in the store's signal.

        Returns:
            `(batch_size,)` int; of a shard its rows of them.
        """
        round_index, position = divmod(index, self._batches_per_round)
        cells, order, chance = self._round_of(epoch, round_index)
        if chance is None:
            begin = position * self.batch_size
            picks = order[begin : begin + self.batch_size]
        else:
            rng = generator(self.seed, epoch, index, PICKS)
            numbers = rng.random(self.batch_size) * chance[-1]
            picks = np.searchsorted(chance, numbers, side="right")
            # Rounding may take a number up to the end.
            picks = np.minimum(picks, cells.size - 1)
        return cells.locate(picks[self._rows])[1]

    def _draw_round(self, epoch, round_index):
        """Cells, their order or `None`, their summed chances or `None`."""
        rng = generator(self.seed, epoch, round_index, CELLS)
        shift = self._table.draw_shift(rng, self._magnitude)
        cells = CandidateCells(self._table, shift)
        if self._magnitude is None:
            return cells, rng.permutation(cells.size), None
        return cells, None, np.cumsum(self._weights(cells))

    def _weights(self, cells):
        """Activity over the mean activity of the subject's windows."""
        table = self._table
        piece, first = cells.locate(np.arange(cells.size))
        std = self._magnitude.std(
            table.activity_index[piece], first - table.first[piece]
        )
        subject = table.group[piece]
        count = np.bincount(subject)
        total = np.bincount(subject, weights=std)
        mean = total / np.maximum(count, 1)
        is_at_rest = mean[subject] == 0
        return np.where(
            is_at_rest, 1.0, std / np.where(is_at_rest, 1.0, mean[subject])
        )
