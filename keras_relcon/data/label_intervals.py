"""Labels as stretches of time, and how they become labels of samples."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_kind, check_one_of, message, some_of
from keras_relcon.data.clock_time import FIRST_UNIX_SECOND
from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.data.recording import label_text
from keras_relcon.data.windows import as_recordings

if TYPE_CHECKING:
    from keras_relcon.data.recording import Recording


CLOCKS = ("elapsed", "utc", "local")
NUM_NAMED = 3


@dataclass(frozen=True, eq=False)
class LabelIntervals:
    """Labels of stretches of time, as `read_labels` reads them.

    Args:
        start_seconds: `(num_labels,)`, where each begins.
        stop_seconds: `(num_labels,)`, where each ends; a sample at that time
            is not in it.
        names: `(num_labels,)` str.
        clock: str. `"elapsed"` for seconds from the first sample of a
            recording, `"utc"` for Unix seconds, `"local"` for the seconds of a
            clock as if it showed UTC. Defaults to `"elapsed"`.
        recordings: `(num_labels,)` str, the subject or the id of the recording
            that a label is of, or `None` for any. Defaults to `None`.
        source: str. Named in messages. Defaults to `"the labels"`.

    Raises:
        ValueError: if the lengths differ, a time is not finite, a label ends
            before it begins, or the clock is none of these.
    """

    start_seconds: np.ndarray
    stop_seconds: np.ndarray
    names: np.ndarray
    clock: str = "elapsed"
    recordings: np.ndarray | None = None
    source: str = "the labels"

    if TYPE_CHECKING:  # More is accepted than kept.

        def __init__(
            self,
            start_seconds: ArrayLike,
            stop_seconds: ArrayLike,
            names: ArrayLike,
            clock: Literal["elapsed", "utc", "local"] = "elapsed",
            recordings: ArrayLike | None = None,
            source: str = "the labels",
        ) -> None: ...

    def __post_init__(self):
        check_one_of("clock", self.clock, CLOCKS)
        start = np.asarray(self.start_seconds, dtype=np.float64)
        stop = np.asarray(self.stop_seconds, dtype=np.float64)
        names = label_text(np.array(self.names, dtype=object))
        if not start.shape == stop.shape == names.shape or start.ndim != 1:
            raise ValueError(
                message(
                    "Each label must have a start, a stop and a name.",
                    f"{start.shape}, {stop.shape} and {names.shape} of them",
                )
            )
        if self.recordings is not None:
            recordings = label_text(np.array(self.recordings, dtype=object))
            if recordings.shape != names.shape:
                raise ValueError(
                    message(
                        "Each label must be of a recording, or none.",
                        f"{recordings.shape} recordings for {names.shape} "
                        "labels",
                        "Give one for each label, or `recordings=None`.",
                    )
                )
            object.__setattr__(self, "recordings", recordings)
        wrong = np.flatnonzero(~(np.isfinite(start) & (stop >= start)))
        if len(wrong):
            raise ValueError(
                message(
                    "Each label must begin, and end no earlier.",
                    f"{self.source} with {len(wrong)} that do not: label "
                    f"{wrong[0] + 1} from {start[wrong[0]]:g} to "
                    f"{stop[wrong[0]]:g} s",
                    "Correct their times.",
                )
            )
        object.__setattr__(self, "start_seconds", start)
        object.__setattr__(self, "stop_seconds", stop)
        object.__setattr__(self, "names", names)

    def __len__(self) -> int:
        return len(self.names)

    def of(self, *owners: str) -> LabelIntervals:
        """The labels that are of a recording, by its subject or its id."""
        if self.recordings is None:
            return self
        rows = np.flatnonzero(np.isin(self.recordings, list(owners)))
        return replace(
            self,
            start_seconds=self.start_seconds[rows],
            stop_seconds=self.stop_seconds[rows],
            names=self.names[rows],
            recordings=None,
        )


def label_recordings(
    recordings: Recording | Iterable[Recording], intervals: LabelIntervals
) -> list[Recording]:
    """Gives the samples of recordings the labels of stretches of time.

    A sample has the label of the stretch that it is in; where two overlap, of
    the one that begins later. Samples in none have no label. A warning counts
    the labels that overlap, those that lie outside of the recordings, partly
    or wholly, or between two samples, and the stretches without a label.

    Args:
        recordings: `Recording`, or list of them, the pieces of one file, in
            order.
        intervals: `LabelIntervals`. On the clock of the recordings.

    Returns:
        list of `Recording`. Labels are `CodedLabels`: a byte a sample.

    Raises:
        TypeError: if an item is no `Recording`, or `intervals` are none.
        ValueError: if the labels are in clock time, and the recordings have no
            such times, or times of the other kind of clock; if they name whose
            they are; or if there is no recording.
    """
    recordings = as_recordings(recordings)
    check_kind(
        "intervals",
        intervals,
        LabelIntervals,
        "`LabelIntervals`",
        "Read a file with `read_labels`.",
    )
    if intervals.recordings is not None:
        raise ValueError(
            message(
                "The labels must be of the recordings that are labelled.",
                f"{intervals.source}, which name whose they are",
                "Take `intervals.of(subject)` for the recordings of each, or "
                "give them to `load_recordings`.",
            )
        )
    starts = _start_times(recordings, intervals)
    order = np.argsort(intervals.start_seconds, kind="stable")
    start = intervals.start_seconds[order]
    stop = intervals.stop_seconds[order]
    names, codes = np.unique(  # "" is the first
        np.append(intervals.names[order], ""), return_inverse=True
    )
    labelled, covered = [], np.zeros(len(order))
    num_samples = np.zeros(len(order), int)
    for recording, begin in zip(recordings, starts):
        rate = recording.sample_rate_hz
        # Rounding of Unix seconds in float64 moves no sample.
        edges = np.stack([start, stop]) - begin
        first, last = np.ceil(edges * rate - 1e-4)
        first, last = np.clip([first, last], 0, recording.num_samples)
        kind = np.min_scalar_type(len(names))
        row_codes = np.zeros(recording.num_samples, kind)
        for code, low, high in zip(codes, first.astype(int), last.astype(int)):
            row_codes[low:high] = code
        low, high = np.clip(edges, 0, recording.duration_seconds)
        covered += high - low
        num_samples += (last - first).astype(int)
        labelled.append(recording.with_labels(CodedLabels(row_codes, names)))
    step = 1 / max(recording.sample_rate_hz for recording in recordings)
    facts = [
        *_overlaps(start, stop),
        *_outside(start, stop, covered, num_samples, step),
        *_without_label(labelled),
    ]
    if facts:
        warnings.warn(f"{intervals.source}: {'; '.join(facts)}.", stacklevel=3)
    return labelled


def check_has_clock(recordings, intervals):
    """Raises if labels are in clock time, and recordings have no such times."""
    begins = [recording.start_time for recording in recordings]
    if intervals.clock == "elapsed":
        return
    if any(b is None or b < FIRST_UNIX_SECOND for b in begins):
        raise ValueError(
            message(
                "Labels in clock time need a recording with such times.",
                f"{intervals.source} for recording "
                f"{recordings[0].recording_id!r}, which has "
                + (
                    "no times"
                    if begins[0] is None
                    else f"times from {begins[0]:g} s on"
                ),
                "Give the labels in seconds from its first sample.",
            )
        )


def _start_times(recordings, intervals):
    """When each recording begins, on the clock of the labels."""
    check_has_clock(recordings, intervals)
    begins = [recording.start_time for recording in recordings]
    if intervals.clock != "elapsed":
        for recording in recordings:
            _check_is_same_clock(recording, intervals)
        return begins
    first = begins[0] or 0.0
    return [(begin or 0.0) - first for begin in begins]


def _check_is_same_clock(recording, intervals):
    """Raises if one is in true Unix time, and the other is not."""
    zone = recording.time_zone
    if (zone is None) == (intervals.clock == "local"):
        return
    advice = {
        "utc": "Make the recording with its `time_zone`, and a `start_time` "
        'in Unix seconds; or give the labels with clock="local", as the '
        "recording's own clock shows them.",
        "local": "Subtract the offset of the labels from UTC, and give them "
        'with clock="utc".',
    }
    raise ValueError(
        message(
            'Labels with clock="utc" need a recording with a `time_zone`, '
            'those with clock="local" one without.',
            f'{intervals.source} with clock="{intervals.clock}", for recording '
            f"{recording.recording_id!r} with time_zone={zone!r}",
            advice[intervals.clock],
        )
    )


def _overlaps(start, stop):
    if len(start) < 2:
        return []
    reached = np.maximum.accumulate(stop)[:-1]
    seconds = np.minimum(reached, stop[1:]) - start[1:]
    is_overlap = seconds > 1e-6
    if not is_overlap.any():
        return []
    return [
        f"{is_overlap.sum()} of {len(start)} labels overlap an earlier one, by "
        f"{seconds[is_overlap].sum():.6g} s: the one that begins later holds"
    ]


def _outside(start, stop, covered, num_samples, step):
    facts = []
    length = stop - start
    is_outside = (covered == 0) & (num_samples == 0) & (length > 0)
    is_partly = ~is_outside & (covered < length - 1.5 * step)
    is_empty = ~is_outside & (num_samples == 0)
    for rows, what in (
        (is_outside, "outside of the recording"),
        (is_partly, "partly outside of the recording"),
        (is_empty, "between two samples"),
    ):
        if rows.any():
            at = [
                f"{a:.10g} to {b:.10g} s"
                for a, b in zip(start[rows], stop[rows])
            ]
            facts.append(
                f"{rows.sum()} of {len(start)} labels lie {what} "
                f"({some_of(at, NUM_NAMED)})"
            )
    return facts


def _without_label(recordings):
    num_stretches, seconds = 0, 0.0
    for recording in recordings:
        is_none = recording.labels.codes == 0  # the name ""
        num_stretches += int(is_none[0]) + np.sum(is_none[1:] > is_none[:-1])
        seconds += is_none.sum() / recording.sample_rate_hz
    if not num_stretches:
        return []
    total = sum(recording.duration_seconds for recording in recordings)
    return [
        f"{num_stretches} stretches, {seconds:.6g} s of {total:.6g} s, have no "
        "label"
    ]
