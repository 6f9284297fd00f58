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


def steady(features, neighbours, dim):
    """`dim` outputs of float64, by Cholesky factors; rotated any way."""
    both = np.concatenate([features, neighbours])
    std = both.std(0)
    std[std < 1e-6] = np.inf
    values = (both - both.mean(0)) / std
    _, sizes, components = np.linalg.svd(values, full_matrices=False)
    kept = sizes > 1e-9 * sizes[0]
    scores = values @ components[kept].T
    changes = (scores[: len(features)] - scores[len(features) :]) / np.sqrt(2)
    within = changes.T @ changes / len(features)
    within += np.trace(within) / len(within) * np.eye(len(within))
    root = np.linalg.inv(np.linalg.cholesky(within))
    total = scores.T @ scores / len(scores)
    _, directions = np.linalg.eigh(root @ total @ root.T)
    return scores[: len(features)] @ root.T @ directions[:, ::-1][:, :dim]


def test_it_gives_what_stays_between_neighbours(features, rng):
    change = rng.normal(size=(60, 2)) @ rng.normal(size=(2, 12))
    neighbours = features + change * features.std(0)
    features, neighbours = features[:, :7], neighbours[:, :7]
    expected = steady(features, neighbours, 3)
    compact = CompactFeatures(3)
    assert 0.5 < compact.adapt(features, neighbours) < 1
    found = to_numpy(compact(features.astype("float32"))).astype("float64")
    # The rotation of the outputs is arbitrary, their products are not.
    products = expected @ expected.T
    np.testing.assert_allclose(
        found @ found.T, products, atol=2e-2 * np.abs(products).max()
    )
    assert not np.allclose(np.abs(found), np.abs(expected), atol=0.1)
    again = CompactFeatures(3)
    again.adapt(features, neighbours)
    for one, other in zip(again.get_weights(), compact.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_what_changes_between_neighbours_counts_little(rng):
    lasting = rng.normal(size=(400, 1)) * [1.0, 1.0, 0.0, 0.0, 0.0]
    first, second = (
        lasting
        + rng.normal(size=(400, 1)) * [0.0, 0.0, 1.0, 1.0, 1.0]
        + 0.1 * rng.normal(size=(400, 5))
        for _ in range(2)
    )
    shares = []
    for neighbours in (None, second):
        compact = CompactFeatures(1)
        compact.adapt(first, neighbours)
        weights = np.abs(to_numpy(compact.directions)[:, 0].astype(float))
        shares.append(weights[:2].sum() / weights.sum())
    # Principal components take the three that vary together.
    assert shares[0] < 0.3 and shares[1] > 0.9


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
    with pytest.raises(ValueError, match="must have one shape"):
        CompactFeatures(3).adapt(features, features[1:])
    features[3, 2] = np.nan
    with pytest.raises(ValueError, match="`neighbours` must be finite"):
        CompactFeatures(3).adapt(np.nan_to_num(features), features)
    with pytest.raises(ValueError, match="1 values that are not"):
        CompactFeatures(3).adapt(features)
