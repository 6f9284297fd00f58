import numpy as np
import pytest
from keras import ops
from support import gradients, to_numpy

from keras_relcon.layers import CandidateRevIN

pytestmark = pytest.mark.every_backend


def build_layer(gamma, beta):
    layer = CandidateRevIN()
    layer.build((None, None, 3))
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    return layer


def test_golden_normalisation(golden, golden_distance_weights):
    layer = build_layer(
        golden_distance_weights["gamma"], golden_distance_weights["beta"]
    )
    candidates = golden["motif/candidates"].astype("float32")
    anchors = golden["motif/anchors"].astype("float32")
    mean, std = layer.statistics(candidates)
    for name, output in {
        "revin_mean": mean,
        "revin_std": std,
        "key_norm": layer.normalize(candidates, (mean, std)),
        "query_norm": layer.normalize(anchors, (mean, std)),
    }.items():
        np.testing.assert_allclose(
            to_numpy(output), golden[f"motif/int/{name}"], rtol=1e-4, atol=1e-5
        )


def test_denormalize_inverts_normalize(rng):
    layer = build_layer([0.5, 2.0, 1.5], [0.1, -1.0, 0.3])
    anchor = rng.normal(size=(4, 30, 3)).astype("float32")
    candidate = 3 * rng.normal(size=(4, 20, 3)).astype("float32") + 1
    statistics = layer.statistics(candidate)
    there = layer.normalize(anchor, statistics)
    back = to_numpy(layer.denormalize(there, statistics))
    np.testing.assert_allclose(back, anchor, atol=1e-5)


def test_a_call_leaves_nothing_behind(rng):
    layer = build_layer(np.ones(3), np.zeros(3))
    first, second = rng.normal(size=(2, 2, 30, 3)).astype("float32")
    before = to_numpy(layer(first, first))
    layer(second, 9 * second)
    np.testing.assert_array_equal(to_numpy(layer(first, first)), before)


def test_statistics_carry_no_gradient(rng):
    layer = build_layer(np.ones(3), np.zeros(3))
    x = rng.normal(size=(2, 10, 3)).astype("float32")

    def mixed(x):
        mean, std = layer.statistics(x)
        return ops.sum(mean * std) + ops.sum(x)

    (gradient,) = gradients(mixed, [x])
    np.testing.assert_array_equal(gradient, np.ones_like(x))


def test_constant_candidate_stays_finite():
    layer = CandidateRevIN()
    x = np.ones((1, 10, 3), "float32")
    assert np.isfinite(to_numpy(layer(x + 1, x))).all()


def test_config_round_trip():
    layer = CandidateRevIN(epsilon=1e-3, affine=False)
    copy = CandidateRevIN.from_config(layer.get_config())
    assert (copy.epsilon, copy.affine) == (1e-3, False)
    copy.build((None, None, 3))
    assert not copy.weights


def test_unknown_channels_are_refused():
    with pytest.raises(ValueError, match="known number of channels"):
        CandidateRevIN().build((None, 10))


def test_the_two_windows_have_the_same_channels():
    x = np.ones((2, 10, 3), "float32")
    with pytest.raises(ValueError, match="same channels.*10, 1"):
        CandidateRevIN()(x, x[:, :, :1])


def test_epsilon_is_not_negative():
    with pytest.raises(ValueError, match="at least 0. Received: epsilon=-1"):
        CandidateRevIN(epsilon=-1)
