import json
import shutil

import keras
import numpy as np
import pytest
from support import small_encoder, to_numpy

import keras_relcon as kr
from keras_relcon.evaluation import embed_windows
from keras_relcon.models import (
    CompactFeatures,
    MiniRocket,
    StageFeatures,
    SteadyFeatures,
)
from keras_relcon.models.side_by_side import SideBySide
from keras_relcon.presets import from_preset, save_to_preset
from keras_relcon.presets.from_preset import OUTPUTS

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

LENGTH = 64


def _change(path, **values):
    found = json.loads(path.read_text())
    for name, value in values.items():
        if value is None:
            del found[name]
        else:
            found[name] = value
    path.write_text(json.dumps(found))


def test_presets_of_the_package_are_found_by_name(bundled, windows, tmp_path):
    encoder = from_preset("relcon_tiny")
    same = from_preset(str(bundled / "relcon_tiny"))
    expected = encoder.predict(windows, verbose=0)
    np.testing.assert_array_equal(same.predict(windows, verbose=0), expected)
    assert encoder.preset_metadata.facts["data"] == "synthetic recordings"


@pytest.mark.once
@pytest.mark.parametrize("name", ["relcon_tyny", "RelCon_tiny", "relcon-tini"])
def test_the_nearest_name_is_suggested(bundled, name):
    with pytest.raises(ValueError, match="Did you mean 'relcon_tiny'"):
        from_preset(name)


@pytest.mark.once
def test_a_name_like_no_other_lists_them(bundled):
    with pytest.raises(ValueError, match=r"one of \['relcon_tiny'\]") as raised:
        from_preset("/no/such/place")
    assert "list_presets()" in str(raised.value)


@pytest.mark.once
def test_a_classifier_of_the_package_says_how_it_is_loaded():
    with pytest.raises(ValueError, match="a classifier that is fitted") as e:
        from_preset("activities_wrist")
    assert 'MotionClassifier.load("activities_wrist")' in str(e.value)
    assert "predict --model activities_wrist" in str(e.value)


def test_fresh_weights_on_request(preset, windows):
    keras.utils.set_random_seed(1)
    first = from_preset(preset, load_weights=False)
    second = from_preset(preset)
    # batch norms start at variance 1; the stored ones are all other
    assert np.allclose(first.stem_norm.moving_variance, 1.0)
    assert not np.allclose(second.stem_norm.moving_variance, 1.0)
    assert first.preset_metadata == second.preset_metadata


def test_overrides_replace_arguments(preset):
    encoder = from_preset(preset, dtype="mixed_bfloat16", name="mine")
    assert encoder.dtype_policy.name == "mixed_bfloat16"
    assert encoder.name == "mine"
    wide = from_preset(preset, load_weights=False, embedding_dim=24)
    assert wide(np.zeros((1, LENGTH, 3))).shape == (1, 24)
    with pytest.raises(ValueError, match="fit its config and the overrides"):
        from_preset(preset, embedding_dim=24)
    # Of a smaller encoder Keras finds all weights, and passes over the rest.
    smaller = {
        "num_blocks": (1,),
        "widths": (16,),
        "kernel_sizes": (3,),
        "strides": (2,),
    }
    with pytest.raises(ValueError, match="fit its config.*numbers for"):
        from_preset(preset, **smaller)
    with pytest.raises(ValueError, match="Did you mean 'embedding_dim'"):
        from_preset(preset, embeding_dim=24)


def test_features_are_of_the_encoder_with_its_weights(preset, windows):
    encoder = from_preset(preset)
    features = from_preset(preset, output="features")
    found = to_numpy(features(windows))
    sequences = encoder.sequences(windows)
    mean = to_numpy(sequences[1]).mean(1)
    np.testing.assert_allclose(found[:, : mean.shape[1]], mean, atol=1e-5)
    assert features.preset_metadata == encoder.preset_metadata
    with pytest.raises(ValueError, match="`output` must be one of"):
        from_preset(preset, output="logits")


