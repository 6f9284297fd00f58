"""Batches that depend on (seed, epoch, index) alone."""

import keras


class EpochBatches(keras.utils.PyDataset):
    """Base of the streams: counts epochs, and keeps a round of windows.

    A round is what all windows are cut and ordered into; an epoch has one or
    more, of `_batches_per_round` batches each. A subclass sets in its
    constructor `steps_per_epoch`, `is_fixed` and `_batches_per_round`, and has
    `batch(epoch, index)` and `_draw_round(epoch, round_index)`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.epoch = 0
        self.first_index = 0  # of this epoch; above 0 where it was interrupted
        self.is_in_order = True
        self._drawn = set()  # items of this epoch
        self._num_drawn_before = 0  # in the epoch before, or before the first
        self._round = None

    def __len__(self):
        return self.steps_per_epoch or self._batches_per_round

    @property
    def num_batches(self):
        # Of this epoch; Keras asks at its start.
        return len(self) - self.first_index

    def __getitem__(self, index):
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
    def is_drawn_from(self):
        """Whether `fit` draws from this stream; processes cannot be seen."""
        return bool(self._drawn) or self.use_multiprocessing

    def resume_at(self, epoch, index):
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

    def on_epoch_end(self):
        # Not in on_epoch_begin: workers start drawing before it is called.
        # Keras calls this once more before the first epoch, after drawing a
        # batch or two, of any index, to build the model; that is no epoch.
        # What processes draw cannot be seen here, so with them each call
        # counts.
        is_over = len(self._drawn) >= self.num_batches
        if (is_over or self.use_multiprocessing) and not self.is_fixed:
            self.epoch += 1
        self.first_index = 0
        self._num_drawn_before = len(self._drawn)
        self._drawn, self.is_in_order = set(), True

    def batch(self, epoch, index):
        """Returns the batch at `index` of any epoch."""
        raise NotImplementedError

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
