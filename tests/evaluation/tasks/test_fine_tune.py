import copy
import gc
import pickle

import keras
import numpy as np
import pytest
from keras import ops

from keras_relcon.evaluation import FineTune, MLPProbe, embed_windows
from keras_relcon.evaluation.tasks import fine_tune_network
from keras_relcon.evaluation.tasks.fine_tune_network import RandomAxes

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

SMALL = {"hidden": 8, "learning_rate": 0.01, "batch_size": 8, "epochs": 2}


def _weights(model):
    return [np.array(weight) for weight in model.get_weights()]


def _is_equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def _loss(task, x, y, weights=None):
    """Mean cross-entropy of what the task says, in float64."""
    columns = [task.classes_.tolist().index(label) for label in y]
    said = task.predict_proba(x)[np.arange(len(x)), columns]
    return np.average(-np.log(said), weights=weights)


def test_encoder_that_is_given_stays_as_it_was(make_motion, make_norm_encoder):
    encoder = make_norm_encoder()
    encoder.trainable = False  # the copy is trained all the same
    before = _weights(encoder)
    task = FineTune(**SMALL).fit(*make_motion(24, 0), encoder=encoder)
    assert _is_equal(before, _weights(encoder))
    assert not encoder.trainable
    after = _weights(task._network.encoder)
    assert not any(np.array_equal(a, b) for a, b in zip(before, after))


@pytest.mark.traced
def test_no_graph_of_an_earlier_network_stays(make_motion, make_norm_encoder):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("graphs are TensorFlow's")
    import tensorflow as tf

    def num_graphs():
        gc.collect()
        found = [x for x in gc.get_objects() if isinstance(x, tf.Graph)]
        return len(found)

    task, encoder = FineTune(**SMALL), make_norm_encoder()
    task.fit(*make_motion(24, 0), encoder=encoder)
    before = num_graphs()
    task.fit(*make_motion(24, 0), encoder=encoder)
    assert num_graphs() == before


@pytest.mark.traced
def test_loss_falls_and_classes_are_learnt(make_motion, make_norm_encoder):
    task = FineTune(8, 0.02, 8, epochs=12)
    task.fit(*make_motion(48, 0), encoder=make_norm_encoder())
    assert task.train_losses_[-1] < 0.5 * task.train_losses_[0]
    x, y = make_motion(30, 1)
    assert np.mean(task.predict(x) == y) > 0.9
    probabilities = task.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert task.classes_.tolist() == ["run", "still", "walk"]
    best = task.classes_[probabilities.argmax(axis=1)]
    assert best.tolist() == task.predict(x).tolist()


def test_weights_are_those_of_the_best_validation_epoch(
    make_motion, make_norm_encoder, monkeypatch
):
    losses = iter([3.0, 1.0, 2.0, 1.0])  # the second of two equals is later
    monkeypatch.setattr(
        fine_tune_network, "_cross_entropy", lambda *_: next(losses)
    )
    train, encoder = make_motion(24, 0), make_norm_encoder()
    task = FineTune(8, 0.02, 8, epochs=4)
    task.fit(*train, *train, encoder=encoder)
    assert task.choice_ == {"epochs": 2, "validation_loss": 1.0}
    assert task.validation_losses_ == (3.0, 1.0, 2.0, 1.0)
    fixed = FineTune(8, 0.02, 8, epochs=2).fit(*train, encoder=encoder)
    assert fixed.choice_ == {"epochs": 2}
    assert fixed.validation_losses_ == ()
    np.testing.assert_allclose(
        fixed.train_losses_, task.train_losses_[:2], rtol=1e-5
    )
    pairs = zip(_weights(fixed._network), _weights(task._network), strict=True)
    for expected, weight in pairs:
        np.testing.assert_allclose(weight, expected, atol=1e-6)


