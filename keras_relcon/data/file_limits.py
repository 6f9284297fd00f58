"""What may be read of a file that nobody has looked at.

A pipe or a device never ends, and a few megabytes can unpack to terabytes. So
a path must be a file, and what it unpacks to, by its own header and as it is
read, is compared with its size.
"""

import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import h5py
import numpy as np

from keras_relcon.checks import check_number, message
from keras_relcon.types import PathLike

MAX_EXPANSION = 300.0
UNBOUNDED = 1e12  # for what this process has written itself
# So much is read of any file: it fits into memory and onto a disk.
FREE_BYTES = 1 << 28
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_limit = ContextVar("max_expansion", default=MAX_EXPANSION)


def check_is_file(path: PathLike) -> None:
    """Raises where a path is no file, without opening it.

    Raises:
        FileNotFoundError: if there is nothing.
        ValueError: if it is a folder, a pipe, a device or a socket.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):
        raise ValueError(
            message(
                "`path` must be a file.",
                f"path={str(path)!r}, "
                f"{_KINDS.get(stat.S_IFMT(mode), 'something else')}",
                "Read a folder with `load_recordings`."
                if stat.S_ISDIR(mode)
                else "Save what it gives to a file first.",
            )
        )


@contextmanager
def expansion(limit: float) -> Iterator[None]:
    """Sets how many times its size a file may unpack to, inside of `with`.

    Args:
        limit: float. Holds for this thread alone.

    Raises:
        ValueError: if it is below 1.
    """
    check_number("max_expansion", limit, least=1)
    token = _limit.set(limit)
    try:
        yield
    finally:
        _limit.reset(token)


def check_expansion(path: PathLike, num_bytes: int) -> None:
    """Raises where a file unpacks to far more than it is.

    Up to 256 MB nothing is refused.

    Args:
        path: path.
        num_bytes: int. What the file says it unpacks to, or what has been
            unpacked so far.

    Raises:
        ValueError: if that is more than the limit allows.
    """
    size, limit = os.path.getsize(path), _limit.get()
    if num_bytes > max(FREE_BYTES, limit * size):
        raise ValueError(
            message(
                f"A file may unpack to at most {limit:g} times its size.",
                f"path={str(path)!r}, {size:,} bytes that unpack to "
                f"{num_bytes:,} or more",
                "If you trust it, pass a larger `max_expansion` where the file "
                "is read, or unpack it first.",
            )
        )


@contextmanager
def bounded_npz(path: PathLike) -> Iterator[np.lib.npyio.NpzFile]:
    """Opens a `.npz` file whose arrays unpack within the limit.

    Raises:
        ValueError: if they do not, or the path is no file, or none of
            arrays with names.
        Exception: one of `kept_files.DAMAGED_NPZ`, if it is damaged.
    """
    check_is_file(path)
    with open(path, "rb") as file:  # np.load leaves a damaged one open
        archive = np.load(file, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("one array without a name, in place of several")
        with archive:
            members = archive.zip.infolist()  # type: ignore[union-attr]
            check_expansion(path, sum(each.file_size for each in members))
            yield archive


def check_dataset(path: PathLike, dataset: h5py.Dataset) -> None:
    """Refuses what lies in other files, and what unpacks to too much.

    Args:
        path: path. Of the HDF5 file.
        dataset: of this file.

    Raises:
        ValueError: if it is so.
    """
    if dataset.is_virtual or dataset.external:
        raise ValueError(
            message(
                "All of a HDF5 file must be in the file itself.",
                f"path={str(path)!r}, where {dataset.name.lstrip('/')!r} "
                "refers to another file",
                "Copy what it refers to into one file.",
            )
        )
    shapes = dataset.shape or (), dataset.chunks or ()
    numbers = max(map(math.prod, shapes))
    check_expansion(path, dataset.dtype.itemsize * numbers)
