"""Capture-24: a day of free living of 151 subjects, on the wrist."""

import re

from tfds_builders.archive_builder import ArchiveBuilder, configs
from tfds_builders.archives import (
    list_members,
    manual_instructions,
    open_member,
)
from tfds_builders.capture24.parse import (
    CLASS_NAMES,
    DICTIONARY,
    LAYOUT,
    MEMBER,
    parse_dictionary,
    parse_subject,
)
from tfds_builders.examples import recording_info, to_examples


class Builder(ArchiveBuilder):
    """Capture-24; the configuration chooses the labels."""

    URL = (
        "https://ora.ox.ac.uk/objects/uuid:99d7c092-d865-4a19-b096-cc16440cd001/"
        "files/rpr76f381b"
    )
    ARCHIVES = ("capture24.zip", "capture24")
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)
    BUILDER_CONFIGS = configs(
        willetts2018="Six classes of Willetts et al., 2018.",
        walmsley2020="Four classes of Walmsley et al., 2020.",
    )

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES[self.builder_config.name],
            homepage="https://doi.org/10.5287/bodleian:NGx0JOMP5",
            license="CC BY 4.0",
        )

    def _generate_examples(self, archive):
        members = list_subjects(archive)
        for item in enumerate(members):
            yield from read_subject(
                item, archive, len(members), self.builder_config.name
            )


def list_subjects(archive):
    """Names of the members that hold one subject each."""
    return [match.string for match in list_members(archive, MEMBER, LAYOUT)]


def read_subject(item, archive, num_members, scheme):
    """Yields `(key, example)` of the subject of one member.

    Args:
        item: `(index, name)` of the member.
        archive: path of the zip file or folder.
        num_members: int. How many members there are.
        scheme: str. A key of `SCHEMES`.
    """
    index, name = item
    dictionary = list_members(archive, DICTIONARY, LAYOUT)[0].string
    with open_member(archive, dictionary) as file:
        label_of = parse_dictionary(file, scheme)
    with open_member(archive, name) as file:
        subject = re.search(MEMBER, name)[1]
        recordings = parse_subject(file, subject, label_of)
    yield from to_examples(recordings, index, num_members)
