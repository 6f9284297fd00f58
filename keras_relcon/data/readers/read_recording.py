"""Reads one recording, or the parts between its gaps, from one file."""

import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

from keras_relcon.checks import message
from keras_relcon.data.file_limits import MAX_EXPANSION, expansion
from keras_relcon.data.label_intervals import (
    LabelIntervals,
    check_has_clock,
    label_recordings,
)
from keras_relcon.data.readers.file_kinds import stem_of
from keras_relcon.data.readers.label_clock import on_clock_of
from keras_relcon.data.readers.label_files import labels_for
from keras_relcon.data.readers.raw_signals import read_raw_signal
from keras_relcon.data.readers.timestamps import split_at_gaps
from keras_relcon.data.recording import Recording
from keras_relcon.data.regularizing import steps_where
from keras_relcon.types import PathLike, Unit

TimestampUnit: TypeAlias = Literal["s", "ms", "us", "ns", "iso"]


def read_recording(
    path: PathLike,
    subject: str,
    sample_rate_hz: float | None = None,
    unit: Unit = "g",
    columns: Sequence[str] | str | None = None,
    timestamp_column: str | Literal[False] | None = None,
    timestamp_unit: TimestampUnit | None = None,
    label_column: str | Literal[False] | None = None,
    labels: PathLike | LabelIntervals | None = None,
    recording_id: str | None = None,
    sort_timestamps: bool = False,
    check_unit: bool = True,
    delimiter: str = ",",
    on_clock_change: Literal["error", "split"] = "error",
    gravity_columns: Sequence[str] | Literal[False] | None = None,
    calibrate: bool = False,
    time_zone: str | None = None,
    max_expansion: float = MAX_EXPANSION,
) -> Recording:
    """Reads one recording from a table, or from a device's own file.

    Tables are .csv files with a header (also .csv.gz, .csv.bz2, .csv.zst),
    .npz, .parquet, .feather and HDF5 (.h5, .hdf5) files, which are read in
    blocks: what is larger than 128 MB is kept in temporary files that leave
    with the process, so that a week at 100 Hz takes less than 500 MB. Columns
    that are not named are guessed from the names in the file, see
    `guess_columns`; a line of `logging` at level INFO says which are used.
    Axivity .cwa, GENEActiv .bin and ActiGraph .gt3x files need actfast; they
    bring their own rate, unit and times.

    With timestamps the signal is put on a regular grid, see `regularize`; gaps
    longer than a second, and all of a device's file, become missing samples
    (NaN), and `read_recordings` splits at long ones. Of a device's file that
    is damaged the intact blocks are read, with a warning. In a .csv file an
    empty cell is a missing sample, and a row with other text in place of a
    number is left out, with a warning that counts such rows. Rows of exactly
    0, 0, 0 that repeat, and values that no device measures (see `Recording`),
    are missing samples.

    Args:
        path: str or path. The file.
        subject: str. The person who wore the device.
        sample_rate_hz: float. Rate of the rows. With a timestamp column it is
            the usual rate of the timestamps, and must not be given; beside
            times that are not used, a warning says if it differs from theirs
            by more than 5 %. Defaults to `None`.
        unit: str. `"g"` or `"m/s2"`. Defaults to `"g"`.
        columns: three str, the x, y and z axes; in .npz and HDF5 files also
            one str, an array of shape (num_samples, 3). In HDF5 files names
            are paths. Defaults to `None`, guessed.
        timestamp_column: str, or `False` for none, whatever the file has.
            Defaults to `None`, guessed, or none where `sample_rate_hz` is
            given.
        timestamp_unit: str. `"s"`, `"ms"`, `"us"`, `"ns"`, or `"iso"` for
            dates: ISO 8601, UTC unless they say otherwise; a local clock that
            is put back by an hour is seen to: the hour is added to all that
            follows, with a warning. Rows that share times, such as whole
            seconds, are spread evenly inside each, with a warning. Defaults to
            `None`: `"s"`, or guessed where the column is guessed.
        label_column: str, or `False` for none. Defaults to `None`, guessed.
        labels: str, one label for the whole recording; or a file of labels as
            of `read_labels`, a path or a str that ends in .csv; or
            `LabelIntervals`. A warning counts labels that overlap or lie
            outside, and time without a label, see `label_recordings`. Defaults
            to `None`: a column, or `<name>.labels.csv` beside the file.
        recording_id: str. Defaults to the name of the file.
        sort_timestamps: bool. Whether to sort rows by time and drop repeated
            times, instead of raising. Of times that many rows share no row is
            dropped, and a file whose clock was put back is not sorted, as that
            mixes two times. Defaults to `False`.
        check_unit: bool. Whether to refuse a signal that contradicts `unit`
            by the names of its columns, such as `x (m/s^2)`, or by its size:
            a median magnitude above 4 in g, or from 0.8 to 1.3 in m/s2.
            Defaults to `True`.
        delimiter: str. Between the cells of a .csv file. Defaults to `","`.
        on_clock_change: str. What to do where times step back: `"error"`, or
            `"split"`, with which `read_recordings` begins a new recording
            there. Defaults to `"error"`.
        gravity_columns: three str, the axes of gravity, which are added to
            `columns` unless these hold it, or `False` for none. Defaults to
            `None`, guessed where `columns` are. A signal that is near 0 where
            the device rests is warned of.
        calibrate: bool. Whether to correct the offset and gain of the axes by
            what they measure at rest, see `find_calibration`. What was found
            is the recording's `calibration`; where the device did not rest in
            enough postures the signal is left as it is, with a warning.
            Defaults to `False`.
        time_zone: str. An IANA name (`"Europe/Berlin"`), an offset from UTC
            (`"+02:00"`) or `"UTC"`. For a device's file, and dates without an
            offset: in which zone the clock was set at the start, so that
            `start_time` becomes Unix time. It is taken to run on without
            jumps, but for a step of dates that is an hour too long, or back by
            one, where the clocks of the zone are changed. For
            Unix times, and dates with an offset: the zone in which clock times
            are shown. Defaults to `None`: what the file says, see
            `Recording.time_zone`.
        max_expansion: float. How many times its size a file may unpack to,
            beyond 256 MB; a file that means to fill the memory or the disk
            does more. Defaults to `300.0`.

    Returns:
        `Recording`, in g.

    Raises:
        FileNotFoundError: if there is no such file.
        ImportError: if the package that reads this kind of file is missing.
        ValueError: if it is a folder, a pipe or a device, the file is damaged,
            has no rows or unpacks to too much, a column or unit is unknown or
            no one guess is right, the unit contradicts the data or the names
            of the axes, timestamps do not increase, there is neither a rate
            nor a timestamp column or there are both, a time zone is unknown or
            given for times without a clock, or every sample is missing.

    Example:

    >>> recording = read_recording(
    ...     "walk.csv", subject="s01", sample_rate_hz=50, unit="m/s2"
    ... )
    """
    with _naming(path):
        intervals = labels_for(path, labels, label_column)
        signal = _read_signal(
            path,
            intervals,
            sample_rate_hz=sample_rate_hz,
            unit=unit,
            columns=columns,
            timestamp_column=timestamp_column,
            timestamp_unit=timestamp_unit,
            label_column=label_column,
            labels=labels,
            sort_timestamps=sort_timestamps,
            check_unit=check_unit,
            delimiter=delimiter,
            on_clock_change=on_clock_change,
            gravity_columns=gravity_columns,
            calibrate=calibrate,
            time_zone=time_zone,
            max_expansion=max_expansion,
        )
        _check_goes_on(signal)
        name = recording_id or stem_of(path)
        recordings = [signal.recording(subject, name)]
        if intervals is not None:
            recordings = _labelled(
                recordings, intervals, path, name, signal.clock
            )
        return recordings[0]


