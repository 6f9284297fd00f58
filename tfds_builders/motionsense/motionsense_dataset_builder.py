"""MotionSense: 24 subjects with a phone in the front trouser pocket."""

import re

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from tfds_builders.archives import (
    find_archive,
    list_members,
    manual_instructions,
    open_member,
)
from tfds_builders.examples import read_labels, recording_info, to_examples
from tfds_builders.source_recording import SourceRecording

URL = (
    "https://github.com/mmalekzadeh/motion-sense/raw/master/data/"
    "A_DeviceMotion_data.zip"
)
ARCHIVES = ("A_DeviceMotion_data.zip", "A_DeviceMotion_data")
MEMBER = re.compile(r"(?:^|/)((dws|ups|wlk|jog|std|sit)_(\d+)/sub_(\d+))\.csv$")
LAYOUT = "`<act>_<trial>/sub_<k>.csv` members"
SAMPLE_RATE_HZ = 50.0
SENSORS = ("gravity", "userAcceleration")
CLASS_NAMES = read_labels(epath.Path(__file__).parent / "labels.txt")
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


class Builder(tfds.core.GeneratorBasedBuilder):
    """Total acceleration (gravity + user acceleration) of MotionSense."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES,
            homepage="https://github.com/mmalekzadeh/motion-sense",
            license="MIT (the authors' repository)",
        )

    def _split_generators(self, dl_manager):
        archive = find_archive(dl_manager, ARCHIVES, URL)
        return {"train": self._generate_examples(archive)}

    def _generate_examples(self, archive):
        matches = list_members(archive, MEMBER, LAYOUT)
        matches.sort(key=lambda m: (int(m[4]), m[2], int(m[3])))
        for index, match in enumerate(matches):
            with open_member(archive, match.string) as file:
                recording = parse_device_motion(file, match)
            yield from to_examples([recording], index, len(matches))


def parse_device_motion(file, match):
    """Reads one `sub_<k>.csv`.

    Args:
        file: binary file.
        match: `re.Match` of `MEMBER` in the member's name.

    Returns:
        `SourceRecording`.

    Raises:
        ValueError: if a column is missing.
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
    values = np.loadtxt(file, delimiter=",", usecols=columns, ndmin=2)
    return SourceRecording(
        acceleration=(values[:, :3] + values[:, 3:]).astype(np.float32),
        labels=np.full(len(values), LABEL_OF_ACT[match[2]]),
        sample_rate_hz=SAMPLE_RATE_HZ,
        subject_id=match[4],
        recording_id=match[1],
        sensor_position="front_pocket",
    )
