"""A recording that is far larger than what may be held of it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import two_weeks

pytestmark = [
    pytest.mark.hardening,
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(), reason="it reads /proc"
    ),
]


def test_two_weeks_are_embedded_block_by_block(tmp_path):
    if shutil.disk_usage(tmp_path).free < 5e9:
        pytest.skip("needs 5 GB on the disk")
    result = subprocess.run(
        [sys.executable, two_weeks.__file__, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    facts = json.loads(result.stdout.splitlines()[-1])
    print(facts)
    assert facts["windows"] == two_weeks.NUM_SAMPLES // two_weeks.WINDOW
    assert facts["largest_difference"] < 1e-5
    # The recording takes 1,450 MB.
    assert facts["mb_above_the_base"] < 500
