"""Writes stores: HDF5 through h5py, then the catalog around it."""

import contextlib
import os
import uuid
import zlib

import h5py
import numpy as np

from keras_relcon import kept_files
from keras_relcon.data.file_limits import UNBOUNDED, expansion
from keras_relcon.data.store.store_catalog import (
    FOOTER,
    FORMAT_VERSION,
    MAGIC,
    pack,
    read_catalog,
    structure_checksum,
)

# From this version HDF5 has checksums in its own structure.
LIBRARY_VERSIONS = ("v110", "v110")
SMALLEST_BLOCK = 2**16
CHUNK_ROWS = 2**16
SPARE_BYTES = 2**17  # of HDF5's own, for a recording
COPY_BYTES = 2**24
FILTERS = {
    "shuffle": True,
    "compression": "gzip",
    "compression_opts": 1,
    "fletcher32": True,
}


def create_store(path, items, encoding, window_length):
    """Writes a store.

    Layout: `/subjects/<subject>/<recording>/` holds `acceleration` and, where
    there are rows, `labels`, `targets` and `invalid`. A `/` in a name is
    `%2F`.

    Args:
        path: path. The file; it appears as a whole.
        items: iterable of `(entry, samples, tables)`: a dict with `subject`,
            `recording`, `start_time` and `sample_rate_hz`; `(num_samples,
            3)`; dict of arrays.
        encoding: `SignalEncoding`.
        window_length: int.

    Raises:
        OSError: if another process is writing the file.
    """
    catalog = {
        "sample_rate_hz": encoding.sample_rate_hz,
        "window_length": int(window_length),
        "dtype": encoding.dtype,
        "item_size": encoding.number_type.itemsize,
        "full_scale_g": float(encoding.full_scale_g),
        "scale_g": encoding.scale_g,
        "recordings": [],
    }
    with _writing(path) as temporary:
        with h5py.File(
            temporary,
            "w",
            libver=LIBRARY_VERSIONS,
            userblock_size=SMALLEST_BLOCK,
            locking=False,  # there is a lock of our own
        ) as file:
            _describe(file, catalog)
            entries = _add_all(file, temporary, items)
        _seal(temporary, catalog, entries, SMALLEST_BLOCK)


def append_to_store(path, make_items):
    """Writes a copy of a store with more recordings, and puts it in place.

    Args:
        path: path. The store.
        make_items: callable. Takes the set of `(subject, recording)` that the
            store has; gives items as for `create_store`.

    Raises:
        OSError: if another process is writing the file, or its structure is
            damaged.
    """
    with _writing(path) as temporary:
        # Only now: a writer before this one may have changed it.
        with expansion(UNBOUNDED):  # it was opened
            catalog, problems = read_catalog(path)
        if problems:
            raise OSError(
                "Only an undamaged store can be appended to. Received: "
                f"{str(path)!r}, where {'; '.join(problems)}. Make it again."
            )
        known = {(e["subject"], e["recording"]) for e in catalog["recordings"]}
        block = max(SMALLEST_BLOCK, _power_of_two(4 * len(pack(catalog))))
        _copy_body(path, catalog, temporary, block)
        with h5py.File(
            temporary, "r+", libver=LIBRARY_VERSIONS, locking=False
        ) as file:
            entries = _add_all(file, temporary, make_items(known))
        _seal(temporary, catalog, entries, block)


@contextlib.contextmanager
def _writing(path):
    """Refuses a second writer: what it adds would be lost."""
    with kept_files.lock(path, wait=False), kept_files.replacing(path) as new:
        yield new


def _describe(file, catalog):
    for name in ("sample_rate_hz", "window_length", "full_scale_g", "scale_g"):
        file.attrs[name] = catalog[name]
    file.attrs["format"] = np.bytes_("keras_relcon.WindowStore")
    file.attrs["format_version"] = FORMAT_VERSION
    file.attrs["unit"] = np.bytes_("g = stored number * scale_g; axes x, y, z")


