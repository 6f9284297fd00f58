"""Your own recordings: a folder of `<subject>/<name>.csv` files."""

import dataclasses
import itertools

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from tfds_builders.archives import list_members, open_member
from tfds_builders.examples import recording_info, to_examples
from tfds_builders.source_recording import (
    STANDARD_GRAVITY,
    SourceRecording,
    split_at_gaps,
)

FOLDER = "recordings"
LAYOUT = f"`{FOLDER}/<subject>/<name>.csv` files"
MEMBER = rf"(?:^|/){FOLDER}/([^/]+)/([^/]+)\.csv$"
ROWS_PER_BLOCK = 200_000
G_PER_UNIT = {"g": 1.0, "m/s2": 1.0 / STANDARD_GRAVITY}


@dataclasses.dataclass
class RecordingFolderConfig(tfds.core.BuilderConfig):
    """What the files do not say of themselves.

    Args:
        name: str. Names the corpus; the data are stored under it.
        sample_rate_hz: float. Rate of the devices. Defaults to `100.0`.
        unit: str. `"g"` or `"m/s2"`. Defaults to `"g"`.
        sensor_position: str. Defaults to `"wrist"`.
        class_names: tuple of str. Labels that occur. Defaults to `()`.
    """

    sample_rate_hz: float = 100.0
    unit: str = "g"
    sensor_position: str = "wrist"
    class_names: tuple = ()

    @property
    def all_classes(self):
        return [*self.class_names, "null"]


class Builder(tfds.core.GeneratorBasedBuilder):
    """Reads `manual_dir/recordings/<subject>/<name>.csv`."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Put {LAYOUT} in `manual_dir`: columns x, y, z and, where there are, "
        "time (seconds) and label."
    )
    BUILDER_CONFIGS = [
        RecordingFolderConfig(
            name="wrist_100hz", description="Wrist, 100 Hz, g, no labels."
        )
    ]

    def _info(self):
        return recording_info(
            self, self.builder_config.all_classes, has_times=True
        )

    def _split_generators(self, dl_manager):
        folder = epath.Path(dl_manager.manual_dir) / FOLDER
        return {"train": self._generate_examples(folder)}

    def _generate_examples(self, folder):
        members = list_files(folder)
        for item in enumerate(members):
            yield from read_file(
                item, folder, len(members), self.builder_config
            )


def list_files(folder):
    """`(subject, name)` of the folder's files, by subject.

    Raises:
        ValueError: if there is none.
    """
    return [match.groups() for match in list_members(folder, MEMBER, LAYOUT)]


def read_file(item, folder, num_members, config):
    """Yields `(key, example)` of one file.

    Args:
        item: `(index, (subject, name))`.
        folder: path of the folder.
        num_members: int. How many files there are.
        config: `RecordingFolderConfig`.
    """
    index, (subject, name) = item
    with open_member(folder, f"{FOLDER}/{subject}/{name}.csv") as file:
        recordings = parse_csv(file, subject, f"{subject}/{name}", config)
    yield from to_examples(recordings, index, num_members)


def parse_csv(file, subject, recording_id, config):
    """Reads one file.

    Args:
        file: binary file. A header, then rows.
        subject: str.
        recording_id: str.
        config: `RecordingFolderConfig`.

    Returns:
        list of `SourceRecording`, cut where time jumps.

    Raises:
        ValueError: if a column is missing, a cell is no number, the unit is
            not known, or a label is not among the config's class names.
    """
    header = file.readline().decode("utf-8-sig").strip().split(",")
    _check(header, recording_id, config)
    blocks = list(_read_blocks(file, header, recording_id, config))
    if not blocks:
        return []
    seconds, axes, labels = (np.concatenate(part) for part in zip(*blocks))
    if "time" not in header:
        seconds = np.arange(len(axes)) / config.sample_rate_hz
    recording = SourceRecording(
        acceleration=(axes * G_PER_UNIT[config.unit]).astype(np.float32),
        labels=labels,
        sample_rate_hz=config.sample_rate_hz,
        subject_id=subject,
        recording_id=recording_id,
        sensor_position=config.sensor_position,
        time_seconds=seconds,
    )
    return split_at_gaps(recording, seconds)


def _check(header, recording_id, config):
    missing = sorted(set("xyz") - set(header))
    if missing or config.unit not in G_PER_UNIT:
        raise ValueError(
            f"{recording_id}.csv must have the columns x, y, z, and `unit` "
            f"must be one of {sorted(G_PER_UNIT)}. Received: a file without "
            f"{missing}, unit={config.unit!r}. Name the columns in its first "
            "row."
        )


def _read_blocks(file, header, recording_id, config):
    """Yields (times, axes, labels) of blocks of rows."""
    kinds = {"x": "f8", "y": "f8", "z": "f8", "time": "f8", "label": "U64"}
    names = [name for name in kinds if name in header]
    dtype = [(name, kinds[name]) for name in names]
    columns = [header.index(name) for name in names]
    while lines := list(itertools.islice(file, ROWS_PER_BLOCK)):
        try:
            rows = np.loadtxt(
                lines, dtype, delimiter=",", usecols=columns, ndmin=1
            )
        except ValueError as error:
            raise ValueError(
                f"Each row of {recording_id}.csv must have numbers in "
                f"{names}. Received: {error}. Mend or leave out that row."
            ) from error
        axes = np.stack([rows[axis] for axis in "xyz"], axis=1)
        times = rows["time"] if "time" in names else np.zeros(len(rows))
        yield times, axes, _class_of(rows, names, recording_id, config)


def _class_of(rows, names, recording_id, config):
    classes = config.all_classes
    if "label" not in names:
        return np.full(len(rows), classes.index("null"))
    found, codes = np.unique(rows["label"], return_inverse=True)
    found = [str(name).strip() or "null" for name in found]
    unknown = sorted(set(found) - set(classes))
    if unknown:
        raise ValueError(
            f"Labels must be among `class_names`, {config.class_names}. "
            f"Received: {unknown} in {recording_id}.csv. Name them in the "
            "`RecordingFolderConfig`."
        )
    return np.array([classes.index(name) for name in found])[codes]
