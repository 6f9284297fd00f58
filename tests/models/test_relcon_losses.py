"""The losses of Table 6 in the place of the relative one."""

import keras
import numpy as np
import pytest
import reference
from support import (
    PlainDistance,
    candidate_group,
    plain_distances,
    plain_encoder,
    to_numpy,
)

from keras_relcon import RelConModel
from keras_relcon.losses import BinaryContrastiveLoss, LogRatioLoss

pytestmark = pytest.mark.every_backend

LOSSES = {
    "binary": (
        BinaryContrastiveLoss(0.2),
        lambda d, s: reference.binary_contrastive_loss(d, s, 0.2),
    ),
    "log_ratio": (LogRatioLoss(), reference.log_ratio_loss),
}


@pytest.mark.parametrize(
    "name", ["binary", pytest.param("log_ratio", marks=pytest.mark.eager)]
)
def test_fit_takes_the_loss_of_the_ranked_similarities(rng, name):
    loss, oracle = LOSSES[name]
    keras.utils.set_random_seed(0)
    model = RelConModel(plain_encoder(), PlainDistance())
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=loss)
    group = candidate_group(rng)
    similarities = to_numpy(model(group)).astype(np.float64)
    logs = model.test_on_batch(group, return_dict=True)
    np.testing.assert_allclose(
        logs["loss"],
        oracle(plain_distances(group), similarities).mean(),
        rtol=2e-3,
    )
    losses = [float(model.train_on_batch(group)[0]) for _ in range(8)]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
