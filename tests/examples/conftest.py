import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_support import write_preset, write_recordings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run_example(tmp_path):
    """Runs a script of examples/ in an empty folder; returns its output."""

    def run(name, *arguments):
        process = subprocess.run(
            [sys.executable, ROOT / "examples" / name, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert process.returncode == 0, process.stderr[-2000:]
        return process.stdout

    return run


@pytest.fixture(scope="session")
def recordings_folder(tmp_path_factory):
    return write_recordings(tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="session")
def tiny_preset(tmp_path_factory):
    return write_preset(tmp_path_factory.mktemp("presets") / "relcon_tiny")
