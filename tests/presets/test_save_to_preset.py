import importlib
import json
import os
import shutil
import warnings
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from support import candidate_group, small_encoder, to_numpy

import keras_relcon as kr
from keras_relcon.presets import from_preset, save_to_preset

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

LENGTH = 64
weights_file = importlib.import_module("keras_relcon.presets.weights_file")


def _datasets(path):
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = (str(item.dtype), item.ndim)

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def _metadata(directory):
    return json.loads((directory / "metadata.json").read_text())


@pytest.mark.traced
def test_a_preset_gives_the_same_embeddings(encoder, preset, windows):
    expected = encoder.predict(windows, verbose=0)
    loaded = from_preset(preset)
    assert _metadata(preset)["weights"]["dtype"] == "float32"
    np.testing.assert_array_equal(loaded.predict(windows, verbose=0), expected)
    assert loaded is not encoder
    assert sorted(file.name for file in preset.iterdir()) == [
        "README.md",
        "config.json",
        "metadata.json",
        "model.weights.h5",
    ]
    assert [path.name for path in preset.parent.iterdir()] == ["tiny"]


def test_the_encoder_says_what_it_takes(encoder, tmp_path):
    first = save_to_preset(
        encoder, tmp_path / "a", sample_rate_hz=50, window_length=LENGTH
    )
    loaded = from_preset(first)
    metadata = loaded.preset_metadata
    assert (metadata.sample_rate_hz, metadata.window_length) == (50.0, LENGTH)
    assert (metadata.unit, metadata.axes) == ("g", ("x", "y", "z"))
    assert metadata.num_parameters == encoder.count_params()
    assert metadata.keras_relcon_version == kr.__version__
    # ... also after it was trained further and saved again
    again = save_to_preset(loaded, tmp_path / "b", facts={"data": "mine"})
    metadata = from_preset(again).preset_metadata
    assert (metadata.sample_rate_hz, metadata.window_length) == (50.0, LENGTH)
    assert metadata.facts == {"data": "mine"}


@pytest.mark.traced
def test_what_is_not_known_of_the_windows_is_told(encoder, tmp_path):
    with pytest.warns(UserWarning, match="256 samples at 50 Hz"):
        save_to_preset(encoder, tmp_path / "a", sample_rate_hz=50)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        save_to_preset(
            encoder, tmp_path / "b", sample_rate_hz=50, window_length=64
        )
        loaded = from_preset(tmp_path / "b")
        save_to_preset(loaded, tmp_path / "c")
    assert from_preset(tmp_path / "c").preset_metadata.sample_rate_hz == 50


def test_embed_takes_rate_and_length_from_the_preset(encoder, tmp_path, rng):
    directory = save_to_preset(
        encoder, tmp_path / "a", sample_rate_hz=50, window_length=LENGTH
    )
    loaded = from_preset(directory)
    signal = rng.normal(0, 0.3, (5 * LENGTH, 3)).astype("float32")
    recording = kr.data.Recording(signal, sample_rate_hz=50, subject="s1")
    result = kr.evaluation.embed(loaded, recording)
    expected = encoder.predict(signal.reshape(5, LENGTH, 3), verbose=0)
    np.testing.assert_allclose(result.embeddings, expected, atol=1e-5)
    with pytest.raises(ValueError, match="`sample_rate_hz` must be what"):
        kr.evaluation.embed(loaded, recording, sample_rate_hz=100)


def test_pretraining_goes_on(relcon_model, relcon_preset, rng):
    model = from_preset(relcon_preset, task="pretrain")
    assert model.temperature == 0.25
    group = candidate_group(rng, length=LENGTH)
    for method in ("rank_candidates", "__call__"):
        np.testing.assert_allclose(
            to_numpy(getattr(model, method)(group)),
            to_numpy(getattr(relcon_model, method)(group)),
            rtol=1e-3,  # of a part in half precision
        )
    before = model.motif_distance.get_weights()
    encoder = model.encoder.get_weights()
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    model.train_on_batch(group)
    for old, new in zip(before, model.motif_distance.get_weights()):
        np.testing.assert_array_equal(old, new)
    assert any(
        np.abs(old - new).max() > 1e-4
        for old, new in zip(encoder, model.encoder.get_weights())
    )


