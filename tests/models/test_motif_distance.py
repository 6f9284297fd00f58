import keras
import numpy as np
import pytest
import reference
from keras import ops
from support import (
    candidate_group,
    set_motif_weights,
    small_distance,
    to_numpy,
    variable_gradients,
)

from keras_relcon import MotifDistance
from keras_relcon.data import make_windows, synthetic_recordings
from keras_relcon.evaluation import motif_distance_auc

pytestmark = [pytest.mark.every_backend, pytest.mark.xla]


@pytest.mark.parametrize(
    "attention",
    ["sparsemax", pytest.param("softmax", marks=pytest.mark.eager)],
)
def test_golden_distance_reconstruction_and_attention(
    golden, golden_distance_weights, attention
):
    distance = small_distance(golden_distance_weights, attention=attention)
    anchors = golden["motif/anchors"].astype("float32")
    candidates = golden["motif/candidates"].astype("float32")
    expected = f"motif/true_{attention}"
    np.testing.assert_allclose(
        to_numpy(distance.distance(anchors, candidates)),
        golden[f"{expected}/distance"],
        rtol=1e-4,
    )
    np.testing.assert_allclose(
        to_numpy(distance.reconstruct(anchors, candidates)),
        golden[f"{expected}/reconstruction"],
        rtol=1e-4,
        atol=1e-4,
    )
    query = distance.qkv.query(golden["motif/int/query_norm"])
    key = distance.qkv.key(golden["motif/int/key_norm"])
    np.testing.assert_allclose(
        to_numpy(distance.cross_attention.weights_of(query, key)),
        golden[f"{expected}/attention"],
        rtol=1e-4,
        atol=1e-4,
    )


@pytest.mark.eager
def test_released_code_ranks_with_softmax(golden, golden_distance_weights):
    distance = small_distance(golden_distance_weights, attention="softmax")
    output = distance.distance(
        golden["motif/anchors"], golden["motif/candidates"]
    )
    for flag in ("True", "False"):
        np.testing.assert_allclose(
            to_numpy(output),
            golden[f"motif/released_eval_flag{flag}/distance"],
            rtol=1e-4,
        )


@pytest.mark.parametrize(
    "attention",
    ["sparsemax", pytest.param("softmax", marks=pytest.mark.eager)],
)
def test_golden_step_distances(golden, golden_distance_weights, attention):
    distance = small_distance(
        golden_distance_weights, attention=attention, pairs_per_chunk=5
    )
    output = distance.candidate_distances(
        golden["step/anchors"], golden["step/withinuser"]
    )
    np.testing.assert_allclose(
        to_numpy(output), golden[f"step/{attention}/distances"].T, rtol=1e-4
    )


@pytest.mark.parametrize("attention", ["sparsemax", "softmax"])
def test_golden_training_gradients(golden, golden_distance_weights, attention):
    distance = small_distance(golden_distance_weights, attention=attention)
    anchors = ops.convert_to_tensor(golden["motif/anchors"], "float32")
    candidates = ops.convert_to_tensor(golden["motif/candidates"], "float32")

    def loss():
        rebuilt = distance.reconstruct(anchors, candidates)
        return distance.compute_loss(anchors, None, rebuilt)

    prefix = f"motif/train_nodropout_{attention}"
    np.testing.assert_allclose(
        float(loss()), golden[f"{prefix}/loss"], rtol=1e-4
    )
    stack = distance.qkv.query
    computed = variable_gradients(
        loss,
        [
            distance.rev_in.gamma,
            distance.rev_in.beta,
            distance.cross_attention.output_kernel,
            distance.cross_attention.output_bias,
            stack.first_conv.kernel,
            stack.dilated_convs[1].kernel,
            distance.qkv.key.bottlenecks[0].kernel,
            distance.qkv.value.first_conv.bias,
        ],
    )
    conv = (2, 1, 0)
    for gradient, (name, axes) in zip(
        computed,
        [
            ("revin.affine_weight", (0,)),
            ("revin.affine_bias", (0,)),
            ("out_proj.weight", (1, 0)),
            ("out_proj.bias", (0,)),
            ("q_func.layer0.dilated_conv.weight", conv),
            ("q_func.layers.1.dilated_conv.weight", conv),
            ("k_func.layers.0.bottle.weight", conv),
            ("v_func.layer0.dilated_conv.bias", (0,)),
        ],
    ):
        expected = golden[f"{prefix}/grad/{name}"].transpose(axes)
        # float32 through three normalised stacks: a thousandth of the largest.
        np.testing.assert_allclose(
            gradient, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max()
        )


