"""The classes that a model found in one recording."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_number, message, some_of
from keras_relcon.data.recording import Recording
from keras_relcon.reprs import duration
from keras_relcon.timeline import states
from keras_relcon.timeline.bouts import find_bouts
from keras_relcon.timeline.window_timeline import WindowTimeline
from keras_relcon.timeline.window_times import Bin, time_bins, window_array

if TYPE_CHECKING:
    import pandas as pd

_PROBABILITY = "probability_"  # and the class, a column of a saved file


@dataclass(frozen=True, eq=False, kw_only=True)
class Timeline(WindowTimeline):
    """The class of each window of a recording, in clock time.

    `Timeline.of` makes one from a recording and what was predicted for it.
    Each moment of the recording counts as one thing:

    - *not measured*: a window with missing samples, or time that no window
      covers, such as the last seconds;
    - *not worn*: measured, and by the rule of `find_worn` nobody wore the
      device. The rule tells quarters of an hour apart; a window is as the one
      that its middle lies in;
    - `"unknown"`: worn, and the model was not sure;
    - a class.

    Args:
        name, subject, duration, start_time, time_zone, window_seconds,
            start_seconds, valid, worn, enmo, mad, magnitude_min,
            magnitude_max, facts: as of `WindowTimeline`, which says what days,
            hours and times are.
        classes: tuple of str, in the order of the model.
        labels: `(num_windows,)` str. A class or `"unknown"`; `""` where it was
            not measured or not worn.
        probabilities: `(num_windows, num_classes)` float32; NaN where it was
            not measured or not worn.

    Raises:
        ValueError: as of `WindowTimeline`, or if a label is no class.

    Example:

    >>> timeline = model.predict("monday.cwa")
    >>> timeline.minutes(by="day")
    >>> timeline.save("monday.html")
    """

    saved_facts = ("classes",)

    classes: tuple[str, ...]
    labels: np.ndarray
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        classes = _checked_classes(self.classes)
        labels = window_array("labels", self.labels, (len(self),), str)
        labels = np.where(self.worn, labels, "")
        _check_labels(labels[self.worn], classes)
        shape = (len(self), len(classes))
        probabilities = window_array(
            "probabilities", self.probabilities, shape, np.float32
        )
        worn = self.worn[:, None]
        probabilities = np.where(worn, probabilities, np.float32(np.nan))
        self._set(classes=classes, labels=labels, probabilities=probabilities)

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
        return cls._measured(
            recording,
            start_seconds,
            window_seconds,
            facts,
            classes=tuple(classes),
            labels=labels,
            probabilities=probabilities,
            valid=valid,
        )

    def __repr__(self) -> str:
        seconds = self._seconds(np.array([0.0, self.duration]))[0]
        found = {
            name: value
            for name, value in zip(states.state_names(self), seconds)
            if value >= 0.5
        }
        longest = sorted(found, key=found.__getitem__, reverse=True)
        return self._described(
            some_of([f"{duration(found[n])} {n}" for n in longest])
            if longest
            else ""
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
        return self._table(
            label=pd.array(labels, dtype="string"),
            probability=self.probability,
        )

    @property
    def worn_names(self) -> tuple[str, ...]:
        """What a worn window may count as: the classes, then `"unknown"`."""
        return (*self.classes, states.UNKNOWN)

    @property
    def worn_states(self) -> np.ndarray:
        """`(num_windows,)` int into `worn_names`, where it was worn."""
        names = np.array(self.worn_names)
        order = np.argsort(names)
        at = np.searchsorted(names, self.labels, sorter=order)
        return order[np.minimum(at, len(names) - 1)]

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

    def _html(self):
        from keras_relcon.timeline.page import to_html

        return to_html(self)

    def _saved_columns(self):
        return {
            _PROBABILITY + name: self.probabilities[:, index]
            for index, name in enumerate(self.classes)
        }

    @classmethod
    def _loaded(cls, column, known):
        classes = tuple(known["classes"])
        labels = ["" if label is None else label for label in column("label")]
        probabilities = [column(_PROBABILITY + name) for name in classes]
        return {
            "classes": classes,
            "labels": np.array(labels, str),
            "probabilities": np.stack(probabilities, axis=1),
        }


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
