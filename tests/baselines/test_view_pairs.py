import itertools

import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon.baselines import ViewPairs
from keras_relcon.layers import Negation, RandomAugmentations, TimeFlip

pytestmark = pytest.mark.every_backend


def views_of(layer, windows):
    return [to_numpy(view) for view in layer(windows)]


def test_soar_takes_the_56_ordered_pairs_in_turn(rng, monkeypatch):
    """Each augmentation is replaced by one that adds its number."""
    layer = ViewPairs("soar")
    for number, augmentation in enumerate(layer.augmentations):
        monkeypatch.setattr(augmentation, "draw", lambda shape: None)
        monkeypatch.setattr(
            augmentation, "apply", lambda x, draw, number=number: x + number
        )
    windows = np.zeros((2, 8, 3), "float32")
    pairs = list(itertools.permutations(range(8), 2))
    assert len(pairs) == 56
    assert list(layer.PAIRS) == pairs
    layer.build(windows.shape)
    for start, expected in ((0, pairs[:2]), (55, pairs[-1:] + pairs[:1])):
        layer.num_drawn.assign(start)
        for pair in expected:
            first, second = views_of(layer, windows)
            # The whole batch shares the pair.
            assert np.ptp(first) == 0 and np.ptp(second) == 0
            assert (first[0, 0, 0], second[0, 0, 0]) == pair


@pytest.mark.once
def test_soar_augments_each_view_once(rng):
    """Pairs (negation, flip) and (flip, negation) leave no doubt."""
    names = [type(a).__name__ for a in ViewPairs("soar").augmentations]
    negation, flip = names.index("Negation"), names.index("TimeFlip")
    windows = rng.normal(size=(3, 12, 3)).astype("float32")
    layer = ViewPairs("soar")
    layer.build(windows.shape)
    layer.num_drawn.assign(layer.PAIRS.index((negation, flip)))
    first, second = views_of(layer, windows)
    np.testing.assert_array_equal(first, -windows)
    np.testing.assert_array_equal(second, windows[:, ::-1])


def test_soar_draws_for_each_window(rng):
    layer = ViewPairs("soar", seed=1)
    windows = np.repeat(rng.normal(size=(1, 12, 3)), 2, 0).astype("float32")
    first, second = views_of(layer, windows)  # noise, scaling
    assert np.abs(first[0] - first[1]).max() > 0.01
    ratio = second / windows
    np.testing.assert_allclose(ratio, ratio[:, :1].repeat(12, 1), rtol=1e-4)
    assert np.abs(ratio[0] - ratio[1]).max() > 0.01


def test_tang_rotates_each_window_twice(rng):
    windows = rng.normal(size=(4, 12, 3)).astype("float32")
    first, second = views_of(ViewPairs("tang", seed=0), windows)
    for view in (first, second):
        np.testing.assert_allclose(
            np.linalg.norm(view, axis=2),
            np.linalg.norm(windows, axis=2),
            rtol=1e-5,
        )
        for rotated, window in zip(view, windows):
            matrix = np.linalg.lstsq(window, rotated, rcond=None)[0]
            np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-4)
            assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-4)
            assert np.abs(matrix - np.eye(3)).max() > 1e-3
    assert np.abs(first - second).max() > 0.1


@pytest.mark.once
def test_relcon_composes_two_of_the_eight_for_each_view(rng):
    layer = ViewPairs("relcon", seed=0)
    (augmentation,) = layer.augmentations
    assert isinstance(augmentation, RandomAugmentations)
    assert augmentation.num_augmentations == 2
    assert len(augmentation.augmentations) == 8
    windows = rng.normal(size=(4, 16, 3)).astype("float32")
    first, second = views_of(layer, windows)
    assert np.abs(first - second).max() > 0.1


def test_any_layer_may_draw_the_views(rng):
    windows = rng.normal(size=(2, 8, 3)).astype("float32")
    for view in views_of(ViewPairs(Negation()), windows):
        np.testing.assert_array_equal(view, -windows)


@pytest.mark.parametrize("policy", ["soar", "relcon", TimeFlip()], ids=str)
def test_views_have_the_dtype_of_the_layer(rng, policy):
    windows = rng.normal(size=(2, 8, 3)).astype("float32")
    layer = ViewPairs(policy, dtype="mixed_bfloat16")
    for view in layer(windows):
        assert keras.backend.standardize_dtype(view.dtype) == "bfloat16"


@pytest.mark.parametrize("policy", ["soar", "relcon", TimeFlip()], ids=str)
def test_configuration_comes_back(policy):
    layer = ViewPairs(policy, seed=3)
    copy = ViewPairs.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert copy.seed == 3


def test_same_seed_same_views(rng):
    windows = rng.normal(size=(2, 16, 3)).astype("float32")
    for policy in ("soar", "tang", "relcon"):
        for one, other in zip(
            views_of(ViewPairs(policy, seed=5), windows),
            views_of(ViewPairs(policy, seed=5), windows),
        ):
            np.testing.assert_array_equal(one, other)


def test_the_cycle_goes_on_after_loading(tmp_path):
    inputs = keras.Input((16, 3))
    model = keras.Model(inputs, ViewPairs("soar")(inputs))
    model(np.ones((2, 16, 3), "float32"))
    model.save_weights(tmp_path / "views.weights.h5")
    inputs = keras.Input((16, 3))
    again = keras.Model(inputs, ViewPairs("soar")(inputs))
    again.load_weights(tmp_path / "views.weights.h5")
    (layer,) = (x for x in again.layers if isinstance(x, ViewPairs))
    assert int(to_numpy(layer.num_drawn)) == 1


def test_unknown_policy_is_explained():
    with pytest.raises(ValueError, match="one of .*soar.*policy='mixup'"):
        ViewPairs("mixup")
