"""Reads named columns of .npz, .parquet, .feather and HDF5 files."""

import math
import tokenize
import zipfile
import zlib
from contextlib import ExitStack, contextmanager

import h5py
import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.clock_time import check_time_zone
from keras_relcon.data.file_limits import check_dataset, check_expansion
from keras_relcon.data.recording import label_text

HDF5_SUFFIXES = (".h5", ".hdf5")
ARRAY_SUFFIXES = (".npz", ".parquet", ".feather", *HDF5_SUFFIXES)
BLOCK_ROWS = 1 << 17  # in memory at a time
BUFFER_BYTES = 1 << 20  # of a column of a Parquet file
NUMBER_BYTES = 8
AXES = ("x", "y", "z")
# What zip archives, HDF5 and the decoders behind them raise.
DAMAGE = (
    OSError,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
NPY = b"\x93NUMPY"  # the first bytes of a .npy file
# What pyarrow raises, by the builtin kinds that its own errors are of; for
# want of memory too, where a damaged size asks for it.
ARROW_ERRORS = (ValueError, KeyError, NotImplementedError, MemoryError)


def list_arrays(path):
    """Returns the names of the columns.

    An array of shape (num_rows, 3) counts as three: `name.x`, `name.y`,
    `name.z`.
    """
    with _open(path) as table:
        names = []
        for name, shape in table.shapes().items():
            is_matrix = len(shape) == 2 and shape[1] == len(AXES)
            names += [f"{name}.{a}" for a in AXES] if is_matrix else [name]
    return names


def arrays_beside(path, name):
    """Returns the names of the arrays with a value for each row of a column."""
    with _open(path) as table:
        shapes, shape = table.shapes(), _shape(table, name)
    return [other for other in shapes if shapes[other] == shape]


def read_array_head(path, name, num_rows):
    """Returns the first values of one column, of the file's own type."""
    with _open(path) as table:
        block = next(table.blocks([name]), {name: np.empty(0)})
        return _as_known_type(block[name][:num_rows])


def time_zone_of_array(path, name):
    """Returns the time zone of a column of dates, or `None`.

    Such dates are in UTC; of a time zone of an unknown name it is `"UTC"`.
    """
    with _open(path) as table:
        time_zone = table.time_zone(name)
    try:
        check_time_zone(time_zone)
    except ValueError:
        return "UTC"
    return time_zone


def array_blocks(path, numeric, text):
    """`table_blocks` of a file of arrays that has these columns."""
    names = list(dict.fromkeys([*numeric, *text]))
    with _open(path) as table:
        shapes = {name: _shape(table, name) for name in names}
        if len(set(shapes.values())) > 1 or len(shapes[names[0]]) != 1:
            raise ValueError(
                "The columns must be 1-D and equally long. "
                f"Received: path={str(path)!r} with shapes {shapes}."
            )
        for columns in table.blocks(names, text):
            block = {n: _as_number(columns[n], n, path) for n in numeric}
            for name in text:
                values = _as_known_type(columns[name])
                is_date = values.dtype.kind == "M"
                block[name] = values if is_date else label_text(values)
            yield block


@contextmanager
def _open(path):
    suffix = path.suffix.lower()
    if suffix == ".npz":
        _check_holds_names(path)
    kinds = {".npz": _Npz, ".parquet": _Parquet, ".feather": _Feather}
    kind = kinds.get(suffix, _Hdf5)
    try:
        table = kind(path)
    except (ValueError, *DAMAGE) as error:
        raise _unreadable(path, error) from None
    try:
        yield table
    except UnicodeDecodeError as error:
        raise ValueError(
            message(
                f"Text in a {path.suffix} file must be in UTF-8.",
                f"path={str(path)!r}: {error}",
                "Store it as str, or leave this column out.",
            )
        ) from None
    except DAMAGE as error:
        raise _unreadable(path, error) from None
    finally:
        table.close()


def _check_holds_names(path):
    with open(path, "rb") as file:
        is_npy = file.read(len(NPY)) == NPY
    if is_npy:
        raise ValueError(
            message(
                "A .npz file must hold arrays by name.",
                f"path={str(path)!r}, a .npy file: one array without a name",
                "Load it with `numpy.load` and make a `Recording` of it, or "
                "save it by name with `numpy.savez`.",
            )
        )


def _unreadable(path, error):
    return ValueError(
        f"`path` must be a complete {path.suffix} file. "
        f"Received: path={str(path)!r}, which cannot be read: {error}. "
        "Copy or export the file again."
    )


def _place(table, name):
    """`(name of the array, number of its column or None)`."""
    if name in table.shapes():
        return name, None
    stem, axis = name.rsplit(".", 1)
    return stem, AXES.index(axis)


def _shape(table, name):
    stem, axis = _place(table, name)
    shape = table.shapes()[stem] or (1,)
    return shape if axis is None else shape[:1]


def _as_known_type(values):
    """Bytes and objects become str, durations seconds; dates stay dates."""
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8")
    if values.dtype.kind == "O":
        values = [v.decode() if isinstance(v, bytes) else v for v in values]
        return label_text(np.array(values, dtype=object))
    if values.dtype.kind == "m":
        return values / np.timedelta64(1, "s")
    return values


def _as_number(values, name, path):
    if values.dtype.kind in "biuf":
        return values.astype(np.float64)
    values = _as_known_type(values)
    if values.dtype.kind == "f":
        return values
    hint = "Name another column, or store numbers."
    if values.dtype.kind == "M":
        hint = 'Pass timestamp_unit="iso" for a column of dates.'
    raise ValueError(
        f"Column {name!r} must hold numbers. Received: path={str(path)!r} with "
        f"values of type {values.dtype}, the first {str(values[:1])}. {hint}"
    )


class _Npz:
    """Arrays in a zip archive, each read from its start to its end."""

    def __init__(self, path):
        self._path = path
        self._file = np.load(path)
        self._shapes = {}
        for name in self._file.files:
            if f"{name}.npy" not in self._file.zip.namelist():
                continue  # no array
            with self._open(name) as stream:
                self._shapes[name] = _npy_header(stream)[0]

    def shapes(self):
        return self._shapes

    def blocks(self, names, text=()):
        places = [_place(self, name) for name in names]
        with ExitStack() as stack:
            rows = {
                stem: self._rows(stack.enter_context(self._open(stem)), stem)
                for stem in dict.fromkeys(stem for stem, _ in places)
            }
            for blocks in zip(*rows.values()):
                block = dict(zip(rows, blocks))
                yield {
                    name: _column(block[stem], axis)
                    for name, (stem, axis) in zip(names, places)
                }

    def time_zone(self, name):
        return None  # NumPy's dates have none

    def close(self):
        self._file.close()

    def _open(self, name):
        return self._file.zip.open(f"{name}.npy")

    def _rows(self, stream, name):
        shape, is_fortran, dtype = _npy_header(stream)
        if dtype.hasobject:  # never unpickled: could be code
            raise OSError(f"array {name!r} holds Python objects, not numbers")
        check_expansion(self._path, dtype.itemsize * math.prod(shape))
        if is_fortran or not shape:  # no rows that lie together
            values = np.atleast_1d(self._file[name])
            yield from _slices(values, len(values))
            return
        row_bytes = dtype.itemsize * math.prod(shape[1:])
        for first in range(0, shape[0], BLOCK_ROWS):
            count = min(BLOCK_ROWS, shape[0] - first)
            content = stream.read(count * row_bytes)
            if len(content) < count * row_bytes:
                raise EOFError(f"array {name!r} is cut short")
            yield np.frombuffer(content, dtype).reshape(count, *shape[1:])


def _npy_header(stream):
    version = np.lib.format.read_magic(stream)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    try:
        return read(stream)
    except (SyntaxError, tokenize.TokenError) as error:  # it is Python's text
        raise ValueError(f"a header that is damaged: {error}") from None


def _column(values, axis):
    return values if axis is None else values[:, axis]


def _slices(values, num_rows):
    for first in range(0, num_rows, BLOCK_ROWS):
        yield values[first : first + BLOCK_ROWS]


class _Hdf5:
    """Datasets of an HDF5 file, all of whose bytes are in the file itself."""

    def __init__(self, path):
        self._path = path
        self._file = h5py.File(path, "r")
        self._shapes = {}

        def visit(name, node):
            if isinstance(node, h5py.Dataset) and node.shape is not None:
                self._shapes[name] = node.shape

        self._file.visititems(visit)

    def shapes(self):
        return self._shapes

    def blocks(self, names, text=()):
        num_rows = _shape(self, names[0])[0]
        places = [_place(self, name) for name in names]
        stems = dict.fromkeys(stem for stem, _ in places)
        for stem in stems:
            check_dataset(self._path, self._file[stem])
        for first in range(0, num_rows, BLOCK_ROWS):
            rows = slice(first, first + BLOCK_ROWS)
            block = {stem: self._rows(stem, rows) for stem in stems}
            yield {
                name: _column(block[stem], axis)
                for name, (stem, axis) in zip(names, places)
            }

    def time_zone(self, name):
        return None  # its dates are text, or numbers

    def _rows(self, name, rows):
        values = self._file[name]
        return values[rows] if values.shape else values[()][None]

    def close(self):
        self._file.close()


class _Parquet:
    def __init__(self, path):
        import pyarrow.parquet

        self._path = path
        # Otherwise all that was read stays in memory.
        self._file = pyarrow.parquet.ParquetFile(
            path, buffer_size=BUFFER_BYTES, pre_buffer=False
        )

    def shapes(self):
        num_rows = self._file.metadata.num_rows
        return {name: (num_rows,) for name in self._file.schema_arrow.names}

    def blocks(self, names, text=()):
        metadata = self._file.metadata
        groups = map(metadata.row_group, range(metadata.num_row_groups))
        stated = max(
            NUMBER_BYTES * metadata.num_rows * len(names),
            sum(group.total_byte_size for group in groups),
        )
        check_expansion(self._path, stated)
        try:
            for batch in self._file.iter_batches(BLOCK_ROWS, columns=names):
                yield _from_arrow(batch, names, text)
        except ARROW_ERRORS as error:  # a damaged page, or a kind unknown
            raise OSError(str(error)) from None

    def time_zone(self, name):
        kind = self._file.schema_arrow.field(name).type
        return getattr(kind, "tz", None)

    def close(self):
        self._file.close()


class _Feather:
    """Arrow's file format: what Feather is since its second version."""

    def __init__(self, path):
        import pyarrow
        import pyarrow.ipc

        self._source = pyarrow.OSFile(str(path))
        self._schema = pyarrow.ipc.open_file(self._source).schema

    def shapes(self):
        # Its columns are equally long; the length is not known before.
        return {name: (None,) for name in self._schema.names}

    def blocks(self, names, text=()):
        import pyarrow.ipc

        at = [self._schema.get_field_index(name) for name in names]
        options = pyarrow.ipc.IpcReadOptions(included_fields=at)
        try:
            file = pyarrow.ipc.open_file(self._source, options=options)
            for k in range(file.num_record_batches):
                batch = file.get_batch(k)
                for first in range(0, batch.num_rows, BLOCK_ROWS):
                    part = batch.slice(first, BLOCK_ROWS)
                    yield _from_arrow(part, names, text)
        except ARROW_ERRORS as error:
            raise OSError(str(error)) from None

    def time_zone(self, name):
        return getattr(self._schema.field(name).type, "tz", None)

    def close(self):
        self._source.close()


def _from_arrow(batch, names, text):
    import pyarrow

    columns = {}
    for name in names:
        column = batch.column(name)
        if hasattr(column.type, "value_type"):  # categories
            column = column.cast(column.type.value_type)
        if name in text and pyarrow.types.is_integer(column.type):
            # NumPy's are floats, 1.0, in blocks where one is missing.
            column = column.cast(pyarrow.string())
        columns[name] = column.to_numpy(zero_copy_only=False)
    return columns