def read_recordings(
    path: PathLike,
    subject: str,
    max_gap_seconds: float = 60.0,
    recording_id: str | None = None,
    **options: Any,
) -> list[Recording]:
    """Reads one file as the recordings between its gaps.

    With `on_clock_change="split"` a recording also ends where time steps back.
    Each recording has its own `start_time`; all have the rate of the whole
    file. Stretches of a single sample are left out, with a warning.

    Args:
        path: str or path. As of `read_recording`.
        subject: str. The person who wore the device.
        max_gap_seconds: float. Longest step between two samples inside a
            recording. Shorter steps of more than a second are missing samples,
            as in `read_recording`. Defaults to `60.0`.
        recording_id: str. Defaults to the name of the file. Where there are
            several recordings, `_0`, `_1`, ... is added.
        **options: The other arguments of `read_recording`.

    Returns:
        list of `Recording`, in g, in the order of the file.

    Raises:
        ImportError, TypeError, ValueError, OSError: as `read_recording`.
        ValueError: if `max_gap_seconds` is not positive or no stretch has two
            samples.
    """
    if not max_gap_seconds > 0:
        raise ValueError(
            "`max_gap_seconds` must be positive. "
            f"Received: max_gap_seconds={max_gap_seconds}. Use 60."
        )
    with _naming(path):
        intervals = labels_for(
            path, options.get("labels"), options.get("label_column")
        )
        signal = _read_signal(path, intervals, **options)
        name = recording_id or stem_of(path)
        recordings = _pieces(signal, path, subject, name, max_gap_seconds)
        if intervals is None:
            return recordings
        return _labelled(recordings, intervals, path, name, signal.clock)