def test_an_argument_that_an_older_preset_lacks_may_be_given(
    preset, windows, tmp_path
):
    older = shutil.copytree(preset, tmp_path / "older")
    config = json.loads((older / "config.json").read_text())
    del config["config"]["alignment"]
    (older / "config.json").write_text(json.dumps(config))
    aligned = from_preset(older, alignment="gravity")
    turned = windows[:, :, [1, 2, 0]]  # a rotation
    np.testing.assert_allclose(
        aligned.predict(turned, verbose=0),
        aligned.predict(windows, verbose=0),
        rtol=1e-2,
        atol=1e-3,
    )
    with pytest.raises(ValueError, match="Did you mean 'alignment'"):
        from_preset(older, alignement="gravity")


@pytest.mark.parametrize("output", OUTPUTS)
def test_outputs_are_float32_whatever_the_global_policy_is(
    windows, tmp_path, output
):
    encoder = small_encoder()
    encoder.build((None, 64, 3))
    parts = {
        "mini_rocket": MiniRocket(84, 64),
        "compact_features": CompactFeatures(3),
        "steady_features": SteadyFeatures(2),
    }
    parts["mini_rocket"].adapt(windows)
    wide = SideBySide([StageFeatures(encoder), parts["mini_rocket"]])
    features = to_numpy(wide(windows))
    parts["compact_features"].adapt(features)
    parts["steady_features"].adapt(features, features[::-1])
    path = save_to_preset(
        encoder,
        tmp_path / "p",
        sample_rate_hz=50,
        window_length=64,
        **parts,
    )
    expected = to_numpy(from_preset(path, output=output)(windows))
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        found = from_preset(path, output=output)(windows)
        again = embed_windows(from_preset(path, output=output), windows)
    finally:
        keras.config.set_dtype_policy(policy)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_allclose(to_numpy(found), expected, atol=1e-5)
    np.testing.assert_allclose(again, expected, atol=1e-5)


def test_overrides_of_pretraining(relcon_preset):
    model = from_preset(
        relcon_preset, task="pretrain", temperature=1.0, projector=None
    )
    assert isinstance(model, kr.RelConModel)
    assert (model.temperature, model.projector) == (1.0, None)
    views = kr.models.AugmentedViews(weight=2.0)
    model = from_preset(
        relcon_preset, task="pretrain", views=views, micro_batch_size=4
    )
    assert (model.views, model.micro_batch_size) == (views, 4)
    model = from_preset(
        relcon_preset, task="pretrain", anchors="all", dtype="mixed_bfloat16"
    )
    assert model.anchors == "all"
    for part in (model, model.encoder):
        assert part.dtype_policy.name == "mixed_bfloat16"
    with pytest.raises(ValueError, match="arguments of RelConModel"):
        from_preset(relcon_preset, task="pretrain", widths=(8, 16))


def test_a_task_needs_its_parts(preset):
    with pytest.raises(ValueError, match="must have a motif distance"):
        from_preset(preset, task="pretrain")
    with pytest.raises(ValueError, match="`task` must be"):
        from_preset(preset, task="probe")


@pytest.mark.once
@pytest.mark.parametrize(
    "name", ["config.json", "metadata.json", "model.weights.h5"]
)
def test_partial_presets_name_what_is_missing(preset, name):
    (preset / name).unlink()
    with pytest.raises(ValueError, match=rf"without \['{name}'\]"):
        from_preset(preset)


@pytest.mark.once
def test_any_other_directory_is_no_preset(tmp_path):
    with pytest.raises(ValueError, match="directory with .* Received"):
        from_preset(tmp_path)


@pytest.mark.once
@pytest.mark.parametrize("name", ["config.json", "metadata.json"])
@pytest.mark.parametrize("text", ["", '{"kind": ', "\x00\xff", "[" * 100_000])
def test_damaged_json_is_named(preset, name, text):
    (preset / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=f"{name}.*damaged"):
        from_preset(preset)


@pytest.mark.once
def test_config_without_a_model_is_damaged(preset):
    for text in ("[]", "{}", '"ResNet1D34"', '{"config": {}}'):
        (preset / "config.json").write_text(text)
        with pytest.raises(ValueError, match="describes no model"):
            from_preset(preset)


