"""HHAR: 9 users with four watches, and eight phones at the waist."""

import re

from tfds_builders.archive_builder import ArchiveBuilder, configs
from tfds_builders.archives import (
    list_members,
    manual_instructions,
    open_member,
)
from tfds_builders.examples import recording_info, to_examples
from tfds_builders.hhar.parse import (
    CLASS_NAMES,
    MEMBER_OF_CONFIG,
    POSITION_OF_CONFIG,
    parse_accelerometer,
)


class Builder(ArchiveBuilder):
    """The watches or the phones of HHAR, chosen by the configuration."""

    URL = (
        "https://archive.ics.uci.edu/static/public/344/"
        "heterogeneity+activity+recognition.zip"
    )
    ARCHIVES = (
        "Activity recognition exp.zip",
        "Activity recognition exp",
        "heterogeneity+activity+recognition.zip",
    )
    INNER = ARCHIVES[0]
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)
    BUILDER_CONFIGS = configs(
        watch="Two Samsung Gear (100 Hz), two LG G (200 Hz).",
        phone="Eight phones of four models, 50 to 200 Hz.",
    )

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES,
            homepage="https://archive.ics.uci.edu/dataset/344",
            license="CC BY 4.0",
        )

    def _generate_examples(self, archive):
        config = self.builder_config.name
        name = MEMBER_OF_CONFIG[config]
        pattern = rf"(?:^|/){re.escape(name)}$"
        member = list_members(archive, pattern, f"`{name}`")[0].string
        with open_member(archive, member) as file:
            recordings = parse_accelerometer(file, POSITION_OF_CONFIG[config])
        yield from to_examples(recordings, 0, 1)
