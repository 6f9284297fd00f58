"""What a parser gives: continuous recordings in g. And what parsers share."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

STANDARD_GRAVITY = 9.80665  # m/s2 in one g
MAX_GAP_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class SourceRecording:
    """A continuous signal of one subject, with the samples of the source.

    Args:
        acceleration: `(num_samples, 3)` float32, g. Missing values are NaN.
        labels: `(num_samples,)` int64, indices of the set's class names.
        sample_rate_hz: float. Nominal rate of the device.
        subject_id: str.
        recording_id: str. Unique in the builder's configuration.
        sensor_position: str. Where the device was worn.
        start_seconds: float. Time of the first sample since the start of the
            source file. Defaults to `0.0`.
        time_seconds: `(num_samples,)`, seconds since the first sample, or
            `None` where the samples are regular. Defaults to `None`.
    """

    acceleration: np.ndarray
    labels: np.ndarray
    sample_rate_hz: float
    subject_id: str
    recording_id: str
    sensor_position: str
    start_seconds: float = 0.0
    time_seconds: np.ndarray | None = None


def split_at_gaps(recording, clock_seconds, max_back_seconds=0.0):
    """Cuts a recording where its clock jumps.

    Args:
        recording: `SourceRecording`.
        clock_seconds: `(num_samples,)`, s. Time of each sample.
        max_back_seconds: float. A step back in time by more is a jump, as is
            a step ahead of more than `MAX_GAP_SECONDS`. Defaults to `0.0`.

    Returns:
        list of `SourceRecording`, no sample lost. Where there are several,
        their ids get the endings `-0`, `-1`, and so on.
    """
    steps = np.diff(clock_seconds)
    is_jump = (steps > MAX_GAP_SECONDS) | (steps < -max_back_seconds)
    edges = [0, *(np.flatnonzero(is_jump) + 1).tolist(), len(clock_seconds)]
    pieces = list(zip(edges[:-1], edges[1:]))
    return [
        replace(
            recording,
            acceleration=recording.acceleration[start:stop],
            labels=recording.labels[start:stop],
            recording_id=recording.recording_id
            + (f"-{number}" if len(pieces) > 1 else ""),
            start_seconds=float(clock_seconds[start] - clock_seconds[0]),
            time_seconds=(
                None
                if recording.time_seconds is None
                else clock_seconds[start:stop] - clock_seconds[start]
            ),
        )
        for number, (start, stop) in enumerate(pieces)
    ]


def read_labels(path):
    """Class names, one per line, of a `labels.txt`."""
    return Path(path).read_text().split()


def find_members(names, pattern):
    """Members of an archive whose names match, without hidden ones.

    Args:
        names: iterable of str. Names of the members.
        pattern: str or compiled. Regular expression searched in the names.

    Returns:
        sorted list of `re.Match`; `match.string` is the member's name.
    """
    matches = [
        match
        for name in names
        if not _is_hidden(name) and (match := re.search(pattern, name))
    ]
    return sorted(matches, key=lambda match: match.string)


def _is_hidden(name):
    parts = name.split("/")
    return any(part[:1] == "." or part == "__MACOSX" for part in parts)
