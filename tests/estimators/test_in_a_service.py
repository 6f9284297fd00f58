"""Answers from many threads of a process that has other work too."""

import os
import random
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from command_support import small_encoder

from keras_relcon.data import synthetic_recordings
from keras_relcon.estimators import MotionClassifier
from keras_relcon.evaluation import embed

pytestmark = pytest.mark.every_backend

THREADS = 8


@pytest.fixture(scope="module")
def recordings():
    return synthetic_recordings(
        4, 12, 50, seed=0, motions=["walking", "sitting"]
    )


@pytest.fixture(scope="module")
def encoder():
    keras.utils.set_random_seed(0)
    model = small_encoder()
    model.build((None, 64, 3))
    return model


@pytest.fixture(scope="module")
def classifier(encoder, recordings):
    model = MotionClassifier(
        encoder, num_folds=2, controls=(), max_windows=200, verbose=False
    )
    return model.fit(recordings)


def at_once(function, items, rounds=3):
    """What a function gives of each item, from threads that begin together."""
    items = list(items) * rounds
    barrier = threading.Barrier(THREADS, timeout=60)

    def call(number):
        if number < THREADS:
            barrier.wait()
        return function(items[number])

    with ThreadPoolExecutor(THREADS) as pool:
        return items, list(pool.map(call, range(len(items))))


def test_threads_embed_as_one(encoder, recordings):
    def embedded(recording):
        found = embed(encoder, recording, 50, 64, verbose=False)
        return found.embeddings

    expected = {id(each): embedded(each) for each in recordings}
    items, found = at_once(embedded, recordings)
    for item, values in zip(items, found):
        np.testing.assert_array_equal(values, expected[id(item)])


def test_threads_predict_as_one(classifier, recordings):
    def predicted(recording):
        return classifier.predict(recording).probabilities

    items, found = at_once(predicted, recordings)
    expected = {id(each): predicted(each) for each in recordings}
    for item, values in zip(items, found):
        np.testing.assert_array_equal(values, expected[id(item)])


def surroundings():
    """What a process shares with all that runs in it."""
    return {
        "filters": list(warnings.filters),
        "random": random.getstate(),
        "numpy": [str(part) for part in np.random.get_state()],
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "errors": np.geterr(),
        "policy": keras.config.dtype_policy().name,
        "floatx": keras.config.floatx(),
        "logging": keras.config.is_interactive_logging_enabled(),
        "threads": threading.active_count(),
    }


def test_nothing_of_the_process_is_changed(
    encoder, classifier, recordings, tmp_path
):
    for _ in range(2):  # what is loaded at the first call is not changed
        before = surroundings()
        embed(encoder, recordings[0], 50, 64, verbose=False)
        classifier.predict(recordings[0]).save(tmp_path / "monday.html")
        after = surroundings()
    for name, value in before.items():
        assert after[name] == value, name
