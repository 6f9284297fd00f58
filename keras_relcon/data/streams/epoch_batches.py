"""Batches that depend on (seed, epoch, index) alone."""

import keras


class EpochBatches(keras.utils.PyDataset):
    """Base of the streams: counts epochs, and keeps a round of windows.

    A round is what all windows are cut and ordered into; an epoch has one or
    more, of `_batches_per_round` batches each. A subclass sets in its
    constructor `epoch` to 0, `_drawn` to an empty set, `_round` to `None`,
    `steps_per_epoch`, `is_fixed` and `_batches_per_round`, and has
    `batch(epoch, index)` and `_draw_round(epoch, round_index)`.
    """

    def __len__(self):
        return self.steps_per_epoch or self._batches_per_round

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(
                f"`index` must be in [0, {len(self)}). Received: index={index}."
            )
        batch = self.batch(self.epoch, index)
        self._drawn.add(index)
        return batch

    def on_epoch_end(self):
        # Not in on_epoch_begin: workers start drawing before it is called.
        # Keras calls this once more before the first epoch, after drawing a
        # batch or two, of any index, to build the model; that is no epoch.
        # What processes draw cannot be seen here, so with them each call
        # counts.
        is_over = len(self._drawn) == len(self) or self.use_multiprocessing
        if is_over and not self.is_fixed:
            self.epoch += 1
        self._drawn = set()

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
