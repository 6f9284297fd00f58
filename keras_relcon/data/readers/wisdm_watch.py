"""Reads the watch accelerometer of the WISDM archive."""

import io
import re
import warnings

import numpy as np

from keras_relcon.data.readers.zip_archive import open_zip
from keras_relcon.data.recording import Recording
from keras_relcon.data.resampling import regularize
from keras_relcon.data.units import to_g

SAMPLE_RATE_HZ = 20.0
MAX_GAP_SECONDS = 1.0
MIN_SECONDS = 5.0
MEMBER = re.compile(r"(?:^|/)raw/watch/accel/data_(\w+)_accel_watch\.txt$")
ACTIVITY_KEY = re.compile(r"(?:^|/)activity_key\.txt$")
ROW = re.compile(rb"[^,\s]+,[A-Z],\d+(?:,[-+.\deE]+){3}")
COLUMNS = np.dtype(
    [
        ("subject", "U16"),
        ("activity", "U1"),
        ("time_ns", "i8"),
        ("x", "f8"),
        ("y", "f8"),
        ("z", "f8"),
    ]
)


def is_wisdm_watch(names):
    """Whether a zip with these member names has WISDM's layout."""
    return any(MEMBER.search(name) for name in names)


def read_wisdm_watch(zip_path):
    """Reads the watch acceleration of `wisdm-dataset.zip`.

    [Weiss et al., 2019](https://doi.org/10.1109/ACCESS.2019.2940729): a watch
    on the wrist, 18 activities of about three minutes, nominally 20 Hz with
    irregular times, m/s2. Each run of one activity is split where time goes
    back or a step is longer than a second, and put on a regular grid of 20 Hz.
    Pieces shorter than 5 s, and rows of another form, are left out, with a
    warning.

    Args:
        zip_path: str or path. Members `raw/watch/accel/
            data_<subject>_accel_watch.txt` and `activity_key.txt`.

    Returns:
        list of `Recording`, in g, by subject and time. Labels are the names of
        `activity_key.txt`; ids are `<subject>/<activity>_<n>`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the archive is damaged or has no such members, or one
            has no rows.
    """
    recordings, num_short = [], 0
    with open_zip(zip_path) as archive:
        names = sorted(n for n in archive.namelist() if MEMBER.search(n))
        keys = [n for n in archive.namelist() if ACTIVITY_KEY.search(n)]
        if not names or not keys:
            raise ValueError(
                "A WISDM archive must hold `activity_key.txt` and "
                "`raw/watch/accel/data_<subject>_accel_watch.txt` members. "
                f"Received: {zip_path}, without them. Download "
                "`wisdm-dataset.zip` of the UCI repository."
            )
        activities = _read_key(archive.read(keys[0]).decode(errors="replace"))
        for name in names:
            subject = MEMBER.search(name)[1]
            rows = _read_rows(archive.read(name), name)
            found, short = _split(rows, subject, activities)
            recordings += found
            num_short += short
    if num_short:
        warnings.warn(
            f"{num_short} pieces are shorter than {MIN_SECONDS:g} s and are "
            "left out.",
            stacklevel=2,
        )
    return recordings


def _read_key(text):
    pairs = (line.split("=") for line in text.splitlines() if "=" in line)
    return {letter.strip(): name.strip() for name, letter in pairs}


def _read_rows(content, name):
    content = content.replace(b";", b"")
    try:
        if content.strip():
            return np.loadtxt(
                io.BytesIO(content), COLUMNS, delimiter=",", ndmin=1
            )
        lines = []
    except ValueError:
        lines = [line.strip() for line in content.splitlines()]
    good = [line for line in lines if ROW.fullmatch(line)]
    num_bad = sum(bool(line) for line in lines) - len(good)
    if not good:
        raise ValueError(
            f"{name} must hold rows `subject,activity,time,x,y,z`. Received: "
            f"{num_bad} rows of another form. Download the archive again."
        )
    warnings.warn(
        f"{num_bad} rows of {name} are not `subject,activity,time,x,y,z` and "
        "are left out.",
        stacklevel=3,
    )
    return np.loadtxt(
        io.BytesIO(b"\n".join(good)), COLUMNS, delimiter=",", ndmin=1
    )


def _split(rows, subject, activities):
    """Recordings of one file, and how many pieces were too short."""
    steps = np.diff(rows["time_ns"])
    is_break = (
        (rows["activity"][1:] != rows["activity"][:-1])
        | (steps < 0)
        | (steps > MAX_GAP_SECONDS * 1e9)
    )
    recordings, num_short, num_of_label = [], 0, {}
    for piece in np.split(rows, np.flatnonzero(is_break) + 1):
        # A repeated time brings no new sample: keep the first.
        is_new = np.diff(piece["time_ns"], prepend=-1) != 0
        piece = piece[is_new]
        seconds = (piece["time_ns"] - piece["time_ns"][0]) / 1e9
        if seconds[-1] < MIN_SECONDS:
            num_short += 1
            continue
        label = activities.get(piece["activity"][0], piece["activity"][0])
        number = num_of_label[label] = num_of_label.get(label, 0) + 1
        axes = np.stack([piece[axis] for axis in "xyz"], axis=1)
        acceleration, rate, _ = regularize(seconds, axes, SAMPLE_RATE_HZ)
        recordings.append(
            Recording(
                to_g(acceleration, "m/s2"),
                sample_rate_hz=rate,
                subject=subject,
                labels=label,
                recording_id=f"{subject}/{label}_{number}",
            )
        )
    return recordings, num_short
