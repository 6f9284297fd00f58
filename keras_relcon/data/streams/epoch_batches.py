"""Batches that depend on (seed, epoch, index) alone."""

import copy
import dataclasses
import hashlib
from typing import Any, Self

import keras
import numpy as np

from keras_relcon import checks
from keras_relcon.data.store.window_store import WindowStore
from keras_relcon.data.streams.tf_dataset import check_shard, to_tf_dataset

MOST_COMPARED_WINDOWS = 1000


class EpochBatches(keras.utils.PyDataset):
    """Base of the streams: counts epochs, and keeps a round of windows.

    A round is what all windows are cut and ordered into; an epoch has one or
    more, of `_batches_per_round` batches each. A subclass sets
    `_batches_per_round` in its constructor, and has `batch(epoch, index)`, of
    the rows `self._rows`, `batch_specs()` and `_draw_round(epoch,
    round_index)`. The other arguments are as of
    `CandidateGroups`.
    """

    # Attributes that batches depend on, beside the store and the epoch.
    settings: tuple[str, ...] = (
        "seed",
        "batch_size",
        "minimum_std_g",
        "is_fixed",
    )

    def __init__(
        self,
        store: WindowStore,
        batch_size: int,
        seed: int,
        steps_per_epoch: int | None,
        is_fixed: bool,
        minimum_std_g: float | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        checks.check_kind(
            "store",
            store,
            WindowStore,
            "a `WindowStore`",
            "Make one with `WindowStore.from_recordings`, "
            "`WindowStore.create` or, of a TFDS dataset, `groups_from_tfds`.",
        )
        checks.check_whole("seed", seed, 0, "Use 0.")
        if seed >= 2**64:
            raise ValueError(
                checks.message("`seed` must be below 2**64.", {"seed": seed})
            )
        if steps_per_epoch is not None:
            advice = "Leave it out for all the windows of the store."
            checks.check_whole("steps_per_epoch", steps_per_epoch, 1, advice)
        if minimum_std_g is not None:
            advice = "Use None to keep windows at rest."
            checks.check_number(
                "minimum_std_g", minimum_std_g, above=0, advice=advice
            )
        self.store = store
        self.batch_size = batch_size
        self.seed = seed
        self.steps_per_epoch = steps_per_epoch
        self.is_fixed = is_fixed
        self.minimum_std_g = minimum_std_g
        self.epoch = 0
        self.first_index = 0  # of this epoch; above 0 where it was interrupted
        self.is_in_order = True
        self._drawn: set[int] = set()  # items of this epoch
        self._num_drawn_before = 0  # in the epoch before, or before the first
        self._drawn_before: set[int] = set()  # where `fit` takes a part of it
        self._round = None
        self.num_rows = batch_size  # of each batch, in this shard
        self._rows = slice(None)

    def __len__(self) -> int:
        return self.steps_per_epoch or self._batches_per_round

    @property
    def num_batches(self) -> int:
        # Of this epoch; Keras asks at its start.
        return len(self) - self.first_index

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self.num_batches:
            raise IndexError(
                f"`index` must be in [0, {self.num_batches}). "
                f"Received: index={index}."
            )
        batch = self.batch(self.epoch, self.first_index + index)
        # Threads run ahead of each other by less than their number; and on
        # TensorFlow an iterator that was given up may go on for a while.
        num_drawn = len(self._drawn) + self._num_drawn_before
        if index >= num_drawn + max(self.workers, 1):
            self.is_in_order = False
        self._drawn.add(index)
        return batch

    @property
    def is_drawn_from(self) -> bool:
        """Whether `fit` draws from this stream; processes cannot be seen."""
        return bool(self._drawn) or self.use_multiprocessing

    def resume_at(self, epoch: int, index: int) -> None:
        """Goes on at a batch of an epoch, the rest of which comes first.

        To be called when `fit` has begun, from `Callback.on_train_begin`: its
        first epoch then has the batches that are left, later ones all.

        Args:
            epoch: int. Not negative.
            index: int. The first batch, in `[0, len(batches))`.
        """
        if epoch < 0 or not 0 <= index < len(self):
            raise ValueError(
                f"`epoch` must not be negative, and `index` in [0, {len(self)})"
                f". Received: epoch={epoch}, index={index}."
            )
        self.epoch, self.first_index = epoch, index
        self._drawn, self.is_in_order = set(), True
        self._drawn_before = set()

    def on_epoch_end(self) -> None:
        # Not in on_epoch_begin: workers start drawing before it is called.
        # Keras calls this once more before the first epoch, after drawing a
        # batch or two, of any index, to build the model; that is no epoch.
        # With fewer `steps_per_epoch` it calls this in between, and goes on.
        # What processes draw cannot be seen, so with them each call counts.
        self._drawn_before |= self._drawn
        is_over = len(self._drawn_before) >= self.num_batches
        if is_over or self.use_multiprocessing:
            self._drawn_before = set()
            if not self.is_fixed:
                self.epoch += 1
        self.first_index = 0
        self._num_drawn_before = len(self._drawn)
        self._drawn, self.is_in_order = set(), True

    def identity(self) -> dict[str, Any]:
        """All that the batches depend on, as a dict that JSON can hold."""
        store = self.store
        return {
            **{name: _plain(getattr(self, name)) for name in self.settings},
            "num_batches": len(self),
            "window_length": store.window_length,
            "sample_rate_hz": store.sample_rate_hz,
            "signal": self.signal_sha256(),
        }

    def signal_sha256(self) -> str:
        """Checksum of the store's pieces, and of samples of some of them."""
        signal, store = hashlib.sha256(), self.store
        for piece in store.pieces:
            signal.update(repr(dataclasses.astuple(piece)).encode())
        # Of the samples, a window of some pieces: all may be terabytes.
        every = -(-len(store.pieces) // MOST_COMPARED_WINDOWS)
        compared = [piece.start for piece in store.pieces[::every]]
        signal.update(store.read(compared).tobytes())
        return signal.hexdigest()

    def batch(self, epoch: int, index: int) -> Any:
        """Returns the batch at `index` of any epoch."""
        raise NotImplementedError

    def batch_specs(self) -> Any:
        """Shape and dtype of a batch: `KerasTensor`, or dict of them."""
        raise NotImplementedError

    def shard(self, num_shards: int, shard_index: int) -> Self:
        """Gives the rows of every batch that fall to one of several processes.

        All processes draw the same batches, and each reads its own rows only;
        put together in order, the rows are the batch. Each shard counts its
        epochs itself.

        Args:
            num_shards: int. A divisor of `batch_size`.
            shard_index: int. Which part: rows `shard_index * num_rows` to
                `(shard_index + 1) * num_rows`, with `num_rows` those of one.

        Returns:
            The same stream, with batches of `num_rows` rows.

        Raises:
            ValueError: if the shard is out of range or a batch cannot be
                shared evenly.
        """
        check_shard(num_shards, shard_index, self.num_rows)
        part = copy.copy(self)
        part._drawn, part._drawn_before = set(), set()
        part.num_rows = self.num_rows // num_shards
        start = (self._rows.start or 0) + shard_index * part.num_rows
        part._rows = slice(start, start + part.num_rows)
        return part

    def to_tf_dataset(
        self,
        epochs: int | None = None,
        num_parallel_calls: int | None = None,
        num_shards: int = 1,
        shard_index: int = 0,
    ) -> Any:
        """Gives the same batches, in the same order, as a `tf.data.Dataset`.

        Batches of the epochs from `self.epoch` on follow each other. They are
        read in parallel, in order. Between the workers of a distribution
        strategy each batch goes to one of them, and none is lost.

        Args:
            epochs: int. Epochs in the dataset. Defaults to `None`, no end:
                pass `steps_per_epoch=len(batches)` to `fit`.
            num_parallel_calls: int. Batches read at once. Defaults to what
                tf.data finds best.
            num_shards: int. Of how many parts this is one. Defaults to `1`.
            shard_index: int. Which part: batches `shard_index`, `shard_index +
                num_shards`, ...; others are not read. Defaults to `0`.

        Returns:
            `tf.data.Dataset` of what the stream gives, with static shapes. It
            reads in this process: it cannot be saved.

        Raises:
            ImportError: if TensorFlow is not installed.
            ValueError: if `epochs` or the shard is out of range.

        Example:

        >>> dataset = batches.to_tf_dataset()
        >>> model.fit(dataset, steps_per_epoch=len(batches), epochs=10)
        """
        return to_tf_dataset(
            self, epochs, num_parallel_calls, num_shards, shard_index
        )

    def _draw_round(self, epoch, round_index):
        raise NotImplementedError

    def _round_of(self, epoch, round_index):
        """What `_draw_round` gives, kept until another round is asked for."""
        cached = self._round
        if cached is None or cached[0] != (epoch, round_index):
            cached = (
                (epoch, round_index),
                self._draw_round(epoch, round_index),
            )
            self._round = cached  # one assignment: safe between threads
        return cached[1]

    def __getstate__(self):
        return {**self.__dict__, "_round": None}


def generator(seed, epoch, index, stream):
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


def draw_distinct(rng, num_items, num_draws):
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


def _plain(value):
    """A number of NumPy as one of Python, which JSON can hold."""
    return value.item() if isinstance(value, np.generic) else value
