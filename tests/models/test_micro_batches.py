import keras
import numpy as np
import pytest
from support import PlainDistance, candidate_group, tiny_encoder, to_numpy

from keras_relcon import RelConModel
from keras_relcon.data import CandidateGroups, WindowStore, synthetic_recordings
from keras_relcon.models.backend_programs import has_accelerator

pytestmark = pytest.mark.every_backend


def plain_encoder():
    """Without batch norm: an embedding is that of its window alone."""
    return keras.Sequential(
        [
            keras.layers.Conv1D(8, 5, strides=3, activation="tanh"),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(6),
        ]
    )


def step(group, make_encoder, size, projector=None, **kwargs):
    """Loss of a training step, and what it changes, by the variable."""
    keras.utils.set_random_seed(3)
    model = RelConModel(
        make_encoder(),
        PlainDistance(),
        0.2,
        projector=projector and keras.layers.Dense(projector),
        micro_batch_size=size,
        **kwargs,
    )
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    model.build({k: v.shape for k, v in group.items()})
    before = [to_numpy(v).copy() for v in model.trainable_variables]
    loss = model.train_on_batch(group, return_dict=True)["loss"]
    changes = [
        to_numpy(v) - old for v, old in zip(model.trainable_variables, before)
    ]
    return model, float(loss), changes


@pytest.fixture(scope="module")
def of_the_whole_batch():
    group = candidate_group(np.random.default_rng(0))
    _, loss, changes = step(group, plain_encoder, None, projector=5)
    return group, loss, changes


@pytest.mark.parametrize("size", [1, 4, 16])  # of 4 anchors, 12 candidates
def test_micro_batches_give_loss_and_gradients_of_the_batch(
    of_the_whole_batch, size
):
    group, expected_loss, expected = of_the_whole_batch
    _, loss, changes = step(group, plain_encoder, size, projector=5)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    assert len(changes) == 6
    for change, other in zip(changes, expected):
        assert np.abs(other).max() > 1e-4
        np.testing.assert_allclose(
            change, other, rtol=1e-4, atol=1e-5 * np.abs(other).max()
        )


def test_batch_norm_takes_the_statistics_of_a_micro_batch(rng):
    # All micro-batches hold the same windows: their statistics are those of
    # the whole batch.
    windows = rng.normal(size=(4, 40, 3)).astype("float32")
    group = {
        "anchor": windows,
        "candidates": np.stack([windows[:4]] * 3).reshape(4, 3, 40, 3),
    }
    model, expected_loss, expected = step(group, tiny_encoder, None)
    other, loss, changes = step(group, tiny_encoder, 4)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-4)
    for change, expected_change in zip(changes, expected):
        largest = np.abs(expected_change).max()
        np.testing.assert_allclose(
            change, expected_change, rtol=2e-2, atol=2e-2 * largest + 1e-5
        )
    # Once moved a tenth of the way from zero, and four times.
    once = to_numpy(model.encoder.stem_norm.moving_mean)
    four_times = to_numpy(other.encoder.stem_norm.moving_mean)
    assert np.abs(once).max() > 1e-3
    np.testing.assert_allclose(
        four_times, once * (1 - 0.9**4) / 0.1, rtol=1e-3, atol=1e-5
    )


@pytest.mark.eager
def test_random_layers_go_on_between_micro_batches(rng):
    def noisy():
        return keras.Sequential(
            [keras.layers.GaussianNoise(1.0, seed=1), plain_encoder()]
        )

    group = candidate_group(rng)
    model, *_ = step(group, noisy, 4)
    (state,) = model.encoder.non_trainable_variables
    assert to_numpy(state)[1] == 4  # one draw for each micro-batch


@pytest.mark.eager
def test_the_backward_pass_draws_what_the_forward_pass_drew(rng):
    def dropping():
        return keras.Sequential(
            [plain_encoder(), keras.layers.Dropout(0.5, seed=1)]
        )

    group = candidate_group(rng)
    _, expected_loss, expected = step(group, dropping, None)
    _, loss, changes = step(group, dropping, 16)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    for change, other in zip(changes, expected):
        np.testing.assert_allclose(
            change, other, rtol=1e-4, atol=1e-5 * np.abs(other).max()
        )


def test_what_layers_add_to_the_loss_is_kept(rng):
    def penalized():
        encoder = plain_encoder()
        conv, _, dense = encoder.layers
        conv.activity_regularizer = keras.regularizers.L2(1.0)
        dense.kernel_regularizer = keras.regularizers.L2(1.0)
        return encoder

    group = candidate_group(rng)
    _, without, _ = step(group, plain_encoder, None)
    _, expected_loss, expected = step(group, penalized, None)
    _, loss, changes = step(group, penalized, 4)
    assert expected_loss > without + 1
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    for change, other in zip(changes, expected):
        np.testing.assert_allclose(
            change, other, rtol=1e-4, atol=1e-5 * np.abs(other).max()
        )


def test_fit_in_micro_batches_lowers_the_loss():
    recordings = synthetic_recordings(4, 12, 50, seed=1)
    store = WindowStore.from_recordings(recordings, 50, 64)
    groups = CandidateGroups(store, 8, 4, seed=0, steps_per_epoch=6)
    keras.utils.set_random_seed(0)
    model = RelConModel(
        tiny_encoder(),
        PlainDistance(),
        0.2,
        micro_batch_size=10,
    )
    model.compile(optimizer=keras.optimizers.Adam(3e-3))
    history = model.fit(groups, epochs=2, verbose=0)
    losses = history.history["loss"]
    assert losses[1] < losses[0]
    assert RelConModel.from_config(model.get_config()).micro_batch_size == 10


def test_a_functional_encoder_is_trained_too(rng):
    def functional():
        encoder = plain_encoder()
        window = keras.Input((None, 3))
        return keras.Model(window, encoder(window))

    group = candidate_group(rng)
    _, expected, _ = step(group, functional, None)
    _, loss, _ = step(group, functional, 4)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


@pytest.mark.eager
def test_sizes_that_do_not_divide_are_refused(rng):
    group = candidate_group(rng)
    with pytest.raises(ValueError, match="divide the windows.*for 16 windows"):
        step(group, plain_encoder, 5)
    with pytest.raises(ValueError, match="whole number, at least 1.*size=0"):
        step(group, plain_encoder, 0)


@pytest.mark.skipif(
    keras.backend.backend() != "jax" or has_accelerator(),
    reason="slow on JAX on a CPU alone",
)
def test_a_slow_loop_is_told(rng):
    group = candidate_group(rng)
    with pytest.warns(UserWarning, match="Use TensorFlow or PyTorch there"):
        step(group, plain_encoder, 8)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="of TensorFlow alone"
)
def test_several_devices_of_tensorflow_are_refused(monkeypatch):
    from keras_relcon.models.backend_programs import tensorflow_programs

    monkeypatch.setattr(
        tensorflow_programs.distributed, "num_replicas", lambda: 2
    )
    with pytest.raises(ValueError, match="one device.*Received: 2 replicas"):
        tensorflow_programs.one_by_one(None, [], [], None)
