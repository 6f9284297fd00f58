import keras
import numpy as np
import pytest
from keras import ops

from keras_relcon import baselines
from keras_relcon.evaluation import FromScratch

pytestmark = pytest.mark.every_backend

SMALL = [
    (baselines.deep_conv_lstm, {"num_filters": 2, "num_units": 5}, 5),
    (baselines.lstm_classifier, {"num_units": 4}, 4),
    (baselines.conv_classifier, {"widths": (2, 3), "hidden": (6, 3)}, 3),
]


def _windows(count=3, length=24):
    generator = np.random.default_rng(0)
    return generator.normal(size=(count, length, 3)).astype("float32")


def _randomize(model):
    """Weights drawn anew, so that biases and statistics are not 0 and 1."""
    generator = np.random.default_rng(1)
    model.set_weights(
        [generator.uniform(0.2, 0.9, w.shape) for w in model.get_weights()]
    )
    return [np.asarray(w, "float64") for w in model.get_weights()]


def _sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def _lstm(x, kernel, recurrent, bias):
    """Outputs of every step; gates in the order input, forget, cell, output."""
    hidden = cell = np.zeros((len(x), recurrent.shape[0]))
    outputs = []
    for step in range(x.shape[1]):
        gates = x[:, step] @ kernel + hidden @ recurrent + bias
        i, f, c, o = np.split(gates, 4, axis=1)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(c)
        hidden = _sigmoid(o) * np.tanh(cell)
        outputs.append(hidden)
    return np.stack(outputs, axis=1)


def _convolve(x, kernel):
    """`(batch, time, in)` by `(size, in, out)`, without padding."""
    size = len(kernel)
    steps = range(x.shape[1] - size + 1)
    return np.stack(
        [np.einsum("bsi,sio->bo", x[:, t : t + size], kernel) for t in steps],
        axis=1,
    )


def test_lstm_classifier_is_two_lstms():
    model = baselines.lstm_classifier(num_units=4)
    weights = [0.3 * weight for weight in _randomize(model)]
    model.set_weights(weights)
    x = _windows(length=9)
    expected = _lstm(_lstm(x, *weights[:3]), *weights[3:])[:, -1]
    np.testing.assert_allclose(
        ops.convert_to_numpy(model(x)), expected, atol=1e-5
    )


def test_deep_conv_lstm_filters_each_axis_by_itself():
    model = baselines.deep_conv_lstm(num_filters=2, num_units=4)
    weights = [0.3 * weight for weight in _randomize(model)]
    model.set_weights(weights)
    x = _windows(length=20)
    axes = []
    for axis in range(3):
        y = x[:, :, axis, None].astype("float64")
        for kernel, bias in zip(weights[0:8:2], weights[1:8:2]):
            y = np.maximum(_convolve(y, kernel[:, 0]) + bias, 0)
        axes.append(y)
    features = np.concatenate(axes, axis=2)  # 20 - 4 * 4 steps of 3 * 2
    assert features.shape == (3, 4, 6)
    expected = _lstm(_lstm(features, *weights[8:11]), *weights[11:])[:, -1]
    np.testing.assert_allclose(
        ops.convert_to_numpy(model(x)), expected, atol=1e-5
    )


def test_conv_classifier_reflects_the_edges():
    model = baselines.conv_classifier(widths=(2, 3), hidden=(4, 3))
    weights = _randomize(model)
    x = _windows(length=8)
    y = x.astype("float64")
    for kernel in weights[:2]:
        padded = np.concatenate([y[:, 1:2], y, y[:, -2:-1]], axis=1)
        y = np.maximum(_convolve(padded, kernel), 0)
    y = y.max(axis=1)
    for kernel, bias, gamma, beta, mean, variance in (
        weights[2:8],
        weights[8:],
    ):
        y = (y @ kernel + bias - mean) / np.sqrt(variance + 1e-5)
        y = np.maximum(y * gamma + beta, 0)
    np.testing.assert_allclose(
        ops.convert_to_numpy(model(x)), y, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize(
    "make, dim, num_weights",
    [
        (baselines.deep_conv_lstm, 128, 357_952),
        (baselines.lstm_classifier, 128, 199_168),
        (baselines.conv_classifier, 128, 98_464),
    ],
)
def test_sizes_are_those_of_the_docstring(make, dim, num_weights):
    model = make()
    assert model.output_shape == (None, dim)
    assert model.count_params() == num_weights


@pytest.mark.eager
@pytest.mark.parametrize("make, settings, dim", SMALL)
def test_any_window_length_and_a_round_trip(make, settings, dim):
    model = make(**settings)
    copy = model.__class__.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    said = [net.predict_on_batch(_windows(length=20)) for net in (model, copy)]
    np.testing.assert_array_equal(*said)
    assert model(keras.Input((33, 3))).shape == (None, dim)


@pytest.mark.parametrize(
    "make, settings, dim",
    [pytest.param(*SMALL[0], marks=pytest.mark.eager), *SMALL[1:]],
)
def test_trains_from_scratch(make, settings, dim):
    x, y = _windows(12), np.resize(["a", "b"], 12)
    encoder = make(**settings)
    task = FromScratch(hidden=(), epochs=1, batch_size=6)
    task.fit(x, y, encoder=encoder)
    assert task.embed(x).shape == (12, dim)
    assert task.predict_proba(x).shape == (12, 2)
    start = encoder.get_weights()[0]
    assert not np.allclose(task._network.encoder.get_weights()[0], start)


def test_dropout_is_for_training_alone():
    keras.utils.set_random_seed(0)
    between = {**SMALL[2][1], "dropout": 0.0, "conv_dropout": 0.5}
    for make, settings in (SMALL[0][:2], SMALL[2][:2], (SMALL[2][0], between)):
        model, x = make(**settings), _windows()
        first, second = (ops.convert_to_numpy(model(x)) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        trained, again = (
            ops.convert_to_numpy(model(x, training=True)) for _ in range(2)
        )
        assert not np.allclose(first, trained)
        # Batch norm alone would give the same twice.
        assert not np.allclose(trained, again)


def test_window_shorter_than_the_convolutions_is_an_error():
    with pytest.raises(
        ValueError, match="must be at least 17.*window_length=16"
    ):
        baselines.deep_conv_lstm(window_length=16)
    assert baselines.deep_conv_lstm(window_length=17).input_shape[1] == 17
    with pytest.raises(ValueError, match="at least 2.*window_length=1"):
        baselines.conv_classifier(window_length=1)
