"""Rows of length 1, and what a row of zeros does to a training."""

import keras
import numpy as np
import pytest
from keras import ops
from support import gradients, to_numpy

from keras_relcon.baselines import SimCLR
from keras_relcon.baselines.predicted_views import mean_cosine
from keras_relcon.layers import ConvEncoder1D
from keras_relcon.losses import (
    info_nce_loss,
    nt_xent_loss,
    renyi_contrastive_loss,
)
from keras_relcon.losses.unit_rows import unit_rows

pytestmark = pytest.mark.every_backend


def test_rows_have_length_one_and_the_gradient_of_a_quotient(rng):
    x = rng.normal(size=(4, 5))
    x[1] = 0
    upstream = rng.normal(size=(4, 5))
    length = np.linalg.norm(x, axis=1, keepdims=True)
    length[1] = 1
    unit = x / length
    found = to_numpy(unit_rows(x.astype("float16").astype("float32")))
    np.testing.assert_allclose(found, unit, atol=1e-3)
    (gradient,) = gradients(
        lambda x: ops.sum(
            unit_rows(x) * ops.convert_to_tensor(upstream, "float32")
        ),
        [x.astype("float32")],
    )
    along = np.sum(upstream * unit, axis=1, keepdims=True)
    expected = (upstream - along * unit) / length
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5)


LOSSES = {
    "nt_xent": lambda x: ops.sum(nt_xent_loss(x[:3], x[3:], 0.1)),
    "info_nce": lambda x: ops.sum(info_nce_loss(x[:3], x[3:], x, 0.1)),
    "renyi": lambda x: renyi_contrastive_loss(x[:3], x[3:]),
    "cosine": lambda x: mean_cosine(
        {name: ops.reshape(x, (3, 2, 5)) for name in ("target", "prediction")}
    ),
}


@pytest.mark.parametrize("name", list(LOSSES))
def test_a_row_of_zeros_has_a_finite_gradient(rng, name):
    x = rng.normal(size=(6, 5)).astype("float32")
    x[1] = 0
    (gradient,) = gradients(LOSSES[name], [x])
    assert np.isfinite(gradient).all() and np.any(gradient != 0)


def test_a_window_of_zeros_leaves_the_weights_finite(rng):
    x = rng.normal(size=(6, 24, 3)).astype("float32")
    x[0] = 0
    encoder = ConvEncoder1D((4, 6))  # without biases
    model = SimCLR(encoder, views="tang", seed=0)
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    model.fit(x, batch_size=6, epochs=3, verbose=0)
    for weight in encoder.get_weights():
        assert np.isfinite(weight).all()
