"""Labels, targets and missing stretches of a recording, as tables of runs."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon import checks
from keras_relcon.data.coded_labels import CodedLabels

MISSING, CLIPPED = b"missing", b"clipped"


@dataclass(frozen=True)
class Interval:
    """A stretch of a recording with a label, with targets, or with both.

    Args:
        start_seconds: float. From the recording's start.
        stop_seconds: float. The first moment after it.
        label: str. Defaults to `None`.
        targets: dict of str to float, such as `{"walking_speed_m_s": 1.3}`,
            with the unit in the name. Defaults to none.

    Raises:
        ValueError: if it does not last, or has neither a label nor targets.

    Example:

    >>> Interval(0.0, 12.5, label="walking", targets={"speed_m_s": 1.3})
    """

    start_seconds: float
    stop_seconds: float
    label: str | None = None
    targets: dict[str, float] = field(default_factory=dict)

    def __post_init__(self):
        if not 0 <= self.start_seconds < self.stop_seconds:
            raise ValueError(
                "An interval must start at or after 0 s and stop later. "
                f"Received: start_seconds={self.start_seconds}, "
                f"stop_seconds={self.stop_seconds}. Count from the start of "
                "the recording."
            )
        if self.label is None and not self.targets:
            raise ValueError(
                "An interval must have a `label` or `targets`. "
                "Received: neither. Leave it out."
            )


def sample_targets(
    name: str, values: ArrayLike, sample_rate_hz: float
) -> list[Interval]:
    """Makes intervals of a target that has one value per sample.

    Args:
        name: str. Name of the target, with its unit: `"speed_m_s"`.
        values: `(num_samples,)` float. NaN where there is no value.
        sample_rate_hz: float. Rate of the values.

    Returns:
        list of `Interval`, one per run of equal values; none where there is
        no value.

    Raises:
        ValueError: if the rate is not positive.
    """
    advice = "Pass that of the recording."
    checks.check_number(
        "sample_rate_hz", sample_rate_hz, above=0, advice=advice
    )
    values = np.asarray(values, dtype=np.float64)
    return [
        Interval(
            start / sample_rate_hz,
            stop / sample_rate_hz,
            targets={name: float(values[start])},
        )
        for start, stop in runs(values)
        if not np.isnan(values[start])
    ]


def runs(values):
    """`(start, stop)` of the runs of equal values."""
    if isinstance(values, CodedLabels):
        values = values.codes
    if len(values) == 0 or values.strides == (0,):
        return [(0, len(values))][: len(values)]
    edges = np.flatnonzero(values[1:] != values[:-1]) + 1
    edges = [0, *edges.tolist(), len(values)]
    return list(zip(edges[:-1], edges[1:]))


def label_table(labels, intervals, sample_rate_hz, num_samples):
    """Rows `(start, stop, label)` in samples; later rows go over earlier."""
    rows = []
    if labels is not None:
        rows = [
            (start, stop, str(labels[start]).encode())
            for start, stop in runs(labels)
            if labels[start]
        ]
    rows += [
        (*sample_range(interval, sample_rate_hz, num_samples), label.encode())
        for interval in intervals
        if (label := interval.label) is not None
    ]
    return _table(rows, "label", _text_type(row[2] for row in rows))


def target_table(intervals, sample_rate_hz, num_samples):
    """Rows `(start, stop, name, value)` in samples."""
    rows = [
        (
            *sample_range(interval, sample_rate_hz, num_samples),
            name.encode(),
            float(value),
        )
        for interval in intervals
        for name, value in interval.targets.items()
    ]
    name_type = _text_type(row[2] for row in rows)
    return _table(rows, "name", name_type, ("value", "<f8"))


def invalid_table(is_missing, is_clipped):
    """Rows `(start, stop, reason)` of samples that no window may cover."""
    state = is_missing * 1 + (is_clipped & ~is_missing) * 2
    reasons = {1: MISSING, 2: CLIPPED}
    rows = [
        (start, stop, reasons[int(state[start])])
        for start, stop in runs(state)
        if state[start]
    ]
    return _table(rows, "reason", "S8")


def valid_stretches(invalid, num_samples):
    """`(start, stop)` of what the rows of `invalid` leave."""
    starts = [0, *invalid["stop"].tolist()]
    stops = [*invalid["start"].tolist(), num_samples]
    return [(a, b) for a, b in zip(starts, stops) if a < b]


def spread_labels(table, num_samples):
    """`(num_samples,)` str, empty where there is no label."""
    names, codes = np.unique(table["label"], return_inverse=True)
    names = np.array(["", *(name.decode() for name in names)])
    spread = np.zeros(num_samples, dtype=np.int64)
    for start, stop, code in zip(table["start"], table["stop"], codes + 1):
        spread[start:stop] = code
    if num_samples and (spread == spread[0]).all():
        return np.broadcast_to(names[spread[0]], (num_samples,))
    return names[spread]


def spread_target(table, name, num_samples):
    """`(num_samples,)` float64, NaN where there is no value."""
    spread = np.full(num_samples, np.nan)
    for row in table[table["name"] == name.encode()]:
        spread[row["start"] : row["stop"]] = row["value"]
    return spread


def sample_range(interval, sample_rate_hz, num_samples):
    """`(start, stop)` of an interval, in samples of the recording."""
    # Sample i, at i / rate, lies in [start, stop). The slack takes 0.07 * 100,
    # which is 7.000000000000001, for 7.
    edges = np.array([interval.start_seconds, interval.stop_seconds])
    edges = np.ceil(edges * sample_rate_hz - 1e-6).astype(int)
    return tuple(np.minimum(edges, num_samples).tolist())


def _table(rows, name, name_type, *more):
    columns = [("start", "<i8"), ("stop", "<i8"), (name, name_type), *more]
    return np.array(rows, dtype=columns)


def _text_type(texts):
    return f"S{max([1, *map(len, texts)])}"
