"""Reads the `.csv` files of MotionSense."""

import re
import warnings
from pathlib import Path

import numpy as np

from tfds_builders.source_recording import SourceRecording, read_labels

MEMBER = re.compile(r"(?:^|/)((dws|ups|wlk|jog|std|sit)_(\d+)/sub_(\d+))\.csv$")
LAYOUT = "`<act>_<trial>/sub_<k>.csv` members"
NUM_RECORDINGS = 360  # 15 trials of 24 subjects
SAMPLE_RATE_HZ = 50.0
SENSORS = ("gravity", "userAcceleration")
CLASS_NAMES = read_labels(Path(__file__).with_name("labels.txt"))
LABEL_OF_ACT = {
    act: CLASS_NAMES.index(name)
    for act, name in {
        "dws": "downstairs",
        "ups": "upstairs",
        "wlk": "walking",
        "jog": "jogging",
        "std": "standing",
        "sit": "sitting",
    }.items()
}


def parse_device_motion(file, match):
    """Reads one `sub_<k>.csv`: the phone's gravity plus its user acceleration.

    Args:
        file: binary file. g.
        match: `re.Match` of `MEMBER` in the member's name.

    Returns:
        `SourceRecording`.

    Raises:
        ValueError: if a column is missing, or there are not two rows of
            numbers.
    """
    header = file.readline().decode().strip().split(",")
    names = [f"{sensor}.{axis}" for sensor in SENSORS for axis in "xyz"]
    missing = sorted(set(names) - set(header))
    if missing:
        raise ValueError(
            f"{match.string} must have the columns {names}. "
            f"Received: a file without {missing}. Use the archive of device "
            "motion, `A_DeviceMotion_data.zip`."
        )
    columns = [header.index(name) for name in names]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "loadtxt: input contained no")
            values = np.loadtxt(file, delimiter=",", usecols=columns, ndmin=2)
    except ValueError as error:
        raise ValueError(
            f"{match.string} must hold rows of numbers. Received: {error}. "
            "Download the archive again."
        ) from None
    if len(values) < 2:
        raise ValueError(
            f"{match.string} must hold at least 2 rows of numbers. "
            f"Received: {len(values)}. Download the archive again."
        )
    return SourceRecording(
        acceleration=(values[:, :3] + values[:, 3:]).astype(np.float32),
        labels=np.full(len(values), LABEL_OF_ACT[match[2]]),
        sample_rate_hz=SAMPLE_RATE_HZ,
        subject_id=match[4],
        recording_id=match[1],
        sensor_position="front_pocket",
    )
