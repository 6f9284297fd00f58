import keras
import numpy as np
import pytest
from support import (
    assert_trains_and_keeps_its_encoder,
    gradients,
    tiny_encoder,
    to_numpy,
    windows_of_two_kinds,
)

from keras_relcon.baselines import AugPred
from keras_relcon.data import WindowBatches, WindowStore, synthetic_recordings

pytestmark = pytest.mark.every_backend

ALL = ("arrow_of_time", "scale", "permutation", "time_warp")


def small_aug_pred(tasks=ALL, **kwargs):
    keras.utils.set_random_seed(0)
    return AugPred(tiny_encoder(), tasks, **{"seed": 1, **kwargs})


def ramps(count=200, length=60):
    """Windows in which each sample knows its place: 1, 2, 3, ..."""
    ramp = np.arange(1, length + 1, dtype="float32")
    return np.tile(ramp[None, :, None], (count, 1, 3))


def transformed_ramps(task):
    model = small_aug_pred((task,))
    transformed, labels = map(to_numpy, model.transform(ramps()))
    assert labels.shape == (200, 1)
    assert 60 < labels.sum() < 140
    label = labels[:, 0].astype(bool)
    np.testing.assert_array_equal(transformed[~label], ramps()[~label])
    return transformed[label]


def test_arrow_of_time_label_says_reversed():
    reversed_ = transformed_ramps("arrow_of_time")
    np.testing.assert_array_equal(reversed_, ramps(len(reversed_))[:, ::-1])


def test_scale_label_says_scaled():
    factor = transformed_ramps("scale") / ramps(1)
    np.testing.assert_allclose(factor, factor[:, :1].repeat(60, 1), rtol=1e-5)
    assert (np.abs(factor - 1) > 0.149).all()


def test_permutation_label_says_cut_in_four_segments():
    steps = []
    for window in transformed_ramps("permutation"):
        np.testing.assert_array_equal(np.sort(window, axis=0), ramps(1)[0])
        np.testing.assert_array_equal(window, window[:, :1].repeat(3, 1))
        edges = np.flatnonzero(np.diff(window[:, 0]) != 1) + 1
        assert np.diff([0, *edges, 60]).min() > 10
        steps.append(len(edges))
    # Segments that stay neighbours look like one.
    assert max(steps) == 3 and set(steps) <= {0, 1, 2, 3}


def test_time_warp_label_says_warped():
    warped = transformed_ramps("time_warp")
    assert (np.diff(warped, axis=1) >= -1e-3).all()
    assert (np.abs(warped - ramps(1)).max(axis=(1, 2)) > 0.2).all()


def test_transforms_follow_in_order_and_only_where_labelled(monkeypatch):
    """Each transform appends its digit to the number in the window."""
    model = small_aug_pred()
    assert model.tasks == ALL
    for index, transform in enumerate(model.transforms):
        monkeypatch.setattr(transform, "draw", lambda shape: None)
        monkeypatch.setattr(
            transform,
            "apply",
            lambda x, draw, index=index: 10 * x + index + 1,
        )
    transformed, labels = model.transform(np.zeros((300, 44, 3), "float32"))
    labels = to_numpy(labels)
    for number, label in zip(to_numpy(transformed)[:, 0, 0], labels):
        digits = "".join(str(i + 1) for i in range(4) if label[i])
        assert int(number) == int(digits or 0)
    # Four coins, each its own.
    patterns = np.unique(labels, axis=0, return_counts=True)[1]
    assert len(patterns) == 16 and patterns.min() > 5


def test_order_of_the_argument_does_not_count():
    model = small_aug_pred(("time_warp", "arrow_of_time"))
    assert model.tasks == ("arrow_of_time", "time_warp")
    assert small_aug_pred(["permutation"]).tasks == ("permutation",)


def test_probability_of_the_coin():
    model = small_aug_pred(("arrow_of_time",), probability=0.2)
    _, labels = model.transform(ramps(2000, 44))
    assert to_numpy(labels).mean() == pytest.approx(0.2, abs=0.03)


