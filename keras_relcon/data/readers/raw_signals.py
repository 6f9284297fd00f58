"""Reads the rows of one file as acceleration in g, times and labels."""

import warnings
from dataclasses import replace

import numpy as np

from keras_relcon.checks import check_number, check_one_of, message
from keras_relcon.data.autocalibration import find_calibration
from keras_relcon.data.clock_time import check_time_zone
from keras_relcon.data.coded_labels import CodedLabels
from keras_relcon.data.large_arrays import chunks, finite_rows
from keras_relcon.data.placement import body_part
from keras_relcon.data.readers.arrival_times import spread_bursts
from keras_relcon.data.readers.clock_changes import undo_put_forward
from keras_relcon.data.readers.columns import ColumnNames, choose_columns
from keras_relcon.data.readers.date_text import check_fractions
from keras_relcon.data.readers.device_files import (
    is_device_file,
    read_device_file,
)
from keras_relcon.data.readers.file_clock import (
    OWN_CLOCK,
    file_clock,
)
from keras_relcon.data.readers.gravity_names import add_gravity, lacks_gravity
from keras_relcon.data.readers.measured import (
    mark_not_measured,
    warn_without_gravity,
)
from keras_relcon.data.readers.raw_signal import RawSignal
from keras_relcon.data.readers.read_rows import read_rows
from keras_relcon.data.readers.repeated_times import (
    shares_stamps,
    spread_repeated,
)
from keras_relcon.data.readers.row_sources import (
    source_columns,
    with_one_source,
)
from keras_relcon.data.readers.tables import (
    read_head,
    stated_time_zone,
    table_blocks,
)
from keras_relcon.data.readers.time_units import (
    TIMESTAMP_UNITS,
    check_unit_in_name,
)
from keras_relcon.data.readers.timestamps import (
    check_counts_on,
    check_rate,
    rows_by_time,
)
from keras_relcon.data.readers.unnamed_tables import (
    check_unnamed_arguments,
    read_unnamed,
    recognise_unnamed,
)
from keras_relcon.data.regularizing import (
    LOST_SAMPLES_STEP,
    MAX_CLOCK_CHANGES,
    check_increasing,
    sorting_mixes,
    step_blocks,
    usual_rate_hz,
)
from keras_relcon.data.units import check_stated_unit, to_g


def read_raw_signal(
    path,
    sample_rate_hz=None,
    unit="g",
    columns=None,
    timestamp_column=None,
    timestamp_unit=None,
    label_column=None,
    labels=None,
    sort_timestamps=False,
    check_unit=True,
    delimiter=",",
    on_clock_change="error",
    gravity_columns=None,
    calibrate=False,
    time_zone=None,
):
    """Returns the `RawSignal` of a file; arguments as of `read_recording`."""
    wanted = ColumnNames(
        columns,
        timestamp_column,
        timestamp_unit,
        label_column,
        gravity_columns,
    )
    _check_arguments(wanted, sample_rate_hz, labels)
    check_one_of("on_clock_change", on_clock_change, ("error", "split"))
    check_time_zone(time_zone)
    is_device, may_be_zero = is_device_file(path), False
    placement, zones, put_back = None, OWN_CLOCK, ()
    if is_device:
        _check_device_arguments(wanted, path, sample_rate_hz, unit)
        seconds, acceleration, placement, zone = read_device_file(path)
        zones = OWN_CLOCK if zone is None else (zone,)
        timestamp_unit = "ns"
    elif unnamed := _unnamed(path, wanted, delimiter):
        check_unnamed_arguments(
            unnamed, path, sample_rate_hz=sample_rate_hz, **vars(wanted)
        )
        if unnamed.steps_per_g != 1:
            check_one_of("unit", unit, ("g",), "The axes are read in g.")
        seconds, acceleration, zones, put_back = read_unnamed(
            path, unnamed, delimiter
        )
        timestamp_unit = unnamed.time_unit
    else:
        if labels is not None:
            wanted = replace(wanted, label_column=False)
        names = choose_columns(path, wanted, delimiter, sample_rate_hz)
        if check_unit:
            check_stated_unit(names.columns, unit)
        seconds, acceleration, row_labels, zones, put_back = _read_table(
            path, names, delimiter
        )
        if names.timestamp_column:
            _check_times(path, names, wanted.timestamp_unit, delimiter)
        labels = row_labels if labels is None else labels
        timestamp_unit = names.timestamp_unit
        placement = body_part(" ".join(names.columns))
        may_be_zero = lacks_gravity(names.columns) and not names.gravity_columns
    acceleration = mark_not_measured(acceleration, unit, path, may_be_zero)
    acceleration = to_g(acceleration, unit, check_unit, may_share=True)
    if not _has_finite_row(acceleration):
        raise ValueError(
            "The file must hold samples that are finite on all axes. "
            f"Received: path={str(path)!r}, with none of {len(acceleration)}. "
            "Name other `columns`, or leave the file out."
        )
    if seconds is None:
        _check_given_rate(sample_rate_hz)
        file_clock(None, zones, time_zone, path)
        signal = RawSignal(
            acceleration, sample_rate_hz, labels=labels, placement=placement
        )
        warn_without_gravity(signal.acceleration, signal.sample_rate_hz, path)
        return _calibrated(signal, path) if calibrate else signal
    signal = _timed(
        RawSignal(acceleration, None, seconds, labels),
        sort_timestamps,
        timestamp_unit,
        on_clock_change == "split",
    )
    clock = file_clock(
        float(signal.seconds[0]), zones, time_zone, path, put_back
    )
    is_set_in_zone = zones == OWN_CLOCK and time_zone is not None
    if is_set_in_zone and not is_device:  # a device's clock runs on
        seconds = undo_put_forward(signal.seconds, time_zone)
        signal = replace(signal, seconds=seconds)
    signal = replace(signal, placement=placement, clock=clock)
    if is_device:  # its blocks meet, but where samples are missing
        gap = LOST_SAMPLES_STEP / signal.sample_rate_hz
        signal = replace(signal, max_gap_seconds=gap)
    warn_without_gravity(signal.acceleration, signal.sample_rate_hz, path)
    return _calibrated(signal, path) if calibrate else signal


