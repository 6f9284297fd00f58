"""CPC against numbers and loops of its equation, and what it may look at."""

import keras
import numpy as np
import pytest
from baselines.every_method import SequenceEncoder, small, waves
from support import (
    gradients,
    numeric_gradient,
    plain_encoder,
    tiny_encoder,
    to_numpy,
    variable_gradients,
    windows_of_two_kinds,
)

from keras_relcon.baselines import CPC
from keras_relcon.layers import ConvEncoder1D, ResNet1D34

pytestmark = pytest.mark.every_backend


def loss_by_loops(targets, predictions):
    """Each step of each window among the contexts of all, in float64."""
    targets, predictions = np.float64(targets), np.float64(predictions)
    total = 0.0
    for i, steps in enumerate(targets):
        for k, z in enumerate(steps):
            logits = [z @ other[k] for other in predictions]
            total += np.log(np.sum(np.exp(logits))) - logits[i]
    return total / targets.shape[0] / targets.shape[1]


def gru_by_loops(x, kernel, recurrent_kernel, bias):
    """Cho et al. with the reset gate after the product, in float64."""
    inner, outer = bias
    width = recurrent_kernel.shape[0]
    outputs = np.zeros((*x.shape[:2], width))
    for row, steps in enumerate(x):
        state = np.zeros(width)
        for t, step in enumerate(steps):
            a = np.split(step @ kernel + inner, 3)
            b = np.split(state @ recurrent_kernel + outer, 3)
            z, r = (1 / (1 + np.exp(-a[i] - b[i])) for i in (0, 1))
            state = z * state + (1 - z) * np.tanh(a[2] + r * b[2])
            outputs[row, t] = state
    return outputs


@keras.saving.register_keras_serializable(package="tests")
class SameSequence(keras.Model):
    """Windows are their own sequence, times a matrix."""

    def build(self, input_shape):
        width = input_shape[-1]
        self.matrix = self.add_weight((width, width), "identity", name="m")
        self.built = True

    def call(self, x, training=False):
        return keras.ops.mean(self.sequences(x)[-1], axis=1)

    def sequences(self, x, training=False):
        return [keras.ops.matmul(x, self.matrix)]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])


def as_outputs(targets, predictions):
    return {"target": targets, "prediction": predictions}


def test_loss_of_known_numbers():
    predictions = np.einsum(
        "bu,kue->bke", waves((4, 6), 0.9), waves((3, 6, 5), 0.3)
    )
    arrays = waves((4, 3, 5)), predictions
    outputs = [keras.ops.convert_to_tensor(x, "float32") for x in arrays]
    loss = to_numpy(small("CPC").loss_of(as_outputs(*outputs)))
    np.testing.assert_allclose(loss, 3.319507, atol=2e-6)
    np.testing.assert_allclose(loss_by_loops(*arrays), 3.319507, atol=1e-6)


def test_alike_contexts_are_guessed_among():
    same = keras.ops.ones((5, 3, 4))
    loss = to_numpy(small("CPC").loss_of(as_outputs(same, same)))
    np.testing.assert_allclose(loss, np.log(5), rtol=1e-6)


def test_gradient_reaches_targets_and_predictions():
    model = small("CPC")
    arrays = waves((3, 2, 4)), waves((3, 2, 4), 1.3, 0.1)
    found = gradients(lambda *x: model.loss_of(as_outputs(*x)), arrays)
    for place, gradient in enumerate(found):

        def loss(x):
            return loss_by_loops(
                *[x if i == place else arrays[i] for i in (0, 1)]
            )

        expected = numeric_gradient(loss, arrays[place])
        np.testing.assert_allclose(gradient, expected, atol=1e-5)


def oracle(model, windows, matrix, start):
    """The whole of the method in float64, of the weights of a model."""
    z = np.float64(windows) @ matrix
    c = z
    for layer in model.recurrent:
        c = gru_by_loops(c, *map(np.float64, layer.get_weights()))
    kernel, bias = map(np.float64, model.predictor.get_weights())
    width, steps = z.shape[-1], model.num_foretold
    predictions = np.stack(
        [
            c[:, start] @ kernel[:, k * width : (k + 1) * width]
            + bias[k * width : (k + 1) * width]
            for k in range(steps)
        ],
        axis=1,
    )
    return z[:, start + 1 : start + 1 + steps], predictions


