"""A process that works for long holds no more than at its beginning."""

import gc
import os
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
from command_support import small_encoder

from keras_relcon.data import Recording
from keras_relcon.estimators import MotionClassifier
from keras_relcon.evaluation import embed

pytestmark = [
    pytest.mark.hardening,
    pytest.mark.skipif(
        not Path("/proc/self/statm").exists(), reason="it reads /proc"
    ),
]
MOST_GROWTH = 0.05


def held():
    """Bytes in memory, open files, and threads."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(os.listdir("/proc/self/fd"))
    return pages * os.sysconf("SC_PAGE_SIZE"), files, threading.active_count()


def check_long_life(work, count, first=None):
    """Works so many times; what is held grows at the beginning alone.

    That is the first tenth, or what is needed until Python has collected its
    oldest generation of garbage some times.
    """
    first = first or count // 10
    for _ in range(first):
        work()
    memory, *others = held()
    for _ in range(count - first):
        work()
    memory_at_end, *others_at_end = held()
    assert memory_at_end < memory * (1 + MOST_GROWTH), (memory, memory_at_end)
    assert others_at_end == others


def encoder():
    keras.utils.set_random_seed(0)
    model = small_encoder()
    model.build((None, 64, 3))
    return model


@pytest.mark.every_backend
def test_embedding_2000_recordings():
    model, generator = encoder(), np.random.default_rng(0)

    def work():
        signal = [0, 0, 1] + generator.normal(0, 0.1, (700, 3))
        embed(model, Recording(signal, 50, "s"), 50, 64, verbose=False)

    check_long_life(work, 2000)


@pytest.mark.every_backend
def test_fitting_300_classifiers():
    model, generator = encoder(), np.random.default_rng(0)

    def work():
        windows = generator.normal(size=(60, 64, 3))
        people = np.arange(60) // 12
        classifier = MotionClassifier(
            model, num_folds=2, controls=("untrained",), verbose=False
        )
        classifier.fit(windows, np.arange(60) % 3, people)

    check_long_life(work, 300, first=100)


def test_writing_100_reports(report, tmp_path):
    check_long_life(lambda: report.save(tmp_path / "report"), 100)
