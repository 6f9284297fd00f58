import importlib.util
import os
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import reference
from support import (
    PlainDistance,
    candidate_group,
    gradients,
    plain_distances,
    small_distance,
    tiny_encoder,
    to_numpy,
    variable_gradients,
)

from keras_relcon import RelConModel
from keras_relcon.data import CandidateGroups, WindowStore, synthetic_recordings
from keras_relcon.models import EmbeddingSpread

pytestmark = pytest.mark.every_backend


def small_model(distance=None, temperature=0.2, **kwargs):
    keras.utils.set_random_seed(0)
    distance = distance or PlainDistance()
    return RelConModel(tiny_encoder(), distance, temperature, **kwargs)


def expected_loss(model, group, temperature, training):
    """The step's loss from the oracles, given the embeddings."""
    anchors, candidates = group["anchor"], group["candidates"]
    windows = np.concatenate(
        [anchors, candidates.reshape(-1, *anchors.shape[1:])]
    )
    embeddings = to_numpy(model.encoder(windows, training=training))
    batch = len(anchors)
    similarities = reference.cosine_similarities(
        embeddings[:batch].astype(np.float64),
        embeddings[batch:].reshape(batch, -1, embeddings.shape[1]),
    )
    if isinstance(model.motif_distance, PlainDistance):
        distances = plain_distances(group)
    else:
        distances = reference.candidate_distances(
            anchors, candidates, motif_weights_of(model)
        )
    return reference.relative_contrastive_loss(
        distances, similarities, temperature
    ).mean()


def motif_weights_of(model):
    distance = model.motif_distance

    def stack(layer):
        layers = [layer.first_conv]
        for pair in zip(layer.bottlenecks, layer.dilated_convs):
            layers += pair
        return [
            (np.float64(to_numpy(c.kernel)), np.float64(to_numpy(c.bias)))
            for c in layers
        ]

    return {
        "gamma": to_numpy(distance.rev_in.gamma),
        "beta": to_numpy(distance.rev_in.beta),
        "query": stack(distance.qkv.query),
        "key": stack(distance.qkv.key),
        "value": stack(distance.qkv.value),
        "output_kernel": to_numpy(distance.cross_attention.output_kernel),
        "output_bias": to_numpy(distance.cross_attention.output_bias),
    }


@pytest.mark.xla
def test_train_step_takes_the_oracle_loss_and_its_gradient(rng, motif_weights):
    model = small_model(small_distance(motif_weights))
    group = candidate_group(rng)
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    model.build({k: v.shape for k, v in group.items()})
    distances = keras.ops.convert_to_tensor(
        reference.candidate_distances(
            group["anchor"], group["candidates"], motif_weights
        ),
        "float32",
    )
    # The gradient of the oracle's ranking through the plain forward pass.
    variables = model.trainable_variables
    expected_gradients = variable_gradients(
        lambda: model.compute_loss(
            None, distances, model(group, training=True), None, True
        ),
        variables,
    )
    reset_norms(model)
    expected = expected_loss(model, group, 0.2, training=True)
    reset_norms(model)
    before = [to_numpy(v).copy() for v in variables]
    logs = model.train_on_batch(group, return_dict=True)
    np.testing.assert_allclose(logs["loss"], expected, rtol=1e-4)
    for old, variable, gradient in zip(before, variables, expected_gradients):
        step = (old - to_numpy(variable)) / 0.1
        np.testing.assert_allclose(
            step, gradient, rtol=1e-2, atol=1e-4, err_msg=variable.path
        )


def reset_norms(model):
    for variable in model.encoder.non_trainable_variables:
        value = "ones" if "variance" in variable.path else "zeros"
        variable.assign(getattr(np, value)(variable.shape))


@pytest.mark.eager
def test_gradient_of_the_loss_by_finite_differences(rng):
    # An independent check of the similarities' order and of the loss.
    model = small_model()
    group = candidate_group(rng, 3, 2)
    distances = to_numpy(model.rank_candidates(group))
    similarities = np.float64(to_numpy(model(group)))

    def loss(similarities):
        return model.compute_loss(
            None, keras.ops.convert_to_tensor(distances), similarities
        )

    (gradient,) = gradients(loss, [similarities])
    for index in [(0, 0), (1, 2), (2, 3)]:
        step = np.zeros_like(similarities)
        step[index] = 1e-5
        slope = (
            reference.relative_contrastive_loss(
                distances, similarities + step, 0.2
            ).mean()
            - reference.relative_contrastive_loss(
                distances, similarities - step, 0.2
            ).mean()
        ) / 2e-5
        np.testing.assert_allclose(gradient[index], slope, atol=1e-3)


