"""`output="wide"`, `"steady"` and `"compact"`: more than an encoder."""

import json

import numpy as np
import pytest
from support import to_numpy

import keras_relcon as kr
from keras_relcon.models import (
    CompactFeatures,
    MiniRocket,
    SideBySide,
    SteadyFeatures,
)
from keras_relcon.presets import from_preset, save_to_preset

pytestmark = pytest.mark.every_backend

LENGTH = 64


@pytest.fixture
def adapted(encoder, windows):
    compact = CompactFeatures(4)
    features = kr.models.StageFeatures(encoder)
    compact.adapt(to_numpy(features(windows)))
    return compact


def test_the_map_comes_with_the_preset(encoder, adapted, windows, tmp_path):
    path = save_to_preset(
        encoder, tmp_path / "small", None, 100, LENGTH, False, adapted
    )
    compact = from_preset(path, output="compact")
    found = compact.predict(windows, verbose=0)
    assert found.shape == (len(windows), 4)
    features = from_preset(path, output="features")
    expected = to_numpy(adapted(features(windows)))
    np.testing.assert_allclose(found, expected, rtol=2e-2, atol=2e-2)
    assert compact.preset_metadata == features.preset_metadata
    with pytest.raises(ValueError, match="must be those that the map was"):
        from_preset(path, output="compact", scales=(1, 2))
    # The encoder and its embedding are as without the map.
    np.testing.assert_array_equal(
        from_preset(path).predict(windows, verbose=0),
        encoder.predict(windows, verbose=0),
    )
    # A preset is replaced with its map.
    save_to_preset(encoder, path, None, 100, LENGTH, overwrite=True)
    with pytest.raises(ValueError, match="must have a `compact_features`"):
        from_preset(path, output="compact")


def test_fixed_convolutions_come_with_the_preset(encoder, windows, tmp_path):
    mini_rocket = MiniRocket(2 * 84, window_length=LENGTH)
    mini_rocket.adapt(windows)
    features = kr.models.StageFeatures(encoder)
    wide = SideBySide([features, mini_rocket])
    expected = wide.predict(windows, verbose=0)
    np.testing.assert_allclose(
        expected,
        np.concatenate(
            [to_numpy(model(windows)) for model in (features, mini_rocket)], 1
        ),
        rtol=1e-4,
        atol=1e-4,
    )
    compact = CompactFeatures(5)
    compact.adapt(expected)
    steady = SteadyFeatures(3)
    steady.adapt(expected, expected[::-1])
    path = save_to_preset(
        encoder,
        tmp_path / "small",
        None,
        100,
        LENGTH,
        compact_features=compact,
        mini_rocket=mini_rocket,
        feature_scales=(1, 2),
        steady_features=steady,
    )
    loaded = from_preset(path, output="wide")
    np.testing.assert_allclose(
        loaded.predict(windows, verbose=0), expected, rtol=1e-2, atol=1e-2
    )
    assert loaded.preset_metadata.window_length == LENGTH
    # Of a preset the network is drawn anew, not what nothing learned.
    assert from_preset(path, output="wide").built
    fresh = from_preset(path, output="wide", load_weights=False)
    for one, other in zip(
        fresh.models[1].get_weights(), mini_rocket.get_weights()
    ):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)
    for output, fitted in {"compact": compact, "steady": steady}.items():
        with pytest.raises(ValueError, match="fitted on the trained weights"):
            from_preset(path, output=output, load_weights=False)
        mapped = from_preset(path, output=output)
        assert mapped.preset_metadata == loaded.preset_metadata
        np.testing.assert_allclose(
            mapped.predict(windows, verbose=0),
            fitted.predict(expected, verbose=0),
            rtol=5e-2,
            atol=5e-2,
        )
    # Other scales are those of the features alone.
    width = expected.shape[1] - 2 * 84
    np.testing.assert_array_equal(
        from_preset(path, output="features").predict(windows, verbose=0)[
            :, :width
        ],
        loaded.predict(windows, verbose=0)[:, :width],
    )
    both = from_preset(path, output="wide", scales=(1, 2))
    assert both(windows).shape[1] == 2 * width + 2 * 84
    # A longer window passes too.
    longer = np.concatenate([windows, windows], axis=1)
    assert to_numpy(loaded(longer)).shape == expected.shape


def test_a_preset_says_at_which_scales_it_is_read(encoder, windows, tmp_path):
    path = tmp_path / "small"
    scales = (0.5, 1, 2)
    save_to_preset(encoder, path, None, 100, LENGTH, feature_scales=scales)
    features = from_preset(path, output="features")
    assert features.scales == features.preset_metadata.feature_scales == scales
    expected = kr.models.StageFeatures(encoder, scales=scales)
    np.testing.assert_allclose(
        features.predict(windows, verbose=0),
        to_numpy(expected(windows)),
        rtol=1e-2,
        atol=1e-2,
    )
    plain = from_preset(path, output="features", scales=(1,))
    assert plain.scales == plain.preset_metadata.feature_scales == (1,)
    with pytest.raises(ValueError, match="`scales` are those of the features"):
        from_preset(path, scales=(1,))
    # What is made of the preset is read as it was.
    again = save_to_preset(from_preset(path), tmp_path / "again")
    assert from_preset(again, output="features").scales == scales
    with pytest.raises(ValueError, match="`scales` must be powers of two"):
        save_to_preset(encoder, path, None, 100, LENGTH, feature_scales=(3,))
    metadata = json.loads((path / "metadata.json").read_text())
    metadata["feature_scales"] = 3
    (path / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(ValueError, match="feature_scales=3"):
        from_preset(path)


def test_a_preset_without_fixed_convolutions_is_explained(encoder, tmp_path):
    path = save_to_preset(encoder, tmp_path / "small", None, 100, LENGTH)
    with pytest.raises(ValueError, match="must have a `mini_rocket`"):
        from_preset(path, output="wide")


def test_a_model_without_its_distance_is_saved(encoder, tmp_path):
    model = kr.RelConModel(encoder, None, anchors="all")
    path = save_to_preset(model, tmp_path / "ranked", None, 100, LENGTH)
    for one, other in zip(
        from_preset(path).get_weights(), encoder.get_weights()
    ):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="must have a motif distance"):
        from_preset(path, task="pretrain")


def test_a_map_that_is_none_is_refused(encoder, tmp_path):
    with pytest.raises(ValueError, match="must be built"):
        save_to_preset(
            encoder,
            tmp_path / "small",
            None,
            100,
            LENGTH,
            compact_features=CompactFeatures(4),
        )
