import dataclasses
import functools
import json
import re
import types

import keras
import numpy as np

from keras_relcon.evaluation.report.fold_result import FoldResult
from keras_relcon.kept_files import KeptFolder, content_key, has_config


class ResultCache:
    """Keeps embeddings and fold results under a key of what they depend on.

    The key (see `content_key`) depends on the weights and configuration of the
    encoder, the windows, the fold, the class and the settings of the task, the
    backend, the versions of the libraries, and the code of this package. After
    a change the name is another one, so no stale result is read, and a run that
    was stopped resumes where it ended. The code of an encoder or task that is
    not of this package is not part of the key: use another directory after
    changing it.

    Args:
        directory: str or path, made if it does not exist; or `None`, to keep
            nothing.
    """

    def __init__(self, directory):
        self._folder = KeptFolder(directory)

    def embeddings(self, key, compute):
        """Returns the embeddings of the file, or else of `compute()`."""
        arrays = self._folder.arrays(
            "embeddings", key, lambda: {"embeddings": compute()}
        )
        return arrays["embeddings"]

    def fold(self, key, compute):
        """Returns the `FoldResult` of the file, or of `compute()`."""
        arrays = self._folder.arrays("fold", key, lambda: _to_arrays(compute()))
        return _to_result(arrays)


def told_settings(task):
    """What tells a task from others of its class.

    Attributes that end with an underscore are what `fit` learned, as are
    private ones of a task of this package: they are left out.

    Returns:
        `(settings, untold)`: a dict that JSON can hold, and the names of
        attributes that cannot be told apart, such as a lambda.
    """
    is_ours = type(task).__module__.startswith("keras_relcon.")
    settings, untold = {}, []
    for name, value in sorted(vars(task).items()):
        if name.endswith("_") or (is_ours and name.startswith("_")):
            continue
        try:
            settings[name] = _told(value)
        except (TypeError, RecursionError):
            untold.append(name)
    return settings, untold


def _told(value):
    """A value, JSON-ready, or a TypeError where it says not what it is."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return [value.dtype.str, _told(value.tolist())]
    if isinstance(value, (list, tuple)):
        return [_told(each) for each in value]
    if isinstance(value, dict):
        return [_told(pair) for pair in value.items()]
    if isinstance(value, functools.partial):
        return ["partial", _told([value.func, value.args, value.keywords])]
    if has_config(value):
        if isinstance(value, keras.layers.Layer):
            return content_key(value)  # with its weights
        return [_name(type(value)), _told(value.get_config())]
    if callable(value) and hasattr(value, "__qualname__"):
        owner = getattr(value, "__self__", None)
        if "<" in value.__qualname__ or not isinstance(
            owner, (types.NoneType, types.ModuleType, type)
        ):
            raise TypeError("a function without a name of its own")
        return _name(value)
    state = getattr(value, "__dict__", None)
    if state is None and not re.search(r" at 0x|\.\.\.", repr(value)):
        return repr(value)
    # What an object does not say may be all that matters, as in a DataFrame.
    if not state or any(name.startswith("_") for name in state):
        raise TypeError("an object that does not say what it holds")
    return [_name(type(value)), _told(state)]


def _name(value):
    return f"{value.__module__}.{value.__qualname__}"


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
