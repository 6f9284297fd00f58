import sys
import types

import keras
import numpy as np
import pytest
from baselines.every_method import waves
from losses.test_extreme_reconstruction import loss_by_loops
from support import plain_encoder, to_numpy, windows_of_two_kinds

from keras_relcon.baselines import (
    Excon,
    catch22_features,
    excon_classifier,
    extremes,
)

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

LABELS = np.array([0, 0, 0, 1, 1, 2, 2])


def extremes_by_loops(features, labels):
    rows = []
    for label in sorted(set(labels)):
        best = (-1.0, None)
        for i, own in enumerate(labels):
            if own != label:
                continue
            largest = max(
                np.sqrt(((features[i] - features[j]) ** 2).sum())
                for j, other in enumerate(labels)
                if other != label
            )
            if largest > best[0]:
                best = (largest, i)
        rows.append(best[1])
    return rows


def test_extremes_of_known_numbers():
    rows = extremes(waves((7, 3)), LABELS, standardize=False)
    np.testing.assert_array_equal(rows, [1, 4, 5])


@pytest.mark.parametrize("num_classes", [2, 4])
@pytest.mark.parametrize("block_rows", [3, 1000])
def test_extremes_are_those_of_loops(monkeypatch, rng, num_classes, block_rows):
    module = sys.modules["keras_relcon.baselines.class_extremes"]
    monkeypatch.setattr(module, "BLOCK_ROWS", block_rows)
    for _ in range(20):
        features = rng.normal(size=(25, 3)) * [1, 100, 0.01] + 5
        labels = rng.permutation(np.arange(25) % num_classes)
        found = extremes(features, labels, standardize=False)
        expected = extremes_by_loops(features, labels)
        np.testing.assert_array_equal(found, expected)
        scaled = (features - features.mean(0)) / features.std(0)
        np.testing.assert_array_equal(
            extremes(features, labels), extremes_by_loops(scaled, labels)
        )


def test_the_first_of_equals_and_labels_of_any_kind():
    features = [[0.1], [0.0], [0.0], [0.9], [1.0], [1.0]]
    labels = ["walk", "walk", "walk", "run", "run", "run"]
    np.testing.assert_array_equal(extremes(features, labels), [4, 1])


def test_a_constant_feature_counts_nothing(rng):
    features = rng.normal(size=(8, 2))
    labels = np.arange(8) % 2
    more = np.column_stack([features, np.full(8, 0.1)])
    np.testing.assert_array_equal(
        extremes(more, labels), extremes(features, labels)
    )
    model = Excon(2, 3, plain_encoder())
    model.adapt(more, labels)
    np.testing.assert_array_equal(to_numpy(model.extremes)[:, 2], 0)


def test_bad_features_are_explained():
    with pytest.raises(ValueError, match=r"`features` must be \(windows, dim"):
        extremes([1, 2], [0, 1])
    with pytest.raises(ValueError, match=r"`labels` \(windows,\)"):
        extremes([[1], [2]], [0, 1, 1])
    with pytest.raises(ValueError, match="finite.*1 that are not"):
        extremes([[1], [np.nan]], [0, 1])
    with pytest.raises(ValueError, match="two classes or more.*1"):
        extremes([[1], [2]], [0, 0])


def small(standardize=True, encoder=True):
    keras.utils.set_random_seed(0)
    if encoder:
        encoder = keras.Sequential(
            [
                keras.layers.Conv1D(8, 5, strides=2, activation="relu"),
                keras.layers.GlobalAveragePooling1D(),
                keras.layers.Dense(5),
            ]
        )
    return Excon(2, 5, encoder or None, standardize, seed=1)


def two_kinds(rng):
    """Windows of the second class lie on another side."""
    labels = np.arange(16) % 2
    features = rng.normal(size=(16, 5)) + 3 * labels[:, None]
    side = labels[:, None, None] * np.array([1, 0, -1], "float32")
    return windows_of_two_kinds(rng) + side, features, labels


