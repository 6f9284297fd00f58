"""Your own recordings: a folder of `<subject>/<name>.csv` files."""

import dataclasses
import json
import re

import tensorflow_datasets as tfds
from etils import epath

from tfds_builders.archives import list_members, open_member
from tfds_builders.examples import recording_info, to_examples
from tfds_builders.recording_folder.parse import parse_csv

FOLDER = "recordings"
LAYOUT = f"`{FOLDER}/<subject>/<name>.csv` files"
ENDING = re.compile(r"(?i)\.csv$")
MEMBER = re.compile(rf"^{FOLDER}/([^/]+)/([^/]+)(\.csv)$", re.IGNORECASE)


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

    @property
    def facts(self):
        """What the prepared data depend on, as JSON holds it."""
        return {
            "sample_rate_hz": float(self.sample_rate_hz),
            "unit": self.unit,
            "sensor_position": self.sensor_position,
            "class_names": list(self.class_names),
        }


class Builder(tfds.core.GeneratorBasedBuilder):
    """Reads `manual_dir/recordings/<subject>/<name>.csv`.

    Raises:
        ValueError: if data of the same name were prepared with another
            configuration; in `download_and_prepare` with a `manual_dir`, also
            if they were of other files.
    """

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

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._check_prepared(self.builder_config.facts)

    def download_and_prepare(self, *, download_config=None, **kwargs):
        manual_dir = getattr(download_config, "manual_dir", None)
        if manual_dir and not download_config.download_mode.overwrite_dataset:
            folder = epath.Path(manual_dir) / FOLDER
            if folder.exists():  # it may be gone once the data are prepared
                self._check_prepared({"files": file_sizes(folder)})
        super().download_and_prepare(download_config=download_config, **kwargs)

    def _check_prepared(self, facts):
        path = self.data_path / "metadata.json"
        if not path.exists():  # not prepared, or by an earlier version
            return
        before = json.loads(path.read_text())
        changed = [name for name in facts if before.get(name) != facts[name]]
        if changed:
            told = [f"{name}={_told(before.get(name))}" for name in changed]
            now = [f"{name}={_told(facts[name])}" for name in changed]
            raise ValueError(
                f"The data {self.builder_config.name!r} were prepared with "
                f"{', '.join(told)}. Received: {', '.join(now)}. Choose "
                f"another `name`, or remove {str(self.data_path)!r}."
            )

    def _info(self):
        return recording_info(
            self,
            self.builder_config.all_classes,
            has_times=True,
            metadata=tfds.core.MetadataDict(self.builder_config.facts),
        )

    def _split_generators(self, dl_manager):
        folder = epath.Path(dl_manager.manual_dir) / FOLDER
        self.info.metadata["files"] = file_sizes(folder)
        return {"train": self._generate_examples(folder)}

    def _generate_examples(self, folder):
        members = list_files(folder)
        for item in enumerate(members):
            yield from read_file(
                item, folder, len(members), self.builder_config
            )


def list_files(folder):
    """`(subject, name, ending)` of the folder's files, by subject.

    Raises:
        ValueError: if there is none, or one that lies elsewhere.
    """
    found = [match.string for match in list_members(folder, ENDING, LAYOUT)]
    matches = [MEMBER.search(name) for name in found]
    others = [name for name, match in zip(found, matches) if not match]
    if others:
        raise ValueError(
            f"All .csv files must be {LAYOUT}. Received: "
            f"{', '.join(others[:5])}{', ...' if others[5:] else ''}. Put them "
            f"into the folder of a subject, or out of `{FOLDER}`."
        )
    return [match.groups() for match in matches]


def file_sizes(folder):
    """Bytes of each of the folder's files, a dict by `<subject>/<name>.csv`."""
    files = [f"{item[0]}/{item[1]}{item[2]}" for item in list_files(folder)]
    return {name: (folder / name).stat().length for name in files}


def read_file(item, folder, num_members, config):
    """Yields `(key, example)` of one file.

    Args:
        item: `(index, (subject, name, ending))`.
        folder: path of the folder.
        num_members: int. How many files there are.
        config: `RecordingFolderConfig`.
    """
    index, (subject, name, ending) = item
    with open_member(folder, f"{FOLDER}/{subject}/{name}{ending}") as file:
        recordings = parse_csv(file, subject, f"{subject}/{name}", config)
    yield from to_examples(recordings, index, num_members)


def _told(value):
    """A value for a message; of many files how many, and how large."""
    if isinstance(value, dict):
        return f"{len(value)} of {sum(value.values())} bytes"
    return repr(value)
