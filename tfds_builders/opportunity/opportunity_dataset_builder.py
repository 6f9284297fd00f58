"""Opportunity: 4 subjects at breakfast, with their mode of locomotion."""

from tfds_builders.archive_builder import ArchiveBuilder, configs
from tfds_builders.archives import (
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


class Builder(ArchiveBuilder):
    """One accelerometer of Opportunity, chosen by the configuration."""

    URL = (
        "https://archive.ics.uci.edu/static/public/226/"
        "opportunity+activity+recognition.zip"
    )
    ARCHIVES = (
        "OpportunityUCIDataset.zip",
        "OpportunityUCIDataset",
        "opportunity+activity+recognition.zip",
    )
    INNER = ARCHIVES[0]
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)
    BUILDER_CONFIGS = configs(
        right_wrist="Accelerometer RWR.",
        left_wrist="Accelerometer LWR.",
        back="Accelerometer BACK.",
    )

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES,
            homepage="https://archive.ics.uci.edu/dataset/226",
            license="CC BY 4.0",
        )

    def _generate_examples(self, archive):
        matches = list_members(archive, MEMBER, LAYOUT)
        for index, match in enumerate(matches):
            with open_member(archive, match.string) as file:
                recordings = parse_dat(
                    file, match[2], match[1], self.builder_config.name
                )
            yield from to_examples(recordings, index, len(matches))
