"""`output="compact"`: a preset with a map to fewer features."""

import numpy as np
import pytest
from support import to_numpy

import keras_relcon as kr
from keras_relcon.models import CompactFeatures
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
    # The encoder and its embedding are as without the map.
    np.testing.assert_array_equal(
        from_preset(path).predict(windows, verbose=0),
        encoder.predict(windows, verbose=0),
    )
    # A preset is replaced with its map.
    save_to_preset(encoder, path, None, 100, LENGTH, overwrite=True)
    with pytest.raises(ValueError, match="without `compact_features`"):
        from_preset(path, output="compact")


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
