"""Two devices train each method as one does with the global batch.

What a method contrasts, it contrasts among the windows of all devices; slow
copies and queues are the same on all.
"""

import keras
import method_run
import numpy as np
import processes
import pytest
from test_data_parallel import alone

pytestmark = [pytest.mark.every_backend, pytest.mark.slow]

# Those that have a slow copy, a queue, or draws of their own that all share;
# the others are of the same parts.
NAMES = ["BYOL", "Taxonomy", "CPC", "TS2Vec", "REBAR"]
if keras.backend.backend() == "torch":
    NAMES = list(method_run.RUNS)


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    output = tmp_path_factory.mktemp("methods") / "end.npz"
    if keras.backend.backend() == "torch":  # one device for each process
        return processes.run_two_processes(
            output, method_run.__file__, "all", *NAMES
        )
    return processes.run_devices(
        output, method_run.__file__, "2", *NAMES, count=2
    )


@pytest.mark.parametrize("name", NAMES)
def test_two_devices_train_as_one(name, together):
    expected = method_run.train(alone(), name)
    assert together["num_replicas"] == 2
    losses = together[f"{name}/losses"]
    np.testing.assert_allclose(losses, expected["losses"], rtol=1e-4)
    assert len(set(losses.round(6))) == method_run.STEPS  # it learns
    np.testing.assert_allclose(
        together[f"{name}/weights"], expected["weights"], atol=1e-5
    )
