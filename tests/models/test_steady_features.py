import keras
import numpy as np
import pytest
from support import small_encoder, to_numpy

from keras_relcon.models import StageFeatures, SteadyFeatures

pytestmark = pytest.mark.every_backend


@pytest.fixture
def pairs(rng):
    """Correlated, of very different sizes; one is constant."""
    features = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 12))
    change = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 12))
    change += 0.1 * rng.normal(size=change.shape)
    scale = np.geomspace(1e-2, 1e2, 12)
    first, second = features * scale + 1, (features + change) * scale + 1
    first[:, 7] = second[:, 7] = 3.0
    return first, second


def steady(first, second, num_directions, shrinkage):
    """By the eigenvectors of the covariance of the differences."""
    both = np.concatenate([first, second])
    std = both.std(0)
    std[std < 1e-6] = np.inf
    values = (first - both.mean(0)) / std
    changes = (first - second) / std / np.sqrt(2)
    within = changes.T @ changes / len(first)
    least = shrinkage * np.trace(within) / len(within)
    sizes, vectors = np.linalg.eigh(within)
    for size, vector in zip(sizes[::-1][:num_directions], vectors.T[::-1]):
        part = np.outer(values @ vector, vector)
        values = values - part * (1 - np.sqrt(least / (size + least)))
    share = sizes[::-1][:num_directions].sum() / sizes.sum()
    return values, share


@pytest.mark.parametrize(("number", "shrinkage"), [(2, 4.0), (12, 0.5)])
def test_it_damps_what_changes_between_neighbours(pairs, number, shrinkage):
    damped, share = steady(*pairs, number, shrinkage)
    model = SteadyFeatures(number, shrinkage)
    assert model.adapt(*pairs) == pytest.approx(share, rel=1e-3)
    found = to_numpy(model(pairs[0].astype("float32")))
    assert found.dtype == np.float32 and found.shape == (60, 12)
    rows, columns = (
        to_numpy(part).astype("float64") for part in (model.rows, model.columns)
    )
    for part in (rows, columns):
        np.testing.assert_allclose(part @ part.T, np.eye(len(part)), atol=1e-5)
    rotated = rows @ damped.reshape(60, 4, 3) @ columns
    np.testing.assert_allclose(found, rotated.reshape(60, 12), atol=2e-2)
    # What was constant says nothing, whatever it is later.
    changed = pairs[0].copy()
    changed[:, 7] = 5.0
    np.testing.assert_allclose(
        to_numpy(model(changed.astype("float32"))), found, atol=1e-5
    )
    again = SteadyFeatures(number, shrinkage)
    again.adapt(*pairs)
    for one, other in zip(again.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_features_that_fill_no_rectangle_get_a_few_zeros(pairs):
    first, second = (values[:, :11] for values in pairs)
    model = SteadyFeatures(2)
    model.adapt(first, second)
    found = to_numpy(model(first.astype("float32"))).astype("float64")
    assert found.shape == (60, 12)
    assert model.compute_output_shape((None, 11)) == (None, 12)
    # A rotation keeps the products of windows.
    damped, _ = steady(first, second, 2, 4.0)
    np.testing.assert_allclose(found @ found.T, damped @ damped.T, atol=0.2)


def test_neighbours_come_nearer_to_each_other(pairs):
    model = SteadyFeatures(3, 0.5)
    model.adapt(*pairs)

    def apart(first, second):
        std = np.concatenate([first, second]).std(0)
        first, second = first[:, std > 1e-6], second[:, std > 1e-6]
        std = std[std > 1e-6]
        everyone = np.mean(((first - first[::-1]) / std) ** 2)
        return np.mean(((first - second) / std) ** 2) / everyone

    mapped = [to_numpy(model(x.astype("float32"))) for x in pairs]
    assert apart(*mapped) < 0.5 * apart(*pairs)


def test_the_map_is_saved_and_follows_an_encoder(pairs, rng, tmp_path):
    model = SteadyFeatures(2)
    model.adapt(*pairs)
    model.save(tmp_path / "steady.keras")
    loaded = keras.saving.load_model(tmp_path / "steady.keras")
    first = pairs[0].astype("float32")
    np.testing.assert_array_equal(
        to_numpy(loaded(first)), to_numpy(model(first))
    )
    assert not model.trainable_variables
    readout = StageFeatures(small_encoder(), blocks=(1, 2))
    windows = rng.normal(size=(9, 40, 3)).astype("float32")
    features = to_numpy(readout(windows))
    model = SteadyFeatures(4)
    model.adapt(features, features[::-1])
    both = keras.Sequential([readout, model])
    found = both.predict(windows, verbose=0)
    assert found.shape == model.compute_output_shape(features.shape)
    np.testing.assert_allclose(
        found, to_numpy(model(features)), rtol=1e-3, atol=1e-3
    )


def test_errors_say_what_is_wrong(pairs):
    first, second = pairs
    with pytest.raises(ValueError, match="`num_directions` must be"):
        SteadyFeatures(0)
    with pytest.raises(ValueError, match="`shrinkage` must be .*above 0"):
        SteadyFeatures(2, 0)
    with pytest.raises(ValueError, match="num_directions=13 of 12 features"):
        SteadyFeatures(13).adapt(first, second)
    with pytest.raises(ValueError, match="at least 80 windows"):
        SteadyFeatures(80).adapt(first, second)
    with pytest.raises(ValueError, match="must differ from their windows"):
        SteadyFeatures(2).adapt(first, first)
    with pytest.raises(ValueError, match="must have one shape"):
        SteadyFeatures(2).adapt(first, second[1:])
    second[3, 2] = np.nan
    with pytest.raises(ValueError, match="`neighbours` must be finite"):
        SteadyFeatures(2).adapt(first, second)
