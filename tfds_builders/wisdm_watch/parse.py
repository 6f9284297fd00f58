"""Reads the files of WISDM's watch accelerometer."""

import io
import re
import warnings
from pathlib import Path

import numpy as np

from tfds_builders.source_recording import (
    STANDARD_GRAVITY,
    SourceRecording,
    read_labels,
    split_at_gaps,
)

MEMBER = re.compile(r"(?:^|/)raw/watch/accel/data_(\w+)_accel_watch\.txt$")
ACTIVITY_KEY = re.compile(r"(?:^|/)activity_key\.txt$")
LAYOUT = (
    "`activity_key.txt` and `raw/watch/accel/data_<subject>_accel_watch.txt`"
)
NUMBER = rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
ROW = re.compile(rb"[^,\s]+,[A-Z],\d{1,18}(?:," + NUMBER + rb"){3}")
COLUMNS = np.dtype(
    [
        ("subject", "U16"),
        ("activity", "U1"),
        ("time_ns", "i8"),
        *((axis, "f8") for axis in "xyz"),
    ]
)
SAMPLE_RATE_HZ = 20.0
CLASS_NAMES = read_labels(Path(__file__).with_name("labels.txt"))


def parse_activity_key(content):
    """Name of the activity of each letter of `activity_key.txt`, a dict."""
    lines = content.decode(errors="replace").splitlines()
    pairs = (line.split("=") for line in lines if line.count("=") == 1)
    return {letter.strip(): name.strip() for name, letter in pairs}


def parse_rows(content, subject):
    """Reads the rows of one `data_<subject>_accel_watch.txt`.

    Every row is kept that has the form `subject,activity,time,x,y,z;` (m/s2,
    ns), also several in a line; others are left out, with a warning that
    counts them.

    Args:
        content: bytes.
        subject: str.

    Returns:
        `(num_rows,)` of the fields of `COLUMNS`.
    """
    content = content.replace(b";", b"\n")
    if not content.strip():
        return np.empty(0, COLUMNS)
    try:
        return _load(content)
    except ValueError:  # some row has another form: look at each
        rows = [row for row in map(bytes.strip, content.splitlines()) if row]
    good = [row for row in rows if ROW.fullmatch(row)]
    warnings.warn(
        f"{len(rows) - len(good)} rows of subject {subject} are "
        "not `subject,activity,time,x,y,z` and are left out.",
        stacklevel=3,
    )
    return _load(b"\n".join(good)) if good else np.empty(0, COLUMNS)


def parse_watch(content, subject, name_of_letter):
    """Reads one `data_<subject>_accel_watch.txt`, see `parse_rows`.

    A recording ends where time goes back or jumps ahead by more than a
    second, as it does between the activities.

    Args:
        content: bytes.
        subject: str.
        name_of_letter: dict of `parse_activity_key`.

    Returns:
        list of `SourceRecording`, with `time_seconds`.

    Raises:
        ValueError: if an activity is not in `name_of_letter`, or its name not
            in `labels.txt`.
    """
    rows = parse_rows(content, subject)
    if not len(rows):
        return []
    letters, codes = np.unique(rows["activity"], return_inverse=True)
    names = [name_of_letter.get(letter, letter) for letter in letters.tolist()]
    unknown = sorted(set(names) - set(CLASS_NAMES))
    if unknown:
        raise ValueError(
            "Activities must be letters of `activity_key.txt` that it names "
            f"as one of {CLASS_NAMES}. Received: {unknown} of subject "
            f"{subject}. Use both files of the archive of 2019."
        )
    seconds = (rows["time_ns"] - rows["time_ns"][0]) / 1e9
    axes = np.stack([rows[axis] for axis in "xyz"], axis=1)
    recording = SourceRecording(
        acceleration=(axes / STANDARD_GRAVITY).astype(np.float32),
        labels=np.array([CLASS_NAMES.index(name) for name in names])[codes],
        sample_rate_hz=SAMPLE_RATE_HZ,
        subject_id=subject,
        recording_id=subject,
        sensor_position="wrist",
        time_seconds=seconds,
    )
    return split_at_gaps(recording, seconds)


def _load(content):
    return np.loadtxt(io.BytesIO(content), COLUMNS, delimiter=",", ndmin=1)
