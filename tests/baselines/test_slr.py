"""SLR against loops, and what its queue and its mixtures are."""

import keras
import numpy as np
import pytest
from losses.test_soft_labels import (
    cosines_by_loops,
    loss_by_loops,
    softmax_by_loops,
)
from support import (
    assert_trains_and_keeps_its_encoder,
    plain_encoder,
    to_numpy,
    windows_of_two_kinds,
)

from keras_relcon.baselines import SLR
from keras_relcon.layers import Negation
from keras_relcon.models import mlp_projector

pytestmark = pytest.mark.every_backend


def small(**kwargs):
    keras.utils.set_random_seed(0)
    arguments = {
        "projector": mlp_projector((8, 4)),
        "queue_size": 6,
        "views": Negation(),  # each view is the same
        "seed": 1,
    }
    return SLR(plain_encoder(), **{**arguments, **kwargs})


def refined(estimates, strength):
    """Of one estimate that both encoders make."""
    expected = []
    for p in estimates:
        share = 2 * strength * max(p) / (1 + 2 * max(p))
        expected.append(share * p + (1 - share) * np.eye(len(p))[0])
    return np.array(expected)


def test_loss_of_a_batch_is_that_of_loops(rng):
    model = small(mix=None, temperature=0.3, label_temperature=0.2)
    windows = windows_of_two_kinds(rng, 4)
    model.build(windows.shape)
    model.slow_encoder.update(model.encoder)
    model.slow_projector.update(model.projector)
    outputs = model(windows)
    z = to_numpy(model.projector(model.encoder(-windows)))
    z = z.astype("float64")
    cosines = cosines_by_loops(z, z, to_numpy(model.queue.keys))
    np.testing.assert_allclose(
        to_numpy(outputs["similarity"]), cosines, atol=1e-5
    )
    labels = refined(softmax_by_loops(cosines / 0.2), 0.5)
    np.testing.assert_allclose(to_numpy(outputs["label"]), labels, atol=1e-5)
    expected = loss_by_loops(cosines, labels, 0.3).mean()
    loss = to_numpy(model.loss_of(outputs))
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


def test_keys_are_of_the_slow_copy_and_go_into_the_queue_after_use(rng):
    model = small(mix=None)
    windows = windows_of_two_kinds(rng, 4)
    model.build(windows.shape)
    before = to_numpy(model.queue.keys)
    model(windows)
    np.testing.assert_array_equal(to_numpy(model.queue.keys), before)
    model(windows, training=True)
    after = to_numpy(model.queue.keys)
    np.testing.assert_array_equal(after[4:], before[:2])
    np.testing.assert_allclose((after[:4] ** 2).sum(1), 1, rtol=1e-5)
    # The first step copies the encoder, whose batch norm then sees the batch;
    # the keys of second and further views are one batch, of equal windows.
    slow = model.slow_encoder.copy(-windows, training=True)
    keys = to_numpy(model.slow_projector.copy(slow))
    keys /= np.sqrt((keys**2).sum(1, keepdims=True))
    np.testing.assert_allclose(after[:4], keys, atol=1e-4)
    for variable in model.projector.trainable_variables:
        variable.assign(to_numpy(variable) * 0 + 1)
    outputs = model(windows)
    slow = model.slow_projector.copy(model.slow_encoder.copy(-windows))
    now = model.projector(model.encoder(-windows))
    cosines = cosines_by_loops(to_numpy(now), to_numpy(slow), after)
    np.testing.assert_allclose(
        to_numpy(outputs["similarity"]), cosines, atol=1e-4
    )


@pytest.mark.parametrize("mix", ["embedding", "input"])
def test_mixtures_are_of_a_window_and_the_positive_before_it(
    rng, monkeypatch, mix
):
    model = small(mix=mix, schedule="constant", shares=(0.3, 0.0))
    windows = windows_of_two_kinds(rng, 4)
    model.build(windows.shape)
    weight = np.array([[0.9], [0.2], [0.5], [1.0]], "float32")
    monkeypatch.setattr(
        model, "draw_weight", lambda w: keras.ops.convert_to_tensor(weight)
    )
    queue = to_numpy(model.queue.keys)
    found = model(windows, training=True)
    twin = small(mix=mix)
    twin.build(windows.shape)
    before = np.roll(-windows, 1, axis=0)
    if mix == "input":
        x = weight[:, :, None] * -windows + (1 - weight[:, :, None]) * before
        mixed = twin.encoder(x, training=True)
    else:
        both = np.concatenate([-windows, -windows])
        encoded = to_numpy(twin.encoder(both, training=True))
        mixed = weight * encoded[:4] + (1 - weight) * np.roll(
            encoded[4:], 1, axis=0
        )
    queries = to_numpy(twin.projector(mixed))
    keys = small(mix=mix)
    keys.build(windows.shape)
    keys = to_numpy(keys.projector(keys.encoder(-windows, training=True)))
    own = cosines_by_loops(queries, keys, queue)
    others = cosines_by_loops(queries, np.roll(keys, 1, axis=0), queue)
    expected = np.concatenate([own, others[:, :1]], axis=1)
    np.testing.assert_allclose(
        to_numpy(found["similarity"]), expected, atol=1e-4
    )
    estimates = softmax_by_loops(cosines_by_loops(keys, keys, queue) / 0.1)
    plain = 0.3 * estimates + 0.7 * np.eye(7)[0]
    labels = np.zeros((4, 8))
    for i in range(4):
        j, w = (i - 1) % 4, weight[i, 0]
        labels[i, 0] = w * plain[i, 0]
        labels[i, 7] = (1 - w) * plain[j, 0]
        labels[i, 1:7] = w * plain[i, 1:] + (1 - w) * plain[j, 1:]
    np.testing.assert_allclose(to_numpy(found["label"]), labels, atol=1e-4)
    np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-6)


