"""Brings labels beside a recording to the clock of the recording."""

import dataclasses
import warnings
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.clock_time import utc_offsets
from keras_relcon.data.readers.clock_changes import HOUR


def on_clock_of(intervals, clock, path, start):
    """Brings labels to the clock that the recording of a file shows.

    Args:
        intervals: `LabelIntervals`.
        clock: `FileClock` of the recording.
        path: str or path. The recording.
        start: float, or `None`. Its first time, in seconds.

    Returns:
        `LabelIntervals`.

    Raises:
        ValueError: if one of the two clocks is local and the other is not, and
            nothing says by how much they differ.
    """
    if intervals.clock == "elapsed":
        return intervals
    found = "local" if clock.time_zone is None else "utc"
    if intervals.clock == found:
        return _as_it_ran_on(intervals, clock.put_back, start)
    if clock.is_local:
        start, stop = (
            seconds - utc_offsets(seconds, clock.time_zone, intervals.source)
            for seconds in (intervals.start_seconds, intervals.stop_seconds)
        )
        return dataclasses.replace(
            intervals, start_seconds=start, stop_seconds=stop, clock="utc"
        )
    texts = {"utc": "in UTC or with an offset from it", "local": "without one"}
    advice = {
        "utc": "Write the labels without an offset, as the clock of the "
        "recording shows them, or in seconds from its first sample; or say in "
        "which `time_zone` that clock was set.",
        "local": "Write the offset of the labels, as in "
        "2024-05-01T10:00:00+02:00, or Z for UTC; or say in which `time_zone` "
        "they are.",
    }
    raise ValueError(
        message(
            "Labels and recording must both have an offset from UTC, or "
            "neither.",
            f"{intervals.source} {texts[intervals.clock]}, and "
            f"{Path(path).name} {texts[found]}",
            advice[intervals.clock],
        )
    )


def _as_it_ran_on(intervals, put_back, start):
    """Adds the hour to the labels after a local clock was put back.

    Of a time that the clock showed twice, the first is taken, with a warning;
    the second where the recording began after the first.
    """
    times = np.stack([intervals.start_seconds, intervals.stop_seconds])
    for moment in put_back:
        is_twice = (times >= moment - HOUR) & (times < moment)
        is_second = is_twice & (times < start)
        twice = times[is_twice & ~is_second]
        if len(twice):
            shown = datetime.fromtimestamp(twice[0], timezone.utc)
            warnings.warn(
                message(
                    "Times of labels must be ones that the clock of the "
                    "recording showed once.",
                    f"{intervals.source} with {len(twice)} that it showed "
                    "twice, as it was put back by an hour, such as "
                    f"{shown:%Y-%m-%dT%H:%M:%S}. The first is taken",
                    "Write the times of both with their offset from UTC.",
                ),
                stacklevel=5,
            )
        times += np.where((times >= moment) | is_second, HOUR, 0)
    return dataclasses.replace(
        intervals, start_seconds=times[0], stop_seconds=times[1]
    )
