"""PAMAP2: 9 subjects with sensors on hand, chest and ankle."""

import tensorflow_datasets as tfds

from tfds_builders.archives import (
    find_archive,
    list_members,
    manual_instructions,
    open_member,
)
from tfds_builders.examples import recording_info, to_examples
from tfds_builders.pamap2.parse import (
    CLASS_NAMES,
    LAYOUT,
    MEMBER,
    parse_dat,
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
