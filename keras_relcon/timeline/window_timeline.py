"""What the timelines of classes and of numbers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_kind, check_number
from keras_relcon.data.clock_time import shown_start
from keras_relcon.data.recording import Recording
from keras_relcon.reprs import counted, described, duration
from keras_relcon.timeline import states
from keras_relcon.timeline.clock_times import ClockTimes
from keras_relcon.timeline.intensity import measure_intensity
from keras_relcon.timeline.timeline_files import load_timeline, save_timeline
from keras_relcon.timeline.window_times import (
    Bin,
    time_bins,
    window_array,
    window_ends,
    worn_windows,
)
from keras_relcon.types import PathLike

if TYPE_CHECKING:
    import pandas as pd

OF_SIGNAL = ("enmo", "mad", "magnitude_min", "magnitude_max")


@dataclass(frozen=True, eq=False, kw_only=True)
class WindowTimeline:
    """Base of `Timeline` and `NumberTimeline`: windows of one recording.

    Days and hours are those of the recording's time zone. Times are
    `pandas.Timestamp` with the zone where it is known, without one where the
    recording has a clock of unknown offset, and `pandas.Timedelta` from 0
    where it has none.

    A subclass has what was predicted as further fields, says what a worn
    window counts as (`worn_names`, `worn_states`), and makes `table`, the page
    and what a saved file holds beyond `table`.

    Args:
        name: str. Of the recording.
        subject: str.
        duration: float. Seconds of the whole recording.
        start_time: float, Unix seconds of the first sample, or `None`.
        time_zone: str or `None`, as of `Recording`.
        window_seconds: float.
        start_seconds: `(num_windows,)` float64, from the first sample. In
            order; windows do not overlap.
        valid: `(num_windows,)` bool. Measured, without missing samples.
        worn: `(num_windows,)` bool. Measured and worn.
        enmo: `(num_windows,)` float32, mg.
        mad: `(num_windows,)` float32, mg.
        magnitude_min, magnitude_max: `(num_windows,)` float32, g. The least
            and largest magnitude of the acceleration. These four as of
            `measure_intensity`; NaN without samples.
        facts: dict of str to str. What was used, to be shown.

    Raises:
        ValueError: if the arrays do not fit together, or windows overlap or
            lie outside of the recording.
    """

    saved_facts: ClassVar[tuple[str, ...]]  # Further fields of a saved file.

    name: str
    subject: str
    duration: float
    start_time: float | None
    time_zone: str | None
    window_seconds: float
    start_seconds: np.ndarray
    valid: np.ndarray
    worn: np.ndarray
    enmo: np.ndarray
    mad: np.ndarray
    magnitude_min: np.ndarray
    magnitude_max: np.ndarray
    facts: dict[str, str] = field(default_factory=dict)

    if TYPE_CHECKING:  # Made of the fields.
        clock: ClockTimes = field(init=False)
        end_seconds: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        check_number("duration", self.duration, above=0)
        check_number("window_seconds", self.window_seconds, above=0)
        start_seconds = np.asarray(self.start_seconds, np.float64)
        start_time = self.start_time
        start_time = None if start_time is None else float(start_time)
        shape = (len(np.atleast_1d(start_seconds)),)
        valid = window_array("valid", self.valid, shape, bool)
        clean = {
            "name": str(self.name),
            "subject": str(self.subject),
            "duration": float(self.duration),
            "window_seconds": float(self.window_seconds),
            "start_seconds": start_seconds,
            "valid": valid,
            "worn": valid & window_array("worn", self.worn, shape, bool),
            "facts": {str(k): str(v) for k, v in dict(self.facts).items()},
            "start_time": start_time,
            "clock": ClockTimes(start_time, self.time_zone),
            "end_seconds": window_ends(
                start_seconds, float(self.window_seconds), float(self.duration)
            ),
        }
        for name in OF_SIGNAL:
            values = getattr(self, name)
            clean[name] = window_array(name, values, shape, np.float32)
        self._set(**clean)

    def _set(self, **values: Any) -> None:
        """Puts checked values into the fields, which nobody else may."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def _measured(
        cls,
        recording: Recording,
        start_seconds: ArrayLike,
        window_seconds: float,
        facts: Mapping[str, str] | None,
        **predicted: Any,
    ) -> Self:
        """Makes the timeline of a recording.

        Its signal is read for the worn time, ENMO, MAD and the envelope, and
        not kept.
        """
        check_kind("recording", recording, Recording, "a `Recording`")
        check_number("window_seconds", window_seconds, above=0)
        starts = np.asarray(start_seconds, np.float64)
        ends = window_ends(
            starts, float(window_seconds), recording.duration_seconds
        )
        signal, rate = recording.acceleration, recording.sample_rate_hz
        intensity = measure_intensity(signal, rate, starts, ends)
        return cls(
            name=recording.recording_id or recording.subject,
            subject=recording.subject,
            duration=recording.duration_seconds,
            start_time=recording.start_time,
            time_zone=recording.time_zone,
            window_seconds=window_seconds,
            start_seconds=starts,
            worn=worn_windows(recording, starts, ends),
            enmo=intensity.enmo,
            mad=intensity.mad,
            magnitude_min=intensity.lowest,
            magnitude_max=intensity.highest,
            facts=dict(facts or {}),
            **predicted,
        )

    def __len__(self) -> int:
        return len(self.start_seconds)

    def _described(self, found):
        """The repr, with what was found as its last part."""
        return described(
            self,
            f"recording {self.name!r}",
            f"{duration(self.duration)} in {counted(len(self), 'window')} "
            f"of {duration(self.window_seconds)}",
            shown_start(self.start_time, self.time_zone),
            found,
        )

    def _table(self, **predicted: Any) -> pd.DataFrame:
        """`table`, of the columns that were predicted."""
        import pandas as pd

        return pd.DataFrame(
            {
                "start": self.clock.times(self.start_seconds),
                "end": self.clock.times(self.end_seconds),
                **predicted,
                "valid": self.valid,
                "worn": self.worn,
            }
        )

    def intensity(self, by: Bin = "day") -> pd.DataFrame:
        """Averages how much the device moved while it was worn.

        Args:
            by: `"hour"`, `"day"` or `"recording"`, as of `Timeline.minutes`.
                Defaults to `"day"`.

        Returns:
            `pandas.DataFrame` with the rows of `Timeline.minutes`:
            `enmo_mg` and `mad_mg`, means over the windows that were worn, NaN
            where there is none. A window counts where its middle is.

        Raises:
            ValueError: if `by` is none of the three.
        """
        return self._means(by, enmo_mg=self.enmo, mad_mg=self.mad)

    def _means(self, by, **values):
        """Means of values of windows over those that were worn."""
        import pandas as pd

        edges, index = time_bins(self, by)
        columns = {
            name: states.mean_in_bins(self, of_windows, self.worn, edges)
            for name, of_windows in values.items()
        }
        return pd.DataFrame(columns, index=index)

    def save(self, path: PathLike) -> None:
        """Saves the timeline; the ending of the path says how.

        - `.html`: the page of the recording, one file for a browser;
        - `.csv`: `table`, with times as of ISO 8601 and with their offset
          where it is known, in seconds from 0 without a clock;
        - `.parquet`: `table`, and all else that `load` needs.

        Args:
            path: path. What is there is replaced.

        Raises:
            ValueError: if the path has another ending.
            OSError: if the file cannot be written.
        """
        save_timeline(self, Path(path))

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Loads what `save` wrote as `.parquet`.

        Args:
            path: path.

        Returns:
            A timeline of this class.

        Raises:
            ValueError: if the file is damaged, or no saved timeline of this
                class.
            OSError: if it cannot be read.
        """
        return cls(**load_timeline(cls, path))

    def _seconds(self, bin_edges):
        """`(num_bins, num_states)`, how long each state lasts in each bin."""
        edges, found = states.stretches(self)
        num_states = len(states.state_names(self))
        return states.seconds_in_bins(edges, found, num_states, bin_edges)
