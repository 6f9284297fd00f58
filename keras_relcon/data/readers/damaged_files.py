"""Finds what is left of a device's file that is damaged or cut short."""

import struct
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from functools import reduce
from operator import xor
from pathlib import Path

from keras_relcon.data.readers.geneactiv_pages import (
    LINES_UP_TO_SAMPLES,
    copy_intact_pages,
    is_geneactiv,
)

CWA_HEADER_BYTES = 1024
CWA_BLOCK_BYTES = 512
# Also of members with a key, or an unknown compression.
DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    RuntimeError,
)
ZIP_START = b"PK\x03\x04"
# A record: a separator, its kind, the second, the size of its payload, the
# payload, and a checksum of one byte.
GT3X_HEADER = struct.Struct("<BBIH")
GT3X_SEPARATOR = 0x1E
GT3X_ACTIVITY = (0, 26)
INTACT = 0xFF  # all bytes of a record and its checksum, one by one with xor


def is_cut_short(path):
    """Whether a file is of the kind that its name says, without its end.

    A .bin file that holds a sample is passed over: see `ends_inside_a_page`.
    """
    path = Path(path)
    suffix, size = path.suffix.lower(), path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(1 << 16)
    if suffix == ".cwa":
        is_whole = size > CWA_HEADER_BYTES and size % CWA_BLOCK_BYTES == 0
        return head[:2] == b"MD" and not is_whole
    if suffix == ".bin":
        return is_geneactiv(head) and head.count(b"\n") < LINES_UP_TO_SAMPLES
    return head.startswith(ZIP_START) and not zipfile.is_zipfile(path)


@contextmanager
def intact_copy(path):
    """Writes a copy of a .bin or .gt3x file without its damaged blocks.

    Args:
        path: str or path. A GENEActiv file, or an ActiGraph archive of which
            `log.bin` is damaged.

    Yields:
        `(path of the copy, number of damaged blocks, number of all blocks of
        acceleration)`. In a .gt3x file damaged records without an intact one
        between them count as one.

    Raises:
        ValueError: if the head of the file, or a member of the archive, cannot
            be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"intact{Path(path).suffix.lower()}"
        copy_intact = (
            _copy_gt3x if copy.suffix == ".gt3x" else copy_intact_pages
        )
        yield copy, *copy_intact(path, copy)


def _copy_gt3x(path, copy):
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.read("info.txt")
            log = _member_without_checksum(path, archive.getinfo("log.bin"))
    except DAMAGED_ZIP as error:
        raise ValueError(str(error)) from None
    records, num_bad = _intact_records(log)
    with zipfile.ZipFile(copy, "w") as archive:
        archive.writestr("info.txt", info)
        archive.writestr("log.bin", b"".join(records))
    num_intact = sum(record[1] in GT3X_ACTIVITY for record in records)
    return num_bad, num_intact + num_bad


def _member_without_checksum(path, member):
    """The bytes of a member, as far as they can be unpacked."""
    with open(path, "rb") as file:
        file.seek(member.header_offset + 26)
        lengths = struct.unpack("<HH", file.read(4))
        file.seek(sum(lengths), 1)
        packed = file.read(member.compress_size)
    if member.compress_type == zipfile.ZIP_STORED:
        return packed
    unpacker, parts = zlib.decompressobj(-zlib.MAX_WBITS), []
    try:
        for first in range(0, len(packed), 1 << 16):
            parts.append(unpacker.decompress(packed[first : first + (1 << 16)]))
    except zlib.error:  # what comes behind the damage cannot be unpacked
        pass
    return b"".join(parts)


def _intact_records(log):
    """Records whose checksum is right, and the number of stretches without."""
    records, num_bad, is_bad, at = [], 0, False, 0
    while at < len(log):
        record = _record_at(log, at)
        if record is not None:
            records.append(record)
            at, is_bad = at + len(record), False
            continue
        num_bad += not is_bad
        is_bad = True
        at = log.find(GT3X_SEPARATOR, at + 1)
        if at < 0:
            break
    return records, num_bad


def _record_at(log, at):
    if log[at] != GT3X_SEPARATOR or at + GT3X_HEADER.size > len(log):
        return None
    size = GT3X_HEADER.unpack_from(log, at)[-1]
    record = log[at : at + GT3X_HEADER.size + size + 1]
    is_whole = len(record) == GT3X_HEADER.size + size + 1
    return record if is_whole and reduce(xor, record) == INTACT else None