def test_a_motif_distance_is_a_preset_too(
    relcon_model, relcon_preset, tmp_path, windows
):
    loaded = from_preset(relcon_preset / "motif_distance")
    assert isinstance(loaded, kr.MotifDistance)
    again = save_to_preset(loaded, tmp_path / "d")
    expected = relcon_model.motif_distance.distance(windows[:3], windows[3:])
    for distance in (loaded, from_preset(again)):
        np.testing.assert_allclose(
            to_numpy(distance.distance(windows[:3], windows[3:])),
            to_numpy(expected),
            rtol=2e-3,
        )


def test_weights_are_halved_where_nothing_changes(encoder, tmp_path, windows):
    full = save_to_preset(encoder, tmp_path / "full", window_length=LENGTH)
    encoder.set_weights(
        [w.astype("float16").astype("float32") for w in encoder.get_weights()]
    )
    half = save_to_preset(encoder, tmp_path / "half", window_length=LENGTH)
    weights = _metadata(half)["weights"]
    assert weights["dtype"] == "float16"
    assert weights["largest_difference"] == 0.0
    expected = encoder.predict(windows, verbose=0)
    found = from_preset(half)
    assert {w.dtype for w in found.weights} == {"float32"}
    np.testing.assert_array_equal(found.predict(windows, verbose=0), expected)
    files = [path / "model.weights.h5" for path in (full, half)]
    full, half = (set(_datasets(file).values()) for file in files)
    assert {dtype for dtype, _ in full} == {"float32"}
    # Vectors take little room.
    assert half == {("float16", 3), ("float32", 1)}
    assert files[1].stat().st_size < files[0].stat().st_size


def test_the_difference_decides_and_is_recorded(
    encoder, tmp_path, windows, monkeypatch
):
    path = save_to_preset(encoder, tmp_path / "a", window_length=LENGTH)
    weights = _metadata(path)["weights"]
    difference = weights["half_precision_difference"]
    assert weights["dtype"] == "float32"
    assert weights_file.FLOAT16_TOLERANCE < difference < 0.1
    monkeypatch.setattr(weights_file, "FLOAT16_TOLERANCE", 1.01 * difference)
    path = save_to_preset(encoder, tmp_path / "b", window_length=LENGTH)
    weights = _metadata(path)["weights"]
    assert weights["dtype"] == "float16"
    np.testing.assert_allclose(weights["largest_difference"], difference)
    # the difference is that of the outputs, over their standard deviation
    save_module = importlib.import_module("keras_relcon.presets.save_to_preset")
    x = save_module._probe_windows(from_preset(path).preset_metadata)
    assert len(x) == 64
    expected = encoder.predict(x, verbose=0).astype("float64")
    found = from_preset(path).predict(x, verbose=0)
    worst = np.abs(found - expected).max() / expected.std(axis=0).mean()
    np.testing.assert_allclose(difference, worst, rtol=1e-2)


def test_weights_too_large_for_half_precision_stay(encoder, tmp_path):
    weights = encoder.get_weights()
    weights[0] = 1e6 * weights[0]
    encoder.set_weights(weights)
    path = save_to_preset(encoder, tmp_path / "a", window_length=LENGTH)
    stored = _metadata(path)["weights"]
    assert stored["dtype"] == "float32"
    assert stored["half_precision_difference"] is None
    np.testing.assert_array_equal(
        from_preset(path).get_weights()[0], weights[0]
    )


