import keras
import numpy as np
import pytest
import reference
from support import set_motif_weights, to_numpy, windows_of_two_kinds

from keras_relcon.baselines import MaskedMotifDistance

pytestmark = pytest.mark.every_backend

LENGTH = 24


def small(weights=None, **kwargs):
    keras.utils.set_random_seed(0)
    distance = MaskedMotifDistance(
        mask_length=4,
        embedding_dim=16,
        kernel_size=5,
        pairs_per_chunk=4,
        **{"num_dilated_blocks": 2, **kwargs},
    )
    if weights is not None:
        set_motif_weights(distance, weights)
    return distance


def pair(rng):
    anchors = rng.normal(size=(3, LENGTH, 3)).astype("float32")
    candidates = 2 * rng.normal(size=(3, LENGTH, 3)).astype("float32") + 0.5
    return anchors, candidates


def expected_distance(anchor, candidate, masks, weights):
    errors = []
    for mask in masks[:, 0, :, 0]:
        rebuilt = reference.masked_reconstruction(
            anchor, candidate, mask == 0, weights
        )
        errors.append(np.sum(((rebuilt - anchor) ** 2)[mask == 1]))
    return np.mean(errors)


def test_reconstruction_is_the_oracle_with_its_mask(rng, motif_weights):
    distance = small(motif_weights)
    anchors, candidates = pair(rng)
    masks = np.zeros((3, LENGTH, 1), "float32")
    masks[0, 3:9] = 1  # wider than the kernel: an output that sees nothing
    masks[1, ::2] = 1
    masks[2, -5:] = 1
    output = to_numpy(distance.reconstruct(anchors, candidates, masks))
    for i in range(3):
        expected = reference.masked_reconstruction(
            anchors[i], candidates[i], masks[i, :, 0] == 0, motif_weights
        )
        np.testing.assert_allclose(output[i], expected, rtol=1e-3, atol=1e-3)


def test_hidden_samples_reach_the_rest_by_the_statistics_alone(
    rng, motif_weights
):
    """Swapping two hidden samples keeps the statistics: nothing changes."""
    distance = small(motif_weights)
    anchors, candidates = pair(rng)
    mask = np.zeros((1, LENGTH, 1), "float32")
    mask[0, [5, 17]] = 1
    swapped = anchors.copy()
    swapped[:, [5, 17]] = anchors[:, [17, 5]]
    np.testing.assert_allclose(
        to_numpy(distance.reconstruct(swapped, candidates, mask)),
        to_numpy(distance.reconstruct(anchors, candidates, mask)),
        atol=1e-4,
    )


@pytest.mark.parametrize(
    "num_masks", [pytest.param(1, marks=pytest.mark.eager), 2]
)
def test_distances_are_the_oracles(rng, motif_weights, num_masks):
    distance = small(motif_weights, num_masks=num_masks, mask_seed=4)
    anchors, candidates = pair(rng)
    masks = distance.scoring_masks(LENGTH)
    expected = [
        expected_distance(a, c, masks, motif_weights)
        for a, c in zip(anchors, candidates)
    ]
    output = to_numpy(distance.distance(anchors, candidates))
    np.testing.assert_allclose(output, expected, rtol=1e-3)
    if num_masks == 1:
        groups = np.stack([candidates, candidates[::-1]], axis=1)
        ranked = to_numpy(distance.candidate_distances(anchors, groups))
        assert ranked.shape == (3, 4)
        np.testing.assert_allclose(ranked[:, 2], expected, rtol=1e-3)
        by_pair = distance.distance(anchors, np.roll(anchors, -1, axis=0))
        np.testing.assert_allclose(ranked[:, 0], to_numpy(by_pair), rtol=1e-3)


def test_masks_hide_half_and_stay_the_same():
    distance = small(num_masks=3)
    masks = distance.scoring_masks(25)
    assert masks.shape == (3, 1, 25, 1)
    np.testing.assert_array_equal(masks.sum(axis=(1, 2, 3)), [12] * 3)
    assert not np.array_equal(masks[0], masks[1])
    np.testing.assert_array_equal(masks, distance.scoring_masks(25))
    other = small(num_masks=3, mask_seed=1).scoring_masks(25)
    assert not np.array_equal(masks, other)


def test_training_hides_one_span_anywhere(rng):
    distance = small()
    windows = rng.normal(size=(400, LENGTH, 3)).astype("float32")
    mask = to_numpy(distance._draw_span(windows.shape))
    assert mask.shape == (400, LENGTH, 1)
    np.testing.assert_array_equal(mask.sum(axis=1), [[4]] * 400)
    starts = mask[:, :, 0].argmax(axis=1)
    span = np.arange(LENGTH) - starts[:, None]
    np.testing.assert_array_equal(mask[:, :, 0], (span >= 0) & (span < 4))
    assert set(starts) == set(range(LENGTH - 3))


def test_loss_is_the_error_at_the_mask_alone(rng):
    distance = small()
    windows = windows_of_two_kinds(rng, 3, LENGTH)
    outputs = {k: to_numpy(v) for k, v in distance(windows).items()}
    squares = (outputs["rebuilt"] - windows).astype(np.float64) ** 2
    expected = (squares * outputs["mask"]).sum()
    loss = to_numpy(distance.compute_loss(windows, None, outputs))
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_fit_lowers_the_loss_and_saves(rng, tmp_path):
    distance = small(num_dilated_blocks=1)
    distance.compile(optimizer=keras.optimizers.Adam(3e-3))
    windows = windows_of_two_kinds(rng, 32, LENGTH)
    losses = distance.fit(windows, batch_size=16, epochs=8, verbose=0).history[
        "loss"
    ]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-2:]) < np.mean(losses[:2])
    expected = to_numpy(distance.distance(windows[:2], windows[2:4]))
    distance.save(tmp_path / "distance.keras")
    loaded = keras.saving.load_model(tmp_path / "distance.keras")
    np.testing.assert_array_equal(
        to_numpy(loaded.distance(windows[:2], windows[2:4])), expected
    )
    assert loaded.mask_length == 4 and loaded.attention == "softmax"


def test_it_normalises_by_the_anchor_alone():
    config = small().get_config()
    assert config["normalization"] == "anchor"
    assert MaskedMotifDistance.from_config(config).get_config() == config
    saved_before = {**config, "normalization": "candidate"}
    loaded = MaskedMotifDistance.from_config(saved_before)
    assert loaded.get_config() == config
    for other in ("candidate", "none"):
        with pytest.raises(ValueError, match=f'must be "anchor".*{other}'):
            MaskedMotifDistance(normalization=other)


def test_bad_input_is_explained(rng):
    with pytest.raises(ValueError, match="`mask_length`.*=0"):
        MaskedMotifDistance(mask_length=0)
    with pytest.raises(ValueError, match="whole number.*num_masks=2.0"):
        MaskedMotifDistance(num_masks=2.0)
    with pytest.raises(ValueError, match="`num_masks`.*=0"):
        MaskedMotifDistance(num_masks=0)
    with pytest.raises(ValueError, match="longer than the span.*: 4 samp"):
        small()(np.zeros((2, 4, 3), "float32"))
    with pytest.raises(ValueError, match="known length"):
        small().scoring_masks(None)
