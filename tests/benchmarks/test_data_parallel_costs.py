"""The costs on paper, by hand."""

import numpy as np


def test_costs_of_a_step_by_hand(load_benchmark):
    costs = load_benchmark("data_parallel").step_costs(
        2, 4, num_parameters=1000, num_norm_channels=10
    )
    assert costs["encoder windows"] == 2 * 21
    assert costs["pairs"] == 2 * (3 + 20)
    assert costs["keys and values"] == 4 + 2 * 20
    expected = {
        "MB anchors": 2 * 256 * 3 * 4e-6,  # those of the other device
        "MB embeddings": 2 * 2 * 256 * 4e-6,
        "MB gradients": 1000 * 4e-6,
        "MB batch norm": 2 * 2 * 10 * 4e-6,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(costs[name], value)
