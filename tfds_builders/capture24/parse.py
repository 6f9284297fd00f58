"""Reads the files of Capture-24."""

import csv
import gzip
import io
import itertools
import re
import warnings
from pathlib import Path

import numpy as np

from tfds_builders.source_recording import (
    SourceRecording,
    read_labels,
    split_at_gaps,
)

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
    scheme: read_labels(Path(__file__).with_name(file))
    for scheme, (_, file) in SCHEMES.items()
}


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

    Empty cells of x, y, z are NaN. Rows without an annotation, or with one that
    is not in the dictionary, get the label `null`; the latter are counted in a
    warning.

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
            cells = np.array([x, y, z])
            cells = np.where(cells == "", "nan", cells)
            axes.append(cells.astype(np.float32).T)
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
