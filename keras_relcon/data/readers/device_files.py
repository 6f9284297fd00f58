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
from keras_relcon.data.readers.geneactiv_pages import (
    check_calibration,
    check_pages,
    ends_inside_a_page,
)
from keras_relcon.data.regularizing import median_step, steps_where

MAKERS = {".cwa": "Axivity", ".bin": "GENEActiv", ".gt3x": "ActiGraph"}
DEVICE_SUFFIXES = tuple(MAKERS)
# Clocks of devices are off by less than 2 %, and stamps by a sample or so. A
# block that is later than both allow is late because samples are missing.
MAX_CLOCK_ERROR = 0.02
MAX_STAMP_ERROR_SAMPLES = 1.5
# A rate further than this from the nominal one is not taken from the blocks.
MAX_RATE_ERROR = 0.2
# So many blocks that agree tell a rate that is off by more than a clock.
MIN_AGREEING_BLOCKS = 3
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


def stretch_blocks(seconds, block_samples=None):
    """Spreads the samples of each block evenly up to the one that follows.

    The device's own rate is the median over the blocks, where they agree with
    the nominal one to 2 %, which is more than clocks are off. Where they agree
    on a slower one, samples are missing behind each block, and the nominal
    rate holds; a faster one is followed, because so many samples were
    measured. A warning names both rates. A block is stretched to reach
    the next one if that takes less than 2 % of difference from this rate, or
    1.5 samples. Where it takes more, samples are missing: the block keeps the
    device's rate, and a gap is left behind it.

    Args:
        seconds: `(num_samples,)`, evenly spaced within each block.
        block_samples: int. Samples of a block, of which several may join
            without a seam. Defaults to `None`, for any number.

    Returns:
        `(num_samples,)`.
    """
    nominal = median_step(seconds)
    starts = _block_starts(seconds, nominal, block_samples)
    sizes = np.diff(np.append(starts, len(seconds)))
    stretch = np.ones(len(starts))
    stretch[:-1] = np.diff(seconds[starts]) / (sizes[:-1] * nominal)
    usual = _usual_stretch(stretch[:-1], sizes[:-1], 1 / nominal)
    is_early = (stretch < usual) & (stretch > 1 - MAX_RATE_ERROR)
    is_met = is_early | _is_near(stretch, usual, sizes)
    is_met[-1] = False  # nothing follows the last one
    stretch[~is_met] = usual
    first, steps = seconds[starts], nominal * stretch
    stretched = empty(len(seconds), np.float64)
    for rows in chunks(stretched):
        samples = np.arange(rows.start, rows.stop)
        block = np.searchsorted(starts, samples, side="right") - 1
        within = samples - starts[block]
        stretched[rows] = first[block] + within * steps[block]
    return stretched


def _block_starts(seconds, nominal, block_samples):
    """First rows of the blocks, a seam or `block_samples` from each other."""
    # A seam is where the step is not the nominal one to 0.1 %.
    seams = steps_where(
        seconds, lambda steps: np.abs(steps - nominal) > 1e-3 * nominal
    )
    seams = np.concatenate([[0], seams + 1])
    if block_samples is None:
        return seams
    edges = np.append(seams, len(seconds))
    # A last block of a sample or two more is no block of its own.
    return np.concatenate(
        [
            np.arange(
                first, max(last - block_samples // 2, first + 1), block_samples
            )
            for first, last in zip(edges, edges[1:])
        ]
    )


def _usual_stretch(stretch, sizes, nominal_hz):
    """By how much the device's step is longer than the nominal one."""
    is_clock = _is_near(stretch, 1.0, sizes)
    if 2 * is_clock.sum() >= len(stretch):
        return np.median(stretch[is_clock]) if len(stretch) else 1.0
    middle = np.median(stretch)
    num_agreeing = np.sum(np.abs(stretch - middle) <= MAX_CLOCK_ERROR)
    is_rate = abs(middle - 1) <= MAX_RATE_ERROR
    needed = max(MIN_AGREEING_BLOCKS, len(stretch) / 2)
    if not is_rate or num_agreeing < needed:
        return 1.0
    outcome = "The rate of the blocks is followed"
    if middle > 1:
        outcome = "The rate of the device holds, with missing samples between"
    warnings.warn(
        message(
            "Blocks must follow each other at the rate of the device, to "
            f"{100 * MAX_CLOCK_ERROR:g} % for its clock.",
            f"{nominal_hz:.4g} Hz by the device, and {nominal_hz / middle:.4g} "
            f"Hz by its blocks. {outcome}",
            "Export the file as .csv with the maker's software if that is "
            "another rate than it was set to.",
        ),
        stacklevel=7,
    )
    return min(middle, 1.0)


def _is_near(stretch, usual, sizes):
    difference = np.abs(stretch - usual)
    allowed = np.maximum(MAX_CLOCK_ERROR, MAX_STAMP_ERROR_SAMPLES / sizes)
    return difference <= allowed


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
