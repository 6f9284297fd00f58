"""What layers add to the loss, in models that compute it themselves."""

import keras
import numpy as np
import pytest
from support import (
    PlainDistance,
    candidate_group,
    plain_encoder,
    to_numpy,
    windows_of_two_kinds,
)

from keras_relcon.baselines import REBAR, AugPred, SimCLR
from keras_relcon.models import AugmentedViews

pytestmark = pytest.mark.every_backend


def regularized_encoder():
    return keras.Sequential(
        [
            keras.layers.Conv1D(
                4, 5, kernel_regularizer=keras.regularizers.L2(0.1)
            ),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )


@pytest.mark.parametrize("kind", [SimCLR, AugPred, REBAR])
def test_a_regularizer_adds_its_value(rng, kind):
    encoder, distances = regularized_encoder(), None
    if kind is REBAR:
        model = REBAR(encoder, PlainDistance())
        inputs = candidate_group(rng)
        distances = model.rank_candidates(inputs)
    else:
        model, inputs = kind(encoder, seed=0), windows_of_two_kinds(rng, 4)
    outputs = model(inputs)
    kernel = encoder.layers[0].kernel
    loss = to_numpy(model.compute_loss(inputs, distances, outputs))
    kernel.regularizer = None
    alone = to_numpy(model.compute_loss(inputs, distances, outputs))
    expected = 0.1 * np.sum(to_numpy(kernel) ** 2)
    np.testing.assert_allclose(loss - alone, expected, rtol=1e-4)


def test_views_add_to_the_loss_of_rebar(rng):
    model = REBAR(plain_encoder(), PlainDistance(), views=AugmentedViews())
    group = candidate_group(rng)
    distances = model.rank_candidates(group)
    similarities = model(group, training=True)
    loss = model.compute_loss(group, distances, similarities)
    alone = model.binary_loss(distances, similarities)
    (term,) = model.losses
    assert to_numpy(term) > 0.1
    np.testing.assert_allclose(
        to_numpy(loss), to_numpy(alone) + to_numpy(term), rtol=1e-5
    )
