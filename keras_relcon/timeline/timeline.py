"""What a model found in one recording."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import (
    check_kind,
    check_number,
    message,
    some_of,
)
from keras_relcon.data.clock_time import shown_start
from keras_relcon.data.recording import Recording
from keras_relcon.reprs import counted, described, duration
from keras_relcon.timeline import states
from keras_relcon.timeline.bouts import find_bouts
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


@dataclass(frozen=True, eq=False)
class Timeline:
    """What a model found in one recording, window by window.

    `Timeline.of` makes one from a recording and what was predicted for it.
    Each moment of the recording counts as one thing:

    - *not measured*: a window with missing samples, or time that no window
      covers, such as the last seconds;
    - *not worn*: measured, and by the rule of `find_worn` nobody wore the
      device. The rule tells quarters of an hour apart; a window is as the one
      that its middle lies in;
    - `"unknown"`: worn, and the model was not sure;
    - a class.

    Days and hours are those of the recording's time zone. Times are
    `pandas.Timestamp` with the zone where it is known, without one where the
    recording has a clock of unknown offset, and `pandas.Timedelta` from 0
    where it has none.

    Args:
        name: str. Of the recording.
        subject: str.
        duration: float. Seconds of the whole recording.
        start_time: float, Unix seconds of the first sample, or `None`.
        time_zone: str or `None`, as of `Recording`.
        window_seconds: float.
        classes: tuple of str, in the order of the model.
        start_seconds: `(num_windows,)` float64, from the first sample.
        labels: `(num_windows,)` str. A class or `"unknown"`; `""` where it was
            not measured or not worn.
        probabilities: `(num_windows, num_classes)` float32; NaN where it was
            not measured or not worn.
        valid: `(num_windows,)` bool. Measured, without missing samples.
        worn: `(num_windows,)` bool. Measured and worn.
        enmo: `(num_windows,)` float32, mg.
        mad: `(num_windows,)` float32, mg.
        magnitude_min, magnitude_max: `(num_windows,)` float32, g. The least
            and largest magnitude of the acceleration. These four as of
            `measure_intensity`; NaN without samples.
        facts: dict of str to str. What was used, to be shown.

    Raises:
        ValueError: if the arrays do not fit together, windows overlap or lie
            outside of the recording, or a label is no class.

    Example:

    >>> timeline = model.predict("monday.cwa")
    >>> timeline.minutes(by="day")
    >>> timeline.save("monday.html")
    """

    name: str
    subject: str
    duration: float
    start_time: float | None
    time_zone: str | None
    window_seconds: float
    classes: tuple[str, ...]
    start_seconds: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
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
        classes = _checked_classes(self.classes)
        start_seconds = np.asarray(self.start_seconds, np.float64)
        num_windows = len(np.atleast_1d(start_seconds))
        valid = window_array("valid", self.valid, (num_windows,), bool)
        worn = valid & window_array("worn", self.worn, (num_windows,), bool)
        labels = window_array("labels", self.labels, (num_windows,), str)
        labels = np.where(worn, labels, "")
        _check_labels(labels[worn], classes)
        shape = (num_windows, len(classes))
        probabilities = window_array(
            "probabilities", self.probabilities, shape, np.float32
        )
        probabilities = np.where(worn[:, None], probabilities, np.nan)
        clean = {
            "name": str(self.name),
            "subject": str(self.subject),
            "duration": float(self.duration),
            "window_seconds": float(self.window_seconds),
            "classes": classes,
            "start_seconds": start_seconds,
            "labels": labels,
            "probabilities": probabilities.astype(np.float32),
            "valid": valid,
            "worn": worn,
            "facts": {str(k): str(v) for k, v in dict(self.facts).items()},
            "clock": ClockTimes(self.start_time, self.time_zone),
        }
        for name in ("enmo", "mad", "magnitude_min", "magnitude_max"):
            values = getattr(self, name)
            clean[name] = window_array(name, values, (num_windows,), np.float32)
        clean["end_seconds"] = window_ends(
            start_seconds, clean["window_seconds"], clean["duration"]
        )
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls,
        recording: Recording,
        start_seconds: ArrayLike,
        window_seconds: float,
        labels: np.ndarray,
        probabilities: np.ndarray,
        classes: Sequence[str],
        valid: np.ndarray,
        facts: Mapping[str, str] | None = None,
    ) -> Self:
        """Makes the timeline of a recording.

        Its signal is read for the worn time, ENMO, MAD and the envelope, and
        not kept.

        Args:
            recording: `Recording`.
            start_seconds: `(num_windows,)` float64, from the first sample. In
                order; windows do not overlap.
            window_seconds: float.
            labels: `(num_windows,)` str. A class, or `"unknown"` where the
                model is not sure. What stands where `valid` is False does not
                count.
            probabilities: `(num_windows, num_classes)` float32; NaN where not
                valid.
            classes: sequence of str, in the order of the probabilities.
            valid: `(num_windows,)` bool. Measured, without missing samples.
            facts: dict of str to str. What was used. Defaults to none.

        Returns:
            `Timeline`.

        Raises:
            TypeError: if `recording` is no `Recording`.
            ValueError: as of the class.
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
            time_zone=getattr(recording, "time_zone", None),
            window_seconds=window_seconds,
            classes=tuple(classes),
            start_seconds=starts,
            labels=labels,
            probabilities=probabilities,
            valid=valid,
            worn=worn_windows(recording, starts, ends),
            enmo=intensity.enmo,
            mad=intensity.mad,
            magnitude_min=intensity.lowest,
            magnitude_max=intensity.highest,
            facts=dict(facts or {}),
        )

    def __len__(self) -> int:
        return len(self.start_seconds)

    def __repr__(self) -> str:
        seconds = self._seconds(np.array([0.0, self.duration]))[0]
        found = {
            name: value
            for name, value in zip(states.state_names(self), seconds)
            if value >= 0.5
        }
        longest = sorted(found, key=found.__getitem__, reverse=True)
        return described(
            self,
            f"recording {self.name!r}",
            f"{duration(self.duration)} in {counted(len(self), 'window')} "
            f"of {duration(self.window_seconds)}",
            shown_start(self.start_time, self.time_zone),
            some_of([f"{duration(found[n])} {n}" for n in longest])
            if longest
            else "",
        )

    @property
    def table(self) -> pd.DataFrame:
        """`pandas.DataFrame`, one row a window.

        - `start`, `end`: times;
        - `label`: a class or `"unknown"`; missing (`pandas.NA`) where it was
          not measured or not worn;
        - `probability`: float32, of the label, or the largest one where the
          label is `"unknown"`; NaN where the label is missing;
        - `valid`: bool, measured without missing samples;
        - `worn`: bool, measured and worn.
        """
        import pandas as pd

        labels = self.labels.astype(object)
        labels[~self.worn] = pd.NA
        return pd.DataFrame(
            {
                "start": self.clock.times(self.start_seconds),
                "end": self.clock.times(self.end_seconds),
                "label": pd.array(labels, dtype="string"),
                "probability": self.probability,
                "valid": self.valid,
                "worn": self.worn,
            }
        )

    @functools.cached_property
    def probability(self) -> np.ndarray:
        """`(num_windows,)` float32: how sure the model is, as in `table`."""
        found = np.full(len(self), np.nan, np.float32)
        if not self.worn.any():
            return found
        state = states.state_of_windows(self)
        of_worn = self.probabilities[self.worn]
        index = state[self.worn]
        is_known = index < len(self.classes)
        label = np.where(is_known, index, 0)[:, None]
        own = np.take_along_axis(of_worn, label, axis=1)[:, 0]
        found[self.worn] = np.where(is_known, own, of_worn.max(axis=1))
        return found

    def bouts(
        self, min_seconds: float = 60, max_gap_seconds: float = 0
    ) -> pd.DataFrame:
        """Finds bouts: stretches of one class that last a while.

        A bout is made of consecutive windows of one class. A stretch of other
        classes or `"unknown"` that lasts at most `max_gap_seconds` does not
        end it, and counts as part of it; so with gaps the same time may be in
        bouts of two classes. Time that was not measured, not worn or has no
        window ends every bout. A bout begins and ends with windows of its
        class.

        Args:
            min_seconds: float. Shorter bouts are left out; the length counts
                the gaps inside. Defaults to `60`.
            max_gap_seconds: float. Defaults to `0`, no gaps.

        Returns:
            `pandas.DataFrame` in the order of time, one row a bout: `start`,
            `end`, `label`, `seconds`, and `probability`, the mean probability
            of the class over the windows of the bout, gaps included.

        Raises:
            ValueError: if a length is negative or no number.
        """
        import pandas as pd

        check_number("min_seconds", min_seconds, least=0)
        check_number("max_gap_seconds", max_gap_seconds, least=0)
        first, last, label = find_bouts(self, min_seconds, max_gap_seconds)
        start, end = self.start_seconds[first], self.end_seconds[last]
        names = np.array(self.classes, object)[label]
        return pd.DataFrame(
            {
                "start": self.clock.times(start),
                "end": self.clock.times(end),
                "label": pd.array(names, dtype="string"),
                "seconds": end - start,
                "probability": np.array(
                    [
                        self.probabilities[a : b + 1, c].mean(dtype=np.float64)
                        for a, b, c in zip(first, last, label)
                    ],
                    np.float64,
                ),
            }
        )

    def minutes(self, by: Bin = "day") -> pd.DataFrame:
        """Adds up the minutes of each class.

        Args:
            by: `"hour"`, `"day"` or `"recording"`. Hours and days are those of
                the clock, from the first that the recording touches to the
                last: a day has 23 or 25 hours where the clock changes, and an
                hour that the clock shows twice has two rows. Without a clock
                they count from the first sample. Defaults to `"day"`.

        Returns:
            `pandas.DataFrame`. The index, named `by`, is the time at which the
            hour or day begins, or the name of the recording. The columns are
            minutes of each class, then `"unknown"`, `"not worn"` and
            `"not measured"`; they add up to the minutes that the recording
            lasts in that hour or day.

        Raises:
            ValueError: if `by` is none of the three.
        """
        import pandas as pd

        edges, index = time_bins(self, by)
        return pd.DataFrame(
            self._seconds(edges) / 60,
            index=index,
            columns=list(states.state_names(self)),
        )

    def intensity(self, by: Bin = "day") -> pd.DataFrame:
        """Averages how much the device moved while it was worn.

        Args:
            by: as of `minutes`.

        Returns:
            `pandas.DataFrame` with the rows of `minutes`: `enmo_mg` and
            `mad_mg`, means over the windows that were worn, NaN where there is
            none. A window counts where its middle is.

        Raises:
            ValueError: if `by` is none of the three.
        """
        import pandas as pd

        edges, index = time_bins(self, by)
        return pd.DataFrame(
            {
                "enmo_mg": states.mean_in_bins(
                    self, self.enmo, self.worn, edges
                ),
                "mad_mg": states.mean_in_bins(self, self.mad, self.worn, edges),
            },
            index=index,
        )

    def save(self, path: PathLike) -> None:
        """Saves the timeline; the ending of the path says how.

        - `.html`: the page of the recording, one file for a browser;
        - `.csv`: `table`, with times as of ISO 8601 and with their offset
          where it is known, in seconds from 0 without a clock;
        - `.parquet`: `table`, and all else that `Timeline.load` needs.

        Args:
            path: path. What is there is replaced.

        Raises:
            ValueError: if the path has another ending.
            OSError: if the file cannot be written.
        """
        save_timeline(self, path)

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Loads what `save` wrote as `.parquet`.

        Args:
            path: path.

        Returns:
            `Timeline`.

        Raises:
            ValueError: if the file is damaged, or no saved timeline.
            OSError: if it cannot be read.
        """
        return cls(**load_timeline(path))

    def _seconds(self, bin_edges):
        edges, found = states.stretches(self)
        num_states = len(states.state_names(self))
        return states.seconds_in_bins(edges, found, num_states, bin_edges)


def _checked_classes(classes):
    classes = tuple(map(str, classes))
    is_free = not set(classes) & {*states.OTHERS, ""}
    if not classes or len(set(classes)) < len(classes) or not is_free:
        raise ValueError(
            message(
                "`classes` must be different names, none of them "
                f"{some_of(list(map(repr, states.OTHERS)))} or empty.",
                {"classes": classes},
                "Give the classes of the model, each once.",
            )
        )
    return classes


def _check_labels(labels, classes):
    wrong = np.setdiff1d(labels, (*classes, states.UNKNOWN))
    if len(wrong):
        raise ValueError(
            message(
                "`labels` must be classes of the model, or "
                f"{states.UNKNOWN!r}, in valid windows.",
                some_of([repr(str(label)) for label in wrong]),
                f"The classes are {some_of(classes)}.",
            )
        )
