import gc
import importlib.util

import keras
import pytest
from tiny_search import TINY, tiny_data


def missing():
    needed = ["keras_tuner"]
    if keras.backend.backend() == "tensorflow":
        needed.append("tensorboard")
    return [name for name in needed if importlib.util.find_spec(name) is None]


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/tuning" in item.path.as_posix() and missing():
            item.add_marker(pytest.mark.skip(f"{missing()} is not installed"))


@pytest.fixture(autouse=True, scope="package")
def quick_collection():
    """KerasTuner collects garbage for each trial: that of before is left.

    On TensorFlow it takes half a minute to collect what many tests left.
    """
    gc.freeze()


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
