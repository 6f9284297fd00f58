"""PAMAP2: 9 subjects with sensors on hand, chest and ankle."""

from tfds_builders.archive_builder import ArchiveBuilder, configs
from tfds_builders.archives import (
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


class Builder(ArchiveBuilder):
    """One sensor of PAMAP2, chosen by the configuration."""

    URL = (
        "https://archive.ics.uci.edu/static/public/231/"
        "pamap2+physical+activity+monitoring.zip"
    )
    ARCHIVES = (
        "PAMAP2_Dataset.zip",
        "PAMAP2_Dataset",
        "pamap2+physical+activity+monitoring.zip",
    )
    INNER = ARCHIVES[0]
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)
    BUILDER_CONFIGS = configs(
        hand="Wrist of the dominant arm.",
        ankle="Ankle of the dominant side.",
        chest="Chest.",
    )

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES,
            homepage="https://archive.ics.uci.edu/dataset/231",
            license="CC BY 4.0",
        )

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
