"""Reads the accelerometers' `.csv` files of HHAR."""

import itertools
import warnings
from pathlib import Path

import numpy as np

from tfds_builders.source_recording import (
    STANDARD_GRAVITY,
    SourceRecording,
    read_labels,
    split_at_gaps,
)

MEMBER_OF_CONFIG = {
    "watch": "Watch_accelerometer.csv",
    "phone": "Phones_accelerometer.csv",
}
POSITION_OF_CONFIG = {"watch": "wrist", "phone": "waist"}
COLUMNS = {
    "Arrival_Time": "i8",
    "Creation_Time": "i8",
    "x": "f4",
    "y": "f4",
    "z": "f4",
    "User": "U8",
    "Device": "U24",
    "Model": "U16",
    "gt": "U16",
}
DEVICE_COLUMNS = ["User", "Device", "Model"]
# Nominal rates, Stisen et al. 2015, table 1.
RATE_OF_MODEL = {
    "gear": 100.0,
    "lgwatch": 200.0,
    "nexus4": 200.0,
    "s3": 150.0,
    "s3mini": 100.0,
    "samsungold": 50.0,
}
# Packets may arrive a little out of order; a session begins further back.
MAX_BACK_SECONDS = 1.0
# A median step of `Creation_Time` that differs by more from the nominal one is
# warned of.
MAX_RATE_DIFFERENCE = 0.1
ROWS_PER_BLOCK = 200_000
CLASS_NAMES = read_labels(Path(__file__).with_name("labels.txt"))


def parse_accelerometer(file, sensor_position):
    """Reads `Watch_accelerometer.csv` or `Phones_accelerometer.csv`.

    No row is dropped or resampled: the rate is the model's nominal one. A
    recording is what one device of one user recorded without a jump of more
    than a second of the arrival time. Rows of gt "null" keep that label. The
    sensor's own clock, which begins anywhere, is compared with the nominal
    rate: devices for which it tells another are named in a warning.

    Args:
        file: binary file. m/s2; `Arrival_Time` in ms, `Creation_Time` in ns.
        sensor_position: str.

    Returns:
        list of `SourceRecording`, by user and device, rows in file order.

    Raises:
        ValueError: if a column, a model or an activity is not known.
    """
    blocks = list(_read_blocks(file))
    devices = sorted({key for block in blocks for key in block})
    recordings, other_rates = [], []
    for key in devices:
        user, device, model = key
        parts = [block[key] for block in blocks if key in block]
        milliseconds, created_ns, axes, labels = (
            np.concatenate(part) for part in zip(*parts)
        )
        rate_hz = _look_up(RATE_OF_MODEL, model, "Model")
        found_hz = _rate_hz(created_ns)
        if abs(found_hz - rate_hz) > MAX_RATE_DIFFERENCE * rate_hz:
            other_rates.append(f"{user}/{device} {found_hz:.4g} ({rate_hz:g})")
        recording = SourceRecording(
            acceleration=axes / np.float32(STANDARD_GRAVITY),
            labels=labels,
            sample_rate_hz=rate_hz,
            subject_id=user,
            recording_id=f"{user}/{device}",
            sensor_position=sensor_position,
        )
        recordings += split_at_gaps(
            recording, milliseconds / 1e3, MAX_BACK_SECONDS
        )
    if other_rates:
        warnings.warn(
            f"The Creation_Time of {len(other_rates)} of {len(devices)} "
            "devices tells another rate than the nominal one, which is used "
            f"(Hz): {', '.join(other_rates)}.",
            stacklevel=2,
        )
    return recordings


def _rate_hz(created_ns):
    """One over the median step ahead; NaN where there is none."""
    steps = np.diff(created_ns)
    steps = steps[steps > 0]
    return 1e9 / np.median(steps) if len(steps) else np.nan


def _read_blocks(file):
    """Yields, block by block of rows, arrays by (user, device, model)."""
    header = file.readline().decode().strip().split(",")
    missing = sorted(set(COLUMNS) - set(header))
    if missing:
        raise ValueError(
            f"The accelerometer's file must have the columns {list(COLUMNS)}. "
            f"Received: a file without {missing}. Use the CSV of the archive."
        )
    columns = [header.index(name) for name in COLUMNS]
    while lines := list(itertools.islice(file, ROWS_PER_BLOCK)):
        rows = np.loadtxt(
            lines,
            list(COLUMNS.items()),
            delimiter=",",
            usecols=columns,
            ndmin=1,
        )
        yield _by_device(rows)


def _by_device(rows):
    activities, codes = np.unique(rows["gt"], return_inverse=True)
    classes = {name: index for index, name in enumerate(CLASS_NAMES)}
    labels = [_look_up(classes, name, "gt") for name in activities.tolist()]
    labels = np.array(labels)[codes]
    axes = np.stack([rows[axis] for axis in "xyz"], axis=1)
    devices, codes = np.unique(rows[DEVICE_COLUMNS], return_inverse=True)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))[:-1]
    return {
        key: (
            rows["Arrival_Time"][part],
            rows["Creation_Time"][part],
            axes[part],
            labels[part],
        )
        for key, part in zip(devices.tolist(), np.split(order, ends))
    }


def _look_up(table, name, column):
    if name not in table:
        raise ValueError(
            f"`{column}` must be one of {sorted(table)}. "
            f"Received: {name!r}. Use the CSV of the archive."
        )
    return table[name]