def test_outputs_and_gradient_are_those_of_loops(rng):
    keras.utils.set_random_seed(0)
    model = CPC(SameSequence(), num_steps=2, context_width=4, dropout=0, seed=1)
    windows = rng.normal(size=(4, 3, 3)).astype("float32")
    model.build(windows.shape)
    # Of three steps only the first has two after it.
    matrix = rng.normal(size=(3, 3)).astype("float32")
    model.encoder.matrix.assign(matrix)
    model.predictor.bias.assign(rng.normal(size=6))
    outputs = model(windows, training=True)
    targets, predictions = oracle(model, windows, matrix, 0)
    np.testing.assert_allclose(to_numpy(outputs["target"]), targets, atol=1e-5)
    np.testing.assert_allclose(
        to_numpy(outputs["prediction"]), predictions, atol=1e-5
    )
    expected = numeric_gradient(
        lambda m: loss_by_loops(*oracle(model, windows, m, 0)), matrix
    )
    (found,) = variable_gradients(
        lambda: model.loss_of(model(windows, training=True)),
        [model.encoder.matrix],
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_one_start_for_a_batch_and_each_that_there_is():
    """The samples tell their own place."""
    length, steps = 9, 3
    windows = np.zeros((2, length, 2), "float32")
    windows[:, :, 0] = np.arange(length)
    windows[:, :, 1] = [[5], [6]]
    model = CPC(SameSequence(), steps, context_width=2, num_layers=1, seed=3)
    starts = []
    for _ in range(60):
        targets = to_numpy(model(windows)["target"])
        np.testing.assert_array_equal(targets[0, :, 0], targets[1, :, 0])
        np.testing.assert_array_equal(targets[:, :, 1], [[5] * 3, [6] * 3])
        start = int(targets[0, 0, 0]) - 1
        np.testing.assert_array_equal(
            targets[0, :, 0], start + 1 + np.arange(steps)
        )
        starts.append(start)
    assert set(starts) == set(range(length - steps))


def test_predictions_do_not_look_ahead(rng, monkeypatch):
    start = keras.ops.convert_to_tensor([3], dtype="int32")
    monkeypatch.setattr(keras.random, "randint", lambda *_, **__: start)
    model = CPC(SameSequence(), num_steps=3, context_width=4)
    windows = rng.normal(size=(3, 8, 3)).astype("float32")

    def predictions(place):
        changed = windows.copy()
        changed[:, place] += 1.0
        return to_numpy(model(changed)["prediction"])

    np.testing.assert_array_equal(predictions(4), predictions(5))
    for place in range(4):
        change = predictions(place) - predictions(4)
        assert np.abs(change).max() > 1e-3, place


def test_number_of_steps_by_default():
    def foretold(encoder, length):
        model = CPC(encoder, context_width=4)
        model.build((None, length, 3))
        return model.num_foretold

    assert foretold(ConvEncoder1D((4,)), 128) == 28
    assert foretold(ConvEncoder1D((4,)), 50) == 25
    assert foretold(tiny_encoder(), 64) == 3  # of 7 steps
    assert foretold(SequenceEncoder(), 64) == 8


def test_dropout_between_the_recurrent_layers_in_training_only(rng):
    windows = windows_of_two_kinds(rng, 4)
    model = CPC(SameSequence(), 3, context_width=8, dropout=0.5, seed=1)
    model.build(windows.shape)
    still = to_numpy(model.contexts(windows))
    assert still.shape == (4, 64, 8)
    np.testing.assert_array_equal(to_numpy(model.contexts(windows)), still)
    drawn = to_numpy(model.contexts(windows, training=True))
    assert np.abs(drawn - still).max() > 1e-3


def test_sources_network_learns(rng):
    keras.utils.set_random_seed(0)
    model = CPC(ConvEncoder1D((8, 8), dropout=0.2), 4, 8, seed=0)
    model.compile(optimizer=keras.optimizers.Adam(3e-2))
    losses = model.fit(
        windows_of_two_kinds(rng, length=16),
        epochs=30,
        verbose=0,
        batch_size=16,
    ).history["loss"]
    assert np.mean(losses[-3:]) < losses[0] - 0.1, losses


def test_bad_input_is_explained():
    with pytest.raises(TypeError, match="must have a method `sequences`"):
        CPC(plain_encoder())
    headed = ResNet1D34(5, (1,), (8,), (3,), (1,))
    with pytest.raises(ValueError, match="must end with its pooling"):
        CPC(headed)
    with pytest.raises(ValueError, match="more steps.*7.*a sequence of 7"):
        CPC(tiny_encoder(), num_steps=7).build((None, 64, 3))
    with pytest.raises(ValueError, match="windows of a known length"):
        CPC(tiny_encoder()).build((None, None, 3))
    with pytest.raises(ValueError, match="`num_steps`.*at least 1"):
        CPC(tiny_encoder(), num_steps=0)
    with pytest.raises(ValueError, match="`dropout`.*below 1"):
        CPC(tiny_encoder(), dropout=1)
    model = CPC(SameSequence(), num_steps=5, context_width=4)
    model(np.ones((2, 8, 3), "float32"))
    with pytest.raises(ValueError, match="a sequence of 4 steps"):
        model(np.ones((2, 4, 3), "float32"))