def test_stops_after_patience_epochs_without_a_lower_loss(
    make_motion, make_norm_encoder
):
    # With wrong labels the validation loss rises as soon as there is learning.
    train, (validation_x, labels) = make_motion(24, 0), make_motion(24, 1)
    wrong = np.roll(labels, 1)
    task = FineTune(8, 0.05, 8, epochs=30, patience=2)
    task.fit(*train, validation_x, wrong, encoder=make_norm_encoder())
    losses = task.validation_losses_
    assert len(losses) == task.epochs_ + 2 < 30
    assert losses[task.epochs_ - 1] == min(losses) < losses[-1]
    np.testing.assert_allclose(
        _loss(task, validation_x, wrong), min(losses), rtol=1e-5
    )


def test_same_seed_same_weights(make_motion, make_norm_encoder):
    encoder = make_norm_encoder()
    settings = {**SMALL, "use_random_axes": True}
    task = FineTune(**settings, seed=3)
    first = _weights(task.fit(*make_motion(24, 0), encoder=encoder)._network)
    keras.utils.set_random_seed(99)  # the seed of fit alone counts
    again = _weights(task.fit(*make_motion(24, 0), encoder=encoder)._network)
    assert _is_equal(first, again)
    other = FineTune(**settings, seed=4)
    other = _weights(other.fit(*make_motion(24, 0), encoder=encoder)._network)
    assert not np.allclose(first[0], other[0])


def test_frozen_encoder_keeps_weights_and_statistics(
    make_motion, make_norm_encoder
):
    encoder, (x, y) = make_norm_encoder(), make_motion(24, 0)
    before = _weights(encoder)
    task = FineTune(**SMALL, freeze_encoder=True)
    task.fit(x, y, encoder=encoder)
    assert _is_equal(before, _weights(task._network.encoder))
    assert task.train_losses_[-1] < task.train_losses_[0]
    np.testing.assert_allclose(
        task.embed(x), embed_windows(encoder, x), atol=1e-6
    )


def test_frozen_encoder_drops_nothing_out(make_motion):
    # The first loss is that of the initial weights where nothing is learnt.
    encoder = keras.Sequential(
        [
            keras.layers.Input((24, 3)),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dropout(0.9),
        ]
    )
    x, y = make_motion(24, 0)
    losses = {}
    for is_frozen in (False, True):
        task = FineTune((), 1e-12, 24, epochs=1, freeze_encoder=is_frozen)
        task.fit(x, y, encoder=encoder)
        losses[is_frozen] = abs(task.train_losses_[0] - _loss(task, x, y))
    assert losses[True] < 1e-5 < 1e-2 < losses[False]


def test_balanced_classes_weigh_by_inverse_frequency(make_motion, make_encoder):
    # N / count by hand: 12 windows, of them 2 run, 4 walk and 6 still.
    x, y = make_motion(36, 0)
    order = np.argsort(y, kind="stable")  # 12 run, 12 still, 12 walk
    rows = np.concatenate([order[:2], order[12:18], order[24:28]])
    x, y = x[rows], y[rows]
    weight = {"run": 12 / 2, "still": 12 / 6, "walk": 12 / 4}
    weights = [weight[label] for label in y]
    held_x, held_y = make_motion(9, 1)
    held_weights = [weight[label] for label in held_y]
    task = FineTune((), 1e-12, 12, epochs=1, class_weight="balanced")
    task.fit(x, y, held_x, held_y, encoder=make_encoder())
    np.testing.assert_allclose(
        task.train_losses_[0], _loss(task, x, y, weights), rtol=1e-5
    )
    np.testing.assert_allclose(
        task.validation_losses_[0],
        _loss(task, held_x, held_y, held_weights),
        rtol=1e-5,
    )
    assert abs(_loss(task, x, y) - _loss(task, x, y, weights)) > 1e-3