class TurnedAxes(keras.layers.Layer):
    """Another order of the axes in each call."""

    num_calls = 0

    def call(self, x, training=True):
        self.num_calls += 1
        return keras.ops.roll(x, self.num_calls, axis=2)


def test_keys_are_of_second_views_and_estimates_of_further(rng):
    model = small(mix=None, schedule="constant", views=TurnedAxes())
    windows = windows_of_two_kinds(rng, 4)
    model.build(windows.shape)
    model.slow_encoder.update(model.encoder)
    model.slow_projector.update(model.projector)
    model.view_pairs.policy.num_calls = 0
    first, second, further = (np.roll(windows, n, axis=2) for n in (1, 2, 3))
    outputs = model(windows)
    q, k, e = (
        to_numpy(model.projector(model.encoder(views)))
        for views in (first, second, further)
    )
    queue = to_numpy(model.queue.keys)
    np.testing.assert_allclose(
        to_numpy(outputs["similarity"]),
        cosines_by_loops(q, k, queue),
        atol=1e-5,
    )
    expected = 0.3 * softmax_by_loops(cosines_by_loops(e, k, queue) / 0.1)
    expected[:, 0] += 0.7
    np.testing.assert_allclose(to_numpy(outputs["label"]), expected, atol=1e-4)


def test_nothing_is_mixed_in_evaluation(rng):
    outputs = small()(windows_of_two_kinds(rng, 3))
    assert outputs["label"].shape == outputs["similarity"].shape == (3, 7)


def test_weights_are_of_a_beta_distribution(rng):
    model = small(mix_concentration=2.0)
    drawn = to_numpy(model.draw_weight(np.zeros((4000, 1, 1))))
    assert drawn.shape == (4000, 1) and 0 <= drawn.min() < drawn.max() <= 1
    assert drawn.mean() == pytest.approx(0.5, abs=0.02)
    assert drawn.var() == pytest.approx(1 / 20, abs=0.004)
    again = to_numpy(model.draw_weight(np.zeros((4000, 1, 1))))
    assert np.abs(again - drawn).max() > 0.1


@pytest.mark.eager
@pytest.mark.parametrize(
    "arguments",
    [
        {"mix": "input", "schedule": "constant"},
        {"mix": None, "schedule": "constant", "shares": (0.2, 0.1)},
        {"mix": "embedding", "projector": None},
    ],
)
def test_every_form_trains_and_is_loaded(rng, tmp_path, arguments):
    views = keras.layers.GaussianNoise(0.05, seed=0)
    model = small(views=views, queue_size=8, momentum=0.9, **arguments)
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    windows = windows_of_two_kinds(rng)
    model.fit(windows, batch_size=8, verbose=0)  # fills the queue
    loaded = assert_trains_and_keeps_its_encoder(
        model, windows, windows, tmp_path, epochs=12, batch_size=8
    )
    np.testing.assert_array_equal(
        to_numpy(loaded.queue.keys), to_numpy(model.queue.keys)
    )
    assert loaded.shares == model.shares


def test_bad_arguments_are_explained(rng):
    for arguments, match in [
        ({"temperature": 0}, "`temperature`"),
        ({"label_temperature": 0}, "`label_temperature`"),
        ({"schedule": "ramp"}, "`schedule`.*'constant'"),
        ({"strength": 2}, "`strength`"),
        ({"shares": (0.9, 0.2)}, "`shares`.*Received"),
        ({"mix": "latent"}, "`mix`.*'input'"),
        ({"mix_concentration": 0}, "`mix_concentration`"),
        ({"queue_size": 0}, "`size`"),
        ({"momentum": 2}, "`momentum`"),
    ]:
        with pytest.raises(ValueError, match=match):
            small(**arguments)
    with pytest.raises(ValueError, match="queue holds, which are 6"):
        small()(windows_of_two_kinds(rng, 8), training=True)
