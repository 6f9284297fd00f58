"""Finds the recordings of a folder, says whose they are, and reads them."""

import collections
import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from keras_relcon.checks import check_one_of, message, some_of
from keras_relcon.data.readers.axis_names import is_of_other_sensor
from keras_relcon.data.readers.columns import guess_axes
from keras_relcon.data.readers.device_files import is_device_file
from keras_relcon.data.readers.file_kinds import SUFFIXES, is_readable, stem_of
from keras_relcon.data.readers.folder_labels import FolderLabels
from keras_relcon.data.readers.label_files import ENDING, labels_beside
from keras_relcon.data.readers.read_recording import (
    read_recording,
    read_recordings,
)
from keras_relcon.data.readers.tables import list_columns
from keras_relcon.data.readers.timestamps import guess_timestamp_unit
from keras_relcon.data.readers.unnamed_tables import recognise_unnamed
from keras_relcon.data.readers.written_tables import is_written_table
from keras_relcon.types import PathLike

# What `Embeddings.save` and `keras-relcon embed` write, and files of labels:
# no recordings.
NO_RECORDINGS = (".embeddings.npz", ".embeddings.parquet", ENDING)
# What a device's own file brings itself.
OF_DEVICES = (
    "sample_rate_hz",
    "unit",
    "columns",
    "timestamp_column",
    "timestamp_unit",
    "gravity_columns",
)
# What reading a file raises where the file, or what is said of it, is wrong.
FAILURES = (ValueError, OSError, ImportError)


@dataclass(frozen=True)
class RecordingFile:
    """A file of a folder, and whose recording it is.

    Args:
        path: `Path`.
        subject: str.
        recording_id: str. The path below the folder, without its ending where
            no other file differs in the ending alone.
    """

    path: Path
    subject: str
    recording_id: str


