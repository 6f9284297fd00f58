"""Reads named columns of .npz, .parquet and HDF5 files."""

import zipfile
import zlib
from contextlib import contextmanager

import h5py
import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.recording import label_text

HDF5_SUFFIXES = (".h5", ".hdf5")
ARRAY_SUFFIXES = (".npz", ".parquet", *HDF5_SUFFIXES)
AXES = ("x", "y", "z")
NPY = b"\x93NUMPY"  # the first bytes of a .npy file
# What pyarrow raises, by the builtin kinds that its own errors are of.
ARROW_ERRORS = (ValueError, KeyError, NotImplementedError)


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


def read_array_head(path, name, num_rows):
    """Returns the first values of one column, of the file's own type."""
    with _open(path) as table:
        return _as_known_type(_read(table, name, slice(num_rows)))


def read_arrays(path, numeric, text):
    """`read_table` of a file of arrays that has these columns."""
    with _open(path) as table:
        columns = {n: _read(table, n) for n in dict.fromkeys([*numeric, *text])}
    shapes = {name: values.shape for name, values in columns.items()}
    if len(set(shapes.values())) > 1 or columns[numeric[0]].ndim != 1:
        raise ValueError(
            "The columns must be 1-D and equally long. "
            f"Received: path={str(path)!r} with shapes {shapes}."
        )
    result = {name: _as_number(columns[name], name, path) for name in numeric}
    for name in text:
        values = _as_known_type(columns[name])
        result[name] = (
            values if values.dtype.kind == "M" else label_text(values)
        )
    return result


@contextmanager
def _open(path):
    suffix = path.suffix.lower()
    if suffix == ".npz":
        _check_holds_names(path)
    kind = {".npz": _Npz, ".parquet": _Parquet}.get(suffix, _Hdf5)
    damaged = (ValueError, OSError, zipfile.BadZipFile, zlib.error, EOFError)
    try:
        table = kind(path)
    except damaged as error:
        raise _unreadable(path, error) from None
    try:
        yield table
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
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


def _read(table, name, rows=slice(None)):
    if name in table.shapes():
        return table.read(name, rows)
    stem, axis = name.rsplit(".", 1)
    return table.read(stem, (rows, AXES.index(axis)))


def _as_known_type(values):
    """Bytes and objects become str; a column of dates stays one."""
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8")
    if values.dtype.kind == "O":
        values = [v.decode() if isinstance(v, bytes) else v for v in values]
        return label_text(np.array(values, dtype=object))
    return values


def _as_number(values, name, path):
    if values.dtype.kind in "biuf":
        return values.astype(np.float64)
    values = _as_known_type(values)
    hint = "Name another column, or store numbers."
    if values.dtype.kind == "M":
        hint = 'Pass timestamp_unit="iso" for a column of dates.'
    raise ValueError(
        f"Column {name!r} must hold numbers. Received: path={str(path)!r} with "
        f"values of type {values.dtype}, the first {str(values[:1])}. {hint}"
    )


class _Npz:
    def __init__(self, path):
        with np.load(path) as file:
            self._arrays = {name: _load(file, name) for name in file.files}

    def shapes(self):
        return {name: np.shape(a) for name, a in self._arrays.items()}

    def read(self, name, rows=slice(None)):
        if self._arrays[name] is None:
            raise OSError(f"array {name!r} holds Python objects, not numbers")
        values = self._arrays[name]
        return values[rows] if values.shape else values[None]

    def close(self):
        self._arrays = {}


def _load(file, name):
    try:
        return file[name]
    except ValueError as error:
        if "Object arrays" in str(error):  # never unpickled: could be code
            return None
        raise


class _Hdf5:
    def __init__(self, path):
        self._file = h5py.File(path, "r")

    def shapes(self):
        shapes = {}

        def visit(name, node):
            if isinstance(node, h5py.Dataset) and node.shape is not None:
                shapes[name] = node.shape

        self._file.visititems(visit)
        return shapes

    def read(self, name, rows=slice(None)):
        values = self._file[name]
        return values[rows] if values.shape else values[()][None]

    def close(self):
        self._file.close()


class _Parquet:
    def __init__(self, path):
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise ImportError(
                "Reading a .parquet file needs pyarrow. "
                "Run `pip install keras-relcon[parquet]`."
            ) from error
        self._file = pyarrow.parquet.ParquetFile(path)

    def shapes(self):
        num_rows = self._file.metadata.num_rows
        return {name: (num_rows,) for name in self._file.schema_arrow.names}

    def read(self, name, rows=slice(None)):
        try:
            column = self._file.read([name]).column(name)
            if hasattr(column.type, "value_type"):  # categories
                column = column.cast(column.type.value_type)
            return column.to_numpy()[rows]
        except ARROW_ERRORS as error:  # a damaged page, or a kind unknown
            raise OSError(str(error)) from None

    def close(self):
        self._file.close()
