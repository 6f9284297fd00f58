"""`benchmarks/relative_variants.py` beside plain loops."""

import keras
import numpy as np
import pytest
from keras import ops
from reference import relative_contrastive_loss
from support import to_numpy

from keras_relcon import layers, models

NUM_WINDOWS = 6


@pytest.fixture
def variants(load_benchmark):
    return load_benchmark("relative_variants")


def others(values):
    """Of each row the windows after it, as the groups have them."""
    count = len(values)
    rows, steps = np.arange(count)[:, None], np.arange(1, count)
    return np.take_along_axis(values, (rows + steps) % count, axis=1)


def ranks_of(rng, width=NUM_WINDOWS - 1):
    draws = rng.random((NUM_WINDOWS, width))
    return draws.argsort(axis=1).argsort(axis=1).astype("float32")


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("only_nearest", lambda rank: float(rank < 7)),
        ("falling_weights", lambda rank: 1 / (1 + rank)),
    ],
)
def test_weights_of_positives(variants, rng, name, weights):
    ranks, similarities = ranks_of(rng, 10), rng.normal(size=(NUM_WINDOWS, 10))
    expected = 0
    for row in range(NUM_WINDOWS):
        total = weight = 0
        for i in range(10):
            farther = [
                np.exp(similarities[row, j] / 0.5)
                for j in range(10)
                if ranks[row, j] >= ranks[row, i]
            ]
            term = np.log(sum(farther)) - similarities[row, i] / 0.5
            total += weights(ranks[row, i]) * term
            weight += weights(ranks[row, i]) / 10
        expected += total / weight / NUM_WINDOWS
    loss = variants.LOSSES[name](0.5)
    found = loss(ranks, similarities.astype("float32"))
    np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-5)


def test_order_within_a_step_does_not_count(variants, rng):
    ranks, similarities = ranks_of(rng, 12), rng.normal(size=(NUM_WINDOWS, 12))
    expected = np.array(
        relative_contrastive_loss(ranks // 8, similarities, 0.5)
    ).mean()
    found = variants.LOSSES["steps_of_eight"](0.5)(
        ranks, similarities.astype("float32")
    )
    np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-5)


class Same(keras.layers.Layer):
    """A copy that is the window itself, upside down."""

    def call(self, x, training=False):
        return -x


def make(variants, name, projector=None):
    encoder = layers.ResNet1D34(
        4, (1, 1), widths=(4, 4), kernel_sizes=(3, 3), strides=(1, 2)
    )
    encoder.build((None, 32, 3))
    model = models.RelConModel(
        encoder,
        None,
        temperature=0.5,
        views=models.AugmentedViews(Same()),
        anchors="all",
    )
    return variants.variant_of(name, model)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def batch(rng):
    return {
        "anchor": rng.normal(size=(NUM_WINDOWS, 32, 3)).astype("float32"),
        "ranks": ranks_of(rng),
        "subject": np.repeat([0, 1], NUM_WINDOWS // 2),
    }


def test_a_copy_is_the_nearest_candidate(variants, rng):
    (model, _), inputs = make(variants, "copy_as_nearest"), batch(rng)
    similarities = to_numpy(model(inputs, training=True))
    both = np.concatenate([inputs["anchor"], -inputs["anchor"]])
    rows = unit(to_numpy(model.encoder(both, training=True)))
    own, copies = rows[:NUM_WINDOWS], rows[NUM_WINDOWS:]
    expected = np.column_stack([others(own @ own.T), (own * copies).sum(1)])
    np.testing.assert_allclose(similarities, expected, atol=1e-5)
    loss = model.compute_loss(
        inputs, ops.convert_to_tensor(inputs["ranks"]), similarities
    )
    ranks = np.column_stack([inputs["ranks"], np.full(NUM_WINDOWS, -1)])
    np.testing.assert_allclose(
        to_numpy(loss),
        np.array(relative_contrastive_loss(ranks, expected, 0.5)).mean(),
        rtol=1e-4,
    )


def test_windows_of_past_batches_are_farther_than_all(variants, rng):
    model, _ = make(variants, "far_queue")
    first, second = batch(rng), batch(rng)
    model.SIZE = 8
    model(first, training=True)
    similarities = to_numpy(model(second, training=True))
    kept, own = (
        unit(to_numpy(model.encoder(each["anchor"], training=True)))
        for each in (first, second)
    )
    assert similarities.shape == (NUM_WINDOWS, NUM_WINDOWS - 1 + 8)
    np.testing.assert_allclose(
        similarities[:, : NUM_WINDOWS - 1 + NUM_WINDOWS],
        np.concatenate([others(own @ own.T), own @ kept.T], axis=1),
        atol=1e-5,
    )
    loss = model.compute_loss(
        second, ops.convert_to_tensor(second["ranks"]), similarities
    )
    ranks = np.concatenate(
        [second["ranks"], np.full((NUM_WINDOWS, 8), 99)], axis=1
    )
    np.testing.assert_allclose(
        to_numpy(loss),
        np.array(relative_contrastive_loss(ranks, similarities, 0.5)).mean(),
        rtol=1e-4,
    )


@pytest.mark.parametrize(
    "name",
    [
        "copy_as_nearest",
        "far_queue",
        "only_nearest",
        "falling_weights",
        "steps_of_eight",
    ],
)
def test_variants_train(variants, rng, name):
    model, loss = make(variants, name)
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss=loss)
    inputs = batch(rng)
    before = [to_numpy(v) for v in model.encoder.trainable_variables]
    history = model.fit(
        inputs, batch_size=NUM_WINDOWS, epochs=20, shuffle=False, verbose=0
    ).history
    # The queue comes to hold the windows themselves, as far ones.
    is_better = history["loss"][-1] < history["loss"][0]
    assert is_better or name == "far_queue"
    assert np.all(np.isfinite(history["loss"]))
    assert all(
        np.any(to_numpy(v) != old)
        for v, old in zip(model.encoder.trainable_variables, before)
    )
