"""Compares the columns of times in a table, with each other and a rate."""

import numbers
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.readers.tables import read_head
from keras_relcon.data.readers.time_units import (
    MAX_RATE_HZ,
    MIN_RATE_HZ,
    UNIT_IN_NAME,
    UNIX_SECONDS,
    guess_unit,
    numbers_in,
)
from keras_relcon.data.readers.timestamps import check_rate, to_seconds
from keras_relcon.data.regularizing import usual_rate_hz

# A clock of a device is off by less.
MAX_RATE_DIFFERENCE = 0.05
# Times that are rounded to whole seconds, or not in order, tell no rate.
MIN_INCREASING_SHARE = 0.95


@dataclass(frozen=True)
class HeadTimes:
    """What the first times of a column tell.

    Args:
        name: str. The column.
        start: float, seconds.
        rate_hz: float. Their usual rate.
        mean_rate_hz: float. With gaps and bursts.
    """

    name: str
    start: float
    rate_hz: float
    mean_rate_hz: float

    def differs_from(self, rate_hz):
        """Whether it is another rate, by the usual step and on the whole."""
        return all(
            abs(found - rate_hz) > MAX_RATE_DIFFERENCE * rate_hz
            for found in (self.rate_hz, self.mean_rate_hz)
        )


def choose_time_column(path, found, delimiter):
    """Returns one of several columns of times, where they tell one rate.

    The first that is in Unix time or dates, or else the first that tells a
    rate. Times that many rows share, or that are not in order, tell none.

    Args:
        path: str or path.
        found: list of str, at least one.
        delimiter: str.

    Raises:
        ValueError: if none tells a rate, or the rates differ.
    """
    heads = [head_times(path, name, delimiter) for name in found]
    heads = [head for head in heads if head is not None]
    if heads and not any(
        head.differs_from(heads[0].rate_hz) for head in heads[1:]
    ):
        absolute = [h for h in heads if h.start >= UNIX_SECONDS[0]]
        return (absolute or heads)[0].name
    rates = {head.name: f"{head.rate_hz:.4g} Hz" for head in heads}
    raise ValueError(
        message(
            "One column must look like the `timestamp_column`, or several "
            "that tell one rate.",
            f"path={str(path)!r} with {found}, at the rates {rates}",
            "Pass one of them as `timestamp_column`, or "
            "`timestamp_column=False` to use none.",
        )
    )


def warn_of_other_rates(path, used, others, delimiter, sample_rate_hz=None):
    """Warns if columns of times that are not used have another rate.

    Args:
        path: str or path.
        used: str. The column of times that is used, or `False` for none.
        others: list of str.
        delimiter: str.
        sample_rate_hz: float, or `None` for the rate of `used`. What is no
            rate is told elsewhere.

    Raises:
        ValueError: beside a given rate, if times are those of epochs.
    """
    what = "`sample_rate_hz` is {:g}"
    advice = (
        "Leave the rate out to use them, or pass `timestamp_column=False` if "
        "it is right."
    )
    if used:
        head = others and head_times(path, used, delimiter)
        sample_rate_hz = head.rate_hz if head else None
        what = f"the times in column {used!r} have a rate of {{:.4g}} Hz"
        advice = "Pass the right one as `timestamp_column`."
    is_rate = isinstance(sample_rate_hz, numbers.Real) and sample_rate_hz > 0
    if not is_rate:
        return
    for name in others:
        head = head_times(path, name, delimiter, may_be_epochs=bool(used))
        if head is None or not _is_another(head, sample_rate_hz, bool(used)):
            continue
        warnings.warn(
            f"{Path(path).name}: {what.format(sample_rate_hz)}, while the "
            f"times in column {name!r}, which are not used, have a rate of "
            f"{head.rate_hz:.4g} Hz. {advice}",
            stacklevel=6,
        )
        return


def _is_another(head, rate_hz, is_beside_times):
    if is_beside_times:  # of two clocks one may jitter
        return head.differs_from(rate_hz)
    return abs(head.rate_hz - rate_hz) > MAX_RATE_DIFFERENCE * rate_hz


def head_times(path, name, delimiter, may_be_epochs=True):
    """The `HeadTimes` of a column, or `None` where the times tell no rate.

    Raises:
        ValueError: if `may_be_epochs` is False and the times are those of
            epochs: in a known unit, less than one per second.
    """
    try:
        values = read_head(path, name, delimiter)
        unit = guess_unit(name, values)
        if unit != "iso" and values.dtype.kind in "US":
            values = numbers_in(values)
        # No gap is short enough for a clock change, and none is warned of.
        seconds = to_seconds(values, unit, max_gap_seconds=0)
    except (ValueError, TypeError):  # of a kind that is no time
        return None
    seconds = seconds[np.isfinite(seconds)]
    is_later = np.diff(seconds) > 0
    if not len(is_later) or np.mean(is_later) < MIN_INCREASING_SHARE:
        return None
    rate_hz = usual_rate_hz(seconds)
    is_unit_known = unit == "iso" or bool(UNIT_IN_NAME.search(name))
    is_unit_known |= UNIX_SECONDS[0] <= seconds[0] < UNIX_SECONDS[1]
    if rate_hz < MIN_RATE_HZ and is_unit_known and not may_be_epochs:
        check_rate(rate_hz, unit, name)
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        return None
    mean_rate_hz = (len(seconds) - 1) / (seconds[-1] - seconds[0])
    return HeadTimes(name, float(seconds[0]), rate_hz, mean_rate_hz)
