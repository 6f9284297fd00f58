"""The temperatures of the losses, each beside where it is published.

Sections are those of [RelCon](https://arxiv.org/abs/2411.18822).
"""

import math

import pytest
from support import to_numpy

from keras_relcon import losses

pytestmark = pytest.mark.every_backend

# A near candidate of similarity 0, a farther one of similarity 1.
DISTANCES, SIMILARITIES = [[1.0, 2.0]], [[0.0, 1.0]]


def value(loss):
    return float(to_numpy(loss)[()].reshape(-1)[0])


def test_relative_and_binary_loss_have_a_temperature_of_1():
    """A.1: RelCon and REBAR both with a temperature of 1."""
    # The nearer is the positive: log(e**0 + e**1) - 0
    expected = math.log(1 + math.e)
    found = [
        losses.relative_contrastive_loss(DISTANCES, SIMILARITIES),
        losses.binary_contrastive_loss(DISTANCES, SIMILARITIES),
        losses.RelativeContrastiveLoss()(DISTANCES, SIMILARITIES),
        losses.BinaryContrastiveLoss()(DISTANCES, SIMILARITIES),
    ]
    for loss in found:
        assert value(loss) == pytest.approx(expected, rel=1e-6)
    assert losses.RelativeContrastiveLoss().temperature == 1.0
    assert losses.BinaryContrastiveLoss().temperature == 1.0


def test_nt_xent_has_a_temperature_of_a_tenth():
    """The code of Tang et al. (2020), as read in the methods, 1.4."""
    first, second = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]
    # The positive has a cosine of 1, both negatives of 0.
    expected = math.log(math.exp(10) + 2) - 10
    assert value(losses.nt_xent_loss(first, second)) == pytest.approx(
        expected, rel=1e-2
    )
    assert value(losses.NTXentLoss()(first, second)) == pytest.approx(
        expected, rel=1e-2
    )
    assert losses.NTXentLoss().temperature == 0.1


def test_log_ratio_keeps_logarithms_finite_by_a_millionth():
    """The code of Kim et al. (2019), as read in the methods, 5."""
    assert losses.LogRatioLoss().epsilon == 1e-6
    # Both embeddings are the anchor's: the distances alone make the loss.
    found = value(losses.log_ratio_loss([[1.0, math.e]], [[1.0, 1.0]]))
    near = math.log(1 + 1e-6)
    far = math.log(math.e + 1e-6)
    # 2 N / (N - 1) of the variance of two numbers is their difference squared
    assert found == pytest.approx((far - near) ** 2, rel=1e-5)
    zero = value(losses.log_ratio_loss([[1.0, 1.0]], [[1.0, 0.5]]))
    assert zero == pytest.approx(math.log(1e6 * (1 + 1e-6)) ** 2, rel=1e-4)
