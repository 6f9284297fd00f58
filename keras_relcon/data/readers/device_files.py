"""Reads the raw files of Axivity, GENEActiv and ActiGraph devices."""

from pathlib import Path

import numpy as np

DEVICE_SUFFIXES = (".cwa", ".bin", ".gt3x")
# A block this much longer or shorter than its samples say was recorded by a
# clock that differs from the nominal one; beyond it, samples are missing.
MAX_CLOCK_ERROR = 0.2


def is_device_file(path):
    """Whether the name is that of a device's own format."""
    return Path(path).suffix.lower() in DEVICE_SUFFIXES


def read_device_file(path):
    """Reads an Axivity .cwa, GENEActiv .bin or ActiGraph .gt3x file.

    The files are decoded by actfast (MIT licence). It gives the samples of
    each block the nominal rate, while devices run a few per cent faster or
    slower: here the times of a block are stretched to reach the next block.

    Args:
        path: str or path.

    Returns:
        `(seconds, acceleration)`, `(num_samples,)` float64 and
        `(num_samples, 3)` float32, g. Seconds are those of the device's own
        clock, as if it showed UTC.

    Raises:
        FileNotFoundError: if there is no such file.
        ImportError: if actfast is not installed.
        ValueError: if the file is damaged or holds no acceleration.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"`path` must be an existing file. Received: path={str(path)!r}. "
            "Check its name and folder."
        )
    seconds, acceleration = _decode(path)
    if len(seconds) < 2:
        raise ValueError(
            "The file must hold acceleration. "
            f"Received: path={str(path)!r}, with {len(seconds)} samples that "
            "actfast can decode (not the ACTIVITY2 records of newer ActiGraph "
            "devices). Export the file as .csv with the maker's software."
        )
    return stretch_blocks(seconds), acceleration


def stretch_blocks(seconds):
    """Spreads the samples of each block evenly up to the next block.

    Args:
        seconds: `(num_samples,)`, evenly spaced within each block.

    Returns:
        `(num_samples,)`. A block that differs from its nominal length by
        more than 20 % is left as it is: samples are missing after it.
    """
    steps = np.diff(seconds)
    nominal = np.median(steps)
    # A block starts where the step is not the nominal one to 0.1 %.
    is_start = np.abs(steps - nominal) > 1e-3 * nominal
    starts = np.concatenate([[0], np.flatnonzero(is_start) + 1])
    sizes = np.diff(np.append(starts, len(seconds)))
    stretch = np.ones(len(starts))
    stretch[:-1] = np.diff(seconds[starts]) / (sizes[:-1] * nominal)
    stretch[np.abs(stretch - 1) > MAX_CLOCK_ERROR] = 1.0
    if len(starts) > 1:  # the last block is as fast as the others
        stretch[-1] = np.median(stretch[:-1])
    within = np.arange(len(seconds)) - np.repeat(starts, sizes)
    step = nominal * np.repeat(stretch, sizes)
    return np.repeat(seconds[starts], sizes) + within * step


def _decode(path):
    try:
        import actfast
    except ImportError as error:
        raise ImportError(
            f"Reading a {path.suffix} file needs actfast. "
            "Run `pip install keras-relcon[devices]`."
        ) from error
    try:
        tables = actfast.read(path)["timeseries"].values()
    except (ValueError, OSError) as error:
        raise ValueError(
            f"`path` must be a complete {path.suffix} file. "
            f"Received: path={str(path)!r}, which cannot be read: {error}. "
            "Download the file from the device again."
        ) from None
    table = next(table for table in tables if "acceleration" in table)
    nanoseconds = table["datetime"]
    first = nanoseconds[0] if len(nanoseconds) else 0
    # In two parts, as float64 does not hold nanoseconds since 1970.
    seconds = first / 1e9 + (nanoseconds - first) / 1e9
    return seconds, table["acceleration"]
