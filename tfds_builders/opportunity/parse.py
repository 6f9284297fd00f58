"""Reads the `.dat` files of Opportunity."""

import re
from pathlib import Path

import numpy as np

from tfds_builders.source_recording import (
    SourceRecording,
    read_labels,
    split_at_gaps,
)

MEMBER = re.compile(r"(?:^|/)dataset/(S(\d)-(?:ADL\d|Drill))\.dat$")
LAYOUT = "`dataset/S<k>-ADL<n>.dat` and `dataset/S<k>-Drill.dat` members"
SAMPLE_RATE_HZ = 30.0
TIME_COLUMN, LOCOMOTION_COLUMN = 0, 243
# First column, from 0, of "Accelerometer RWR" and the like, in milli-g.
FIRST_COLUMN = {"right_wrist": 22, "left_wrist": 31, "back": 16}
NAME_OF_LOCOMOTION = {1: "stand", 2: "walk", 4: "sit", 5: "lie"}
CLASS_NAMES = read_labels(Path(__file__).with_name("labels.txt"))


def parse_dat(file, subject, recording_id, sensor_position):
    """Reads one accelerometer of a `.dat` file of 250 columns.

    Args:
        file: binary file. milli-g; times in ms.
        subject: str.
        recording_id: str.
        sensor_position: str. A key of `FIRST_COLUMN`.

    Returns:
        list of `SourceRecording`. Missing values stay NaN.
    """
    first = FIRST_COLUMN[sensor_position]
    columns = (TIME_COLUMN, LOCOMOTION_COLUMN, first, first + 1, first + 2)
    values = np.loadtxt(file, usecols=columns, ndmin=2)
    codes, places = np.unique(values[:, 1], return_inverse=True)
    names = [
        NAME_OF_LOCOMOTION.get(code, "null") if np.isfinite(code) else "null"
        for code in codes
    ]
    recording = SourceRecording(
        acceleration=(values[:, 2:] / 1000).astype(np.float32),
        labels=np.array([CLASS_NAMES.index(name) for name in names])[places],
        sample_rate_hz=SAMPLE_RATE_HZ,
        subject_id=subject,
        recording_id=recording_id,
        sensor_position=sensor_position,
    )
    return split_at_gaps(recording, values[:, 0] / 1000)
