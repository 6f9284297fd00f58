"""Each method goes on after a kill as if there had been none."""

import keras
import numpy as np
import pytest
from baselines import killed_run
from distributed import processes

pytestmark = [pytest.mark.every_backend, pytest.mark.slow]

# A slow copy, a queue, a choice and seeds go on on every backend; the rest is
# the same on all.
NAMES = ["Taxonomy", "TS2Vec by step"]
if keras.backend.backend() == "torch":
    NAMES = list(killed_run.RUNS)


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    return processes.run_devices(
        folder / "ends.npz", killed_run.__file__, folder, *NAMES, count=1
    )


@pytest.mark.parametrize("name", NAMES)
def test_killed_it_ends_as_if_never(name, ends):
    killed, whole = (
        [ends[key] for key in ends if key.startswith(f"{name}/{kind}/")]
        for kind in ("killed", "whole")
    )
    assert ends[f"{name}/whole steps"] == 6
    assert ends[f"{name}/killed steps"] == 6 - killed_run.KILLED_AFTER
    assert len(whole) >= 5
    for one, other in zip(killed, whole, strict=True):
        np.testing.assert_array_equal(one, other)