@pytest.mark.parametrize("standardize", [True, False])
def test_the_loss_is_that_of_loops(rng, standardize):
    windows, features, labels = two_kinds(rng)
    model = small(standardize)
    rows = model.adapt(features, labels)
    if standardize:
        features = (features - features.mean(0)) / features.std(0)
    np.testing.assert_array_equal(rows, extremes_by_loops(features, labels))
    np.testing.assert_allclose(
        to_numpy(model.extremes), features[rows], rtol=1e-5
    )
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    embeddings = to_numpy(model(windows, training=False))
    expected = loss_by_loops(embeddings, labels, features[rows])
    found = model.evaluate(windows, labels, batch_size=16, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


# Keras' own LSTM takes long to compile.
@pytest.mark.parametrize(
    "encoder", [True, False] if keras.backend.backend() == "torch" else [True]
)
def test_it_tells_the_classes_apart_and_loads(rng, tmp_path, encoder):
    windows, features, labels = two_kinds(rng)
    if not encoder:
        windows = windows[:, ::4]
    model = small(encoder=encoder)
    model.adapt(features, labels)
    model.compile(optimizer=keras.optimizers.Adam(3e-2))
    before = model.evaluate(windows, labels, verbose=0)
    model.fit(windows, labels, epochs=25, batch_size=8, verbose=0)
    after = model.evaluate(windows, labels, verbose=0)
    assert after < 0.3 * before
    embeddings = to_numpy(model(windows))
    apart = embeddings[:, None] - to_numpy(model.extremes)[None]
    nearest = np.square(apart).sum(-1).argmin(1)
    np.testing.assert_array_equal(nearest, labels)
    model.save(tmp_path / "excon.keras")
    loaded = keras.saving.load_model(tmp_path / "excon.keras")
    np.testing.assert_array_equal(to_numpy(loaded(windows)), embeddings)
    np.testing.assert_array_equal(
        to_numpy(loaded.extremes), to_numpy(model.extremes)
    )
    assert int(to_numpy(loaded.is_adapted)) == 1
    assert loaded.get_config()["seed"] == 1


def test_the_lstm_runs_over_time(rng):
    """Other windows of the batch change nothing, earlier samples do."""
    model = small(encoder=False)
    windows = windows_of_two_kinds(rng, 3, 20)
    output = to_numpy(model(windows))
    alone = to_numpy(model(windows[1:2]))
    np.testing.assert_allclose(output[1:2], alone, atol=1e-6)
    windows[1, :10] = 0
    assert np.abs(to_numpy(model(windows)) - output)[1].max() > 1e-3


def test_mixed_precision_keeps_the_loss_in_float32(rng):
    windows, features, labels = two_kinds(rng)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small()
        model.adapt(features, labels)
        loss = model.compute_loss(None, labels, model(windows, training=True))
    finally:
        keras.config.set_dtype_policy(policy)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    assert keras.backend.standardize_dtype(model.extremes.dtype) == "float32"


def test_bad_arguments_are_explained(rng):
    windows, features, labels = two_kinds(rng)
    with pytest.raises(ValueError, match="`num_classes`.*at least 2"):
        Excon(1, 5)
    with pytest.raises(ValueError, match="`feature_dim`.*at least 1"):
        Excon(2, 0)
    with pytest.raises(TypeError, match="`encoder` must be a Keras model"):
        Excon(2, 5, np.mean)
    with pytest.raises(ValueError, match="as many numbers.*5.*8 numbers"):
        Excon(2, 5, plain_encoder())(windows)
    with pytest.raises(ValueError, match=r"shape \(windows, 5\)"):
        small().adapt(features[:, :4], labels)
    with pytest.raises(ValueError, match=r"every class, 0 to 1.*\[1, 2\]"):
        small().adapt(features, labels + 1)
    with pytest.raises(ValueError, match="loss and metrics of its own"):
        small().compile(optimizer="adam", loss="mse")
    model = small()
    model.compile(optimizer="adam")
    with pytest.raises(ValueError, match="adapt"):
        model.fit(windows, labels)
    model.adapt(features, labels)
    with pytest.raises(ValueError, match="count the same.*`class_weight`"):
        model.fit(windows, labels, class_weight={0: 1, 1: 2}, verbose=0)


def test_metrics_compare_labels_with_embeddings(rng):
    def largest_label(labels, embeddings):
        assert len(labels) == len(embeddings)
        return keras.ops.max(labels)

    windows, features, labels = two_kinds(rng)
    model = small()
    model.adapt(features, labels)
    model.compile(optimizer="adam", metrics=[largest_label])
    found = model.evaluate(windows, labels, return_dict=True, verbose=0)
    assert found["largest_label"] == 1


def test_a_regularizer_of_the_encoder_adds_its_value(rng):
    windows, features, labels = two_kinds(rng)
    model = small()
    model.adapt(features, labels)
    model.compile(optimizer="adam")
    plain = model.evaluate(windows, labels, verbose=0)
    dense = model.encoder.layers[-1]
    dense.kernel.regularizer = keras.regularizers.L2(10.0)
    penalty = 10 * np.square(to_numpy(dense.kernel)).sum()
    model.compile(optimizer="adam")
    found = model.evaluate(windows, labels, verbose=0)
    np.testing.assert_allclose(found, plain + penalty, rtol=1e-5)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_classifier_learns(rng, num_classes):
    labels = np.arange(60) % num_classes
    rows = (np.eye(3)[labels] + rng.normal(0, 0.1, (60, 3))).astype("float32")
    keras.utils.set_random_seed(0)
    model = excon_classifier(num_classes, seed=0)
    kind = "sparse_categorical" if num_classes > 2 else "binary"
    model.compile(keras.optimizers.Adam(1e-2), f"{kind}_crossentropy")
    model.fit(rows, labels, epochs=5, batch_size=10, verbose=0)
    probabilities = to_numpy(model(rows))
    if num_classes == 2:
        assert probabilities.shape == (60, 1)
        found = probabilities[:, 0] > 0.5
    else:
        np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
        found = probabilities.argmax(1)
    np.testing.assert_array_equal(found, labels)
    with pytest.raises(ValueError, match="`num_classes`.*at least 2"):
        excon_classifier(1)


def test_catch22_goes_channel_after_channel(monkeypatch, rng):
    def catch22_all(signal):
        assert isinstance(signal, list)
        return {"values": [sum(signal), float("nan"), *signal[:20]]}

    module = types.SimpleNamespace(catch22_all=catch22_all)
    monkeypatch.setitem(sys.modules, "pycatch22", module)
    windows = rng.normal(size=(4, 30, 3))
    found = catch22_features(windows)
    assert found.shape == (4, 66)
    for i, j in np.ndindex(4, 3):
        own = found[i, 22 * j : 22 * j + 22]
        np.testing.assert_allclose(own[0], windows[i, :, j].sum())
        assert own[1] == 0  # was not finite
        np.testing.assert_array_equal(own[2:], windows[i, :20, j])
    with pytest.raises(ValueError, match="windows of shape"):
        catch22_features(windows[0])


def test_what_is_missing_for_catch22_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycatch22", None)
    with pytest.raises(ImportError, match="pip install pycatch22"):
        catch22_features(np.zeros((1, 30, 3)))