def cross_entropy(logits, labels):
    """Mean over windows and tasks, in float64."""
    exp = np.exp(logits - logits.max(-1, keepdims=True))
    chance = exp / exp.sum(-1, keepdims=True)
    picked = np.take_along_axis(chance, labels[..., None], -1)
    return -np.log(picked).mean(), chance


def test_loss_and_its_gradient_are_those_of_the_cross_entropy(rng):
    model = small_aug_pred()
    logits = rng.normal(size=(5, 4, 2))
    labels = rng.integers(0, 2, (5, 4))

    def loss(logits):
        return model.compute_loss(
            None, None, {"logits": logits, "labels": labels.astype("int32")}
        )

    expected, chance = cross_entropy(logits, labels)
    np.testing.assert_allclose(to_numpy(loss(logits)), expected, rtol=1e-5)
    (gradient,) = gradients(loss, [logits])
    np.testing.assert_allclose(
        gradient, (chance - np.eye(2)[labels]) / 20, atol=1e-6
    )


def test_heads_read_the_embedding_of_the_transformed_window(rng):
    model = small_aug_pred()
    outputs = model(windows_of_two_kinds(rng, 6))
    embedding = to_numpy(outputs["embedding"])
    assert embedding.shape == (6, 8)
    for index, head in enumerate(model.heads):
        kernel, bias = map(to_numpy, head.weights)
        np.testing.assert_allclose(
            to_numpy(outputs["logits"])[:, index],
            embedding @ kernel + bias,
            rtol=1e-4,
            atol=1e-5,
        )


def test_accuracy_is_the_share_of_right_labels(rng):
    model = small_aug_pred()
    logits = rng.normal(size=(8, 4, 2))
    labels = rng.integers(0, 2, (8, 4))
    logs = model.compute_metrics(
        None,
        None,
        {
            "logits": logits.astype("float32"),
            "labels": keras.ops.convert_to_tensor(labels, "int32"),
            "embedding": rng.normal(size=(8, 5)).astype("float32"),
        },
    )
    expected = (logits.argmax(-1) == labels).mean(axis=0)
    for task, accuracy in zip(model.tasks, expected):
        assert to_numpy(logs[f"accuracy_{task}"]) == pytest.approx(accuracy)


def test_fit_lowers_the_loss_and_the_encoder_stays(rng, tmp_path):
    model = small_aug_pred(("scale", "permutation"))
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    windows = windows_of_two_kinds(rng, 32)
    loaded = assert_trains_and_keeps_its_encoder(
        model, windows, windows, tmp_path, epochs=12, batch_size=16
    )
    assert loaded.tasks == ("scale", "permutation")


@pytest.mark.eager
def test_fit_takes_the_weighted_stream():
    store = WindowStore.from_recordings(
        synthetic_recordings(2, 5, seed=0), window_length=64
    )
    batches = WindowBatches(store, 8, weighting="activity", steps_per_epoch=4)
    model = small_aug_pred()
    model.compile(optimizer="adam")
    history = model.fit(batches, epochs=2, verbose=0).history
    assert batches.epoch == 2
    assert {f"accuracy_{task}" for task in ALL} < set(history)
    assert np.isfinite(history["loss"]).all()
    assert "embedding_spread" in history


def test_default_is_the_three_tasks_of_the_released_models():
    model = AugPred(tiny_encoder())
    assert model.tasks == ("arrow_of_time", "permutation", "time_warp")


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="`tasks` must be a list"):
        AugPred(tiny_encoder(), "scale")
    for tasks in ((), ("rotation",)):
        with pytest.raises(ValueError, match="`tasks`.*arrow_of_time"):
            AugPred(tiny_encoder(), tasks)
    with pytest.raises(ValueError, match="`probability`.*=1"):
        AugPred(tiny_encoder(), probability=1)
    with pytest.raises(ValueError, match="at least 44 samples"):
        AugPred(tiny_encoder())(np.ones((2, 40, 3), "float32"))
    with pytest.raises(ValueError, match="shape .batch, time, channels"):
        AugPred(tiny_encoder())(np.ones((64, 3), "float32"))
