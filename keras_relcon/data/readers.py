"""Reads one recording from a .csv or .npz file."""

import warnings
from datetime import datetime, timezone

import numpy as np

from keras_relcon.data.recording import Recording
from keras_relcon.data.resampling import regularize
from keras_relcon.data.tables import read_table
from keras_relcon.data.units import to_g

SECONDS_PER_UNIT = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
TIMESTAMP_UNITS = (*SECONDS_PER_UNIT, "iso")


def read_recording(
    path,
    subject,
    sample_rate_hz=None,
    unit="g",
    columns=("x", "y", "z"),
    timestamp_column=None,
    timestamp_unit="s",
    label_column=None,
    labels=None,
    recording_id=None,
    sort_timestamps=False,
    check_unit=True,
    delimiter=",",
):
    """Reads one recording from a .csv file with a header, or an .npz file.

    With timestamps the signal is put on a regular grid, linearly; gaps longer
    than a second become missing samples (NaN). In a .csv file an empty cell is
    a missing sample, and a row with other text in place of a number is left
    out, with a warning that counts such rows.

    Args:
        path: str or path. Ends in .csv, or .npz with one 1-D array per column.
        subject: str. The person who wore the device.
        sample_rate_hz: float. Rate of the rows. With a timestamp column it is
            the median rate of the timestamps, and must not be given.
        unit: str. `"g"` or `"m/s2"`. Defaults to `"g"`.
        columns: three str. The x, y and z axes. Defaults to
            `("x", "y", "z")`.
        timestamp_column: str. Defaults to `None`, equally spaced rows.
        timestamp_unit: str. `"s"`, `"ms"`, `"us"`, `"ns"`, or `"iso"` for ISO
            8601 dates, UTC unless they say otherwise. Defaults to `"s"`.
        label_column: str. Defaults to `None`.
        labels: str. One label for the whole recording. Defaults to `None`.
        recording_id: str. Defaults to the name of the file.
        sort_timestamps: bool. Whether to sort rows by time and drop repeated
            times, instead of raising. Defaults to `False`.
        check_unit: bool. Whether to refuse a signal whose size contradicts
            `unit`. Defaults to `True`.
        delimiter: str. Between the cells of a .csv file. Defaults to `","`.

    Returns:
        `Recording`, in g.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a column or unit is unknown, the unit contradicts the
            data, timestamps do not increase, there is neither a rate nor a
            timestamp column or there are both, or the file has no rows.

    Example:

    >>> recording = read_recording(
    ...     "walk.csv", subject="s01", sample_rate_hz=50, unit="m/s2"
    ... )
    """
    _check_arguments(
        sample_rate_hz,
        columns,
        timestamp_column,
        timestamp_unit,
        label_column,
        labels,
    )
    is_iso = timestamp_unit == "iso"
    times = [] if timestamp_column is None else [timestamp_column]
    text = [] if label_column is None else [label_column]
    table = read_table(
        path,
        numeric=[*columns, *([] if is_iso else times)],
        text=[*text, *(times if is_iso else [])],
        delimiter=delimiter,
    )
    acceleration = np.stack([table[name] for name in columns], axis=1)
    acceleration = to_g(acceleration, unit, check_unit)
    if label_column is not None:
        labels = table[label_column]
    start_time = None
    if timestamp_column is not None:
        seconds = _to_seconds(table[timestamp_column], timestamp_unit)
        start_time, acceleration, sample_rate_hz, labels = _on_grid(
            seconds, acceleration, labels, sort_timestamps
        )
    return Recording(
        acceleration,
        sample_rate_hz=sample_rate_hz,
        subject=subject,
        labels=labels,
        recording_id=recording_id or _stem(path),
        start_time=start_time,
    )


def _check_arguments(
    sample_rate_hz,
    columns,
    timestamp_column,
    timestamp_unit,
    label_column,
    labels,
):
    if sample_rate_hz is None and timestamp_column is None:
        raise ValueError(
            "Either `sample_rate_hz` or `timestamp_column` must be given. "
            "Received: neither. Pass the samples per second of the device, or "
            "the name of the column of times."
        )
    if sample_rate_hz is not None and timestamp_column is not None:
        raise ValueError(
            "Only one of `sample_rate_hz` and `timestamp_column` can be given."
            f" Received: sample_rate_hz={sample_rate_hz}, "
            f"timestamp_column={timestamp_column!r}. Leave out the rate: "
            "change it later with `resample_recording`."
        )
    if isinstance(columns, str) or len(columns) != 3:
        raise ValueError(
            "`columns` must be three names, of the x, y and z axes. "
            f"Received: columns={columns!r}."
        )
    if timestamp_unit not in TIMESTAMP_UNITS:
        raise ValueError(
            f"`timestamp_unit` must be one of {list(TIMESTAMP_UNITS)}. "
            f"Received: timestamp_unit={timestamp_unit!r}."
        )
    if label_column is not None and labels is not None:
        raise ValueError(
            "Only one of `label_column` and `labels` can be given. "
            f"Received: label_column={label_column!r}, labels={labels!r}."
        )


def _stem(path):
    return str(path).replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _to_seconds(values, unit):
    if unit != "iso":
        return values * SECONDS_PER_UNIT[unit]
    return np.array([_iso_seconds(value) for value in values])


def _iso_seconds(value):
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(
            "Timestamps must be ISO 8601 dates for timestamp_unit='iso'. "
            f"Received: {value!r}. Pass another `timestamp_unit` for numbers."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def _on_grid(seconds, acceleration, labels, sort_timestamps):
    """`(start_time, acceleration, sample_rate_hz, labels)` on a grid."""
    has_row_labels = isinstance(labels, np.ndarray)
    if sort_timestamps:
        kept = _sorted_rows(seconds)
        seconds, acceleration = seconds[kept], acceleration[kept]
        labels = labels[kept] if has_row_labels else labels
    acceleration, sample_rate_hz, row_labels = regularize(
        seconds, acceleration, labels=labels if has_row_labels else None
    )
    labels = row_labels if has_row_labels else labels
    return float(seconds[0]), acceleration, sample_rate_hz, labels


def _sorted_rows(seconds):
    """Rows in order of time, the first of each time, none without a time."""
    times, kept = np.unique(seconds, return_index=True)
    kept = kept[np.isfinite(times)]
    num_dropped = len(seconds) - len(kept)
    if num_dropped or (np.diff(kept) < 0).any():
        warnings.warn(
            f"Rows were sorted by time, and {num_dropped} rows with a repeated "
            "or missing time were left out.",
            stacklevel=4,
        )
    return kept
