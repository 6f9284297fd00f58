"""What the losses of ranked candidates have in common."""

import keras
import numpy as np
import pytest
import reference
from support import to_numpy

from keras_relcon import losses

pytestmark = pytest.mark.every_backend

NAMES = ("relative_contrastive_loss", "binary_contrastive_loss")
CLASSES = {
    "relative_contrastive_loss": losses.RelativeContrastiveLoss,
    "binary_contrastive_loss": losses.BinaryContrastiveLoss,
}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def test_loss_class_is_the_mean_over_anchors(rng, name):
    distances = rng.uniform(0, 9, (4, 7))
    similarities = rng.uniform(-1, 1, (4, 7))
    loss = CLASSES[name](temperature=0.3)
    assert loss.name == name
    expected = getattr(reference, name)(distances, similarities, 0.3)
    np.testing.assert_allclose(
        to_numpy(loss(distances, similarities)), expected.mean(), rtol=1e-5
    )
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert copy.temperature == 0.3


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), None])
def test_temperature_must_be_positive(name, temperature):
    with pytest.raises(ValueError, match="above 0.*temperature="):
        CLASSES[name](temperature=temperature)
    with pytest.raises(ValueError, match="above 0.*temperature="):
        getattr(losses, name)(np.ones((2, 3)), np.ones((2, 3)), temperature)


@pytest.mark.parametrize("shape", [(4, 1), (1, 6), (24,)])
def test_shapes_are_not_broadcast(name, shape):
    distances, similarities = np.ones((4, 6)), np.ones(shape)
    for arrays in (distances, similarities), (similarities, distances):
        with pytest.raises(ValueError, match="must have one shape"):
            getattr(losses, name)(*arrays)


def test_valid_has_the_shape_of_the_similarities(name):
    for valid in (np.ones((2, 4), bool), np.ones(3, bool)):
        with pytest.raises(ValueError, match="`valid` and.*one shape"):
            getattr(losses, name)(np.ones((2, 3)), np.ones((2, 3)), valid=valid)
