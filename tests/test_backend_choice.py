"""Which backend is taken where the user chose none."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from keras_relcon.backend_choice import BACKENDS, choose_backend

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def choose(monkeypatch, tmp_path):
    """Chooses among the packages that are there; returns KERAS_BACKEND."""

    def run(*installed, chosen="", config=None):
        monkeypatch.delitem(sys.modules, "keras", raising=False)
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name: name if name in installed else None,
        )
        monkeypatch.setenv("KERAS_BACKEND", chosen)
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        if config is not None:
            (tmp_path / "keras.json").write_text(config)
        choose_backend()
        return os.environ["KERAS_BACKEND"]

    return run


def test_the_one_that_is_installed_is_taken(choose):
    for name in ("jax", "torch"):
        assert choose(name) == name
    assert choose("torch", "jax") == "jax"


def test_what_keras_would_take_is_left_to_it(choose):
    assert choose("tensorflow", "jax", "torch") == ""
    config = json.dumps({"backend": "torch"})
    assert choose("jax", "torch", config=config) == ""
    assert choose("jax", config=config) == "jax"
    assert choose("tensorflow", "jax", config="{}") == ""
    assert choose("torch", config="damaged") == "torch"


def test_a_choice_is_left_alone(choose, monkeypatch):
    assert choose("jax", chosen="torch") == "torch"
    # Keras is imported: too late.
    monkeypatch.setenv("KERAS_BACKEND", "")
    monkeypatch.setitem(sys.modules, "keras", keras)
    choose_backend()
    assert os.environ["KERAS_BACKEND"] == ""


def test_without_any_it_is_said_what_to_install(choose):
    with pytest.raises(ImportError, match=r'pip install "keras-relcon\[jax\]'):
        choose()


IMPORT = '''
import sys


class Hiding:
    """Finds what another finder does, but for packages to be hidden."""

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *args):
        if name.split(".")[0] not in sys.argv[1:]:
            return self.finder.find_spec(name, *args)


sys.meta_path[:] = map(Hiding, sys.meta_path)
import keras_relcon
import keras
print(keras.backend.backend())
'''


@pytest.mark.every_backend
def test_the_import_works_with_one_backend_alone(tmp_path):
    backend = keras.backend.backend()
    hidden = [name for name in BACKENDS if name != backend]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_HOME": str(tmp_path)}
    env.pop("KERAS_BACKEND", None)
    run = subprocess.run(
        [sys.executable, "-c", IMPORT, *hidden],
        env=env,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.split()[-1] == backend
