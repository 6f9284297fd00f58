import keras
import numpy as np
import pytest
from support import small_encoder, to_numpy

from keras_relcon.models import CompactFeatures, StageFeatures

pytestmark = pytest.mark.every_backend


@pytest.fixture
def features(rng):
    """Correlated, of very different sizes; one is constant."""
    values = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 12))
    values += 0.1 * rng.normal(size=values.shape)
    values = values * np.geomspace(1e-3, 1e3, 12) + rng.normal(size=12)
    values[:, 7] = 3.0
    return values


def principal_components(features, dim):
    """By the eigenvectors of the correlation matrix."""
    std = features.std(0)
    std[std < 1e-6] = np.inf
    standardised = (features - features.mean(0)) / std
    values, vectors = np.linalg.eigh(standardised.T @ standardised)
    order = np.argsort(-values)[:dim]
    share = values[order].sum() / values.sum()
    return standardised @ vectors[:, order], share


def test_it_gives_principal_components_of_standardised_features(features):
    expected, share = principal_components(features, 3)
    compact = CompactFeatures(3)
    assert compact.adapt(features) == pytest.approx(share, rel=1e-6)
    found = to_numpy(compact(features.astype("float32")))
    assert found.shape == (60, 3)
    # The sign of a component is arbitrary.
    signs = np.sign(np.sum(found * expected, axis=0))
    np.testing.assert_allclose(found * signs, expected, rtol=1e-2, atol=1e-2)


def test_the_map_is_saved_and_follows_an_encoder(features, rng, tmp_path):
    compact = CompactFeatures(2)
    compact.adapt(features)
    compact.save(tmp_path / "compact.keras")
    loaded = keras.saving.load_model(tmp_path / "compact.keras")
    np.testing.assert_array_equal(
        to_numpy(loaded(features.astype("float32"))),
        to_numpy(compact(features.astype("float32"))),
    )
    assert not compact.trainable_variables
    readout = StageFeatures(small_encoder(), blocks=(1, 2))
    windows = rng.normal(size=(9, 40, 3)).astype("float32")
    compact = CompactFeatures(4)
    compact.adapt(to_numpy(readout(windows)))
    model = keras.Sequential([readout, compact])
    np.testing.assert_allclose(
        model.predict(windows, verbose=0),
        to_numpy(compact(readout(windows))),
        rtol=1e-4,
        atol=1e-4,
    )


def test_errors_say_what_is_wrong(features):
    with pytest.raises(ValueError, match="`dim` must be"):
        CompactFeatures(0)
    with pytest.raises(ValueError, match="dim=13 of 12 features"):
        CompactFeatures(13).adapt(features)
    with pytest.raises(ValueError, match="at least 80 windows"):
        CompactFeatures(80).adapt(features)
    with pytest.raises(ValueError, match="12 features that are constant"):
        CompactFeatures(3).adapt(np.ones_like(features))
    features[3, 2] = np.nan
    with pytest.raises(ValueError, match="1 values that are not"):
        CompactFeatures(3).adapt(features)
