"""Reads the archive of the MotionSense dataset."""

import re
import warnings

import numpy as np

from keras_relcon.data.readers.zip_archive import UNREADABLE, open_zip
from keras_relcon.data.recording import Recording

SAMPLE_RATE_HZ = 50.0
NUM_RECORDINGS = 360  # 15 trials of 24 subjects
LABELS = {
    "dws": "downstairs",
    "ups": "upstairs",
    "wlk": "walking",
    "jog": "jogging",
    "std": "standing",
    "sit": "sitting",
}
MEMBER = re.compile(r"(?:^|/)((dws|ups|wlk|jog|std|sit)_\d+/sub_(\d+))\.csv$")
SENSORS = ("gravity", "userAcceleration")


def is_motionsense(names):
    """Whether a zip with these member names has MotionSense's layout."""
    return any(_match(name) for name in names)


def read_motionsense(zip_path):
    """Reads the recordings of MotionSense's `A_DeviceMotion_data.zip`.

    [Malekzadeh et al., 2019](https://doi.org/10.1145/3302505.3310068): a
    phone in the front pocket, 24 subjects, 50 Hz. Acceleration is the total:
    the phone's gravity estimate plus its user acceleration, in g.

    A number of recordings other than 360 is warned of.

    Args:
        zip_path: str or path. Members `<act>_<trial>/sub_<k>.csv`.

    Returns:
        list of `Recording`, by trial then subject. Subjects are `"1"` to
        `"24"`; labels are downstairs, upstairs, walking, jogging, standing,
        sitting; ids are `<act>_<trial>/sub_<k>`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the archive is damaged or has no such member, or one
            lacks a column or holds no numbers.
    """
    with open_zip(zip_path) as archive:
        members = [
            (match, name)
            for name in archive.namelist()
            if (match := _match(name))
        ]
        members.sort(key=lambda m: _sort_key(m[0][1]))
        if not members:
            raise ValueError(
                "A MotionSense archive must hold `<act>_<trial>/sub_<k>.csv` "
                f"members. Received: {zip_path}, with none. Download "
                "`A_DeviceMotion_data.zip` of the authors."
            )
        recordings = [
            _read_member(archive, name, match) for match, name in members
        ]
    if len(recordings) != NUM_RECORDINGS:
        warnings.warn(
            f"MotionSense has {NUM_RECORDINGS} recordings; this archive has "
            f"{len(recordings)}.",
            stacklevel=2,
        )
    return recordings


def _match(name):
    parts = name.split("/")
    if any(part.startswith((".", "__MACOSX")) for part in parts):
        return None
    return MEMBER.search(name)


def _sort_key(recording_id):
    act, trial, subject = re.split(r"_|/sub_", recording_id)
    return act, int(trial), int(subject)


def _read_member(archive, name, match):
    recording_id, act, subject = match.groups()
    with archive.open(name) as file:
        header = file.readline().decode().strip().split(",")
        names = [f"{sensor}.{axis}" for sensor in SENSORS for axis in "xyz"]
        missing = sorted(set(names) - set(header))
        if missing:
            raise ValueError(
                f"{name} must have the columns {names}. "
                f"Received: a file without {missing}. Use the archive of "
                "device motion, `A_DeviceMotion_data.zip`."
            )
        columns = [header.index(column) for column in names]
        values = _read_rows(file, columns, name)
    return Recording(
        values[:, :3] + values[:, 3:],
        sample_rate_hz=SAMPLE_RATE_HZ,
        subject=subject,
        labels=LABELS[act],
        recording_id=recording_id,
    )


def _read_rows(file, columns, name):
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "loadtxt: input contained no")
            values = np.loadtxt(file, delimiter=",", usecols=columns, ndmin=2)
    except (ValueError, *UNREADABLE) as error:
        raise ValueError(
            f"{name} must hold rows of numbers. Received: {error}. Download "
            "the archive again."
        ) from None
    if len(values) < 2:
        raise ValueError(
            f"{name} must hold at least 2 rows of numbers. "
            f"Received: {len(values)}. Download the archive again."
        )
    return values
