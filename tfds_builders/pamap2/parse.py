"""Reads the `.dat` files of PAMAP2."""

import re
from pathlib import Path

import numpy as np

from tfds_builders.source_recording import (
    STANDARD_GRAVITY,
    SourceRecording,
    read_labels,
    split_at_gaps,
)

MEMBER = re.compile(r"(?:^|/)((?:Protocol|Optional)/subject(\d+))\.dat$")
LAYOUT = "`Protocol/subject<id>.dat` and `Optional/subject<id>.dat` members"
SAMPLE_RATE_HZ = 100.0
TIME_COLUMN, ACTIVITY_COLUMN = 0, 1
# First column, from 0, of the accelerometer of +-16 g of each sensor.
FIRST_COLUMN = {"hand": 4, "chest": 21, "ankle": 38}
CLASS_NAMES = read_labels(Path(__file__).with_name("labels.txt"))
NAME_OF_ACTIVITY = {
    1: "lying",
    2: "sitting",
    3: "standing",
    4: "walking",
    5: "running",
    6: "cycling",
    7: "nordic_walking",
    9: "watching_tv",
    10: "computer_work",
    11: "car_driving",
    12: "ascending_stairs",
    13: "descending_stairs",
    16: "vacuum_cleaning",
    17: "ironing",
    18: "folding_laundry",
    19: "house_cleaning",
    20: "playing_soccer",
    24: "rope_jumping",
}


def parse_dat(file, subject, recording_id, sensor_position):
    """Reads one sensor of a `.dat` file of 54 columns.

    Activities that are not in the data-set's list, as 0 between two others,
    get the label `null`. Missing values stay NaN.

    Args:
        file: binary file. m/s2.
        subject: str.
        recording_id: str.
        sensor_position: str. `"hand"`, `"chest"` or `"ankle"`.

    Returns:
        list of `SourceRecording`.
    """
    first = FIRST_COLUMN[sensor_position]
    columns = (TIME_COLUMN, ACTIVITY_COLUMN, first, first + 1, first + 2)
    values = np.loadtxt(file, usecols=columns, ndmin=2)
    activities, codes = np.unique(values[:, 1], return_inverse=True)
    names = [NAME_OF_ACTIVITY.get(int(k), "null") for k in activities]
    recording = SourceRecording(
        acceleration=(values[:, 2:] / STANDARD_GRAVITY).astype(np.float32),
        labels=np.array([CLASS_NAMES.index(name) for name in names])[codes],
        sample_rate_hz=SAMPLE_RATE_HZ,
        subject_id=subject,
        recording_id=recording_id,
        sensor_position=sensor_position,
    )
    return split_at_gaps(recording, values[:, 0])
