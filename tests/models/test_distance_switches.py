"""The switches of the motif distance that Table 5 of the paper turns."""

import keras
import numpy as np
import pytest
import reference
from support import candidate_group, small_distance, to_numpy

from keras_relcon import MotifDistance
from keras_relcon.layers import SpanMask

pytestmark = pytest.mark.every_backend


@pytest.mark.parametrize(
    "normalization, pairs_per_chunk",
    [
        ("anchor", 2),  # all chunks are filled
        pytest.param("anchor", 4, marks=pytest.mark.eager),
        pytest.param("none", 2, marks=pytest.mark.eager),
        ("none", 4),
    ],
)
def test_candidate_distances_equal_the_oracle_and_distance(
    rng, motif_weights, normalization, pairs_per_chunk
):
    distance = small_distance(
        motif_weights,
        normalization=normalization,
        pairs_per_chunk=pairs_per_chunk,
    )
    group = candidate_group(rng, 3, 2, 20)
    # Scales and offsets apart, so that it matters whose statistics are taken.
    anchors = group["anchor"] * np.array([1, 3, 0.5])[:, None, None]
    candidates = 2 * group["candidates"] + 1
    output = to_numpy(distance.candidate_distances(anchors, candidates))
    expected = reference.candidate_distances(
        anchors, candidates, motif_weights, normalization=normalization
    )
    np.testing.assert_allclose(output, expected, rtol=1e-3)
    other = reference.candidate_distances(anchors, candidates, motif_weights)
    assert np.abs(output / other - 1).max() > 0.1
    pool = [anchors[1], anchors[2], *candidates[0]]
    pairwise = distance.distance(np.stack([anchors[0]] * 4), np.stack(pool))
    np.testing.assert_allclose(output[0], to_numpy(pairwise), rtol=1e-4)


def test_without_normalization_nothing_normalises(rng, motif_weights):
    distance = small_distance(motif_weights, normalization="none")
    assert not distance.rev_in.weights
    anchor, candidate = rng.normal(3, 2, size=(2, 1, 20, 3))
    np.testing.assert_allclose(
        to_numpy(distance.reconstruct(anchor, candidate))[0],
        reference.motif_reconstruction(
            anchor[0], candidate[0], motif_weights, normalization="none"
        ),
        rtol=1e-3,
        atol=1e-4,
    )


@pytest.mark.eager
def test_training_and_ranking_attend_apart(rng, motif_weights):
    distance = small_distance(
        motif_weights, ranking_attention="softmax", dropout=0.0
    )
    a, b = rng.normal(size=(2, 1, 20, 3))
    for training, attention in ((True, "sparsemax"), (False, "softmax")):
        np.testing.assert_allclose(
            to_numpy(distance.reconstruct(a, b, training=training))[0],
            reference.motif_reconstruction(
                a[0], b[0], motif_weights, attention
            ),
            rtol=1e-3,
            atol=1e-4,
        )
    expected = reference.motif_distance(a[0], b[0], motif_weights, "softmax")
    output = to_numpy(distance.distance(a, b))
    np.testing.assert_allclose(output, [expected], rtol=1e-3)


def test_identity_rebuilds_each_window_from_itself(rng, motif_weights):
    distance = small_distance(
        motif_weights, augmentation=keras.layers.Identity()
    )
    windows = rng.normal(size=(2, 20, 3)).astype("float32")
    np.testing.assert_allclose(
        to_numpy(distance(windows)),
        to_numpy(distance.reconstruct(windows, windows)),
        rtol=1e-4,
        atol=1e-5,
    )


@pytest.mark.eager
@pytest.mark.parametrize(
    "switches",
    [
        {"normalization": "anchor", "augmentation": SpanMask(5)},
        {
            "normalization": "none",
            "ranking_attention": "softmax",
            "augmentation": keras.layers.Identity(),
            "ranking_kernels": False,
        },
    ],
    ids=["anchor", "none"],
)
def test_a_switched_distance_trains_and_is_saved(rng, switches, tmp_path):
    distance = MotifDistance(
        embedding_dim=8, kernel_size=3, num_dilated_blocks=1, **switches
    )
    distance.compile(optimizer=keras.optimizers.Adam(1e-3))
    windows = rng.normal(size=(8, 16, 3)).astype("float32")
    history = distance.fit(windows, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    distance.save(tmp_path / "distance.keras")
    loaded = keras.saving.load_model(tmp_path / "distance.keras")
    for name in switches:
        if name != "augmentation":
            assert getattr(loaded, name) == switches[name]
    assert type(loaded.augmentation) is type(switches["augmentation"])
    np.testing.assert_array_equal(
        to_numpy(loaded.distance(windows[:2], windows[2:4])),
        to_numpy(distance.distance(windows[:2], windows[2:4])),
    )


def test_an_older_config_gives_the_defaults():
    config = MotifDistance(pairs_per_chunk=7).get_config()
    for name in ("normalization", "ranking_attention", "ranking_kernels"):
        del config[name]
    distance = MotifDistance.from_config(config)
    assert distance.normalization == "candidate"
    assert distance.ranking_attention is None
    assert distance.ranking_kernels is None
    assert distance.pairs_per_chunk == 7


def test_unknown_switches_are_refused():
    with pytest.raises(ValueError, match="one of.*anchor.*'query'"):
        MotifDistance(normalization="query")
    with pytest.raises(ValueError, match="softmax.*'hardmax'"):
        MotifDistance(ranking_attention="hardmax").build((None, 20, 3))
