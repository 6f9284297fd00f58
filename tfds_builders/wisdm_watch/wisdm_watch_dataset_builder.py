"""WISDM 2019: the watch accelerometer, 18 activities of daily life."""

import re
import warnings

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
    "https://archive.ics.uci.edu/static/public/507/wisdm+smartphone+and+"
    "smartwatch+activity+and+biometrics+dataset.zip"
)
ARCHIVES = (
    "wisdm-dataset.zip",
    "wisdm-dataset",
    "wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip",
)
MEMBER = re.compile(r"(?:^|/)raw/watch/accel/data_(\w+)_accel_watch\.txt$")
ACTIVITY_KEY = re.compile(r"(?:^|/)activity_key\.txt$")
LAYOUT = (
    "`activity_key.txt` and `raw/watch/accel/data_<subject>_accel_watch.txt`"
)
ROW = re.compile(rb"[^,\s]+,[A-Z],\d+(?:,[-+.\deE]+){3}")
COLUMNS = [("act", "U1"), ("time_ns", "i8"), *((axis, "f8") for axis in "xyz")]
SAMPLE_RATE_HZ = 20.0
CLASS_NAMES = read_labels(epath.Path(__file__).parent / "labels.txt")


class Builder(tfds.core.GeneratorBasedBuilder):
    """Watch acceleration of WISDM, with the times of its samples."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES,
            has_times=True,
            homepage="https://archive.ics.uci.edu/dataset/507",
            license="CC BY 4.0",
        )

    def _split_generators(self, dl_manager):
        archive = find_archive(dl_manager, ARCHIVES, URL, ARCHIVES[0])
        return {"train": self._generate_examples(archive)}

    def _generate_examples(self, archive):
        key = list_members(archive, ACTIVITY_KEY, LAYOUT)[0].string
        with open_member(archive, key) as file:
            label_of_letter = parse_activity_key(file.read())
        matches = list_members(archive, MEMBER, LAYOUT)
        for index, match in enumerate(matches):
            with open_member(archive, match.string) as file:
                recordings = parse_watch(file.read(), match[1], label_of_letter)
            yield from to_examples(recordings, index, len(matches))


def parse_activity_key(content):
    """Class index of each letter of `activity_key.txt`.

    Raises:
        ValueError: if an activity is not in `labels.txt`.
    """
    pairs = (line.split("=") for line in content.decode().splitlines())
    names = {p[1].strip(): p[0].strip() for p in pairs if len(p) == 2}
    unknown = sorted(set(names.values()) - set(CLASS_NAMES))
    if unknown:
        raise ValueError(
            f"`activity_key.txt` must name activities of {CLASS_NAMES}. "
            f"Received: {unknown}. Use the archive of 2019."
        )
    return {letter: CLASS_NAMES.index(name) for letter, name in names.items()}


def parse_watch(content, subject, label_of_letter):
    """Reads one `data_<subject>_accel_watch.txt`.

    Every row is kept that has the form `subject,activity,time,x,y,z;` (m/s2,
    ns); others are left out, with a warning that counts them. A recording
    ends where time goes back or jumps ahead by more than a second, as it does
    between the activities.

    Args:
        content: bytes.
        subject: str.
        label_of_letter: dict of class index by activity letter.

    Returns:
        list of `SourceRecording`, with `time_seconds`.

    Raises:
        ValueError: if an activity is not in `label_of_letter`.
    """
    lines = [line.strip() for line in content.replace(b";", b"").splitlines()]
    rows = [line for line in lines if ROW.fullmatch(line)]
    num_bad = sum(map(bool, lines)) - len(rows)
    if num_bad:
        warnings.warn(
            f"{num_bad} rows of subject {subject} are not "
            "`subject,activity,time,x,y,z` and are left out.",
            stacklevel=2,
        )
    if not rows:
        return []
    table = np.loadtxt(
        rows, COLUMNS, delimiter=",", usecols=range(1, 6), ndmin=1
    )
    letters, codes = np.unique(table["act"], return_inverse=True)
    seconds = (table["time_ns"] - table["time_ns"][0]) / 1e9
    axes = np.stack([table[axis] for axis in "xyz"], axis=1)
    unknown = sorted(set(letters.tolist()) - set(label_of_letter))
    if unknown:
        raise ValueError(
            "Activities must be letters of `activity_key.txt`. "
            f"Received: {unknown} of subject {subject}. Use both files of one "
            "archive."
        )
    recording = SourceRecording(
        acceleration=(axes / STANDARD_GRAVITY).astype(np.float32),
        labels=np.array([label_of_letter[k] for k in letters.tolist()])[codes],
        sample_rate_hz=SAMPLE_RATE_HZ,
        subject_id=subject,
        recording_id=subject,
        sensor_position="wrist",
        time_seconds=seconds,
    )
    return split_at_gaps(recording, seconds)
