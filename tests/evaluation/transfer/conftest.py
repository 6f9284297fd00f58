import dataclasses

import numpy as np
import pytest

from keras_relcon.data import Windows
from keras_relcon.evaluation import LabelMap

NAME_IN_TARGET = {"still": "rest", "walk": "steps", "run": "jog"}


@pytest.fixture
def label_map():
    return LabelMap(
        {"still": "still", "walk": "walk", "run": "run"},
        {"rest": "still", "steps": "walk", "jog": "run"},
    )


@pytest.fixture
def source(make_labelled_windows):
    """Six people, a tenth of whose windows are hard to tell."""
    return _noisy(make_labelled_windows(num_subjects=6), 1)


@pytest.fixture
def target(make_labelled_windows):
    """Seven other people with other labels, some of no class, one invalid."""
    windows = make_labelled_windows(num_subjects=7, seed=5)
    labels = np.array([NAME_IN_TARGET[label] for label in windows.labels])
    labels[::10] = "other"
    valid = windows.valid.copy()
    valid[1] = False
    subjects = np.array([f"t{subject}" for subject in windows.subjects])
    return _noisy(
        dataclasses.replace(
            windows, labels=labels, valid=valid, subjects=subjects
        ),
        2,
    )


def _noisy(windows: Windows, seed):
    """With so much noise that no classifier is always right."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(0, 1, windows.acceleration.shape)
    size = generator.uniform(0, 1.5, (len(windows), 1, 1))
    noisy = windows.acceleration + size * noise
    return dataclasses.replace(windows, acceleration=noisy.astype("float32"))
