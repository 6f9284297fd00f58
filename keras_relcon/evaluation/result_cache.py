import dataclasses
import json

import numpy as np

from keras_relcon.evaluation.report.fold_result import FoldResult
from keras_relcon.kept_files import KeptFolder


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