def test_class_of_the_validation_rows_alone_has_a_column(
    make_motion, make_encoder
):
    (x, y), validation = make_motion(24, 0), make_motion(12, 1)
    is_known = y != "run"
    task = FineTune(**SMALL, class_weight="balanced")
    task.fit(x[is_known], y[is_known], *validation, encoder=make_encoder())
    assert task.classes_.tolist() == ["run", "still", "walk"]
    assert np.isfinite(task.validation_losses_).all()


def test_prediction_of_a_row_does_not_depend_on_the_other_rows(
    make_motion, make_norm_encoder
):
    task = FineTune(**SMALL)
    task.fit(*make_motion(24, 0), encoder=make_norm_encoder())
    x = make_motion(12, 1)[0]
    together = task.predict_proba(np.concatenate([x, 100 * x]))[:12]
    np.testing.assert_allclose(together, task.predict_proba(x), atol=1e-5)
    np.testing.assert_allclose(
        task.predict_proba(x[3:4]), together[3:4], atol=1e-5
    )


def test_random_axes_turn_every_window_by_itself():
    # One-hot windows: the columns of each result are the turned axes.
    windows = np.repeat(np.eye(3, dtype="float32")[None], 200, axis=0)
    layer = RandomAxes(seed=0)
    turned = ops.convert_to_numpy(layer(windows, training=True))
    gram = np.einsum("bti,bsi->bts", turned, turned)
    np.testing.assert_allclose(gram, windows, atol=1e-5)
    assert len(np.unique(turned.round(4), axis=0)) == 200
    assert set(np.linalg.det(turned).round(3)) == {-1.0, 1.0}
    orders = ops.convert_to_numpy(layer.order(windows, training=True))
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 6 and counts.min() > 10
    still = ops.convert_to_numpy(layer(windows, training=False))
    np.testing.assert_array_equal(still, windows)


def test_random_axes_are_for_training_windows_alone(make_motion, make_encoder):
    (x, y), seen = make_motion(24, 0), []
    task = FineTune((), 1e-12, 24, epochs=1, use_random_axes=True)
    task.fit(x, y, encoder=make_encoder())
    for _ in range(2):
        seen.append(task.predict_proba(x))
    np.testing.assert_array_equal(*seen)
    assert abs(task.train_losses_[0] - _loss(task, x, y)) > 1e-4


@pytest.mark.parametrize("hidden, units", [(None, []), ((7, 5), [7, 5])])
def test_head_has_the_hidden_layers_asked_for(
    make_motion, make_encoder, hidden, units
):
    task = FineTune(hidden, epochs=1).fit(
        *make_motion(12, 0), encoder=make_encoder()
    )
    head = task._network.head
    assert [layer.units for layer in head] == [*units, 3]
    activations = [layer.activation.__name__ for layer in head]
    assert activations == ["relu"] * len(units) + ["linear"]


def test_head_is_float32_under_a_half_precision_encoder(make_motion):
    policy = "mixed_bfloat16"
    encoder = keras.Sequential(
        [
            keras.layers.Input((24, 3)),
            keras.layers.Conv1D(4, 5, dtype=policy),
            keras.layers.GlobalMaxPooling1D(dtype=policy),
        ]
    )
    task = FineTune(**SMALL).fit(*make_motion(24, 0), encoder=encoder)
    assert [layer.compute_dtype for layer in task._network.head] == [
        "float32",
        "float32",
    ]
    logits = task._network(make_motion(3, 0)[0])
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert task.train_losses_[-1] < task.train_losses_[0]