def test_what_training_left_is_not_stored(encoder, tmp_path, windows):
    encoder.compile(optimizer="adam", loss="mse")
    encoder.fit(windows, np.zeros((6, 16)), verbose=0)
    encoder.trainable = False
    path = save_to_preset(encoder, tmp_path / "a", window_length=LENGTH)
    names = _datasets(path / "model.weights.h5")
    assert len(names) == len(encoder.weights)
    assert not any("optimizer" in name for name in names)
    loaded = from_preset(path)
    assert loaded.trainable and loaded.trainable_weights
    np.testing.assert_array_equal(
        loaded.predict(windows, verbose=0), encoder.predict(windows, verbose=0)
    )
    assert not encoder.trainable  # the original is left as it was


@pytest.mark.parametrize("is_functional", [True, False])
def test_plain_keras_encoders_are_presets_too(tmp_path, windows, is_functional):
    layers = [
        keras.layers.Conv1D(8, 3, activation="relu"),
        keras.layers.Bidirectional(keras.layers.GRU(4)),
        keras.layers.LayerNormalization(),
    ]
    inputs = keras.Input((LENGTH, 3))
    model = keras.Sequential([inputs, *layers])
    if is_functional:
        outputs = inputs
        for layer in layers:
            outputs = layer(outputs)
        model = keras.Model(inputs, outputs)
    path = save_to_preset(model, tmp_path / "a", window_length=LENGTH)
    np.testing.assert_allclose(
        from_preset(path).predict(windows, verbose=0),
        model.predict(windows, verbose=0),
        atol=2e-3,
    )


@pytest.mark.once
def test_only_a_preset_is_replaced(encoder, preset, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("words")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="holds something"):
            save_to_preset(encoder, tmp_path / "mine", overwrite=overwrite)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save_to_preset(encoder, preset)
    save_to_preset(encoder, preset, window_length=128, overwrite=True)
    assert from_preset(preset).preset_metadata.window_length == 128
    (tmp_path / "empty").mkdir()
    save_to_preset(encoder, tmp_path / "empty", window_length=LENGTH)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["empty", "mine", "tiny"]


@pytest.mark.once
def test_what_comes_while_a_preset_is_saved_stays(
    encoder, tmp_path, monkeypatch
):
    path, digest = tmp_path / "mine", weights_file.sha256

    def come_first(file):
        path.mkdir(exist_ok=True)
        (path / "thesis.txt").write_text("words")
        return digest(file)

    monkeypatch.setattr(weights_file, "sha256", come_first)
    for overwrite in (False, True):
        shutil.rmtree(path, ignore_errors=True)
        with pytest.raises(FileExistsError, match="holds something"):
            save_to_preset(
                encoder, path, window_length=LENGTH, overwrite=overwrite
            )
        assert [file.name for file in path.iterdir()] == ["thesis.txt"]


@pytest.mark.once
@pytest.mark.parametrize("name", ["thesis.txt", "projector/notes/a.csv"])
def test_what_is_beside_a_preset_is_not_removed(
    encoder, relcon_preset, tmp_path, name
):
    path = shutil.copytree(relcon_preset, tmp_path / "mine")
    (path / name).parent.mkdir(exist_ok=True)
    (path / name).write_text("words")
    with pytest.raises(FileExistsError, match="thesis.txt|projector/notes"):
        save_to_preset(encoder, path, window_length=LENGTH, overwrite=True)
    assert (path / name).read_text() == "words"
    assert from_preset(path, task="pretrain").projector is not None


@pytest.mark.once
def test_a_preset_is_replaced_with_its_parts(encoder, relcon_preset, tmp_path):
    path = shutil.copytree(relcon_preset, tmp_path / "mine")
    for folder in (path, path / "projector"):
        (folder / ".DS_Store").write_text("of a desktop")
    save_to_preset(encoder, path, window_length=LENGTH, overwrite=True)
    assert not (path / "projector").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.once