@pytest.mark.eager
def test_test_step_gives_the_loss_of_frozen_statistics(rng):
    model = small_model()
    group = candidate_group(rng)
    model.compile(optimizer="sgd")
    logs = model.evaluate(group, batch_size=4, verbose=0, return_dict=True)
    expected = expected_loss(model, group, 0.2, training=False)
    np.testing.assert_allclose(logs["loss"], expected, rtol=1e-4)
    np.testing.assert_allclose(
        logs["loss_per_candidate"], expected / 6, rtol=1e-4
    )


@pytest.mark.eager
def test_within_subject_share_counts_the_nearest(rng):
    model = small_model()
    group = candidate_group(rng, 3, 2)
    near = keras.ops.convert_to_tensor(
        # Two other anchors, then two of the own subject.
        np.array([[9, 8, 1, 2], [1, 9, 2, 3], [1, 2, 8, 9]], "float32")
    )
    similarities = keras.ops.zeros((3, 4))
    logs = model.compute_metrics(group, near, similarities)
    np.testing.assert_allclose(
        float(logs["within_subject_share"]), (1 + 0.5 + 0) / 3, rtol=1e-5
    )


@pytest.mark.eager
def test_metrics_without_within_subject_candidates(rng):
    model = small_model()
    group = candidate_group(rng, 3, 2)
    group["candidates"] = group["candidates"][:, :0]
    distances = keras.ops.convert_to_tensor(
        rng.uniform(1, 2, (3, 2)).astype("float32")
    )
    similarities = keras.ops.zeros((3, 2))  # at right angles
    logs = model.compute_metrics(group, distances, similarities)
    assert float(logs["within_subject_share"]) == 0
    expected = EmbeddingSpread()
    expected.update_state(similarities)
    assert float(logs["embedding_spread"]) == float(expected.result()) > 0


def test_one_model_takes_windows_of_several_lengths(motif_weights):
    # Keras traces a step anew for the second length, with its time unknown.
    model = small_model(small_distance(motif_weights), micro_batch_size=3)
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    for length in (40, 33):
        group = candidate_group(np.random.default_rng(length), 3, 2, length)
        logs = model.train_on_batch(group, return_dict=True)
        assert np.isfinite(logs["loss"])
        logs = model.test_on_batch(group, return_dict=True)
        expected = expected_loss(model, group, 0.2, training=False)
        np.testing.assert_allclose(logs["loss"], expected, rtol=1e-3)


@pytest.mark.parametrize(
    "policy, is_learned", [("mixed_bfloat16", True), ("mixed_float16", False)]
)
def test_half_precision_trains_with_a_loss_in_float32(
    rng, motif_weights, policy, is_learned
):
    chosen = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        distance = small_distance(motif_weights) if is_learned else None
        model = small_model(distance)
    finally:
        keras.config.set_dtype_policy(chosen)
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    group = candidate_group(rng)
    assert model.encoder.compute_dtype == policy.removeprefix("mixed_")
    loss = model.compute_loss(None, model.rank_candidates(group), model(group))
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    reset_norms(model)
    expected = expected_loss(model, group, 0.2, training=True)
    before = [to_numpy(v).copy() for v in model.encoder.trainable_variables]
    losses = [model.train_on_batch(group)[0] for _ in range(20)]
    np.testing.assert_allclose(losses[0], expected, rtol=0.1)
    # In float16 the first steps only look for the scale of the loss.
    after = [to_numpy(v) for v in model.encoder.trainable_variables]
    assert all(np.isfinite(weight).all() for weight in after)
    assert any((new != old).any() for new, old in zip(after, before))
    assert losses[-1] < losses[0]


