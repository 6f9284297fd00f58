"""The numbers that a model found in one recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_kind, check_number
from keras_relcon.data.clock_time import shown_start
from keras_relcon.data.recording import Recording
from keras_relcon.reprs import counted, described, duration
from keras_relcon.timeline import states
from keras_relcon.timeline.clock_times import ClockTimes
from keras_relcon.timeline.timeline_files import save_table
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


@dataclass(frozen=True, eq=False)
class NumberTimeline:
    """A number for each window of a recording, such as a walking speed.

    `NumberTimeline.of` makes one. Times are as of `Timeline`.

    Args:
        name, subject, duration, start_time, time_zone, window_seconds,
            start_seconds, valid, worn, facts: as of `Timeline`.
        values: `(num_windows,)` float64, in the unit of the labels; NaN where
            it was not measured or not worn.
        half_width: float. Of the interval of a value, or `None` where it is
            not known.

    Raises:
        ValueError: if the arrays do not fit together, or windows overlap or lie
            outside of the recording.

    Example:

    >>> speed = model.predict("monday.cwa")
    >>> speed.means(by="day")
    >>> speed.save("monday.csv")
    """

    name: str
    subject: str
    duration: float
    start_time: float | None
    time_zone: str | None
    window_seconds: float
    start_seconds: np.ndarray
    values: np.ndarray
    half_width: float | None
    valid: np.ndarray
    worn: np.ndarray
    facts: dict[str, str] = field(default_factory=dict)

    if TYPE_CHECKING:  # Made of the fields.
        clock: ClockTimes = field(init=False)
        end_seconds: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        check_number("duration", self.duration, above=0)
        check_number("window_seconds", self.window_seconds, above=0)
        if self.half_width is not None:
            check_number("half_width", self.half_width, least=0)
        start_seconds = np.asarray(self.start_seconds, np.float64)
        shape = (len(np.atleast_1d(start_seconds)),)
        valid = window_array("valid", self.valid, shape, bool)
        worn = valid & window_array("worn", self.worn, shape, bool)
        values = window_array("values", self.values, shape, np.float64)
        clean = {
            "name": str(self.name),
            "subject": str(self.subject),
            "duration": float(self.duration),
            "window_seconds": float(self.window_seconds),
            "facts": {str(k): str(v) for k, v in dict(self.facts).items()},
            "start_seconds": start_seconds,
            "values": np.where(worn, values, np.nan),
            "valid": valid,
            "worn": worn,
            "clock": ClockTimes(self.start_time, self.time_zone),
            "end_seconds": window_ends(
                start_seconds, float(self.window_seconds), float(self.duration)
            ),
        }
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls,
        recording: Recording,
        start_seconds: ArrayLike,
        window_seconds: float,
        values: np.ndarray,
        valid: np.ndarray,
        half_width: float | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> Self:
        """Makes the numbers in time of a recording, which is not kept.

        Args:
            recording: `Recording`.
            start_seconds, window_seconds, valid, facts: as of `Timeline.of`.
            values: `(num_windows,)`; what stands where `valid` is False does
                not count.
            half_width: float, or `None`. Defaults to `None`.

        Returns:
            `NumberTimeline`.
        """
        check_kind("recording", recording, Recording, "a `Recording`")
        check_number("window_seconds", window_seconds, above=0)
        starts = np.asarray(start_seconds, np.float64)
        ends = window_ends(
            starts, float(window_seconds), recording.duration_seconds
        )
        return cls(
            name=recording.recording_id or recording.subject,
            subject=recording.subject,
            duration=recording.duration_seconds,
            start_time=recording.start_time,
            time_zone=recording.time_zone,
            window_seconds=window_seconds,
            start_seconds=starts,
            values=values,
            half_width=half_width,
            valid=valid,
            worn=worn_windows(recording, starts, ends),
            facts=dict(facts or {}),
        )

    def __len__(self) -> int:
        return len(self.start_seconds)

    def __repr__(self) -> str:
        mean = self.means(by="recording")["mean"].iloc[0]
        return described(
            self,
            f"recording {self.name!r}",
            f"{duration(self.duration)} in {counted(len(self), 'window')} "
            f"of {duration(self.window_seconds)}",
            shown_start(self.start_time, self.time_zone),
            f"mean {mean:.4g}" if np.isfinite(mean) else "nothing worn",
        )

    @property
    def table(self) -> pd.DataFrame:
        """`pandas.DataFrame`, one row a window.

        - `start`, `end`: times;
        - `value`: float64, NaN where it was not measured or not worn;
        - `low`, `high`: its interval; NaN where that is not known;
        - `valid`: bool, measured without missing samples;
        - `worn`: bool, measured and worn.
        """
        import pandas as pd

        half = np.nan if self.half_width is None else self.half_width
        return pd.DataFrame(
            {
                "start": self.clock.times(self.start_seconds),
                "end": self.clock.times(self.end_seconds),
                "value": self.values,
                "low": self.values - half,
                "high": self.values + half,
                "valid": self.valid,
                "worn": self.worn,
            }
        )

    def means(self, by: Bin = "day") -> pd.DataFrame:
        """Averages over hours, days or the recording.

        Args:
            by: `"hour"`, `"day"` or `"recording"`, as of `Timeline.minutes`.
                Defaults to `"day"`.

        Returns:
            `pandas.DataFrame`: `mean`, over the windows that were worn, NaN
            where there is none; and `minutes`, how long they last. A window
            counts where its middle is.

        Raises:
            ValueError: if `by` is none of the three.
        """
        import pandas as pd

        edges, index = time_bins(self, by)
        middle = (self.start_seconds + self.end_seconds) / 2
        length = np.where(self.worn, self.end_seconds - self.start_seconds, 0)
        seconds, _ = np.histogram(middle, edges, weights=length)
        mean = states.mean_in_bins(self, self.values, self.worn, edges)
        return pd.DataFrame(
            {"mean": mean, "minutes": seconds / 60}, index=index
        )

    def save(self, path: PathLike) -> None:
        """Saves `table`; the ending of the path says how.

        - `.csv`: with times as of `Timeline.save`;
        - `.parquet`.

        Args:
            path: path. What is there is replaced.

        Raises:
            ValueError: if the path has another ending.
            OSError: if the file cannot be written.
        """
        save_table(self, path)
