import keras
import numpy as np
import pytest
import reference
from support import (
    assert_trains_and_keeps_its_encoder,
    tiny_encoder,
    to_numpy,
    windows_of_two_kinds,
)

from keras_relcon.baselines import SimCLR
from keras_relcon.data import Recording, WindowBatches, WindowStore
from keras_relcon.layers import Negation, TimeFlip

pytestmark = pytest.mark.every_backend


def small_simclr(**kwargs):
    keras.utils.set_random_seed(0)
    return SimCLR(tiny_encoder(), **{"seed": 1, **kwargs})


@pytest.mark.parametrize("projector", ["soar", None])
def test_step_takes_the_oracle_loss_of_its_projections(rng, projector):
    model = small_simclr(projector=projector, temperature=0.3)
    model.compile(optimizer=keras.optimizers.SGD(0.01))
    outputs = model(windows_of_two_kinds(rng, 6))
    projections = to_numpy(outputs["projection"])
    assert projections.shape == (6, 2, 50 if projector else 8)
    assert to_numpy(outputs["embedding"]).shape == (6, 2, 8)
    expected = reference.nt_xent_loss(
        projections[:, 0], projections[:, 1], 0.3
    ).mean()
    loss = model.compute_loss(None, None, outputs)
    np.testing.assert_allclose(to_numpy(loss), expected, rtol=1e-4)


def test_views_keep_their_window(rng):
    """With one view of all, both embeddings are those of the flipped window."""
    model = small_simclr(projector=None, views=TimeFlip())
    windows = windows_of_two_kinds(rng, 4)
    outputs = to_numpy(model(windows)["embedding"])
    expected = to_numpy(model.encoder(windows[:, ::-1].copy()))
    for view in (0, 1):
        np.testing.assert_allclose(outputs[:, view], expected, atol=1e-5)


def test_both_views_are_one_batch_norm_population(rng):
    model = small_simclr(projector=None, views=Negation())
    windows = windows_of_two_kinds(rng, 4)
    outputs = to_numpy(model(windows, training=True)["embedding"])
    twin = small_simclr(projector=None, views=Negation())
    both = np.concatenate([-windows, -windows])
    expected = to_numpy(twin.encoder(both, training=True))
    np.testing.assert_allclose(outputs[:, 1], expected[4:], atol=1e-5)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({}, marks=pytest.mark.eager),
        pytest.param(
            {"views": "tang", "projector": None}, marks=pytest.mark.eager
        ),
        {"views": "relcon", "projector": keras.layers.Dense(8)},
    ],
    ids=["soar", "tang", "relcon"],
)
def test_fit_lowers_the_loss_and_the_encoder_stays(rng, tmp_path, arguments):
    model = small_simclr(**arguments)
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    windows = windows_of_two_kinds(rng)
    loaded = assert_trains_and_keeps_its_encoder(
        model, windows, windows, tmp_path, epochs=8, batch_size=8
    )
    assert loaded.view_pairs.policy == arguments.get("views", "soar")


@pytest.mark.eager
def test_logs_validation_and_the_cycle_of_views(rng):
    model = small_simclr(projector=None)
    model.compile(optimizer="adam")
    windows = windows_of_two_kinds(rng, 8)
    history = model.fit(
        windows, batch_size=4, verbose=0, validation_data=(windows, None)
    ).history
    assert {"loss", "embedding_spread"} < set(history)
    assert np.isfinite(history["val_loss"]).all()
    assert 0 <= history["val_embedding_spread"][0] <= 1.5
    # Two steps and two batches of validation (by default in batches of 4).
    assert int(to_numpy(model.view_pairs.num_drawn)) == 4


@pytest.mark.eager
def test_fit_takes_streams_of_windows(rng):
    tf = pytest.importorskip("tensorflow")
    windows = windows_of_two_kinds(rng, 8)
    dataset = tf.data.Dataset.from_tensor_slices(windows).batch(4)
    recordings = [Recording(rng.normal(size=(600, 3)), 50, "a")]
    store = WindowStore.from_recordings(recordings, 50, 64)
    for data in (dataset, WindowBatches(store, 4, steps_per_epoch=2)):
        model = small_simclr(projector=None, views="tang")
        model.compile(optimizer="adam")
        history = model.fit(data, verbose=0).history
        assert np.isfinite(history["loss"]).all()


def test_a_collapsed_encoder_is_seen(rng):
    model = small_simclr(projector=None)
    windows = windows_of_two_kinds(rng, 8)
    model(windows)
    for variable in model.encoder.trainable_variables:
        if "conv_2/kernel" in variable.path or "shortcut/ker" in variable.path:
            variable.assign(np.zeros(variable.shape))
        if "conv_2/bias" in variable.path:
            variable.assign(np.ones(variable.shape))
    logs = model.compute_metrics(windows, None, model(windows))
    assert to_numpy(logs["embedding_spread"]) < 1e-2


def test_mixed_precision_keeps_the_loss_in_float32(rng):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small_simclr()
        outputs = model(windows_of_two_kinds(rng, 4))
        loss = model.compute_loss(None, None, outputs)
    finally:
        keras.config.set_dtype_policy(policy)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    assert np.isfinite(to_numpy(loss))


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="`projector`.*'mlp'"):
        SimCLR(tiny_encoder(), projector="mlp")
    with pytest.raises(ValueError, match="`policy`.*'mixup'"):
        SimCLR(tiny_encoder(), views="mixup")
    with pytest.raises(ValueError, match="`temperature` must be.*above 0"):
        SimCLR(tiny_encoder(), temperature=0)
    with pytest.raises(ValueError, match="shape .batch, time, channels"):
        small_simclr()(np.ones((64, 3), "float32"))
