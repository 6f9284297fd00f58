"""The rows of one file, and how they become recordings."""

from dataclasses import dataclass

import numpy as np

from keras_relcon.data.autocalibration import Calibration
from keras_relcon.data.clock_time import has_clock
from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.data.readers.file_clock import FileClock
from keras_relcon.data.recording import Recording
from keras_relcon.data.regularizing import regularize


@dataclass(frozen=True)
class RawSignal:
    """The rows of one file.

    Args:
        acceleration: `(num_rows, 3)`, g.
        sample_rate_hz: float, or `None` while it is not known.
        seconds: `(num_rows,)`, increasing, but for steps back of a clock that
            was changed, or `None` for equal steps.
        labels: `CodedLabels`, one str for all, or `None`.
        max_gap_seconds: float. A longer step between two rows is missing time.
            Defaults to `1.0`.
        calibration: `Calibration`, or `None` where it was not asked for.
        placement: str, or `None`. Part of the body that the file says.
        clock: `FileClock` of `seconds`.
    """

    acceleration: np.ndarray
    sample_rate_hz: float
    seconds: np.ndarray | None = None
    labels: CodedLabels | str | None = None
    max_gap_seconds: float = 1.0
    calibration: Calibration | None = None
    placement: str | None = None
    clock: FileClock = FileClock()

    def recording(self, subject, recording_id, rows=slice(None)):
        acceleration = self.acceleration[rows]
        labels, start_time, time_zone = self.labels, None, None
        has_row_labels = isinstance(labels, CodedLabels)
        if has_row_labels:
            labels = labels.take(rows)
        if self.seconds is not None:
            seconds = self.seconds[rows]
            start_time = float(seconds[0])
            if has_clock(start_time):  # not where a device began from 0 again
                start_time -= self.clock.utc_offset
                time_zone = self.clock.time_zone
            acceleration, _, row_labels = regularize(
                seconds,
                acceleration,
                self.sample_rate_hz,
                labels=labels if has_row_labels else None,
                max_gap_seconds=self.max_gap_seconds,
            )
            labels = row_labels if has_row_labels else labels
        return Recording(
            acceleration,
            sample_rate_hz=self.sample_rate_hz,
            subject=subject,
            labels=labels,
            recording_id=recording_id,
            start_time=start_time,
            calibration=self.calibration,
            placement=self.placement,
            time_zone=time_zone,
        )
