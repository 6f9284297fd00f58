"""One continuous accelerometer signal of one subject."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_number, message
from keras_relcon.data.autocalibration import Calibration
from keras_relcon.data.clock_time import (
    LAST_UNIX_SECOND,
    check_time_zone,
    has_clock,
    shown_start,
)
from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.data.large_arrays import chunks, finite_rows
from keras_relcon.data.units import (
    LARGEST_MEDIAN_G,
    absurd_message,
    median_magnitude,
    unit_advice,
    without_absurd,
)
from keras_relcon.reprs import described, duration, listed


@dataclass(frozen=True, eq=False)
class Recording:
    """One continuous, regularly sampled acceleration signal of one subject.

    Samples that are not finite are kept, with a warning that counts them:
    they stand for missing data and make the windows over them invalid. So are
    samples beyond 100 g, which no device measures.

    Args:
        acceleration: `(num_samples, 3)`, g. At least two samples. Kept as
            float32.
        sample_rate_hz: float. Samples per second.
        subject: str. Identifies the person; splits are made by it.
        labels: str for the whole recording, or `(num_samples,)` of str, or
            `None`. Kept as `(num_samples,)` of str, or `None`; `""` marks
            samples without a label, also where `None` or NaN is given.
            `CodedLabels` are kept as they are. Defaults to `None`.
        recording_id: str. Names the recording in reports and splits.
            Defaults to `None`.
        start_time: float. Unix seconds of the first sample. Defaults to
            `None`.
        calibration: `Calibration` that the reader applied, or refused.
            Defaults to `None`, not asked for.
        placement: str. Part of the body where the device was worn, such as
            `"wrist"` or `"hip"`. Readers take it from the device's own file,
            or from the names of the axes. Defaults to `None`, unknown.
        time_zone: str. An IANA name (`"Europe/Berlin"`), an offset from UTC
            (`"+02:00"`) or `"UTC"`: the zone in which clock times are shown;
            `start_time` is true Unix time. Defaults to `None`, unknown:
            `start_time` is then what the recording's own clock showed, counted
            as if that were UTC.

    Raises:
        ValueError: if the shape, the rate, the subject, the labels, the
            start or the time zone do not fit, or the values are not in g.

    Example:

    >>> still = np.tile([0.0, 0.0, 1.0], (500, 1))
    >>> recording = Recording(still, sample_rate_hz=50, subject="s01")
    >>> recording.duration_seconds
    10.0
    """

    acceleration: np.ndarray
    sample_rate_hz: float
    subject: str
    labels: np.ndarray | CodedLabels | None = None
    recording_id: str | None = None
    start_time: float | None = None
    calibration: Calibration | None = None
    placement: str | None = None
    time_zone: str | None = None

    if TYPE_CHECKING:  # More is accepted than kept.

        def __init__(
            self,
            acceleration: ArrayLike,
            sample_rate_hz: float,
            subject: str,
            labels: ArrayLike | CodedLabels | None = None,
            recording_id: str | None = None,
            start_time: float | None = None,
            calibration: Calibration | None = None,
            placement: str | None = None,
            time_zone: str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        acceleration = self.acceleration
        if np.ma.isMaskedArray(acceleration):  # what is masked is missing
            values = np.ma.getdata(acceleration).astype(np.float64)
            mask = np.ma.getmaskarray(acceleration)
            acceleration = np.where(mask, np.nan, values)
        acceleration = np.asarray(acceleration)
        _check_shape(acceleration)
        check_number(
            "sample_rate_hz",
            self.sample_rate_hz,
            above=0,
            advice="Pass the samples per second of the device.",
        )
        if self.subject is None or not str(self.subject).strip():
            raise ValueError(
                "`subject` must name the person who wore the device. "
                f"Received: subject={self.subject!r}. Pass an id, "
                "such as 's01'."
            )
        with np.errstate(over="ignore"):  # an infinite sample is missing
            acceleration = np.ascontiguousarray(acceleration, dtype=np.float32)
        _check_is_in_g(acceleration)
        acceleration = _without_absurd(acceleration, self.subject)
        _warn_if_not_finite(acceleration, self.subject)
        labels = _spread_labels(self.labels, len(acceleration))
        object.__setattr__(self, "acceleration", acceleration)
        object.__setattr__(self, "sample_rate_hz", float(self.sample_rate_hz))
        object.__setattr__(self, "subject", str(self.subject))
        object.__setattr__(self, "labels", labels)
        if self.start_time is not None:
            is_number = isinstance(self.start_time, (int, float, np.number))
            if not is_number or not abs(self.start_time) < LAST_UNIX_SECOND:
                raise ValueError(
                    "`start_time` must be Unix seconds. "
                    f"Received: start_time={self.start_time!r}. Convert a "
                    "date with `.timestamp()`; divide milliseconds by 1000."
                )
            object.__setattr__(self, "start_time", float(self.start_time))
        _check_zone(self.time_zone, self.start_time)
        if self.recording_id is not None:
            object.__setattr__(self, "recording_id", str(self.recording_id))

    def __repr__(self) -> str:
        labels, shown = self.labels, ""
        if isinstance(labels, CodedLabels):
            names = [name for name in labels.names if name]
            shown = listed("labels", names)
        elif labels is not None:
            is_one = labels.strides == (0,)
            shown = f"label {labels[0]}" if is_one else "with labels"
        return described(
            self,
            f"subject {self.subject!r}",
            f"recording {self.recording_id!r}" if self.recording_id else "",
            f"{duration(self.duration_seconds)} at {self.sample_rate_hz:g} Hz",
            shown_start(self.start_time, self.time_zone),
            shown,
            f"worn at the {self.placement}" if self.placement else "",
            "calibrated" if self.calibration else "",
        )

    @property
    def num_samples(self) -> int:
        return len(self.acceleration)

    @property
    def duration_seconds(self) -> float:
        return self.num_samples / self.sample_rate_hz

    def with_labels(self, labels: ArrayLike | CodedLabels | None) -> Recording:
        """The same signal with other labels, as of the argument `labels`."""
        labelled = copy.copy(self)
        labels = _spread_labels(labels, self.num_samples)
        object.__setattr__(labelled, "labels", labels)
        return labelled


def _check_shape(acceleration):
    if acceleration.ndim != 2 or acceleration.shape[1] != 3:
        raise ValueError(
            "`acceleration` must have shape (num_samples, 3). "
            f"Received: acceleration.shape={acceleration.shape}. "
            "Put time first and the axes x, y, z last."
        )
    if len(acceleration) < 2:
        raise ValueError(
            "`acceleration` must have at least 2 samples. "
            f"Received: acceleration.shape={acceleration.shape}. "
            "Leave empty recordings out."
        )


def _check_zone(time_zone, start_time):
    check_time_zone(time_zone)
    if time_zone is not None and not has_clock(start_time):
        raise ValueError(
            message(
                "A time zone needs a `start_time` in Unix seconds.",
                {"time_zone": time_zone, "start_time": start_time},
                "Leave out the time zone: without a clock, times count from 0.",
            )
        )


def _check_is_in_g(acceleration):
    median = median_magnitude(acceleration)
    if median > LARGEST_MEDIAN_G:
        advice = unit_advice(
            median,
            "Divide by 9.80665 if the signal is in m/s2, or read it with "
            '`read_recording(..., unit="m/s2")`.',
        )
        raise ValueError(
            "`acceleration` must be in g (1 g = 9.80665 m/s2). "
            f"Received: a median magnitude of {median:.2f}. "
            f"{advice}"
        )


def _without_absurd(acceleration, subject):
    acceleration, is_absurd = without_absurd(acceleration)
    if is_absurd is not None:
        text = absurd_message(is_absurd, f"subject {str(subject)!r}")
        warnings.warn(text, stacklevel=4)
    return acceleration


def _warn_if_not_finite(acceleration, subject):
    num_bad = 0
    for rows in chunks(acceleration):
        num_bad += int(np.sum(~finite_rows(acceleration[rows])))
    if num_bad:
        warnings.warn(
            f"{num_bad} of {len(acceleration)} samples of subject "
            f"{str(subject)!r} are not finite: windows over them are invalid.",
            stacklevel=4,
        )


def _spread_labels(labels, num_samples):
    if labels is None:
        return None
    if isinstance(labels, str):
        # One value seen num_samples times: no memory for long recordings.
        return np.broadcast_to(np.array(labels), (num_samples,))
    if not isinstance(labels, (np.ndarray, CodedLabels)):
        labels = np.array(labels, dtype=object)  # keeps None and NaN
    if labels.shape != (num_samples,):
        raise ValueError(
            "`labels` must be one str or have one label per sample. "
            f"Received: labels.shape={labels.shape} for {num_samples} samples."
            " Repeat or cut the labels to the length of the signal."
        )
    return labels if isinstance(labels, CodedLabels) else label_text(labels)


def label_text(labels):
    """Labels as str; `None`, NaN and their like become `""`, no label.

    A whole number is `"1"` as a float too: pandas makes floats of a column of
    int with a gap.
    """
    if labels.dtype.kind == "f":
        values, places = np.unique(labels, return_inverse=True)
        return np.array([_one_label(x) for x in values], dtype=str)[places]
    if labels.dtype.kind == "O":
        labels = [_one_label(x) for x in labels]
    return np.asarray(labels, dtype=str)


def _one_label(label):
    if is_missing(label):
        return ""
    is_whole = isinstance(label, (float, np.floating)) and label.is_integer()
    return str(int(label) if is_whole else label)


def is_missing(value):
    """Whether it is `None`, NaN, or the NA of pandas, which equals nothing."""
    return value is None or type(value).__name__ == "NAType" or value != value