def _calibrated(signal, path):
    """The signal by what it is at rest, or as it is, with a warning."""
    found = find_calibration(signal.acceleration, signal.sample_rate_hz)
    if found.refusal is not None:
        warnings.warn(
            message(
                "Calibration needs a device that lay still in many postures.",
                f"path={str(path)!r}, where {found.refusal}",
                "The signal is left as it is: read it without `calibrate`, or "
                "record for some days.",
            ),
            stacklevel=5,
        )
    acceleration = found.apply(signal.acceleration)
    return replace(signal, acceleration=acceleration, calibration=found)


def _has_finite_row(acceleration):
    return any(
        finite_rows(acceleration[rows]).any() for rows in chunks(acceleration)
    )


def _unnamed(path, wanted, delimiter):
    """The table of a device without names; not where columns are named."""
    return None if wanted.columns else recognise_unnamed(path, delimiter)


def _timed(signal, sort_timestamps, timestamp_unit, may_go_back):
    """Checks the times, after sorting them if asked, and finds their rate."""
    seconds, labels = signal.seconds, signal.labels
    acceleration = signal.acceleration
    is_shared = shares_stamps(seconds, acceleration)
    if sort_timestamps and not sorting_mixes(seconds):
        kept = rows_by_time(seconds, is_shared)
        seconds, acceleration = seconds[kept], acceleration[kept]
        if isinstance(labels, CodedLabels):
            labels = labels.take(kept)
    if is_shared:
        seconds = spread_repeated(seconds)
    if not (may_go_back and _goes_back_seldom(seconds)):
        check_increasing(seconds)
    if timestamp_unit != "iso":
        check_counts_on(seconds)
    seconds = spread_bursts(seconds, usual_rate_hz(seconds))
    rate_hz = usual_rate_hz(seconds)
    check_rate(rate_hz, timestamp_unit)
    return RawSignal(acceleration, rate_hz, seconds, labels)


def _goes_back_seldom(seconds):
    num_back, num_steps = 0, len(seconds) - 1
    for _, steps in step_blocks(seconds):
        if not np.isfinite(steps).all() or (steps == 0).any():
            return False
        num_back += np.count_nonzero(steps < 0)
    return num_steps > 0 and num_back <= MAX_CLOCK_CHANGES * num_steps


def _check_times(path, names, stated_unit, delimiter):
    """Raises on times that would be read as others than they are."""
    name, unit = names.timestamp_column, names.timestamp_unit
    if stated_unit is None and unit != "iso":
        check_unit_in_name(name)
    if unit in ("s", "iso"):
        texts = read_head(path, name, delimiter)
        if texts.dtype.kind == "U":
            check_fractions(texts, name)


def _read_table(path, names, delimiter):
    """What `read_rows` returns of a table."""
    is_iso = names.timestamp_unit == "iso"
    times = [names.timestamp_column] if names.timestamp_column else []
    text = [names.label_column] if names.label_column else []
    known = {*names.columns, *(names.gravity_columns or ()), *times, *text}
    sources = source_columns(path, names.columns[0], known, delimiter)
    gravity = names.gravity_columns or ()
    blocks = table_blocks(
        path,
        numeric=[*names.columns, *gravity, *([] if is_iso else times)],
        text=[*text, *(times if is_iso else []), *sources],
        delimiter=delimiter,
        is_timed=bool(times),
    )
    blocks = with_one_source(blocks, sources, path)
    return read_rows(
        add_gravity(blocks, names.columns, gravity) if gravity else blocks,
        names.columns,
        names.timestamp_column or None,
        names.timestamp_unit,
        names.label_column or None,
        stated_time_zone(path, *times) if is_iso else None,
    )


def _check_arguments(wanted, sample_rate_hz, labels):
    if sample_rate_hz is not None and wanted.timestamp_column:
        raise ValueError(
            "Only one of `sample_rate_hz` and `timestamp_column` can be given."
            f" Received: sample_rate_hz={sample_rate_hz}, "
            f"timestamp_column={wanted.timestamp_column!r}. Leave out the "
            "rate: change it later with `resample_recording`."
        )
    check_one_of(
        "timestamp_unit", wanted.timestamp_unit, (*TIMESTAMP_UNITS, None)
    )
    if wanted.label_column and labels is not None:
        raise ValueError(
            "Only one of `label_column` and `labels` can be given. Received: "
            f"label_column={wanted.label_column!r}, labels={labels!r}. Leave "
            "out one of them."
        )


def _check_given_rate(sample_rate_hz):
    advice = "Pass the samples per second of the device."
    check_number("sample_rate_hz", sample_rate_hz, above=0, advice=advice)
    check_rate(sample_rate_hz, None)


def _check_device_arguments(wanted, path, sample_rate_hz, unit):
    given = [*vars(wanted).values(), sample_rate_hz]
    if unit != "g" or any(value not in (None, False) for value in given):
        raise ValueError(
            "A device file brings its own rate, unit, columns and times. "
            f"Received: path={str(path)!r} with sample_rate_hz="
            f"{sample_rate_hz}, unit={unit!r} and columns {wanted}. Leave "
            "these arguments out."
        )
