"""WISDM 2019: the watch accelerometer, 18 activities of daily life."""

from tfds_builders.archive_builder import ArchiveBuilder
from tfds_builders.archives import (
    list_members,
    manual_instructions,
    open_member,
)
from tfds_builders.examples import recording_info, to_examples
from tfds_builders.wisdm_watch.parse import (
    ACTIVITY_KEY,
    CLASS_NAMES,
    LAYOUT,
    MEMBER,
    parse_activity_key,
    parse_watch,
)


class Builder(ArchiveBuilder):
    """Watch acceleration of WISDM, with the times of its samples."""

    URL = (
        "https://archive.ics.uci.edu/static/public/507/wisdm+smartphone+and+"
        "smartwatch+activity+and+biometrics+dataset.zip"
    )
    ARCHIVES = (
        "wisdm-dataset.zip",
        "wisdm-dataset",
        "wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip",
    )
    INNER = ARCHIVES[0]
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES,
            has_times=True,
            homepage="https://archive.ics.uci.edu/dataset/507",
            license="CC BY 4.0",
        )

    def _generate_examples(self, archive):
        key = list_members(archive, ACTIVITY_KEY, LAYOUT)[0].string
        with open_member(archive, key) as file:
            name_of_letter = parse_activity_key(file.read())
        matches = list_members(archive, MEMBER, LAYOUT)
        for index, match in enumerate(matches):
            with open_member(archive, match.string) as file:
                recordings = parse_watch(file.read(), match[1], name_of_letter)
            yield from to_examples(recordings, index, len(matches))
