"""A training on a backend of its own, whose files another one goes on with.

    python train_elsewhere_script.py FOLDER

Fits a motif distance, a RelCon model and an encoder with a compiled model
inside, and writes their presets. Begins a resumable training and stops it
after some steps. Keeps a distance as `.keras` after `fit`.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from training.train_script import make_groups, make_model, train

import keras_relcon as kr

SIZES = {"sample_rate_hz": 50, "window_length": 40}


def make_windows():
    groups = make_groups()
    return np.concatenate([groups[i]["anchor"] for i in range(2)])


def make_nested():
    """An encoder of which a part was compiled and fitted by itself."""
    inner = keras.Sequential(
        [keras.layers.Conv1D(4, 5), keras.layers.GlobalAveragePooling1D()]
    )
    inner.compile("adam", "mse")
    windows = make_windows()
    inner.fit(windows, np.zeros((len(windows), 4)), verbose=0)
    outer = keras.Sequential(
        [keras.Input((40, 3)), inner, keras.layers.Dense(2)]
    )
    outer.compile("adam", "mse")
    outer.fit(windows, np.zeros((len(windows), 2)), verbose=0)
    return outer


def main(folder):
    model = make_model()
    distance = model.motif_distance
    distance.trainable = True
    distance.compile(optimizer="adam")
    distance.fit(make_windows(), batch_size=4, verbose=0)
    distance.save(folder / "distance.keras")
    distance.trainable = False
    model.fit(make_groups(), verbose=0)
    kr.presets.save_to_preset(model, folder / "relcon", **SIZES)
    kr.presets.save_to_preset(make_nested(), folder / "nested", **SIZES)
    _, _, resumable = train(folder, max_minutes=0)
    assert resumable.is_paused


if __name__ == "__main__":
    main(Path(sys.argv[1]))
