import contextlib
import io
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run_example(tmp_path, monkeypatch):
    """Runs a script of examples/ in an empty folder; returns its output.

    In this process: what it imports takes longer than what it does.
    """

    def run(name, *arguments):
        path = str(ROOT / "examples" / name)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [path, *map(str, arguments)])
        with contextlib.redirect_stdout(io.StringIO()) as output:
            runpy.run_path(path, run_name="__main__")
        return output.getvalue()

    return run