def _add_all(file, path, items):
    """Writes recordings; returns their parts of the catalog.

    HDF5 does not survive a full disk, or ends in an error that does not say
    so. Hence the space for each recording is taken before HDF5 writes it, and
    what is left of it is given back.
    """
    entries, end = [], os.path.getsize(path)
    with open(path, "r+b") as space:
        for entry, samples, tables in items:
            arrays = [samples, *tables.values()]
            most = sum(array.nbytes for array in arrays) + SPARE_BYTES
            most += sum(len(array) // CHUNK_ROWS for array in arrays) * 1024
            end = max(end, file.id.get_filesize())
            kept_files.reserve(space.fileno(), end, most)
            entries.append(_add(file, entry, samples, tables))
        end = file.id.get_filesize()
    file.close()
    os.truncate(path, end)
    return entries


def _add(file, entry, samples, tables):
    """Writes one recording; returns its part of the catalog."""
    name = f"subjects/{_escape(entry['subject'])}"
    group = file.require_group(name).create_group(_escape(entry["recording"]))
    group.attrs["subject"] = np.bytes_(entry["subject"].encode())
    group.attrs["recording"] = np.bytes_(entry["recording"].encode())
    group.attrs["sample_rate_hz"] = entry["sample_rate_hz"]
    if entry["start_time"] is not None:
        group.attrs["start_time"] = entry["start_time"]
    arrays = {"acceleration": samples, **tables}
    datasets = {
        name: group.create_dataset(
            name,
            data=array,
            chunks=(min(CHUNK_ROWS, len(array)), *array.shape[1:]),
            **FILTERS,
        )
        for name, array in arrays.items()
        if len(array)
    }
    file.flush()
    return {
        **entry,
        "num_samples": len(samples),
        "tables": {
            name: _locate(dataset) for name, dataset in datasets.items()
        },
    }


def _locate(dataset):
    chunks = []
    for index in range(dataset.id.get_num_chunks()):
        info = dataset.id.get_chunk_info(index)
        _, raw = dataset.id.read_direct_chunk(info.chunk_offset)
        row = info.chunk_offset[0]
        place = (info.byte_offset, info.size, zlib.crc32(raw), info.filter_mask)
        chunks.append((row, place))
    kind = dataset.dtype
    columns = [(name, kind[name].str) for name in kind.names or ()]
    return {
        "type": columns or kind.str,
        "shape": dataset.shape,
        "chunk_rows": dataset.chunks[0],
        "chunks": [place for _, place in sorted(chunks)],
    }


def _make_relative(path, recordings, block):
    """Counts the chunks' offsets from the end of the user block.

    Some versions of HDF5 count from there, some from the start of the file.
    """
    tables = [t for entry in recordings for t in entry["tables"].values()]
    offset, size, checksum, _ = tables[0]["chunks"][0]
    with open(path, "rb") as file:
        file.seek(offset)
        is_from_start = zlib.crc32(file.read(size)) == checksum
    for table in tables:
        table["chunks"] = [
            (offset - block * is_from_start, *more)
            for offset, *more in table["chunks"]
        ]


def _seal(path, catalog, entries, block):
    """Adds the new entries to the catalog, and writes both copies of it."""
    _make_relative(path, entries, block)
    entries = sorted(
        catalog["recordings"] + entries,
        key=lambda entry: (entry["subject"], entry["recording"]),
    )
    catalog = {
        **catalog,
        "recordings": entries,
        "content_id": uuid.uuid4().hex,
        "block_size": block,
        "end": os.path.getsize(path),
        "structure_crc": 0,
    }
    # The numbers that are yet to be filled in have more digits.
    needed = _power_of_two(len(pack(catalog)) + 64)
    if needed > block:
        _shift_body(path, block, needed)
        catalog["block_size"] = needed
        catalog["end"] += needed - block
    with open(path, "r+b") as file:
        catalog["structure_crc"] = structure_checksum(file, catalog)
        packed = pack(catalog)
        file.seek(0)
        file.write(packed)
        file.seek(catalog["end"])
        file.write(packed + FOOTER.pack(len(packed), MAGIC))


def _copy_body(source, catalog, target, block):
    """Copies the HDF5 file behind another user block; HDF5 follows it."""
    with open(source, "rb") as reader, open(target, "r+b") as writer:
        reader.seek(catalog["block_size"])
        writer.seek(block)
        left = catalog["end"] - catalog["block_size"]
        while left:
            content = reader.read(min(COPY_BYTES, left))
            writer.write(content)
            left -= len(content)


def _shift_body(path, block, new_block):
    """Moves the HDF5 file on by `new_block - block`, from its end."""
    with open(path, "r+b") as file:
        position = os.path.getsize(path)
        while position > block:
            size = min(COPY_BYTES, position - block)
            position -= size
            file.seek(position)
            content = file.read(size)
            file.seek(position + new_block - block)
            file.write(content)
        file.seek(0)
        file.write(bytes(new_block))


def _escape(name):
    """A name that HDF5 can give to a link."""
    name = name.replace("%", "%25").replace("/", "%2F")
    return name.replace(".", "%2E") if not name.strip(".") else name


def _power_of_two(size):
    return 1 << (size - 1).bit_length()
