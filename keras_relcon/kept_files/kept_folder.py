import json
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

from keras_relcon.kept_files.locking import lock
from keras_relcon.kept_files.replacing import replacing, write_file

# What reading a truncated or changed file may raise: an encrypted member is a
# RuntimeError, and so is an unknown compression.
DAMAGED_NPZ = (
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class KeptFolder:
    """Results in files named by their kind, and by a key of what made them.

    A result is computed once: other processes that ask for it at the same
    time wait until it is there. A file is put in place as a whole, so a
    process that is killed leaves none behind. One that is damaged is warned
    of, and computed again.

    Args:
        directory: str or path, made if it does not exist; or `None`, to keep
            nothing.

    Example:

    >>> folder = KeptFolder("results")
    >>> key = content_key(encoder, windows)
    >>> arrays = folder.arrays(
    ...     "embeddings", key, lambda: {"embeddings": embed(encoder, windows)}
    ... )
    """

    def __init__(self, directory):
        self.directory = None if directory is None else Path(directory)
        if self.directory is not None:
            self.directory.mkdir(parents=True, exist_ok=True)

    def path(self, kind, key, suffix):
        """The path of a result, whether it is there or not."""
        return self.directory / f"{kind}-{key[:32]}{suffix}"

    def arrays(self, kind, key, compute=None):
        """Returns a dict of arrays, of `<kind>-<key>.npz`.

        Args:
            kind: str.
            key: str, as of `content_key`.
            compute: callable without arguments that returns the dict. Called
                where there is no good file. Defaults to `None`: returns
                `None` there.
        """
        return self._result(kind, key, ".npz", compute)

    def json(self, kind, key, compute=None):
        """Returns a JSON-ready value, of `<kind>-<key>.json`.

        The arguments are those of `arrays`.
        """
        return self._result(kind, key, ".json", compute)

    def keep_arrays(self, kind, key, arrays):
        """Writes the result of a key, whether there is one or not."""
        self._write(self.path(kind, key, ".npz"), arrays)

    def keep_json(self, kind, key, value):
        """Writes the result of a key, whether there is one or not."""
        self._write(self.path(kind, key, ".json"), value)

    def _result(self, kind, key, suffix, compute):
        if self.directory is None:
            return compute and compute()
        path = self.path(kind, key, suffix)
        result = _read(path)
        if result is not None or compute is None:
            return result
        with lock(path):
            # Another process may have written it while this one waited.
            result = _read(path, is_told=True)
            if result is None:
                result = compute()
                _write(path, result)
        return result

    def _write(self, path, result):
        with lock(path):
            _write(path, result)


def _read(path, is_told=False):
    """What a file holds, or `None` where it is damaged or not there."""
    try:
        if path.suffix == ".json":
            return json.loads(path.read_text(encoding="utf-8"))
        with open(path, "rb") as file:  # np.load leaves a damaged one open
            with np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        return None
    except DAMAGED_NPZ as error:
        if not is_told:
            warnings.warn(
                f"{path} is damaged ({error}) and is computed again.",
                stacklevel=4,
            )
        return None


def _write(path, result):
    if path.suffix == ".json":
        write_file(path, json.dumps(result, indent=1))
        return
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **result)
