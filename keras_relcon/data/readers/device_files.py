"""Reads the raw files of Axivity, GENEActiv and ActiGraph devices."""

import re
import warnings
import zipfile
from pathlib import Path

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.clock_time import tzinfo_of
from keras_relcon.data.file_limits import check_expansion, check_is_file
from keras_relcon.data.large_arrays import chunks, empty
from keras_relcon.data.placement import body_part
from keras_relcon.data.readers.damaged_files import (
    DAMAGED_ZIP,
    intact_copy,
    is_cut_short,
)
from keras_relcon.data.readers.device_clock import stretch_blocks
from keras_relcon.data.readers.geneactiv_pages import (
    check_calibration,
    check_pages,
    ends_inside_a_page,
)
from keras_relcon.data.regularizing import median_step

MAKERS = {".cwa": "Axivity", ".bin": "GENEActiv", ".gt3x": "ActiGraph"}
DEVICE_SUFFIXES = tuple(MAKERS)
CWA_BLOCK_SAMPLES = (40, 80, 120)  # by the number of axes and bits
GENEACTIV_BLOCK_SAMPLES = 300
# "02:00:00" of ActiGraph, "GMT +01:00" of GENEActiv; no clock is further off.
STATED_OFFSET = re.compile(
    r"(?:GMT|UTC)?\s*([+-]?)(0?\d|1[0-4]):([0-5]\d)(?::\d\d)?"
)


def is_device_file(path):
    """Whether the name is that of a device's own format."""
    return Path(path).suffix.lower() in DEVICE_SUFFIXES


def read_device_file(path):
    """Reads an Axivity .cwa, GENEActiv .bin or ActiGraph .gt3x file.

    The files are decoded by actfast (MIT licence). It gives the samples of
    each block the nominal rate, while clocks of devices run a little faster or
    slower: here the times of a block are stretched to reach the next block, if
    that one follows, see `stretch_blocks`. Of a damaged file the intact blocks
    are read, with a warning that counts the others.

    Args:
        path: str or path.

    Returns:
        `(seconds, acceleration, placement, time_zone)`: `(num_samples,)`
        float64, `(num_samples, 3)` float32 in g, and the part of the body and
        the offset from UTC, such as `"+02:00"`, that the file says, or `None`.
        Seconds are Unix time where there is an offset; else those of the
        device's own clock, as if it showed UTC.

    Raises:
        FileNotFoundError: if there is no such file.
        ImportError: if actfast is not installed.
        ValueError: if the file is of another kind or cut short, or no block of
            acceleration is intact.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"`path` must be an existing file. Received: path={str(path)!r}. "
            "Check its name and folder."
        )
    check_is_file(path)
    seconds, acceleration, num_blocks, metadata = _decode(path)
    if len(seconds) < 2:
        raise ValueError(
            "The file must hold acceleration. "
            f"Received: path={str(path)!r}, with {len(seconds)} samples that "
            "actfast can decode (not the ACTIVITY2 records of newer ActiGraph "
            "devices). Export the file as .csv with the maker's software."
        )
    block_samples = _block_samples(path, seconds, num_blocks)
    seconds = stretch_blocks(seconds, block_samples)
    zone = _stated_offset(metadata)
    if zone is not None:
        offset = tzinfo_of(zone).utcoffset(None).total_seconds()
        for rows in chunks(seconds):
            seconds[rows] -= offset
    return seconds, acceleration, body_part(_location(metadata)), zone


def _stated_offset(metadata):
    """How far the clock was ahead of UTC when it was set, or `None`."""
    texts = [
        metadata.get("info", {}).get("TimeZone"),  # ActiGraph
        metadata.get("Configuration Info", {}).get("Time Zone"),  # GENEActiv
    ]
    for text in texts:
        found = STATED_OFFSET.fullmatch((text or "").strip())
        if found is not None:
            sign, hours, minutes = found.groups()
            return f"{sign or '+'}{int(hours):02d}:{minutes}"
    return None


def _location(metadata):
    """What was written on the place of the device when it was set up."""
    texts = [
        metadata.get("info", {}).get("Limb"),  # ActiGraph
        metadata.get("Subject Info", {}).get("Device Location Code"),
        *re.findall(  # Axivity: `_p` of an annotation like that of a link
            r"_p=([^&]*)", metadata.get("session", {}).get("annotation") or ""
        ),
    ]
    return " ".join(text for text in texts if text)


def _block_samples(path, seconds, num_blocks):
    suffix = path.suffix.lower()
    if suffix == ".gt3x":  # a record of each second
        return max(round(1 / median_step(seconds)), 1)
    if suffix == ".bin":
        return GENEACTIV_BLOCK_SAMPLES
    mean = len(seconds) / max(num_blocks, 1)
    return min(CWA_BLOCK_SAMPLES, key=lambda size: abs(size - mean))


def _decode(path):
    """Seconds, acceleration, number of blocks where it is known, metadata."""
    try:
        import actfast
    except ImportError as error:
        raise ImportError(
            f"Reading a {path.suffix} file needs actfast. "
            "Run `pip install keras-relcon[devices]`."
        ) from error
    check_expansion(path, _stated_size(path))
    is_of_pages = path.suffix.lower() == ".bin"
    if is_of_pages:
        check_calibration(path)
    try:
        if is_of_pages:
            check_pages(path)
        content = _read(actfast, path)
    except (ValueError, OSError) as error:
        content = _decode_intact(actfast, path, error)
    if is_cut_short(path) or (is_of_pages and ends_inside_a_page(path)):
        _warn_of_a_short_file(path)
    tables = content["timeseries"]
    table = next((t for t in tables.values() if "acceleration" in t), None)
    if table is None:
        raise _unreadable(path, "there is no block of acceleration")
    nanoseconds = table["datetime"]
    first = nanoseconds[0] if len(nanoseconds) else 0
    seconds = empty(len(nanoseconds), np.float64)
    for rows in chunks(seconds):
        # In two parts, as float64 does not hold nanoseconds since 1970.
        seconds[rows] = first / 1e9 + (nanoseconds[rows] - first) / 1e9
    # Temperatures are one for each block.
    num_blocks = len(tables.get("low_frequency", {"datetime": ()})["datetime"])
    return seconds, table["acceleration"], num_blocks, content["metadata"]


def _read(actfast, path, **options):
    """`actfast.read`, whose own faults are errors like others."""
    try:
        return actfast.read(path, **options)
    except BaseException as error:
        # A panic of Rust is no `Exception`, and has no public name.
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(f"actfast failed: {str(error)[:100]}") from None


def _stated_size(path):
    """What the members of a .gt3x file unpack to, by its directory."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(member.file_size for member in archive.infolist())
    except (ValueError, *DAMAGED_ZIP):  # of another kind, or damaged
        return 0


