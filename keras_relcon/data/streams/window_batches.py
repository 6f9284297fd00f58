from keras_relcon.data.streams.candidate_groups import CandidateGroups


class WindowBatches(CandidateGroups):
    """Batches of windows alone, to train a `MotifDistance` on a store.

    The anchors of `CandidateGroups`: every window at most once in an epoch,
    each batch by `(seed, epoch, index)` alone. A subject with one window only
    is left out.

    Args:
        store: `WindowStore`.
        batch_size: int. Windows per batch, at least 2. Defaults to `64`.
        seed: int. Not negative. Defaults to `0`.
        steps_per_epoch: int. Batches per epoch. Defaults to what the store has
            windows for.
        **kwargs: others of `CandidateGroups`.

    Returns:
        Each item is `(batch_size, window_length, 3)` float32, g.

    Example:

    >>> distance.fit(WindowBatches(store), epochs=3, shuffle=False)
    """

    def __init__(
        self, store, batch_size=64, seed=0, steps_per_epoch=None, **kwargs
    ):
        super().__init__(
            store,
            batch_size,
            num_candidates=1,
            seed=seed,
            steps_per_epoch=steps_per_epoch,
            **kwargs,
        )

    def batch(self, epoch, index):
        """Returns the batch at `index` of any epoch."""
        anchors, _ = self.draw(epoch, index)
        return self.store.read(anchors)
