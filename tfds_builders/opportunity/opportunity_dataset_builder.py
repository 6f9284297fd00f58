"""Opportunity: 4 subjects at breakfast, with their mode of locomotion."""

import tensorflow_datasets as tfds

from tfds_builders.archives import (
    find_archive,
    list_members,
    manual_instructions,
    open_member,
)
from tfds_builders.examples import recording_info, to_examples
from tfds_builders.opportunity.parse import (
    CLASS_NAMES,
    LAYOUT,
    MEMBER,
    parse_dat,
)

URL = (
    "https://archive.ics.uci.edu/static/public/226/"
    "opportunity+activity+recognition.zip"
)
ARCHIVES = (
    "OpportunityUCIDataset.zip",
    "OpportunityUCIDataset",
    "opportunity+activity+recognition.zip",
)


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
