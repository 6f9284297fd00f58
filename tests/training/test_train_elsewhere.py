"""What was fitted on PyTorch is fitted on by the other backends."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from training.train_elsewhere_script import make_windows
from training.train_script import make_groups, train

import keras_relcon as kr

pytestmark = [pytest.mark.every_backend, pytest.mark.slow]

SCRIPT = Path(__file__).with_name("train_elsewhere_script.py")


@pytest.fixture(scope="module")
def made_on_torch(tmp_path_factory):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    folder = tmp_path_factory.mktemp("torch")
    paths = {"PYTHONPATH": str(SCRIPT.parents[2])}
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        env={**os.environ, "KERAS_BACKEND": "torch", **paths},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return folder


def fits_on(model, *data, **kwargs):
    """Whether a step changes the weights, and the loss is a number."""
    before = [weight.copy() for weight in model.get_weights()]
    history = model.fit(*data, epochs=1, verbose=0, **kwargs).history
    after = model.get_weights()
    changed = any((a != b).any() for a, b in zip(before, after))
    return changed and np.isfinite(history["loss"][0])


def test_a_preset_goes_on_to_pretrain(made_on_torch):
    model = kr.presets.from_preset(made_on_torch / "relcon", task="pretrain")
    model.compile(optimizer="adam")
    assert fits_on(model, make_groups())
    model.motif_distance.trainable = True
    model.motif_distance.compile(optimizer="adam")
    assert fits_on(model.motif_distance, make_windows(), batch_size=4)


@pytest.mark.parametrize("name", ["relcon", "nested"])
def test_an_encoder_of_a_preset_is_fitted(made_on_torch, name):
    encoder = kr.presets.from_preset(made_on_torch / name)
    encoder.compile("adam", "mse")
    windows = make_windows()
    targets = np.zeros((len(windows), encoder.output_shape[-1]))
    assert fits_on(encoder, windows, targets)


def test_a_resumable_training_goes_on(made_on_torch):
    model, _, resumable = train(made_on_torch)
    assert resumable.is_finished and model.history.epoch == [0, 1, 2]
    assert np.isfinite(model.history.history["val_loss"]).all()


def test_a_keras_file_is_loaded_without_its_optimizer(made_on_torch):
    """As docs/training.md advises; as it is, Keras fails on the others."""
    path, windows = made_on_torch / "distance.keras", make_windows()
    distance = keras.saving.load_model(path, compile=False)
    distance.compile(optimizer="adam")
    assert fits_on(distance, windows, batch_size=4)
