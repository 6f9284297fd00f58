import keras
import numpy as np
import pytest

from keras_relcon.data import Windows


@pytest.fixture
def make_labelled_windows():
    """Still, slow and fast windows: 6 subjects, easy to tell apart."""

    def make(num_subjects=6, num_each=8, length=64, seed=0, invalid=()):
        generator = np.random.default_rng(seed)
        time = np.arange(length) / 100
        acceleration, subjects, labels, starts = [], [], [], []
        for subject in range(1, num_subjects + 1):
            for index in range(3 * num_each):
                label, hz = (("still", 0), ("walk", 4), ("run", 12))[index % 3]
                wave = 0.5 * np.sin(2 * np.pi * hz * time)[:, None]
                noise = generator.normal(0, 0.05, (length, 3))
                acceleration.append(np.array([0.0, 0.0, 1.0]) + wave + noise)
                subjects.append(str(subject))
                labels.append(label)
                starts.append(index * length / 100)
        valid = np.ones(len(labels), bool)
        valid[list(invalid)] = False
        return Windows(
            acceleration=np.array(acceleration, "float32"),
            subjects=np.array(subjects),
            labels=np.array(labels),
            recordings=np.array([f"r{s}" for s in subjects]),
            start_seconds=np.array(starts),
            valid=valid,
            sample_rate_hz=100.0,
        )

    return make


@pytest.fixture
def make_encoder():
    def make(dim=6, seed=0):
        keras.utils.set_random_seed(seed)
        return keras.Sequential(
            [
                keras.layers.Input((None, 3)),
                keras.layers.Conv1D(dim, 5, strides=2, activation="relu"),
                keras.layers.GlobalAveragePooling1D(),
            ]
        )

    return make
