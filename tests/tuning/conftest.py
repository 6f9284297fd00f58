import functools
import importlib.util

import keras
import pytest
from support import small_encoder

from keras_relcon.data import WindowStore, synthetic_recordings
from keras_relcon.evaluation import Fold


def missing():
    needed = ["keras_tuner"]
    if keras.backend.backend() == "tensorflow":
        needed.append("tensorboard")
    return [name for name in needed if importlib.util.find_spec(name) is None]


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/tuning" in item.path.as_posix() and missing():
            item.add_marker(pytest.mark.skip(f"{missing()} is not installed"))


TINY = {
    "encoder": small_encoder,
    "base": {"num_candidates": 2},
    "batch_size": 4,
    "steps_per_epoch": 1,
    "epochs": 1,
    "distance_epochs": 1,
    "distance_windows": 8,
    "distance_size": {"embedding_dim": 8, "kernel_size": 3},
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


@pytest.fixture
def make(tmp_path):
    """Makes a hypermodel of tiny trainings."""

    def make(kind, **kwargs):
        # What lacks KerasTuner is skipped before it is imported.
        from keras_relcon import tuning

        return getattr(tuning, kind)(
            *tiny_data(), tmp_path / "cache", **{**TINY, **kwargs}
        )

    return make