# In chunks both attentions go the same way: one of them is tried in all.
@pytest.mark.parametrize(
    "batch_size, num_candidates, length, pairs_per_chunk, attention",
    [
        (3, 2, 20, 64, "softmax"),
        pytest.param(2, 1, 33, 1, "sparsemax", marks=pytest.mark.eager),
        (4, 3, 17, 5, "sparsemax"),
        # nine windows in pairs: both kinds of chunk are filled
        pytest.param(3, 2, 19, 2, "sparsemax", marks=pytest.mark.eager),
        (2, 1, 200, 3, "sparsemax"),
        pytest.param(2, 1, 250, 32, "sparsemax", marks=pytest.mark.eager),
        pytest.param(2, 1, 333, 3, "sparsemax", marks=pytest.mark.eager),
        pytest.param(2, 1, 333, 3, "softmax", marks=pytest.mark.eager),
    ],
)
def test_candidate_distances_equal_the_pairwise_oracle(
    rng,
    motif_weights,
    batch_size,
    num_candidates,
    length,
    pairs_per_chunk,
    attention,
):
    distance = small_distance(
        motif_weights, attention=attention, pairs_per_chunk=pairs_per_chunk
    )
    group = candidate_group(rng, batch_size, num_candidates, length)
    expected = reference.candidate_distances(
        group["anchor"], group["candidates"], motif_weights, attention
    )
    output = distance.candidate_distances(group["anchor"], group["candidates"])
    np.testing.assert_allclose(to_numpy(output), expected, rtol=1e-3)


@pytest.mark.eager
def test_candidate_distances_equal_distance_pair_by_pair(rng, motif_weights):
    distance = small_distance(motif_weights)
    group = candidate_group(rng, 3, 2, 40)
    anchors, candidates = group["anchor"], group["candidates"]
    output = to_numpy(distance.candidate_distances(anchors, candidates))
    for i in range(3):
        pool = [anchors[(i + 1) % 3], anchors[(i + 2) % 3], *candidates[i]]
        pairwise = distance.distance(
            np.stack([anchors[i]] * len(pool)), np.stack(pool)
        )
        np.testing.assert_allclose(output[i], to_numpy(pairwise), rtol=1e-5)


def test_public_calls_follow_the_weights(rng, motif_weights):
    # They are compiled: weights must not be frozen into them.
    distance = small_distance(motif_weights)
    group = candidate_group(rng, 2, 1, 20)
    arrays = group["anchor"], group["candidates"]
    before = to_numpy(distance.candidate_distances(*arrays))
    pairwise = to_numpy(distance.distance(arrays[0], arrays[0][::-1]))
    changed = {**motif_weights, "gamma": 2 * motif_weights["gamma"]}
    set_motif_weights(distance, changed)
    after = to_numpy(distance.candidate_distances(*arrays))
    expected = reference.candidate_distances(*arrays, changed)
    np.testing.assert_allclose(after, expected, rtol=1e-3)
    np.testing.assert_allclose(before[:, 0], pairwise, rtol=1e-4)
    assert np.abs(after / before - 1).max() > 0.01


@pytest.mark.parametrize(
    "policy",
    ["mixed_bfloat16", pytest.param("mixed_float16", marks=pytest.mark.eager)],
)
def test_half_precision_keeps_the_signal_in_float32(rng, motif_weights, policy):
    # Gravity of 1 g on a motion of 0.002 g: bfloat16 resolves 0.004 at 1.
    group = candidate_group(rng, 2, 3, 64)
    arrays = [0.002 * group[name] + 1 for name in ("anchor", "candidates")]
    distance = small_distance(motif_weights, dtype=policy)
    output = distance.candidate_distances(*arrays)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"
    expected = reference.candidate_distances(*arrays, motif_weights)
    np.testing.assert_allclose(to_numpy(output), expected, rtol=0.15)


@pytest.mark.parametrize(
    "policy",
    [pytest.param("mixed_bfloat16", marks=pytest.mark.eager), "mixed_float16"],
)
def test_half_precision_trains(rng, policy):
    distance = MotifDistance(
        embedding_dim=8, kernel_size=5, num_dilated_blocks=1, dtype=policy
    )
    distance.compile(optimizer=keras.optimizers.Adam(1e-3))
    windows = rng.normal(size=(4, 32, 3)).astype("float32")
    history = distance.fit(windows, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    weights = [to_numpy(weight) for weight in distance.trainable_variables]
    assert all(weight.dtype == "float32" for weight in weights)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX traces each length by itself"
)
def test_one_distance_takes_windows_of_several_lengths(rng, motif_weights):
    # Keras traces a step anew for the second length, with its time unknown.
    distance = small_distance(motif_weights, pairs_per_chunk=3)
    distance.compile(optimizer=keras.optimizers.SGD(0.0))
    for length in (40, 33):
        windows = rng.normal(size=(4, length, 3)).astype("float32")
        distance.fit(windows, batch_size=2, epochs=1, verbose=0)
        group = candidate_group(rng, 3, 2, length)
        arrays = group["anchor"], group["candidates"]
        np.testing.assert_allclose(
            to_numpy(distance.candidate_distances(*arrays)),
            reference.candidate_distances(*arrays, motif_weights),
            rtol=1e-3,
        )


@pytest.mark.eager
def test_distance_is_not_symmetric(rng, motif_weights):
    distance = small_distance(motif_weights)
    a, b = rng.normal(size=(2, 1, 30, 3))
    there = to_numpy(distance.distance(a, 4 * b))
    back = to_numpy(distance.distance(4 * b, a))
    assert abs(there - back) > 0.1 * abs(there)