def _decode_intact(actfast, path, error):
    """What is in the blocks that are not damaged, and a warning."""
    try:
        if path.suffix.lower() == ".cwa":
            content = _read(actfast, path, lenient=True)
            num_bad = len(content["warnings"])
            slow = content["timeseries"]["low_frequency"]
            num_blocks = len(slow["datetime"]) + num_bad
        else:
            with intact_copy(path) as (copy, num_bad, num_blocks):
                content = _read(actfast, copy)
    except (ValueError, OSError):
        raise _unreadable(path, error) from None
    # The copy of a .bin file may differ by its decimal marks alone.
    is_mended = path.suffix.lower() == ".bin" and not num_bad
    if num_bad == num_blocks or not (num_bad or is_mended):
        raise _unreadable(path, error)
    if num_bad:
        _warn_of_damage(path, num_bad, num_blocks, error)
    return content


def _unreadable(path, error):
    kind = path.suffix.lower()
    received = f"path={str(path)!r}, which cannot be read: {error}"
    if is_cut_short(path):
        return ValueError(
            message(
                f"`path` must be a complete {kind} file.",
                received,
                "The file is cut short: copy it from the device again.",
            )
        )
    return ValueError(
        message(
            f"`path` must be a {kind} file of {MAKERS[kind]}, with blocks that "
            "are intact.",
            received,
            "Check which device wrote the file, or export it as .csv with the "
            "maker's software.",
        )
    )


def _warn_of_damage(path, num_bad, num_blocks, error):
    warnings.warn(
        message(
            "The blocks of a device file must be intact.",
            f"path={str(path)!r}, where {num_bad} of {num_blocks} blocks are "
            f"damaged and left out, as missing samples. The first: {error}",
            "Copy the file from the device again if it is still there.",
        ),
        stacklevel=7,
    )


def _warn_of_a_short_file(path):
    warnings.warn(
        message(
            f"`path` must be a complete {path.suffix.lower()} file.",
            f"path={str(path)!r}, which ends inside a block. What is before "
            "it is read",
            "Copy the file from the device again if it is still there.",
        ),
        stacklevel=6,
    )