class PlainEncoder(keras.Model):
    """Built at its first call, without a word for training."""

    def __init__(self, dim=4, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.dense = keras.layers.Dense(dim, activation="relu")

    def call(self, x):
        return ops.max(self.dense(x), axis=1)

    def get_config(self):
        return {**super().get_config(), "dim": self.dim}


@pytest.mark.traced
def test_encoder_may_be_unbuilt_and_know_nothing_of_training(make_motion):
    task = FineTune(**SMALL).fit(*make_motion(24, 0), encoder=PlainEncoder())
    assert task.embed(make_motion(5, 1)[0]).shape == (5, 4)


@pytest.mark.once
def test_features_are_left_to_an_mlp_of_the_same_head():
    probe = FineTune((7, 5), seed=9).for_features()
    assert isinstance(probe, MLPProbe)
    assert (probe.hidden, probe.seed, probe.scale) == ((7, 5), 9, True)


def test_copy_of_a_fitted_task_has_its_settings_and_no_network(
    make_motion, make_encoder
):
    task = FineTune(**SMALL, patience=2, class_weight="balanced", seed=5)
    blank = copy.deepcopy(task)
    task.fit(*make_motion(12, 0), encoder=make_encoder())
    copied = copy.deepcopy(task)
    assert vars(copied) == vars(blank) and copied.seed == 5


def test_errors_say_what_to_do(make_motion, make_encoder):
    for name in ("learning_rate", "patience"):
        with pytest.raises(ValueError, match=f"`{name}` must be .* above 0"):
            FineTune(**{name: 0})
    for name in ("batch_size", "epochs"):
        with pytest.raises(ValueError, match=f"`{name}` must be .* least 1"):
            FineTune(**{name: 0})
    with pytest.raises(ValueError, match="a whole number.*batch_size=4.0"):
        FineTune(batch_size=4.0)
    with pytest.raises(ValueError, match="`hidden` must be a number of units"):
        FineTune(hidden=0)
    with pytest.raises(ValueError, match="`class_weight` must be one of"):
        FineTune(class_weight="equal")
    with pytest.raises(ValueError, match="`FineTune` trains an encoder"):
        FineTune().fit(*make_motion(12, 0))
    unpooled = keras.Sequential(
        [keras.layers.Input((24, 3)), keras.layers.Conv1D(4, 5)]
    )
    with pytest.raises(ValueError, match="must return one vector per window"):
        FineTune().fit(*make_motion(12, 0), encoder=unpooled)
    diverging = FineTune((), learning_rate=1e30, batch_size=4, epochs=9)
    with pytest.raises(ValueError, match="training loss must stay finite"):
        diverging.fit(*make_motion(12, 0), encoder=make_encoder())


def test_a_class_without_training_rows_chooses_no_epoch(
    make_motion, make_encoder
):
    (x, y), (held_x, held_y) = make_motion(24, 0), make_motion(12, 1)
    is_known, is_held = y != "run", held_y != "run"
    only = np.flatnonzero(~is_held)
    fitted = []
    for rows in (np.flatnonzero(is_held), only):
        rows = np.append(rows, only[:1])  # the same classes in both
        for each in (rows, np.concatenate([rows, only])):
            task = FineTune(8, 0.02, 8, epochs=3, class_weight="balanced")
            task.fit(
                x[is_known],
                y[is_known],
                held_x[each],
                held_y[each],
                encoder=make_encoder(),
            )
            fitted.append((task.epochs_, task.validation_losses_))
    assert fitted[0][0] == fitted[1][0]
    np.testing.assert_allclose(fitted[0][1], fitted[1][1], rtol=1e-5)
    assert fitted[2] == fitted[3] == (3, ())  # none to choose by


@pytest.mark.parametrize("use_random_axes", [False, True])
def test_a_pickle_of_a_fitted_task_predicts_the_same(
    make_motion, make_norm_encoder, use_random_axes
):
    task = FineTune(**SMALL, use_random_axes=use_random_axes)
    task.fit(*make_motion(24, 0), encoder=make_norm_encoder())
    again = pickle.loads(pickle.dumps(task))
    x = make_motion(12, 1)[0]
    np.testing.assert_allclose(
        again.predict_proba(x), task.predict_proba(x), atol=1e-6
    )
    assert again.predict(x).tolist() == task.predict(x).tolist()
