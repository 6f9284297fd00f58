"""MiniRocket, against its definition in float64, one kernel at a time."""

import itertools

import keras
import numpy as np
import pytest
from support import to_numpy

from keras_relcon.models import MiniRocket

pytestmark = pytest.mark.every_backend

LENGTH = 40
PLACES = list(itertools.combinations(range(9), 3))
KERNELS = np.array(
    [[2.0 if i in p else -1.0 for i in range(9)] for p in PLACES]
)


def convolved(signal, kernel, dilation):
    """`(time,)`, with zeros before and after the signal."""
    margin = 4 * dilation
    padded = np.pad(signal, margin)
    return np.array(
        [
            padded[t : t + 2 * margin + 1 : dilation] @ kernel
            for t in range(len(signal))
        ]
    )


def by_definition(model, windows):
    """The shares, in the model's order: even kernels, then odd ones."""
    channels = to_numpy(model.channels)
    thresholds = to_numpy(model.thresholds).astype("float64")
    order = [*range(0, 84, 2), *range(1, 84, 2)]
    columns, first = [], 0
    for index, dilation in enumerate(model.dilations):
        for half in (0, 1):
            for _ in range(model.num_thresholds[index]):
                for place in range(42):
                    row = 42 * half + place
                    kernel = KERNELS[order[row]]
                    summed = windows @ channels[index, :, row]
                    margin = 4 * dilation * ((index + half) % 2)
                    found = [
                        convolved(signal, kernel, dilation)[
                            margin : len(signal) - margin
                        ]
                        for signal in summed
                    ]
                    above = np.array(found) > thresholds[first]
                    columns.append(above.mean(1))
                    first += 1
    return np.stack(columns, axis=1)


@pytest.fixture(scope="module")
def windows():
    rng = np.random.default_rng(3)
    return rng.normal(size=(6, LENGTH, 3)).astype("float32")


@pytest.fixture(scope="module")
def model(windows):
    model = MiniRocket(5 * 84 + 7, window_length=LENGTH)
    model.adapt(windows)
    return model


def test_shares_match_the_definition(model, windows):
    found = to_numpy(model(windows))
    assert found.shape == (6, 5 * 84) == model.compute_output_shape((6, 40, 3))
    # A sample at a threshold may fall on either side in float32.
    difference = np.abs(found - by_definition(model, windows.astype("float64")))
    assert difference.max() < 1.5 / (LENGTH - 32)
    assert np.mean(difference > 1e-6) < 0.01


def test_thresholds_are_quantiles_of_training_windows(windows):
    one = MiniRocket(5 * 84, window_length=LENGTH)
    one.adapt(windows[:1])
    assert one.dilations[0] == 1 and one.num_thresholds[0] == 2
    # Kernel by kernel two levels, of the kernels in the model's order.
    levels = (np.arange(1, 169) * (np.sqrt(5) + 1) / 2) % 1
    order = [*range(0, 84, 2), *range(1, 84, 2)]
    channels = to_numpy(one.channels)[0]
    for row in (0, 41, 42, 83):
        signal = windows[0].astype("float64") @ channels[:, row]
        response = convolved(signal, KERNELS[order[row]], 1)
        half, place = divmod(row, 42)
        for number in (0, 1):
            np.testing.assert_allclose(
                to_numpy(one.thresholds)[84 * half + 42 * number + place],
                np.quantile(response, levels[2 * row + number]),
                rtol=1e-4,
                atol=1e-4,
            )
    assert set(channels.sum(0)) <= {1, 2, 3} and channels.sum(0).std() > 0


@pytest.mark.once
def test_dilations_of_the_paper():
    # 9,996 features of 256 samples: exponents 0 to log2(255 / 8), 32 of them.
    model = MiniRocket(10_000)
    assert model.num_features == 9996 and sum(model.num_thresholds) == 119
    exponents = np.linspace(0, np.log2(255 / 8), 32)
    assert model.dilations == sorted(set((2**exponents).astype(int)))
    assert model.dilations[-1] == 31
    assert model.num_thresholds[0] > model.num_thresholds[-1] >= 3


def test_longer_windows_and_a_saved_model(model, windows, tmp_path):
    path = tmp_path / "mini_rocket.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    expected = to_numpy(model(windows))
    np.testing.assert_array_equal(to_numpy(loaded(windows)), expected)
    longer = np.concatenate([windows, windows], axis=1)
    assert to_numpy(loaded(longer)).shape == expected.shape


@pytest.mark.parametrize(
    "arguments, problem",
    [
        ({"num_features": 83}, "num_features"),
        ({"window_length": 8}, "window_length"),
        ({"seed": -1}, "seed"),
    ],
)
@pytest.mark.once
def test_wrong_arguments_are_explained(arguments, problem):
    with pytest.raises(ValueError, match=problem):
        MiniRocket(**arguments)


@pytest.mark.once
def test_wrong_windows_are_explained(model):
    with pytest.raises(ValueError, match="shape .5, 3"):
        MiniRocket().adapt(np.ones((5, 3)))
    with pytest.raises(ValueError, match="32 samples, with window_length=40"):
        model(np.ones((2, 32, 3), "float32"))
    with pytest.raises(ValueError, match="axis -1.*to have value 3"):
        model(np.ones((2, 40, 2), "float32"))
    windows = np.ones((5, 40, 3))
    windows[1, 2] = np.nan
    with pytest.raises(ValueError, match="`windows` must be finite.*3 values"):
        MiniRocket(window_length=40).adapt(windows)
