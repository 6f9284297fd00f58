"""A key that says what made a file, and the versions behind it."""

import functools
import hashlib
import importlib.metadata
import json
import platform
import re
from pathlib import Path

import keras
import numpy as np

from keras_relcon.version import __version__

PACKAGES = ("numpy", "scikit-learn", "scipy", "tensorflow", "jax", "torch")


def content_key(*parts):
    """SHA-256 of arrays, models and JSON-ready values, as hex digits.

    The backend, the versions of the libraries and the code of this package
    are part of it.
    """
    digest = hashlib.sha256(_surroundings().encode())
    for part in parts:
        for piece in _pieces(part):
            digest.update(len(piece).to_bytes(8, "little"))
            digest.update(piece)
    return digest.hexdigest()


@functools.cache
def _surroundings():
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode())
        digest.update(path.read_bytes())
    versions = json.dumps(library_versions(), sort_keys=True)
    return f"{keras.backend.backend()} {versions} {digest.hexdigest()}"


def has_config(encoder):
    """Whether a model says by `get_config` what it is made of."""
    try:
        encoder.get_config()
    except (AttributeError, NotImplementedError, TypeError):
        return False
    return True


def config_text(encoder):
    """The configuration of a model, its own name apart."""
    config = {**encoder.get_config(), "name": None}
    return _renumber_names(json.dumps(config, sort_keys=True, default=repr))


def library_versions():
    """Versions of what computes a result, by name; JSON-ready."""
    versions = {
        "python": platform.python_version(),
        "keras_relcon": __version__,
        "keras": keras.__version__,
    }
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _pieces(part):
    if isinstance(part, np.ndarray):
        if part.dtype.hasobject:
            part = part.astype(str)
        yield f"{part.dtype.str}{part.shape}".encode()
        yield memoryview(np.ascontiguousarray(part)).cast("B")
    elif isinstance(part, keras.layers.Layer):
        yield f"{type(part).__module__}.{type(part).__qualname__}".encode()
        yield config_text(part).encode()
        for weight in part.weights:
            yield from _pieces(keras.ops.convert_to_numpy(weight.value))
    else:
        yield json.dumps(part, sort_keys=True, default=repr).encode()


def _renumber_names(config):
    """Numbers layers from 0; Keras counts `dense_7` through the process."""
    names = set(re.findall(r'"name": "(\w+)"', config))
    numbers = {}

    def renumber(match):
        if match[1] not in names:
            return match[0]
        base = re.sub(r"_\d+$", "", match[1])
        number = numbers.setdefault(base, {})
        return f'"{base}#{number.setdefault(match[1], len(number))}"'

    return re.sub(r'"(\w+)"', renumber, config)
