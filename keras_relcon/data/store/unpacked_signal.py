"""Unpacks a store into plain numbers beside it, and checks every chunk."""

import errno
import itertools
import json
import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_relcon import kept_files
from keras_relcon.cores import num_cores
from keras_relcon.data.store.store_catalog import read_chunk

# The numbers come first; then what they were made from, as JSON; its length.
LENGTH = struct.Struct("<Q")
CHUNKS_AT_ONCE = 64


@dataclass(frozen=True)
class Unpacked:
    """A file with the numbers of a store's recordings, one after another.

    Args:
        path: str.
        damaged: dict. Index of a damaged recording to what is wrong with it;
            its numbers in the file are not defined.
    """

    path: str
    damaged: dict[Any, Any]


@dataclass(frozen=True)
class IsUnpackedFrom:
    """Raises unless an opened file was unpacked from the store with a stamp."""

    stamp: list[Any]

    def __call__(self, file):
        found = _read_trailer(file)
        if found is None or found["stamp"] != self.stamp:
            raise OSError(
                "The store must be as it was when it was opened. Received: "
                f"{file.name!r}, unpacked from another state of it. Open the "
                "store again with `WindowStore.open`."
            )


def stamp_of(path, catalog):
    """What tells one state of a store's file from another."""
    status = os.stat(path)
    return [catalog["content_id"], status.st_size, status.st_mtime_ns]


def unpack(path, catalog, cache_dir=None):
    """Unpacks a store, unless that was done since it last changed.

    Processes that ask at the same time wait for the first one.

    Args:
        path: path. The store.
        catalog: dict. Its catalog.
        cache_dir: path. Folder of the unpacked file. Defaults to the store's
            own folder.

    Returns:
        `Unpacked`.

    Raises:
        OSError: if the folder cannot be written.
    """
    stamp = stamp_of(path, catalog)
    target = _target(path, cache_dir)
    found = _find(target, stamp)
    if found is None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with kept_files.lock(target):
                found = _find(target, stamp)
                if found is None:
                    with kept_files.replacing(target) as temporary:
                        damaged = _write(temporary, path, catalog, stamp)
                    found = {"damaged": damaged}
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            raise OSError(
                "The store's folder must be writable, to keep its unpacked "
                f"signal there. Received: {str(target.parent)!r}. Pass a "
                "writable `cache_dir`, on a fast disk."
            ) from error
    damaged = {int(index): reason for index, reason in found["damaged"].items()}
    return Unpacked(str(target), damaged)


def _target(path, cache_dir):
    path = Path(path)
    if cache_dir is None:
        return path.with_name(path.name + ".unpacked")
    # Stores of one name in different folders may share a cache folder.
    place = zlib.crc32(str(path.resolve()).encode())
    return Path(cache_dir) / f"{path.name}.{place:08x}.unpacked"


def _find(target, stamp):
    try:
        with open(target, "rb") as file:
            found = _read_trailer(file)
    except FileNotFoundError:
        return None
    # What was damaged is read again: the disk's error may have passed.
    is_good = found and found["stamp"] == stamp and not found["damaged"]
    return found if is_good else None


def _read_trailer(file):
    """The trailer of an unpacked file, or `None` if it is not whole."""
    size = os.fstat(file.fileno()).st_size
    if size < LENGTH.size:
        return None
    file.seek(size - LENGTH.size)
    (length,) = LENGTH.unpack(file.read(LENGTH.size))
    if length > size - LENGTH.size:
        return None
    file.seek(size - LENGTH.size - length)
    try:
        found = json.loads(file.read(length))
    except ValueError:
        return None
    is_whole = isinstance(found, dict) and found.get("size") == size - (
        LENGTH.size + length
    )
    return found if is_whole else None


def find_damage(path, catalog, unpacked_path):
    """Checks all chunks of a store, and its unpacked signal against them.

    Returns:
        dict. Index of a damaged recording to what is wrong with it.
    """

    def compare(content, offset):
        if os.pread(target.fileno(), len(content), offset) != content:
            return f"it differs in {unpacked_path!r}; remove that file"

    with open(path, "rb") as source, open(unpacked_path, "rb") as target:
        return _for_each_chunk(source, catalog, compare)


def _write(temporary, path, catalog, stamp):
    """Writes the numbers of all recordings; returns what is damaged."""

    def write(content, offset):
        os.pwrite(target.fileno(), content, offset)

    num_samples = sum(entry["num_samples"] for entry in catalog["recordings"])
    size = num_samples * 3 * catalog["item_size"]
    with open(path, "rb") as source, open(temporary, "wb") as target:
        damaged = _for_each_chunk(source, catalog, write)
        target.truncate(size)
        target.seek(size)
        trailer = {"stamp": stamp, "damaged": damaged, "size": size}
        content = json.dumps(trailer).encode()
        target.write(content + LENGTH.pack(len(content)))
    return damaged


def _for_each_chunk(source, catalog, use):
    """Calls `use(content, offset)` for each good chunk of the signal.

    Args:
        use: callable. May return what is wrong with the chunk.

    Returns:
        dict. Index of a damaged recording to what is wrong with it.
    """
    damaged = {}

    def handle(task):
        index, table, chunk, offset = task
        if index in damaged:
            return
        try:
            rows = read_chunk(source.fileno(), catalog, table, chunk)
        except (OSError, ValueError, zlib.error) as error:
            damaged[index] = str(error)
            return
        problem = None if offset is None else use(rows.tobytes(), offset)
        if problem:
            damaged[index] = problem

    tasks = _tasks(catalog)
    # Checksums, inflating and writing all run without Python's lock.
    with ThreadPoolExecutor(min(4, num_cores())) as pool:
        while some := list(itertools.islice(tasks, CHUNKS_AT_ONCE)):
            list(pool.map(handle, some))  # raises what a task raised
    return damaged


def _tasks(catalog):
    """Yields `(recording, table, chunk, offset)`; no offset but for signal."""
    row_bytes, first_row = 3 * catalog["item_size"], 0
    for index, recording in enumerate(catalog["recordings"]):
        for name, table in recording["tables"].items():
            for chunk in range(len(table["chunks"])):
                row = first_row + chunk * table["chunk_rows"]
                is_signal = name == "acceleration"
                yield (
                    index,
                    table,
                    chunk,
                    row * row_bytes if is_signal else None,
                )
        first_row += recording["num_samples"]
