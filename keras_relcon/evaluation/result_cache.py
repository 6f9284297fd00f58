import dataclasses
import functools
import hashlib
import json
import pathlib
import re
import warnings
import zipfile
import zlib

import keras
import numpy as np

from keras_relcon.data.store.atomic_file import replacing
from keras_relcon.evaluation.report.fold_result import FoldResult
from keras_relcon.evaluation.report.run_facts import library_versions

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
)


class ResultCache:
    """Keeps embeddings and fold results in files named by their content.

    The name is a SHA-256 of what a result depends on: weights and
    configuration of the encoder, the windows, the fold, the class and the
    settings of the task, the backend, the versions of the libraries, and the
    code of this package. Whatever changes gets another name, so nothing stale
    is read, and a run that was stopped goes on where it ended. The code of an
    encoder or a task of one's own is not a part of it: after changing that,
    take another directory.

    Args:
        directory: str or path, made if it does not exist; or `None`, to keep
            nothing.
    """

    def __init__(self, directory):
        self.directory = None if directory is None else pathlib.Path(directory)
        if self.directory is not None:
            self.directory.mkdir(parents=True, exist_ok=True)

    def embeddings(self, key, compute):
        """Returns `compute()`, from the file where there is one."""
        loaded = self._load("embeddings", key)
        if loaded is not None:
            return loaded["embeddings"]
        embeddings = compute()
        self._save("embeddings", key, {"embeddings": embeddings})
        return embeddings

    def fold(self, key, compute):
        """Returns the `FoldResult` of `compute()`, or that of the file."""
        loaded = self._load("fold", key)
        if loaded is not None:
            return _to_result(loaded)
        result = compute()
        self._save("fold", key, _to_arrays(result))
        return result

    def _path(self, kind, key):
        return self.directory / f"{kind}-{key[:32]}.npz"

    def _load(self, kind, key):
        if self.directory is None or not self._path(kind, key).exists():
            return None
        path = self._path(kind, key)
        try:
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except _DAMAGE as error:
            warnings.warn(
                f"{path} is damaged ({error}) and is computed again.",
                stacklevel=4,
            )
            return None

    def _save(self, kind, key, arrays):
        if self.directory is None:
            return
        with replacing(self._path(kind, key), wait=True) as temporary:
            with open(temporary, "wb") as file:
                np.savez(file, **arrays)


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
    package = pathlib.Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode())
        digest.update(path.read_bytes())
    versions = json.dumps(library_versions(), sort_keys=True)
    return f"{keras.backend.backend()} {versions} {digest.hexdigest()}"


def has_config(encoder):
    """Whether a model says by `get_config` what it is made of."""
    try:
        encoder.get_config()
    except (NotImplementedError, TypeError):
        return False
    return True


def config_text(encoder):
    """The configuration of a model, its own name apart."""
    config = {**encoder.get_config(), "name": None}
    return _renumber_names(json.dumps(config, sort_keys=True, default=repr))


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


def _to_arrays(result):
    fields = {
        field.name: getattr(result, field.name)
        for field in dataclasses.fields(result)
    }
    arrays = {k: v for k, v in fields.items() if isinstance(v, np.ndarray)}
    rest = {k: v for k, v in fields.items() if k not in arrays}
    arrays = {
        k: v.astype(str) if v.dtype.hasobject else v for k, v in arrays.items()
    }
    return {"rest": np.array(json.dumps(rest)), **arrays}


def _to_result(arrays):
    rest = json.loads(str(arrays.pop("rest")))
    for name in ("subjects", "classes"):
        rest[name] = tuple(rest[name])
    return FoldResult(**rest, **arrays)
