import dataclasses
import json

import numpy as np

from keras_relcon.evaluation.report.fold_result import FoldResult
from keras_relcon.kept_files import KeptFolder


class ResultCache:
    """Keeps embeddings and fold results under a key of what they depend on.

    That is, see `content_key`: weights and configuration of the encoder, the
    windows, the fold, the class and the settings of the task, the backend,
    the versions of the libraries, and the code of this package. Whatever
    changes gets another name, so nothing stale is read, and a run that was
    stopped goes on where it ended. The code of an encoder or a task of one's
    own is not a part of it: after changing that, take another directory.

    Args:
        directory: str or path, made if it does not exist; or `None`, to keep
            nothing.
    """

    def __init__(self, directory):
        self._folder = KeptFolder(directory)

    def embeddings(self, key, compute):
        """Returns `compute()`, from the file where there is one."""
        arrays = self._folder.arrays(
            "embeddings", key, lambda: {"embeddings": compute()}
        )
        return arrays["embeddings"]

    def fold(self, key, compute):
        """Returns the `FoldResult` of `compute()`, or that of the file."""
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
