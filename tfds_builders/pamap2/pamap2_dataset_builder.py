"""PAMAP2: 9 subjects with sensors on hand, chest and ankle."""

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
from tfds_builders.source_recording import (
    STANDARD_GRAVITY,
    SourceRecording,
    split_at_gaps,
)

URL = (
    "https://archive.ics.uci.edu/static/public/231/"
    "pamap2+physical+activity+monitoring.zip"
)
ARCHIVES = (
    "PAMAP2_Dataset.zip",
    "PAMAP2_Dataset",
    "pamap2+physical+activity+monitoring.zip",
)
MEMBER = re.compile(r"(?:^|/)((?:Protocol|Optional)/subject(\d+))\.dat$")
LAYOUT = "`Protocol/subject<id>.dat` and `Optional/subject<id>.dat` members"
SAMPLE_RATE_HZ = 100.0
TIME_COLUMN, ACTIVITY_COLUMN = 0, 1
# First column, from 0, of the accelerometer of +-16 g of each sensor.
FIRST_COLUMN = {"hand": 4, "chest": 21, "ankle": 38}
CLASS_NAMES = read_labels(epath.Path(__file__).parent / "labels.txt")
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


class Builder(tfds.core.GeneratorBasedBuilder):
    """One sensor of PAMAP2, chosen by the configuration."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name, description=description)
        for name, description in (
            ("hand", "Wrist of the dominant arm."),
            ("ankle", "Ankle of the dominant side."),
            ("chest", "Chest."),
        )
    ]

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES,
            homepage="https://archive.ics.uci.edu/dataset/231",
            license="CC BY 4.0",
        )

    def _split_generators(self, dl_manager):
        archive = find_archive(dl_manager, ARCHIVES, URL, ARCHIVES[0])
        return {"train": self._generate_examples(archive)}

    def _generate_examples(self, archive):
        matches = list_members(archive, MEMBER, LAYOUT)
        # By subject; of each, the protocol before the optional activities.
        matches.sort(key=lambda m: (m[2], not m[1].startswith("Protocol")))
        for index, match in enumerate(matches):
            with open_member(archive, match.string) as file:
                recordings = parse_dat(
                    file, match[2], match[1], self.builder_config.name
                )
            yield from to_examples(recordings, index, len(matches))


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
