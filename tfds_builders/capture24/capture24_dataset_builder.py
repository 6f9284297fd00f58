"""Capture-24: a day of free living of 151 subjects, on the wrist."""

import csv
import gzip
import io
import itertools
import re
import warnings

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from tfds_builders.archives import (
    find_archive,
    list_members,
    manual_instructions,
    open_member,
)
from tfds_builders.examples import read_labels, recording_info, to_examples
from tfds_builders.source_recording import SourceRecording, split_at_gaps

URL = (
    "https://ora.ox.ac.uk/objects/uuid:99d7c092-d865-4a19-b096-cc16440cd001/"
    "files/rpr76f381b"
)
ARCHIVES = ("capture24.zip", "capture24")
MEMBER = re.compile(r"(?:^|/)(P\d+)\.csv\.gz$")
DICTIONARY = re.compile(r"(?:^|/)annotation-label-dictionary\.csv$")
LAYOUT = "`P<id>.csv.gz` members and `annotation-label-dictionary.csv`"
SAMPLE_RATE_HZ = 100.0
ROWS_PER_BLOCK = 100_000
SCHEMES = {
    "willetts2018": ("label:Willetts2018", "labels.txt"),
    "walmsley2020": ("label:Walmsley2020", "labels_walmsley2020.txt"),
}
CLASS_NAMES = {
    scheme: read_labels(epath.Path(__file__).parent / file)
    for scheme, (_, file) in SCHEMES.items()
}


class Builder(tfds.core.GeneratorBasedBuilder):
    """Capture-24; the configuration chooses the labels."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = manual_instructions(ARCHIVES[:1], URL)
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name, description=description)
        for name, description in (
            ("willetts2018", "Six classes of Willetts et al., 2018."),
            ("walmsley2020", "Four classes of Walmsley et al., 2020."),
        )
    ]

    def _info(self):
        return recording_info(
            self,
            CLASS_NAMES[self.builder_config.name],
            homepage="https://doi.org/10.5287/bodleian:NGx0JOMP5",
            license="CC BY 4.0",
        )

    def _split_generators(self, dl_manager):
        archive = find_archive(dl_manager, ARCHIVES, URL)
        return {"train": self._generate_examples(archive)}

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


def parse_dictionary(file, scheme):
    """Class index of each annotation of `annotation-label-dictionary.csv`.

    The empty annotation, of rows without one, has the index of `null`.

    Raises:
        ValueError: if the scheme's column or a class is not as expected.
    """
    column, names = SCHEMES[scheme][0], CLASS_NAMES[scheme]
    rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))
    found = {row.get(column) for row in rows}
    if not rows or found - set(names):
        raise ValueError(
            f"`annotation-label-dictionary.csv` must have a column {column!r} "
            f"of {names}. Received: {sorted(map(str, found))}. Use the file "
            "of the archive."
        )
    labels = {row["annotation"]: names.index(row[column]) for row in rows}
    return {**labels, "": names.index("null")}


def parse_subject(file, subject, label_of):
    """Reads one `P<id>.csv.gz`: time, x, y, z (g), annotation.

    Rows without an annotation, or with one that is not in the dictionary, get
    the label `null`; the latter are counted in a warning.

    Args:
        file: binary file, gzip.
        subject: str.
        label_of: dict of class index by annotation.

    Returns:
        list of `SourceRecording`.
    """
    null = label_of[""]
    times, axes, labels, num_unknown = [], [], [], 0
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        _check_header(next(rows, []), subject)
        while block := list(itertools.islice(rows, ROWS_PER_BLOCK)):
            time, x, y, z, annotation = zip(*block)
            times.append(np.array(time, "datetime64[us]").astype(np.int64))
            axes.append(np.array([x, y, z]).astype(np.float32).T)
            codes = [label_of.get(name, -1) for name in annotation]
            labels.append(np.array(codes))
            num_unknown += codes.count(-1)
    if num_unknown:
        warnings.warn(
            f"{num_unknown} rows of {subject} have annotations that are not in "
            "the dictionary: they are labelled 'null'.",
            stacklevel=2,
        )
    if not times:
        return []
    labels = np.concatenate(labels)
    recording = SourceRecording(
        acceleration=np.concatenate(axes),
        labels=np.where(labels < 0, null, labels),
        sample_rate_hz=SAMPLE_RATE_HZ,
        subject_id=subject,
        recording_id=subject,
        sensor_position="wrist",
    )
    return split_at_gaps(recording, np.concatenate(times) / 1e6)


def _check_header(header, subject):
    expected = ["time", "x", "y", "z", "annotation"]
    if header != expected:
        raise ValueError(
            f"{subject}.csv.gz must have the columns {expected}. "
            f"Received: {header}. Use the file of the archive."
        )