def _labelled(recordings, intervals, path, name, clock):
    """The recordings of a file, with those labels that are theirs."""
    intervals = intervals.of(recordings[0].subject, name)
    check_has_clock(recordings, intervals)
    start = recordings[0].start_time
    intervals = on_clock_of(intervals, clock, path, start)
    return label_recordings(recordings, intervals)


def _read_signal(path, intervals, max_expansion=MAX_EXPANSION, **options):
    """Reads the rows, without labels where these come from another file."""
    with expansion(max_expansion):
        return _read_rows(path, intervals, options)


def _read_rows(path, intervals, options):
    if intervals is None:
        return read_raw_signal(path, **options)
    if options.get("labels") is not None and not options.get("label_column"):
        options = {**options, "labels": None, "label_column": False}
    signal = read_raw_signal(path, **options)
    if signal.labels is not None:
        raise ValueError(
            message(
                "There must be one source of labels.",
                f"a column of them in {path}, and {intervals.source} beside it",
                "Pass the file as `labels`, or the name of the column as "
                "`label_column`.",
            )
        )
    return signal


def _pieces(signal, path, subject, name, max_gap_seconds):
    if signal.seconds is None:
        return [signal.recording(subject, name)]
    pieces = split_at_gaps(signal.seconds, max_gap_seconds)
    kept = [piece for piece in pieces if piece.stop - piece.start >= 2]
    _report_short(len(pieces), len(kept), max_gap_seconds, path)
    if len(kept) == 1:
        return [signal.recording(subject, name, kept[0])]
    return [
        signal.recording(subject, f"{name}_{index}", piece)
        for index, piece in enumerate(kept)
    ]


def _check_goes_on(signal):
    """One recording cannot hold times that step back."""
    if signal.seconds is None:
        return
    rows = steps_where(signal.seconds, lambda steps: steps < 0) + 1
    if len(rows):
        raise ValueError(
            message(
                "Times of one recording must not step back.",
                f"steps back at the rows {rows[:5].tolist()} (from 0), "
                f"{len(rows)} in all",
                "Read the file with `read_recordings`, which begins a new "
                "recording there.",
            )
        )


@contextmanager
def _naming(path):
    """Adds the file to an error that does not say which one it is about."""
    try:
        yield
    except ValueError as error:
        if str(path) not in str(error):
            error.add_note(f"While reading {path}.")
        raise


def _report_short(num_pieces, num_kept, max_gap_seconds, path):
    if not num_kept:
        raise ValueError(
            f"Samples must lie within {max_gap_seconds:g} s of each other. "
            f"Received: path={str(path)!r} with {num_pieces} samples, all "
            "further apart. Use a larger `max_gap_seconds`."
        )
    if num_kept < num_pieces:
        warnings.warn(
            f"{num_pieces - num_kept} of {num_pieces} stretches between gaps "
            "have a single sample and are left out.",
            stacklevel=3,
        )