def recording_files(
    folder: PathLike, subject_pattern: str | None = None
) -> list[RecordingFile]:
    """Lists the files of a folder that `read_recording` reads.

    All folders below are searched. Hidden files, `<name>.labels.csv`, and the
    embeddings and tables that the package writes are passed over; files of
    other kinds, and those named as other sensors (`Gyroscope.csv`), too, with
    a warning that counts them.

    Args:
        folder: str or path.
        subject_pattern: str. A regular expression that is searched in the path
            below the folder, such as `day1/s01_left.csv`, with `/` between the
            names. Its group `subject`, or else its first one, is the subject:
            `r"(s\\d+)_"`. Defaults to `None`: the first folder of the path, or
            the name of the file where it is in no folder.

    Returns:
        list of `RecordingFile`, in the order of their paths.

    Raises:
        NotADirectoryError: if there is no such folder.
        ValueError: if the pattern is no regular expression with a group, or a
            file does not match it.

    Example:

    >>> for file in keras_relcon.data.recording_files("study/"):
    ...     recording = read_recording(file.path, file.subject)
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise NotADirectoryError(
            message("`folder` must be a folder.", {"folder": str(folder)})
        )
    found: list[Path] = []
    others: list[Path] = []
    other_sensors: list[Path] = []
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        if any(part.startswith(".") for part in below.parts):
            continue
        if path.name.lower().endswith(NO_RECORDINGS) or not path.is_file():
            continue
        if is_written_table(path):
            continue
        if not is_readable(path):
            others.append(below)
        elif _is_of_other_sensor(path):
            other_sensors.append(below)
        else:
            found.append(below)
    if others:
        warnings.warn(_other_kinds(folder, others), stacklevel=2)
    if other_sensors:
        warnings.warn(_of_other_sensors(folder, other_sensors), stacklevel=2)
    subjects = _subjects(found, subject_pattern)
    stems = [below.with_name(stem_of(below)) for below in found]
    num_of_stem = collections.Counter(stems)
    return [
        RecordingFile(
            folder / below,
            subject,
            (below if num_of_stem[stem] > 1 else stem).as_posix(),
        )
        for below, stem, subject in zip(found, stems, subjects)
    ]


def options_for(path, options):
    """The options that fit a file, of those that are given for a folder.

    Args:
        path: path.
        options: dict. Arguments of `read_recording`.

    Returns:
        dict. Without what a device's own file, or a table of a device without
        names of columns, brings itself; of a table with a column `time`, with
        that column in place of a rate.
    """
    delimiter = options.get("delimiter", ",")
    is_own = is_device_file(path)
    if not is_own and not options.get("columns"):
        is_own = recognise_unnamed(path, delimiter) is not None
    if not is_own:
        return _with_times(path, options, delimiter)
    return {k: v for k, v in options.items() if k not in OF_DEVICES}


def read_folder(folder, subject_pattern=None, on_failure="error", **options):
    """Reads every recording of a folder; see `load_recordings`.

    Args:
        folder: path.
        subject_pattern: str. See `recording_files`. Defaults to `None`.
        on_failure: str. `"error"` or `"warn"`. Defaults to `"error"`.
        **options: Arguments of `read_recording`.

    Returns:
        list of `Recording`; empty where there are no files.
    """
    check_one_of("on_failure", on_failure, ("error", "warn"))
    labels = FolderLabels(options.pop("labels", None))
    files = [
        file
        for file in recording_files(folder, subject_pattern)
        if not labels.is_at(file.path)
    ]
    labels.check(files)
    recordings, failures = [], {}
    for file in files:
        try:
            found = labels.of(file)
            recordings += _read_file(file, {**options, "labels": found})
        except FAILURES as error:
            failures[file] = error
    if failures:
        _report(failures, len(files), on_failure)
    labels.warn_of_none(files)
    return recordings


def _read_file(file, options):
    options = options_for(file.path, options)
    if not is_device_file(file.path):
        options = _with_labels(file.path, options)
    options |= {"subject": file.subject, "recording_id": file.recording_id}
    if options.get("on_clock_change") == "split":
        # At steps back alone: a gap is missing time, as without this argument.
        return read_recordings(file.path, max_gap_seconds=math.inf, **options)
    return [read_recording(file.path, **options)]


def _with_times(path, options, delimiter):
    """The column `time`, where there is one and no other is given."""
    if options.get("timestamp_column") is not None:
        return options
    times = {"sample_rate_hz": None}
    try:
        if "time" not in list_columns(path, delimiter):
            return options
    except FAILURES:  # reading the file says what is wrong with it
        return options
    try:
        unit = options.get("timestamp_unit")
        if unit is None:
            unit = guess_timestamp_unit(path, "time", delimiter)
        times |= {"timestamp_column": "time", "timestamp_unit": unit}
    except FAILURES:  # so does reading its times
        pass
    return {**options, **times}


def _with_labels(path, options):
    """Adds the column `label`, where it is there and the one source."""
    if options["labels"] is not None or labels_beside(path):
        return options
    if "label" not in list_columns(path, options.get("delimiter", ",")):
        return options
    return {"label_column": "label", **options}


def _subjects(paths, pattern):
    if pattern is None:
        return [
            below.parts[0] if len(below.parts) > 1 else stem_of(below)
            for below in paths
        ]
    pattern = _compiled(pattern)
    group = "subject" if "subject" in pattern.groupindex else 1
    matches = [pattern.search(below.as_posix()) for below in paths]
    subjects = [match and match[group] for match in matches]
    unknown = [p.as_posix() for p, s in zip(paths, subjects) if not s]
    if unknown:
        raise ValueError(
            message(
                "`subject_pattern` must find a subject in the path of each "
                "file.",
                f"{pattern.pattern!r}, which finds none in {len(unknown)} of "
                f"{len(paths)}: {some_of(unknown)}",
                "Change the pattern, or move these files elsewhere.",
            )
        )
    return subjects


def _compiled(pattern):
    advice = r'Use one such as r"(s\d+)_".'
    expected = "`subject_pattern` must be a regular expression with a group."
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        received = f"{pattern!r}, which is none: {error}"
        raise ValueError(message(expected, received, advice)) from None
    if not compiled.groups:
        raise ValueError(message(expected, repr(pattern), advice))
    return compiled


def _other_kinds(folder, paths):
    names = [path.as_posix() for path in paths]
    return message(
        f"Recordings are files that end in {', '.join(SUFFIXES)}.",
        f"{folder} with {len(names)} files of other kinds, which are not read: "
        f"{some_of(names)}",
    )


def _is_of_other_sensor(path):
    """Whether its name says so, and the names of its axes say nothing else."""
    if not is_of_other_sensor(path) or is_device_file(path):
        return False
    try:
        axes = guess_axes(list_columns(path), "")
    except (ValueError, ImportError, OSError):
        return True
    return is_of_other_sensor(path, axes)


def _of_other_sensors(folder, paths):
    names = [path.as_posix() for path in paths]
    return message(
        "Recordings are of accelerometers.",
        f"{folder} with {len(names)} files of other sensors by their names, "
        f"which are not read: {some_of(names)}",
        "Rename a file if it is of an accelerometer.",
    )


def _report(failures, num_files, on_failure):
    """Warns of the files that are not read, or raises."""
    reasons = [
        " ".join([f"{file.recording_id}: {error}", *_notes(error)])
        for file, error in failures.items()
    ]
    if on_failure == "warn" and len(failures) < num_files:
        text = f"{len(failures)} of {num_files} files are not read. "
        warnings.warn(text + " ".join(reasons), stacklevel=4)
        return
    advice = 'Pass `on_failure="warn"` to go on with the files that are read.'
    if len(failures) == 1:
        (error,) = failures.values()
        if num_files > 1:
            error.add_note(advice)
        raise error
    raise ValueError(
        message(
            "Every file of a folder must be a recording.",
            f"{len(failures)} of {num_files} that are not read. "
            + " ".join(reasons).rstrip("."),
            advice if len(failures) < num_files else "",
        )
    )


def _notes(error):
    return getattr(error, "__notes__", [])
