"""The catalog of a store: where each chunk lies, and its checksum.

HDF5 ends the process when it reads damaged group metadata (1.14: a
segmentation fault), and refuses a truncated file as a whole. So the catalog is
kept outside the HDF5 structure, twice: in the user block at the front of the
file, and behind its end. By it a store is read, and checked to the last byte,
without HDF5; other programs read the same file through HDF5.
"""

import json
import math
import os
import struct
import warnings
import zlib

import numpy as np

from keras_relcon.data.file_limits import check_expansion, check_is_file

FORMAT_VERSION = 1
MAGIC = b"RELCONWS"
HEADER = struct.Struct("<8sIIQ")  # magic, version, CRC-32 and length of body
FOOTER = struct.Struct("<Q8s")  # length of the copy before it, magic
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_STORED_TYPES = ("int16", "float32")
_NUMBERS = (
    "sample_rate_hz",
    "window_length",
    "full_scale_g",
    "scale_g",
    "structure_crc",
)
MOST_PER_BYTE = 100  # of a catalog; it is text of numbers that differ
DEFLATE_IS_OFF = 2  # bit of the second filter: it made the chunk no smaller


def pack(catalog):
    """Returns the bytes of a catalog, a dict that JSON can hold."""
    body = zlib.compress(json.dumps(catalog).encode())
    return (
        HEADER.pack(MAGIC, FORMAT_VERSION, zlib.crc32(body), len(body)) + body
    )


def read_catalog(path):
    """Reads the catalog of a store, from either copy.

    Returns:
        `(catalog, problems)`: the dict, and what is wrong with the file apart
        from its chunks, a list of str.

    Raises:
        FileNotFoundError: if there is no file.
        ValueError: if it is no store, its catalog points out of the file or
            unpacks to too much, or it is a store of a newer version.
        OSError: if both copies of the catalog are damaged.
    """
    check_is_file(path)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        front = _unpack(file, 0, size, path)
        back = _unpack(file, _start_of_copy(file, size), size, path)
        catalog = front or back
        if catalog is None:
            _raise_unreadable(file, path)
        if not _has_form(catalog):
            raise ValueError(
                "`path` must be a store that `WindowStore.create` wrote. "
                f"Received: {str(path)!r}, whose catalog is of another form or "
                "points out of the file. Make the store again."
            )
        recordings = catalog["recordings"]
        num_samples = sum(entry["num_samples"] for entry in recordings)
        check_expansion(path, num_samples * 3 * catalog["item_size"])
        problems = []
        if front != back or not _is_padded(file, catalog):
            problems.append("one copy of the catalog is damaged or cut off")
        if structure_checksum(file, catalog) != catalog["structure_crc"]:
            problems.append("the HDF5 structure is damaged or cut off")
    return catalog, problems


def structure_checksum(file, catalog):
    """CRC-32 of all bytes of the HDF5 file that lie in no chunk."""
    block = catalog["block_size"]
    chunks = sorted(
        (block + offset, size)
        for recording in catalog["recordings"]
        for table in recording["tables"].values()
        for offset, size, _, _ in table["chunks"]
    )
    checksum, position = 0, block
    for offset, size in [*chunks, (catalog["end"], 0)]:
        file.seek(position)
        checksum = zlib.crc32(file.read(offset - position), checksum)
        position = offset + size
    return checksum


def read_chunk(handle, catalog, table, index):
    """Reads, checks and decodes one chunk of a table.

    Args:
        handle: int. File descriptor of the store.
        catalog: dict.
        table: dict. One of the catalog's tables.
        index: int. Which chunk of it.

    Returns:
        `(rows, ...)` array of the table's type.

    Raises:
        OSError: if the chunk is damaged or cut off.
    """
    offset, size, checksum, mask = table["chunks"][index]
    raw = os.pread(handle, size, catalog["block_size"] + offset)
    if len(raw) != size or zlib.crc32(raw) != checksum:
        kind = "cut off" if len(raw) != size else "damaged (checksum)"
        raise OSError(f"chunk {index} is {kind}")
    content = raw[:-4]  # without HDF5's own checksum
    number_type = table_type(table)
    if not mask & DEFLATE_IS_OFF:
        columns = math.prod(table["shape"][1:])
        size = table["chunk_rows"] * columns * number_type.itemsize
        content = _inflate(content, size)
    # HDF5's shuffle: the first bytes of all numbers, then the second, ...
    planes = np.frombuffer(content, np.uint8).reshape(number_type.itemsize, -1)
    rows = np.empty(planes.shape[::-1], np.uint8)
    for byte, plane in enumerate(planes):
        rows[:, byte] = plane
    rows = rows.view(number_type).reshape(-1, *table["shape"][1:])
    return rows[: table["shape"][0] - index * table["chunk_rows"]]


def read_table(handle, catalog, table):
    """Reads all chunks of a table."""
    chunks = [
        read_chunk(handle, catalog, table, index)
        for index in range(len(table["chunks"]))
    ]
    return np.concatenate(chunks)


def table_type(table):
    """The `np.dtype` of a table, which JSON holds as lists."""
    description = table["type"]
    if isinstance(description, str):
        return np.dtype(description)
    return np.dtype([tuple(column) for column in description])


