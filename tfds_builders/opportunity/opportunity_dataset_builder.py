"""Opportunity: 4 subjects at breakfast, with their mode of locomotion."""

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
from tfds_builders.source_recording import SourceRecording, split_at_gaps

URL = (
    "https://archive.ics.uci.edu/static/public/226/"
    "opportunity+activity+recognition.zip"
)
ARCHIVES = (
    "OpportunityUCIDataset.zip",
    "OpportunityUCIDataset",
    "opportunity+activity+recognition.zip",
)
MEMBER = re.compile(r"(?:^|/)dataset/(S(\d)-(?:ADL\d|Drill))\.dat$")
LAYOUT = "`dataset/S<k>-ADL<n>.dat` and `dataset/S<k>-Drill.dat` members"
SAMPLE_RATE_HZ = 30.0
TIME_COLUMN, LOCOMOTION_COLUMN = 0, 243
# First column, from 0, of "Accelerometer RWR" and the like, in milli-g.
FIRST_COLUMN = {"right_wrist": 22, "left_wrist": 31, "back": 16}
NAME_OF_LOCOMOTION = {1: "stand", 2: "walk", 4: "sit", 5: "lie"}
CLASS_NAMES = read_labels(epath.Path(__file__).parent / "labels.txt")


class Builder(tfds.core.GeneratorBasedBuilder):
    """One accelerometer of Opportunity, chosen by the configuration."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name, description=description)
        for name, description in (
            ("right_wrist", "Accelerometer RWR."),
            ("left_wrist", "Accelerometer LWR."),
            ("back", "Accelerometer BACK."),
        )
    ]

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES,
            homepage="https://archive.ics.uci.edu/dataset/226",
            license="CC BY 4.0",
        )

    def _split_generators(self, dl_manager):
        archive = find_archive(dl_manager, ARCHIVES, URL, ARCHIVES[0])
        return {"train": self._generate_examples(archive)}

    def _generate_examples(self, archive):
        matches = list_members(archive, MEMBER, LAYOUT)
        for index, match in enumerate(matches):
            with open_member(archive, match.string) as file:
                recordings = parse_dat(
                    file, match[2], match[1], self.builder_config.name
                )
            yield from to_examples(recordings, index, len(matches))


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
