"""Writes weights in half precision where that changes nothing, and reads."""

import hashlib

import h5py
import numpy as np

from keras_relcon.data.file_limits import check_dataset
from keras_relcon.kept_files import check_room

# Of an output, relative to the standard deviation of the outputs.
FLOAT16_TOLERANCE = 1e-3
SPARE_BYTES = 1 << 14  # of HDF5's own, for a weight and its layer


def write_weights(model, path, compute):
    """Writes `model.weights.h5`, in float16 where the outputs agree.

    Vectors, which take little room, stay in float32, and int8 as it is.

    Args:
        model: built `keras.Model`. Its weights may be rounded by this.
        path: path, ending in `.weights.h5`.
        compute: callable. Takes the model, returns its outputs on a fixed
            batch as an array.

    Returns:
        dict of `sha256`, `dtype` and `largest_difference`: of an output with
        the stored weights from one with the present weights, over the
        standard deviation of the outputs.
    """
    weights, outputs = model.get_weights(), compute(model)
    # In float32, and in float16 beside it.
    numbers = 1.5 * sum(weight.nbytes for weight in weights)
    check_room(path, int(numbers) + SPARE_BYTES * (len(weights) + 1))
    with np.errstate(over="ignore"):  # seen as a difference below
        rounded = [
            weight.astype("float16")
            if weight.dtype == np.float32 and weight.ndim > 1
            else weight
            for weight in weights
        ]
    model.set_weights(
        [weight.astype(full.dtype) for weight, full in zip(rounded, weights)]
    )
    difference = _difference(outputs, compute(model))
    dtype = "float16" if difference <= FLOAT16_TOLERANCE else "float32"
    if dtype == "float32":
        model.set_weights(weights)
        model.save_weights(path)
        return {
            "sha256": sha256(path),
            "dtype": dtype,
            "largest_difference": 0.0,
            "half_precision_difference": _finite(difference),
        }
    full = path.with_name("full.weights.h5")
    model.save_weights(full)
    with h5py.File(full, "r") as source, h5py.File(path, "w") as target:
        _copy_half(source, target)
    full.unlink()
    return {
        "sha256": sha256(path),
        "dtype": dtype,
        "largest_difference": difference,
        "half_precision_difference": difference,
    }


def read_weights(model, path, metadata):
    """Checks the file and loads it into a built model.

    Args:
        model: built `keras.Model`.
        path: path of `model.weights.h5`.
        metadata: `PresetMetadata` of the same directory.

    Raises:
        ValueError: if the file is not the one that the metadata is of, or
            its weights do not fit the model.
    """
    found, expected = sha256(path), metadata.weights["sha256"]
    if found != expected:
        raise ValueError(
            "The weights of a preset must be the file that its metadata.json "
            f"is of, with the SHA-256 {expected[:12]}... Received: "
            f"{str(path)!r} with {found[:12]}..., damaged or another. Copy or "
            "download the whole preset again."
        )
    # Keras passes over weights in the file that the model has no place for.
    stored, needed = metadata.num_parameters, model.count_params()
    if stored not in (None, needed):
        raise _misfit(path, model, f"{stored} numbers for {needed}.")
    _check_datasets(path)
    try:
        model.load_weights(path)
    except (ValueError, KeyError, OSError) as error:
        raise _misfit(path, model, _first_line(error)) from error


def _check_datasets(path):
    """Raises where weights lie in another file, or unpack to too much."""

    def visit(name, node):
        if isinstance(node, h5py.Dataset):
            check_dataset(path, node)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except OSError:
        return  # no HDF5: Keras says so


def _misfit(path, model, reason):
    return ValueError(
        "The weights of a preset must fit its config and the overrides. "
        f"Received: {str(path)!r}, which does not fit {type(model).__name__}: "
        f"{reason} Leave out the overrides that change layers or their shapes, "
        "or pass load_weights=False."
    )


def sha256(path):
    """SHA-256 of a file, as hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _difference(outputs, others):
    deviation = float(np.std(outputs, axis=0, dtype="float64").mean())
    largest = float(np.abs(outputs - others).max())
    if not np.isfinite(largest) or deviation == 0:
        return float("inf")
    return largest / deviation


def _finite(value):
    """JSON has no infinity."""
    return value if np.isfinite(value) else None


def _copy_half(source, target):
    """Copies a group of HDF5; float32 becomes float16, but in vectors."""
    target.attrs.update(source.attrs)
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy_half(item, target.create_group(name))
            continue
        values = item[()]
        if values.dtype == np.float32 and values.ndim > 1:
            values = values.astype(np.float16)
        target.create_dataset(name, data=values).attrs.update(item.attrs)


def _first_line(error):
    return str(error).strip().splitlines()[0]