def report_damage(path, catalog, problems, damaged, on_error):
    """Raises on damage, or warns of it if what is left can be read."""
    if not (problems or damaged):
        return
    recordings = catalog["recordings"]
    found = [
        f"recording {recordings[index]['recording']!r} of subject "
        f"{recordings[index]['subject']!r}: {damaged[index]}"
        for index in sorted(damaged)[:10]
    ]
    more = len(damaged) - len(found)
    found += [f"{more} more recordings"] * (more > 0) + problems
    summary = "; ".join(found)
    if damaged:
        summary = (
            f"{len(damaged)} of {len(recordings)} recordings are damaged "
            f"({summary})"
        )
    if on_error == "skip" and len(damaged) < len(recordings):
        left_out = " and are left out" if damaged else "; no recording is lost"
        warnings.warn(f"{path!r}: {summary}{left_out}.", stacklevel=4)
        return
    raise OSError(
        f"Every byte of a store must be intact. Received: {path!r}, where "
        f'{summary}. Read the rest with `WindowStore.open(path, on_error="skip'
        '")`, or make the store again.'
    )


def _unpack(file, position, size, path):
    """The catalog at a position of the file, or `None` if it is damaged."""
    if position is None or position + HEADER.size > size:
        return None
    file.seek(position)
    magic, version, checksum, length = HEADER.unpack(file.read(HEADER.size))
    if magic != MAGIC or length > size:
        return None
    body = file.read(length)
    if len(body) != length:
        return None
    if zlib.crc32(body) == checksum and version > FORMAT_VERSION:
        raise ValueError(
            f"The store must be of version {FORMAT_VERSION} or earlier. "
            f"Received: {str(path)!r} of version {version}. Install a newer "
            "keras-relcon."
        )
    if zlib.crc32(body) != checksum or version != FORMAT_VERSION:
        return None
    try:
        return json.loads(_inflate(body, MOST_PER_BYTE * len(body)))
    except (OSError, ValueError, RecursionError, zlib.error):
        return None


def _inflate(packed, most):
    """What bytes unpack to; raises where that is more than it may be."""
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(packed, most)
    if not unpacker.eof:
        raise OSError(f"{len(packed):,} bytes unpack to more than {most:,}")
    return content


def _has_form(catalog):
    """Whether a catalog is one of this version, all inside of its file."""
    try:
        item_size = int(catalog["item_size"])
        numbers = [catalog[name] for name in _NUMBERS]
        is_right = (
            catalog["dtype"] in _STORED_TYPES
            and item_size == np.dtype(catalog["dtype"]).itemsize
            and all(isinstance(number, (int, float)) for number in numbers)
            and isinstance(catalog["content_id"], str)
            and 0 <= catalog["block_size"] <= catalog["end"]
        )
        body = catalog["end"] - catalog["block_size"]
        return is_right and all(
            _is_recording(recording, item_size, body)
            for recording in catalog["recordings"]
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return False


def _is_recording(recording, item_size, body):
    tables = recording["tables"]
    signal = tables["acceleration"]
    return (
        isinstance(recording["subject"], str)
        and isinstance(recording["recording"], str)
        and signal["shape"] == [recording["num_samples"], 3]
        and table_type(signal).itemsize == item_size
        and all(_is_table(table, body) for table in tables.values())
    )


def _is_table(table, body):
    rows, chunk_rows = table["shape"][0], table["chunk_rows"]
    return (
        not table_type(table).hasobject
        and 0 < chunk_rows <= rows
        and len(table["chunks"]) == -(-rows // chunk_rows)
        and all(
            0 <= offset and 0 <= size and offset + size <= body
            for offset, size, _, _ in table["chunks"]
        )
    )


def _start_of_copy(file, size):
    if size < FOOTER.size:
        return None
    file.seek(size - FOOTER.size)
    length, magic = FOOTER.unpack(file.read(FOOTER.size))
    start = size - FOOTER.size - length
    return start if magic == MAGIC and start >= 0 else None


def _is_padded(file, catalog):
    """Whether the rest of the user block is zero, as it was written."""
    file.seek(0)
    *_, length = HEADER.unpack(file.read(HEADER.size))
    file.seek(HEADER.size + length)
    return not any(file.read(catalog["block_size"] - HEADER.size - length))


def _raise_unreadable(file, path):
    file.seek(0)
    start = file.read(len(MAGIC))
    if start in (MAGIC, HDF5_SIGNATURE[: len(start)]) and start != b"":
        if start == HDF5_SIGNATURE:
            raise ValueError(
                "`path` must be a store that `WindowStore.create` wrote. "
                f"Received: {str(path)!r}, an HDF5 file of another kind. Read "
                "recordings from it with `read_recording`."
            )
        raise OSError(
            "The catalog of a store must be whole in one of its two copies. "
            f"Received: {str(path)!r}, where both are damaged: nothing can be "
            "read. Make the store again."
        )
    raise ValueError(
        "`path` must be a store that `WindowStore.create` wrote. "
        f"Received: {str(path)!r}, a file of another kind or damaged in its "
        "first bytes and its last."
    )
