"""Takes a backend that is installed, where none was chosen."""

import importlib.util
import json
import os
import sys
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")


def choose_backend():
    """Sets KERAS_BACKEND to a backend that is installed, if Keras needs it.

    Left alone are a Keras that is imported already, a KERAS_BACKEND that is
    set, and a backend that Keras would take and that is installed: the one in
    its `keras.json`, else TensorFlow.

    Raises:
        ImportError: if there is no backend.
    """
    if "keras" in sys.modules or os.environ.get("KERAS_BACKEND"):
        return
    if _is_installed(_configured_backend()):
        return
    installed = [name for name in BACKENDS if _is_installed(name)]
    if not installed:
        raise ImportError(
            "Keras needs TensorFlow, JAX or PyTorch. Received: none of them. "
            'Install one with `pip install "keras-relcon[jax]"`, or '
            "[tensorflow], or [torch]."
        )
    os.environ["KERAS_BACKEND"] = installed[0]


def _configured_backend():
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    try:
        config = json.loads((folder / "keras.json").read_text())
    except (OSError, ValueError):
        config = {}
    return config.get("backend", "tensorflow")


def _is_installed(name):
    return importlib.util.find_spec(name) is not None