@pytest.mark.once
@pytest.mark.parametrize(
    "config, words",
    [
        ({"name": "a"}, "KeyError: 'layers'"),
        ({"name": "a", "layers": 3}, "TypeError"),
        ({"name": "a", "layers": [None]}, "AttributeError|TypeError"),
    ],
)
def test_a_config_that_makes_no_model_is_damaged(preset, config, words):
    text = {"module": "keras", "class_name": "Sequential", "config": config}
    text["registered_name"] = None
    (preset / "config.json").write_text(json.dumps(text))
    with pytest.raises(ValueError, match=f"cannot be made .({words}).*damaged"):
        from_preset(preset)


@pytest.mark.once
def test_an_override_of_another_kind_is_told(preset):
    with pytest.raises(ValueError, match="one entry per stage.*widths=8"):
        from_preset(preset, load_weights=False, widths=8)


@pytest.mark.once
@pytest.mark.parametrize("change", ["cut", "flip", "empty"])
def test_damaged_weights_are_found_by_their_hash(preset, change):
    path = preset / "model.weights.h5"
    data = bytearray(path.read_bytes())
    if change == "flip":
        data[len(data) // 2] ^= 1
    size = {"cut": len(data) // 2, "flip": len(data), "empty": 0}[change]
    path.write_bytes(data[:size])
    with pytest.raises(ValueError, match="with the SHA-256 .* damaged"):
        from_preset(preset)
    from_preset(preset, load_weights=False)


def test_weights_of_another_model_are_refused(preset, tmp_path):
    other = keras.Sequential(
        [keras.layers.Input((LENGTH, 3)), keras.layers.Flatten()]
        + [keras.layers.Dense(16)]
    )
    other = save_to_preset(other, tmp_path / "other", window_length=LENGTH)
    for name in ("metadata.json", "model.weights.h5"):
        shutil.copy(other / name, preset / name)
    with pytest.raises(ValueError, match="fit its config"):
        from_preset(preset)


@pytest.mark.once
@pytest.mark.parametrize(
    "change, words",
    [
        ({"keras_relcon_version": "999.0"}, "pip install --upgrade"),
        ({"format_version": 2}, "in format 2. Upgrade"),
        ({"format_version": "two"}, "format_version='two'"),
        ({"window_length": None}, r"no \['window_length'\]"),
        ({"weights": None, "unit": None}, r"no \['unit', 'weights'\]"),
        ({"window_length": 0}, "window_length=0"),
        ({"window_length": 2.5}, "window_length=2.5"),
        ({"sample_rate_hz": "fast"}, "sample_rate_hz='fast'"),
        ({"sample_rate_hz": -1}, "sample_rate_hz=-1"),
        ({"unit": "m/s2"}, "unit='m/s2'"),
        ({"axes": ["x"]}, "axes="),
        ({"axes": 3}, "axes=3"),
        ({"feature_scales": [3]}, r"feature_scales=\(3,\)"),
        ({"kind": "decoder"}, "kind='decoder'"),
        ({"weights": {"sha256": "0"}}, "weights="),
        ({"num_parameters": "many"}, "num_parameters='many'"),
        ({"facts": []}, "facts of type list"),
    ],
)
def test_metadata_is_checked(preset, change, words):
    _change(preset / "metadata.json", **change)
    with pytest.raises(ValueError, match=words):
        from_preset(preset)


@pytest.mark.once
def test_metadata_must_be_an_object(preset):
    (preset / "metadata.json").write_text("[1, 2]")
    with pytest.raises(ValueError, match="list in place of an object"):
        from_preset(preset)


@pytest.mark.once
def test_an_older_version_is_read(preset):
    _change(preset / "metadata.json", keras_relcon_version="0.0.1")
    assert from_preset(preset).preset_metadata.keras_relcon_version == "0.0.1"


@pytest.mark.once
def test_parts_are_checked_as_the_preset_is(relcon_preset, tmp_path):
    copy = shutil.copytree(relcon_preset, tmp_path / "copy")
    path = copy / "motif_distance" / "model.weights.h5"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="motif_distance.*damaged"):
        from_preset(copy, task="pretrain")