@pytest.fixture(scope="module")
def groups():
    recordings = synthetic_recordings(4, 12, 50, seed=1)
    store = WindowStore.from_recordings(recordings, 50, 64)
    return CandidateGroups(store, batch_size=8, num_candidates=4, seed=0)


def test_fit_lowers_the_loss_and_leaves_the_distance(groups):
    model = small_model()
    # No gradient reaches the distance in any case; weight decay would.
    model.compile(optimizer=keras.optimizers.AdamW(3e-3, weight_decay=0.1))
    before = [to_numpy(v).copy() for v in model.motif_distance.variables]
    history = model.fit(groups, epochs=2, verbose=0).history
    assert history["loss"][1] < history["loss"][0]
    after = [to_numpy(v) for v in model.motif_distance.variables]
    assert len(before) > 5
    assert not model.motif_distance.trainable_variables
    for old, new in zip(before, after):
        np.testing.assert_array_equal(old, new)


@pytest.mark.eager
def test_the_distance_stays_frozen_when_the_model_no_longer_is(rng):
    model = small_model()
    group = candidate_group(rng)
    model.build({name: x.shape for name, x in group.items()})
    expected = [variable.path for variable in model.trainable_variables]
    model.trainable = False
    assert not model.trainable_variables
    model.trainable = True
    assert not any(v.trainable for v in model.motif_distance.variables)
    found = [variable.path for variable in model.trainable_variables]
    assert found == expected


