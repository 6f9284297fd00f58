"""`MotifDistance(downsampling=...)` compares windows of a lower rate."""

import keras
import numpy as np
import pytest
import reference
from support import candidate_group, small_distance, to_numpy

from keras_relcon import MotifDistance
from keras_relcon.baselines import MaskedMotifDistance

pytestmark = pytest.mark.every_backend


def averaged(windows):
    """Of each three samples; what is left at the end is dropped."""
    length = windows.shape[-2] // 3
    parts = windows[..., : 3 * length, :]
    return parts.reshape(*windows.shape[:-2], length, 3, 3).mean(-2)


def test_distances_are_those_of_averaged_windows(rng, motif_weights):
    distance = small_distance(motif_weights, downsampling=3)
    group = candidate_group(rng, 2, 2, 41)
    anchors, candidates = group["anchor"], group["candidates"]
    expected = reference.candidate_distances(
        averaged(anchors), averaged(candidates), motif_weights
    )
    output = distance.candidate_distances(anchors, candidates)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-3)


def test_training_rebuilds_averaged_windows(rng, motif_weights):
    distance = small_distance(
        motif_weights,
        downsampling=3,
        dropout=0.0,
        augmentation=keras.layers.Identity(),
    )
    windows = rng.normal(size=(2, 41, 3)).astype("float32")
    assert to_numpy(distance.reconstruct(windows, windows)).shape == (2, 13, 3)
    distance.compile(optimizer=keras.optimizers.SGD(0.0))
    logs = distance.train_on_batch(windows, return_dict=True)
    small = averaged(windows)
    rebuilt = [
        reference.motif_reconstruction(window, window, motif_weights)
        for window in small
    ]
    errors = [
        np.square(one - window).sum() for one, window in zip(rebuilt, small)
    ]
    np.testing.assert_allclose(logs["loss"], np.sum(errors), rtol=1e-3)
    np.testing.assert_allclose(
        logs["window_distance"], np.mean(errors), rtol=1e-3
    )


def test_it_is_in_the_config():
    distance = MotifDistance(downsampling=2)
    again = MotifDistance.from_config(distance.get_config())
    assert again.downsampling == 2
    with pytest.raises(ValueError, match="`downsampling` must be"):
        MotifDistance(downsampling=0)


@pytest.mark.once
def test_windows_that_are_too_short_are_told(motif_weights):
    distance = small_distance(motif_weights, downsampling=3)
    windows = np.ones((2, 5, 3), "float32")
    with pytest.raises(ValueError, match="5 samples with downsampling=3"):
        distance.distance(windows, windows)


@pytest.mark.once
def test_the_distance_of_rebar_is_not_downsampled():
    with pytest.raises(ValueError, match="`downsampling` must be 1"):
        MaskedMotifDistance(downsampling=2)
    distance = MaskedMotifDistance(embedding_dim=8)
    again = MaskedMotifDistance.from_config(distance.get_config())
    assert again.downsampling == 1
