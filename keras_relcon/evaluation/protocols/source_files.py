"""Joins the parts of source files that a TFDS builder has cut."""

import re
from dataclasses import dataclass

import numpy as np

from keras_relcon.data.windows import as_recordings

# "<id>", "<id>-<part>", each with "@<position>" and then "+<seconds>s"
_ID = re.compile(
    r"(?P<name>.+?)(-(?P<part>\d+))?(@(?P<position>[^@+]*))?"
    r"(\+(?P<seconds>[\d.e+-]+)s)?"
)


@dataclass(frozen=True)
class SourceLayout:
    """Properties of the recordings of one configuration of a builder.

    Args:
        builder: str. Name and configuration, such as `"pamap2/ankle"`.
        name: str. Regular expression of the names of the source's files.
        position: str. Where the sensor was worn.
        rates_hz: tuple of float. Rates that occur.
        classes: tuple of str. Labels that occur.
    """

    builder: str
    name: str
    position: str
    rates_hz: tuple[float, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SourceFile:
    """The rows of one file of a source, unchanged.

    Args:
        name: str. Recording id of the builder, without part and position.
        subject: str.
        sample_rate_hz: float.
        acceleration: `(rows, 3)` float32, g. NaN where a value is missing.
        labels: `(rows,)` str.
    """

    name: str
    subject: str
    sample_rate_hz: float
    acceleration: np.ndarray
    labels: np.ndarray


def join_parts(recordings, layout):
    """Joins the parts of each source file in order.

    A builder cuts a file where its clock jumps; the protocols do not. A part
    of a single row, which `tfds_recordings` leaves out, is missing here too.

    Args:
        recordings: iterable of `Recording` of `tfds_recordings`, with ids
            such as `"S1-ADL1-0@right_wrist"`, or `"S1-ADL1"`.
        layout: `SourceLayout`.

    Returns:
        list of `SourceFile`, in the order of their first parts.

    Raises:
        ValueError: if an id, a position, a rate or a label does not match the
            layout, labels are missing, or a part is given twice.
    """
    parts_of = {}
    for recording in as_recordings(recordings):
        name, place = _check(recording, layout)
        parts = parts_of.setdefault((recording.subject, name), {})
        if place in parts:
            raise ValueError(
                "Each part of a source file must be there once. Received: "
                f"{recording.recording_id!r} twice. Remove one of them."
            )
        parts[place] = recording
    return [
        _join([parts[place] for place in sorted(parts)], name)
        for (_, name), parts in parts_of.items()
    ]


def _join(parts, name):
    return SourceFile(
        name=name,
        subject=parts[0].subject,
        sample_rate_hz=parts[0].sample_rate_hz,
        acceleration=np.concatenate([part.acceleration for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
    )


def _check(recording, layout):
    match = _ID.fullmatch(recording.recording_id or "")
    position = match and match["position"]
    is_right = (
        match
        and re.fullmatch(layout.name, match["name"])
        and position in (None, layout.position)
        and recording.sample_rate_hz in layout.rates_hz
        and recording.labels is not None
    )
    if not is_right:
        raise ValueError(
            f"`recordings` must be labelled recordings of {layout.builder!r} "
            f"at {layout.rates_hz} Hz. Received: recording_id="
            f"{recording.recording_id!r} at {recording.sample_rate_hz:g} Hz, "
            f"labels={'None' if recording.labels is None else 'given'}. Read "
            f"them with keras_relcon.data.tfds_recordings({layout.builder!r})."
        )
    unknown = np.setdiff1d(recording.labels, layout.classes)
    if len(unknown):
        raise ValueError(
            f"Labels must be of {list(layout.classes)}. Received: "
            f"{unknown.tolist()} in {recording.recording_id!r}. Read the "
            f"recordings of {layout.builder!r}."
        )
    return match["name"], (
        int(match["part"] or 0),
        float(match["seconds"] or 0),
    )
