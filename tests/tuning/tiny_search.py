"""Data and settings of trainings that take a second."""

import functools

from support import small_encoder

from keras_relcon.data import WindowStore, synthetic_recordings
from keras_relcon.evaluation import Fold

SMALL = {
    "num_candidates": 2,
    "distance_embedding_dim": 8,
    "distance_kernel_size": 3,
}
TINY = {
    "encoder": small_encoder,
    "base": SMALL,
    "batch_size": 4,
    "steps_per_epoch": 1,
    "epochs": 1,
    "distance_epochs": 1,
    "distance_windows": 8,
}


@functools.cache
def tiny_data():
    """A store of two subjects, labelled windows of five, and two folds."""
    recordings = synthetic_recordings(
        5, 8, 50, seed=0, motions=["walking", "sitting"]
    )
    store = WindowStore.from_recordings(recordings, 50, 64)
    folds = (
        Fold(("s00", "s01"), ("s02",), ("s04",)),
        Fold(("s00", "s01"), ("s03",), ("s04",)),
    )
    return store.select_subjects(["s00", "s01"]), store.windows(64), folds