def test_a_failed_save_leaves_the_old_preset(
    encoder, preset, tmp_path, monkeypatch
):
    before = {file: file.read_bytes() for file in preset.iterdir()}

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(weights_file, "sha256", fail)
    with pytest.raises(OSError, match="disk full"):
        save_to_preset(encoder, preset, window_length=LENGTH, overwrite=True)
    assert before == {file: file.read_bytes() for file in preset.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.once
def test_the_old_preset_is_put_back_if_the_new_one_cannot_move(
    encoder, preset, tmp_path, monkeypatch
):
    before = {file: file.read_bytes() for file in preset.iterdir()}
    rename = os.rename

    def fail(source, target):
        if Path(source).name.startswith(".partial"):
            raise OSError("disk full")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match="disk full"):
        save_to_preset(encoder, preset, window_length=LENGTH, overwrite=True)
    assert before == {file: file.read_bytes() for file in preset.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.once
def test_what_a_killed_save_left_is_in_no_ones_way(
    encoder, tmp_path, monkeypatch
):
    def kill(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", kill)
        patch.setattr(shutil, "rmtree", lambda *args, **kwargs: None)
        with pytest.raises(KeyboardInterrupt):
            save_to_preset(encoder, tmp_path / "a", window_length=LENGTH)
    left = list(tmp_path.iterdir())
    assert len(left) == 1 and left[0].name != "a"
    path = save_to_preset(encoder, tmp_path / "a", window_length=LENGTH)
    assert from_preset(path).preset_metadata.window_length == LENGTH
    # others may read it, as they may any other directory
    (tmp_path / "b").mkdir()
    assert path.stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.once
def test_a_directory_that_is_called_like_a_preset_of_the_package(
    encoder, bundled, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "relcon_tiny").mkdir()  # what is no preset is passed over
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        from_preset("relcon_tiny")
        save_to_preset(encoder, "relcon_tiny", None, 50, LENGTH)
        own = from_preset("./relcon_tiny")
    assert own.preset_metadata.sample_rate_hz == 50
    with pytest.warns(UserWarning, match="Write './relcon_tiny'") as told:
        found = from_preset("relcon_tiny")
    assert found.preset_metadata.sample_rate_hz == 100
    assert told[0].filename == __file__


class OwnEncoder(keras.Model):
    """A class that only this file knows."""

    def call(self, x):
        return keras.ops.mean(x, axis=1)


def test_what_cannot_be_loaded_is_not_saved(encoder, tmp_path):
    own = OwnEncoder()
    own.build((None, LENGTH, 3))
    with pytest.raises(ValueError, match="class_name='OwnEncoder'"):
        save_to_preset(own, tmp_path / "a")
    with pytest.raises(ValueError, match="must be built"):
        save_to_preset(small_encoder(), tmp_path / "a")
    with pytest.raises(TypeError, match="must be a `keras.Model`"):
        save_to_preset(keras.layers.Dense(3), tmp_path / "a")
    with pytest.raises(ValueError, match="`sample_rate_hz`.*above 0.*=-50"):
        save_to_preset(encoder, tmp_path / "a", None, -50, LENGTH)
    with pytest.raises(
        ValueError, match="`window_length` must be a whole.*=64.5"
    ):
        save_to_preset(encoder, tmp_path / "a", None, 50, 64.5)
    with pytest.raises(TypeError, match="a dict.*type list"):
        save_to_preset(encoder, tmp_path / "a", facts=["walks"])
    with pytest.raises(TypeError, match="JSON can hold"):
        save_to_preset(encoder, tmp_path / "a", facts={"hours": np.ones(3)})
    with pytest.raises(TypeError, match="JSON can hold"):
        save_to_preset(encoder, tmp_path / "a", facts={"f1": float("nan")})
    encoder.set_weights([np.nan * w for w in encoder.get_weights()])
    with pytest.raises(ValueError, match="must be finite"):
        save_to_preset(encoder, tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_no_optimizer_of_a_model_inside_is_kept(tmp_path):
    inner = small_encoder()
    inner.compile("adam", "mse")
    outer = keras.Sequential([keras.Input((LENGTH, 3)), inner])
    outer.compile("adam", "mse")
    path = save_to_preset(outer, tmp_path / "a", window_length=LENGTH)
    assert "compile_config" not in (path / "config.json").read_text()
    assert "Adam" not in (path / "config.json").read_text()