@pytest.mark.eager
def test_a_window_that_cannot_be_compared_ranks_last(rng, motif_weights):
    distance = small_distance(motif_weights)
    group = candidate_group(rng, 2, 2, 20)
    group["candidates"][1, 0, 3, 1] = np.nan
    output = to_numpy(
        distance.candidate_distances(group["anchor"], group["candidates"])
    )
    assert np.isposinf(output[1, 1])
    assert np.isfinite(np.delete(output.ravel(), 4)).all()


@pytest.mark.eager
def test_fit_lowers_the_loss(rng):
    keras.utils.set_random_seed(0)
    time = np.arange(64) / 20
    phase = rng.uniform(0, 6, (64, 1, 3))
    windows = np.sin(time[None, :, None] * 3 + phase).astype("float32")
    distance = MotifDistance(
        embedding_dim=16, kernel_size=7, num_dilated_blocks=1
    )
    distance.compile(optimizer=keras.optimizers.Adam(3e-3))
    history = distance.fit(windows, batch_size=16, epochs=4, verbose=0).history
    assert history["window_distance"][-1] < 0.9 * history["window_distance"][0]
    # The loss is a sum over the batch of 16, the metric a mean.
    np.testing.assert_allclose(
        history["loss"], 16 * np.array(history["window_distance"]), rtol=1e-3
    )


@pytest.mark.eager
def test_saved_distance_gives_the_same_numbers(rng, motif_weights, tmp_path):
    distance = small_distance(motif_weights, pairs_per_chunk=7)
    distance.save(tmp_path / "distance.keras")
    loaded = keras.saving.load_model(tmp_path / "distance.keras")
    assert loaded.pairs_per_chunk == 7
    a, b = rng.normal(size=(2, 3, 30, 3))
    np.testing.assert_array_equal(
        to_numpy(loaded.distance(a, b)), to_numpy(distance.distance(a, b))
    )


def test_default_size_is_the_published_one():
    distance = MotifDistance()
    distance.build((None, 256, 3))
    sizes = [np.prod(v.shape) for v in distance.trainable_variables]
    assert sum(sizes) == 58617


def test_training_ranks_the_same_motion_nearer():
    keras.utils.set_random_seed(1)
    recordings = synthetic_recordings(6, 20, 50, seed=2)
    windows = make_windows(recordings, 50, 64, 32)
    is_train = windows.subjects < "s04"
    unseen = windows.select(~is_train)
    distance = MotifDistance(
        embedding_dim=16, kernel_size=9, num_dilated_blocks=1
    )
    distance.compile(optimizer=keras.optimizers.Adam(2e-2))

    def auc():
        return motif_distance_auc(distance, unseen, 32, 32)

    distance.build((None, 64, 3))
    untrained = auc()
    distance.fit(
        windows.select(is_train).acceleration,
        batch_size=32,
        epochs=6,
        verbose=0,
    )
    assert auc() > max(0.62, untrained + 0.04)


@pytest.mark.eager
def test_bad_input_is_explained(rng, motif_weights):
    distance = small_distance(motif_weights)
    windows = np.ones((3, 20, 3), "float32")
    with pytest.raises(ValueError, match=r"shape \(batch, time, channels\)"):
        distance.distance(windows[0], windows[0])
    with pytest.raises(ValueError, match="one shape"):
        distance.distance(windows, windows[:, :10])
    with pytest.raises(ValueError, match="of the same windows"):
        distance.candidate_distances(windows, windows)
    with pytest.raises(ValueError, match="2 anchors or more"):
        distance.candidate_distances(windows[:1], windows[None, :2])
    with pytest.raises(ValueError, match="pairs_per_chunk"):
        MotifDistance(pairs_per_chunk=0)
    with pytest.raises(
        TypeError, match="Keras layer.*augmentation of type str"
    ):
        MotifDistance(augmentation="noise")
    with pytest.raises(ValueError, match="whole number.*embedding_dim=64.0"):
        MotifDistance(embedding_dim=64.0)
    with pytest.raises(ValueError, match="`candidates`.*built for, 3"):
        distance.reconstruct(windows, windows[:, :, :2])
    with pytest.raises(ValueError, match="one window or more"):
        distance.distance(windows[:0], windows[:0])
    none_within = windows[:, None][:, :0]
    assert distance.candidate_distances(windows, none_within).shape == (3, 2)
    with pytest.raises(ValueError, match="sparsemax"):
        MotifDistance(attention="hardmax")
    with pytest.raises(ValueError, match="below 1. Received: dropout=2"):
        MotifDistance(dropout=2)
    distance.compile(optimizer="adam")
    windows[1, 3, 0] = np.nan
    with pytest.raises(ValueError, match="1 of 3 windows with NaN"):
        distance.fit(windows)
    with pytest.raises(ValueError, match=r"shape \(batch, time, channels\)"):
        distance.fit(windows[0])
    with pytest.raises(ValueError, match="one window or more"):
        distance.fit(windows[:0])
