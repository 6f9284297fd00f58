"""SimSiam and BYOL against numbers and loops of their papers' equations."""

import keras
import numpy as np
import pytest
from baselines.every_method import waves
from support import plain_encoder, to_numpy, windows_of_two_kinds

from keras_relcon.baselines import BYOL, RenyiCL, SimSiam

pytestmark = pytest.mark.every_backend


def small(method, **kwargs):
    keras.utils.set_random_seed(0)
    return method(plain_encoder(), **{"seed": 1, **kwargs})


def mean_cosine_by_loops(predictions, targets):
    """Each prediction with the target of the other view, in float64."""
    total = 0.0
    for both, others in zip(np.float64(predictions), np.float64(targets)):
        for view in (0, 1):
            p, t = both[view], others[1 - view]
            total += p @ t / np.sqrt((p @ p) * (t @ t))
    return total / (2 * len(predictions))


@pytest.mark.parametrize(
    ("method", "expected"), [(SimSiam, -0.211894), (BYOL, 1.576211)]
)
def test_loss_of_known_numbers(method, expected):
    outputs = {
        "prediction": [waves((4, 5), 0.4, 0.3), waves((4, 5), 0.45, 0.3)],
        "target": [waves((4, 5), 0.55, 0.3), waves((4, 5), 0.65, 0.3)],
    }
    outputs = {
        name: keras.ops.convert_to_tensor(np.stack(views, 1), "float32")
        for name, views in outputs.items()
    }
    loss = to_numpy(small(method).loss_of(outputs))
    np.testing.assert_allclose(loss, expected, atol=2e-6)


@pytest.mark.parametrize("method", [SimSiam, BYOL])
def test_loss_of_a_batch_is_that_of_loops(rng, method):
    model = small(method)
    outputs = model(windows_of_two_kinds(rng, 6), training=True)
    cosine = mean_cosine_by_loops(
        to_numpy(outputs["prediction"]), to_numpy(outputs["target"])
    )
    loss = to_numpy(model.loss_of(outputs))
    expected = -cosine if method is SimSiam else 2 - 2 * cosine
    np.testing.assert_allclose(loss, expected, atol=1e-5)


@pytest.mark.once
@pytest.mark.parametrize("method", [BYOL, SimSiam, RenyiCL])
def test_a_predictor_is_a_layer(method):
    with pytest.raises(TypeError, match="`predictor` must be a Keras layer"):
        method(plain_encoder(), predictor=None)
