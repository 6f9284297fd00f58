"""The numbers that a model found in one recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_number
from keras_relcon.data.recording import Recording
from keras_relcon.timeline.window_timeline import WindowTimeline
from keras_relcon.timeline.window_times import Bin, time_bins, window_array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True)
class NumberTimeline(WindowTimeline):
    """A number for each window of a recording, such as a walking speed.

    `NumberTimeline.of` makes one. A window that was not measured or not worn
    has no number; what these two mean stands in `Timeline`.

    Args:
        name, subject, duration, start_time, time_zone, window_seconds,
            start_seconds, valid, worn, enmo, mad, magnitude_min,
            magnitude_max, facts: as of `WindowTimeline`, which says what days,
            hours and times are.
        values: `(num_windows,)` float64, in the unit of the labels; NaN where
            it was not measured or not worn.
        half_width: float. Of the interval of a value, or `None` where it is
            not known. Defaults to `None`.
        quantity: str. What the number is, such as `"walking_speed_m_s"`.
            Defaults to `"value"`.

    Raises:
        ValueError: as of `WindowTimeline`.

    Example:

    >>> speed = model.predict("monday.cwa")
    >>> speed.means(by="day")
    >>> speed.save("monday.html")
    """

    saved_facts = ("half_width", "quantity")

    values: np.ndarray
    half_width: float | None = None
    quantity: str = "value"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.half_width is not None:
            check_number("half_width", self.half_width, least=0)
            self._set(half_width=float(self.half_width))
        values = window_array("values", self.values, (len(self),), np.float64)
        self._set(
            values=np.where(self.worn, values, np.nan),
            quantity=str(self.quantity),
        )

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
        quantity: str = "value",
    ) -> Self:
        """Makes the numbers in time of a recording.

        Its signal is read as by `Timeline.of`, and not kept.

        Args:
            recording: `Recording`.
            start_seconds, window_seconds, valid, facts: as of `Timeline.of`.
            values: `(num_windows,)`; what stands where `valid` is False does
                not count.
            half_width, quantity: as of the class.

        Returns:
            `NumberTimeline`.

        Raises:
            TypeError: if `recording` is no `Recording`.
            ValueError: as of the class.
        """
        return cls._measured(
            recording,
            start_seconds,
            window_seconds,
            facts,
            values=values,
            valid=valid,
            half_width=half_width,
            quantity=quantity,
        )

    def __repr__(self) -> str:
        mean = self.means(by="recording")["mean"].iloc[0]
        return self._described(
            f"mean {self.quantity} {mean:.4g}"
            if np.isfinite(mean)
            else "nothing worn"
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
        half = np.nan if self.half_width is None else self.half_width
        return self._table(
            value=self.values, low=self.values - half, high=self.values + half
        )

    @property
    def worn_names(self) -> tuple[str, ...]:
        """What a worn window counts as: `"worn"`."""
        return ("worn",)

    @property
    def worn_states(self) -> np.ndarray:
        """`(num_windows,)` int into `worn_names`."""
        return np.zeros(len(self), int)

    def means(self, by: Bin = "day") -> pd.DataFrame:
        """Averages over hours, days or the recording.

        Args:
            by: as of `Timeline.minutes`. Defaults to `"day"`.

        Returns:
            `pandas.DataFrame`: `mean`, over the windows that were worn, NaN
            where there is none; and `minutes`, how long they last. A window
            counts where its middle is.

        Raises:
            ValueError: if `by` is none of the three.
        """
        edges, _ = time_bins(self, by)
        middle = (self.start_seconds + self.end_seconds) / 2
        length = np.where(self.worn, self.end_seconds - self.start_seconds, 0)
        seconds, _ = np.histogram(middle, edges, weights=length)
        return self._means(by, mean=self.values).assign(minutes=seconds / 60)

    def _html(self):
        from keras_relcon.timeline.number_page import to_html

        return to_html(self)

    def _saved_columns(self):
        return {}

    @classmethod
    def _loaded(cls, column, known):
        own = {name: known[name] for name in cls.saved_facts}
        return {**own, "values": column("value")}
