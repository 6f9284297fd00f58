"""Your own recordings: a folder of `<subject>/<name>.csv` files."""

import dataclasses

import tensorflow_datasets as tfds
from etils import epath

from tfds_builders.archives import list_members, open_member
from tfds_builders.examples import recording_info, to_examples
from tfds_builders.recording_folder.parse import parse_csv

FOLDER = "recordings"
LAYOUT = f"`{FOLDER}/<subject>/<name>.csv` files"
MEMBER = rf"(?:^|/){FOLDER}/([^/]+)/([^/]+)\.csv$"


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
