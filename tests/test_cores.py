import os

import pytest

from keras_relcon.cores import num_cores


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="only Linux binds a process"
)
def test_a_process_that_is_bound_to_a_core_uses_one():
    allowed = os.sched_getaffinity(0)
    assert num_cores() == len(allowed)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert num_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_a_system_that_binds_none_uses_all(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert num_cores() == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert num_cores() == 1
