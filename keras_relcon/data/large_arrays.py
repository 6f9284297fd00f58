"""Arrays that are on disk once they are large, and passes over them.

A week at 100 Hz takes 726 MB as float32, and as much for its times. Arrays of
this module that are larger than 128 MB lie in temporary files without a name,
which the system removes with the process (in `tempfile.gettempdir()`; set
`TMPDIR` to another place). What was looked at is given back block by block, so
that the memory of a process stays small.
"""

import contextlib
import mmap
import os
import tempfile

import numpy as np

from keras_relcon.checks import message

CHUNK = 1 << 18  # rows looked at at a time
MAX_BYTES_IN_MEMORY = 1 << 27


def empty(shape, dtype):
    """As `numpy.empty`; on disk if it is large.

    Raises:
        OSError: if there is no room for it.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size <= MAX_BYTES_IN_MEMORY:
        return np.empty(shape, dtype)
    with _naming_the_folder(), tempfile.TemporaryFile() as file:
        if hasattr(os, "posix_fallocate"):  # else a full disk ends the process
            os.posix_fallocate(file.fileno(), 0, size)
        return _mapped(file, dtype, tuple(np.atleast_1d(shape)))


def _mapped(file, dtype, shape):
    # The map keeps the file when its name and this object of it are gone.
    return np.memmap(file, dtype, "r+", shape=shape)


@contextlib.contextmanager
def _naming_the_folder():
    try:
        yield
    except OSError as error:
        text = message(
            "There must be room for temporary files of a long recording.",
            f"{error.strerror}, in the folder {tempfile.gettempdir()!r}",
            "Set the environment variable TMPDIR to a folder with some GB.",
        )
        raise OSError(error.errno, text) from error


def copy(array):
    """As `numpy.array`; on disk if it is large."""
    result = empty(array.shape, array.dtype)
    for rows in chunks(array):
        result[rows] = array[rows]
    release(result)
    return result


def chunks(array):
    """Yields slices of its rows, and gives memory back behind each."""
    for first in range(0, len(array), CHUNK):
        yield slice(first, min(first + CHUNK, len(array)))
        release(array)


def release(array):
    """Gives back the memory of an array on disk; its values stay there."""
    while array is not None:
        if isinstance(array, np.memmap) and array.mode in ("r", "r+", "w+"):
            pages = array._mmap
            if hasattr(pages, "madvise"):  # not on Windows
                pages.madvise(mmap.MADV_DONTNEED)
            return
        array = getattr(array, "base", None)


def finite_rows(values):
    """`(num_rows,)` bool: which rows of `(num_rows, channels)` are finite."""
    is_finite = np.isfinite(values)
    if is_finite.all():  # much faster than along an axis
        return np.ones(len(values), bool)
    return is_finite.all(axis=1)


class GrowingArray:
    """An array of unknown length, written block by block.

    Args:
        dtype: Of its values.
    """

    def __init__(self, dtype):
        self._dtype = np.dtype(dtype)
        self._blocks, self._file = [], None
        self._shape, self._size = (0,), 0

    def append(self, block):
        """Adds rows behind the last one."""
        with np.errstate(over="ignore"):  # infinite: not measured
            block = np.ascontiguousarray(block, self._dtype)
        self._shape = (self._shape[0] + len(block), *block.shape[1:])
        if self._file is not None:
            with _naming_the_folder():
                self._file.write(block.data)
            return
        self._blocks.append(block)
        self._size += block.nbytes
        if self._size > MAX_BYTES_IN_MEMORY:
            with _naming_the_folder():
                self._file = tempfile.TemporaryFile()
                for each in self._blocks:
                    self._file.write(each.data)
            self._blocks = []

    def array(self):
        """Returns what was written."""
        if self._file is None:
            return np.concatenate(self._blocks)
        with _naming_the_folder(), self._file:
            self._file.flush()
            return _mapped(self._file, self._dtype, self._shape)
