"""Puts the rows of a table together: acceleration, times and labels."""

import numpy as np

from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.data.large_arrays import GrowingArray
from keras_relcon.data.readers.clock_changes import undo_put_back
from keras_relcon.data.readers.file_clock import OWN_CLOCK
from keras_relcon.data.readers.text_columns import (
    encode_text,
    label_name,
)
from keras_relcon.data.readers.timestamps import parse_times


def read_rows(
    blocks, columns, time=None, time_unit=None, label=None, time_zone=None
):
    """Reads blocks into arrays that are on disk if they are large.

    Args:
        blocks: iterable of dict of column name to `(rows_of_block,)`.
        columns: three str. The axes.
        time: str, or `None`. The column of times.
        time_unit: str. As of `to_seconds`.
        label: str, or `None`. The column of labels.
        time_zone: str. That the file states of a column of dates, which are
            then in UTC. Defaults to `None`.

    Returns:
        `(seconds or None, acceleration, labels or None, zones, put_back)`:
        `(num_rows,)` float64; `(num_rows, 3)` float32; `CodedLabels`; the time
        zones of the times, and the moments at which their clock was put back,
        see `file_clock`.
    """
    acceleration = GrowingArray(np.float32)
    seconds, codes = GrowingArray(np.float64), GrowingArray(np.int32)
    names, zones, put_back = {}, {}, ()
    for block in blocks:
        axes = [block[name] for name in columns]
        acceleration.append(np.stack(axes, axis=1))
        if time is not None:
            parsed, found = parse_times(block[time], time_unit)
            seconds.append(parsed)
            zones |= dict.fromkeys([time_zone] if time_zone else found)
        if label is not None:
            codes.append(_codes(block[label], names))
    seconds = seconds.array() if time is not None else None
    if tuple(zones) == OWN_CLOCK:
        seconds, put_back = undo_put_back(seconds)
    labels = _labels(codes.array(), names) if label is not None else None
    return seconds, acceleration.array(), labels, tuple(zones), put_back


def _codes(labels, names):
    """Numbers of labels; those of new ones are added to `names`."""
    codes, found = encode_text(labels)
    numbers = [names.setdefault(label_name(name), len(names)) for name in found]
    return np.array(numbers, np.int32)[codes]


def _labels(codes, names):
    ordered = sorted(names)
    place = {name: number for number, name in enumerate(ordered)}
    kind = np.min_scalar_type(len(names))
    places = np.array([place[name] for name in names], kind)
    return CodedLabels(places[codes], ordered)
