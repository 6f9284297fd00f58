"""MotionSense: 24 subjects with a phone in the front trouser pocket."""

from tfds_builders.archive_builder import ArchiveBuilder
from tfds_builders.archives import (
    list_members,
    manual_instructions,
    open_member,
)
from tfds_builders.examples import recording_info, to_examples
from tfds_builders.motionsense.parse import (
    CLASS_NAMES,
    LAYOUT,
    MEMBER,
    parse_device_motion,
)


class Builder(ArchiveBuilder):
    """Total acceleration (gravity + user acceleration) of MotionSense."""

    URL = (
        "https://github.com/mmalekzadeh/motion-sense/raw/master/data/"
        "A_DeviceMotion_data.zip"
    )
    ARCHIVES = ("A_DeviceMotion_data.zip", "A_DeviceMotion_data")
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES,
            homepage="https://github.com/mmalekzadeh/motion-sense",
            license="MIT (the authors' repository)",
        )

    def _generate_examples(self, archive):
        matches = list_members(archive, MEMBER, LAYOUT)
        matches.sort(key=lambda m: (int(m[4]), m[2], int(m[3])))
        for index, match in enumerate(matches):
            with open_member(archive, match.string) as file:
                recording = parse_device_motion(file, match)
            yield from to_examples([recording], index, len(matches))