def test_same_seed_same_training(groups):
    losses = []
    for _ in range(2):
        groups.epoch = 0
        model = small_model()
        model.compile(optimizer="adam")
        losses.append(model.fit(groups, epochs=1, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


def test_saved_model_gives_equal_outputs(rng, tmp_path):
    projector = keras.Sequential([keras.layers.Dense(6), keras.layers.ReLU()])
    model = small_model(projector=projector)
    model.compile(optimizer="adam")
    group = candidate_group(rng)
    model.fit(group, batch_size=4, verbose=0)
    expected = to_numpy(model(group))
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")

    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(to_numpy(loaded(group)), expected)
    assert loaded.temperature == 0.2
    assert len(loaded.trainable_variables) == len(model.trainable_variables)
    # The optimizer goes on where it stopped.
    assert int(to_numpy(loaded.optimizer.iterations)) == 1
    loaded.fit(group, batch_size=4, verbose=0)

    fresh = RelConModel.from_config(model.get_config())
    fresh.build({k: v.shape for k, v in group.items()})
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(to_numpy(fresh(group)), expected)


def test_a_config_may_lack_the_parts_that_came_later():
    config = small_model().get_config()
    for name in ("projector", "views", "candidate_augmentation"):
        del config[name]
    assert RelConModel.from_config(config).views is None


@pytest.mark.eager
def test_a_compiled_loss_takes_the_place_of_the_relative_one(rng):
    model = small_model()
    model.compile(optimizer="sgd", loss=lambda y, s: keras.ops.sum(s * 0) + 7)
    logs = model.train_on_batch(candidate_group(rng), return_dict=True)
    np.testing.assert_allclose(logs["loss"], 7, rtol=1e-6)


def test_compiled_metrics_compare_distances_with_similarities(rng):
    model, group = small_model(), candidate_group(rng)
    expected = np.mean(
        np.abs(to_numpy(model.rank_candidates(group)) - to_numpy(model(group)))
    )
    model.compile(optimizer=keras.optimizers.SGD(0.0), metrics=["mae"])
    found = model.evaluate(group, return_dict=True, verbose=0)
    np.testing.assert_allclose(found["mae"], expected, rtol=1e-5)
    history = model.fit(group, verbose=0).history
    assert {"mae", "loss", "embedding_spread"} < set(history)


@pytest.mark.eager
def test_a_distance_that_was_never_trained_warns(rng, motif_weights):
    group = candidate_group(rng, 2, 1)
    model = small_model(small_distance(motif_weights))
    model.compile(optimizer="sgd")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "The motif distance is not trained")
        model.fit(group, batch_size=4, verbose=0)
    bias = model.motif_distance.cross_attention.output_bias
    bias.assign(np.zeros(bias.shape))
    with pytest.warns(UserWarning, match="motif distance is not trained"):
        model.fit(group, batch_size=4, verbose=0)


# Each backend reads what one other has written.
READER = {"tensorflow": "jax", "jax": "torch", "torch": "tensorflow"}
READ_ON_ANOTHER_BACKEND = """
import sys
import keras, numpy as np
import keras_relcon, keras_relcon.models
folder = sys.argv[1]
windows = np.load(folder + "/windows.npy")
model = keras.saving.load_model(folder + "/model.keras")
embeddings = model.encoder.predict(windows, verbose=0)
expected = np.load(folder + "/embeddings.npy")
assert keras.backend.backend() == sys.argv[2]
np.testing.assert_allclose(embeddings, expected, atol=1e-4)
distances = keras.ops.convert_to_numpy(
    model.motif_distance.distance(windows[:2], windows[2:4])
)
np.testing.assert_allclose(
    distances, np.load(folder + "/distances.npy"), rtol=1e-3
)
"""


@pytest.mark.eager
def test_a_saved_model_loads_on_another_backend(rng, motif_weights, tmp_path):
    backend = READER[keras.backend.backend()]
    if not is_installed(backend):
        pytest.skip(f"{backend} is not installed")
    model = small_model(small_distance(motif_weights))
    model.compile(optimizer="adam")
    group = candidate_group(rng)
    model.fit(group, batch_size=4, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    windows = group["anchor"]
    np.save(tmp_path / "windows.npy", windows)
    np.save(tmp_path / "embeddings.npy", model.encoder.predict(windows))
    np.save(
        tmp_path / "distances.npy",
        to_numpy(model.motif_distance.distance(windows[:2], windows[2:4])),
    )
    run = subprocess.run(
        [sys.executable, "-c", READ_ON_ANOTHER_BACKEND, tmp_path, backend],
        env=environment(backend),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]


def is_installed(module):
    return importlib.util.find_spec(module) is not None


def environment(backend):
    return {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}


def test_weights_of_windows_are_refused_and_nothing_is_lost(rng):
    model = small_model()
    model.compile(optimizer="adam")
    group = candidate_group(rng)
    count = len(group["anchor"])
    ones = np.ones(count, "float32")
    expected = to_numpy(model(group))
    for run, name, weights in (
        (model.fit, "sample_weight", ones),
        (model.fit, "class_weight", {0: 1.0, 1: 2.0}),
        (model.evaluate, "sample_weight", ones),
    ):
        with pytest.raises(ValueError, match=f"no weights.*`{name}`"):
            run(group, ones, batch_size=count, verbose=0, **{name: weights})
    np.testing.assert_array_equal(to_numpy(model(group)), expected)


def test_batches_with_weights_are_refused(rng):
    model = small_model()
    model.compile(optimizer="adam")
    group = candidate_group(rng)
    ones = np.ones(len(group["anchor"]), "float32")

    class Weighted(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return group, ones, ones

    with pytest.raises(ValueError, match="no weights.*a batch of inputs"):
        model.fit(Weighted(), verbose=0)


@pytest.mark.eager
def test_bad_input_is_explained(rng):
    model = small_model()
    group = candidate_group(rng)
    with pytest.raises(ValueError, match="keys `anchor` and `candidates`"):
        model(group["anchor"])
    with pytest.raises(ValueError, match="keys `anchor` and `candidates`"):
        model({"anchors": group["anchor"], "candidates": group["candidates"]})
    with pytest.raises(ValueError, match="2 anchors or more"):
        model({k: v[:1] for k, v in group.items()})
    with pytest.raises(ValueError, match="of the same windows"):
        model({**group, "candidates": group["candidates"][:, :, :30]})
    with pytest.raises(ValueError, match="temperature"):
        RelConModel(tiny_encoder(), PlainDistance(), 0.0)
    with pytest.raises(TypeError, match="encoder of type str. Load"):
        RelConModel("relcon_small", PlainDistance())
    with pytest.raises(TypeError, match="must be a `MotifDistance`"):
        RelConModel(tiny_encoder(), tiny_encoder())
    for name in ("projector", "views", "candidate_augmentation"):
        with pytest.raises(
            TypeError, match=f"Keras layer.*{name} of type bool"
        ):
            RelConModel(tiny_encoder(), PlainDistance(), **{name: True})
