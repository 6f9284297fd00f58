"""Reads the archives of public datasets, or a folder of recordings."""

import warnings
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.file_limits import check_expansion, check_is_file
from keras_relcon.data.label_intervals import LabelIntervals
from keras_relcon.data.readers.corpus import read_corpus
from keras_relcon.data.readers.file_kinds import is_readable
from keras_relcon.data.readers.folders import read_folder
from keras_relcon.data.recording import Recording
from keras_relcon.data.regularizing import regularize
from keras_relcon.data.units import to_g
from keras_relcon.types import PathLike, Unit

# The parsers are imported where they are used: they lie beside the TFDS
# builders, and where TFDS is installed it comes with them.

ACCEPTED = (
    "a MotionSense zip (`A_DeviceMotion_data.zip`), a WISDM zip "
    "(`wisdm-dataset.zip`), a `.npz` file as of `read_corpus`, or a folder of "
    "recordings, such as `<subject>/<name>.csv`"
)
MIN_SECONDS = 5.0
# An encrypted member is a RuntimeError; an unknown compression a kind of it.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


def load_recordings(
    path: PathLike,
    sample_rate_hz: float | None = None,
    unit: Unit = "g",
    on_clock_change: Literal["error", "split"] = "error",
    subject_pattern: str | None = None,
    on_failure: Literal["error", "warn"] = "error",
    labels: PathLike | LabelIntervals | None = None,
    **options: Any,
) -> list[Recording]:
    """Reads every recording below a path, whatever is known there.

    Of a folder every file that `read_recording` reads is read, also in the
    folders below. The subject is the name of the first folder below `path`, as
    in `<subject>/<name>.csv`, or else that of the file; see `recording_files`.
    A column `time`, and one called `label`, is used where it is there; other
    columns are guessed, see `guess_columns`. Times are in seconds, unless the
    first of them fit ms, us or ns alone, or are ISO 8601 dates. The files of
    devices bring their own rate, unit and times: what is said of them is for
    the other files.

    Args:
        path: str or path. A MotionSense zip, a WISDM zip, a `.npz` file as of
            `read_corpus`, or a folder.
        sample_rate_hz: float. For a folder, rate of the files without a `time`
            column. Defaults to `None`.
        unit: str. For a folder, `"g"` or `"m/s2"`. Defaults to `"g"`.
        on_clock_change: str. For a folder, `"error"`, or `"split"` to begin a
            new recording where times step back. Defaults to `"error"`.
        subject_pattern: str. For a folder, a regular expression with a group
            for the subject, as of `recording_files`. Defaults to `None`.
        on_failure: str. For a folder, what to do about files that cannot be
            read, after all others have been: `"error"`, or `"warn"` to go on
            without them. Both name each file and the reason. Defaults to
            `"error"`.
        labels: For a folder, as of `read_recording`; or another folder (a
            path, or a str that ends in `/`) with `<subject>/<name>.csv` for
            the recording of that id; or a file of labels of several
            recordings, with a column `subject` or `recording`. Defaults to
            `None`: a column, or `<name>.labels.csv` beside a file.
        **options: For a folder, other arguments of `read_recording`.

    Returns:
        list of `Recording`, in g. Ids of a folder are the paths below it
        without their endings, such as `<subject>/<name>`, and
        `<subject>/<name>_0`, `_1`, ... of a file that is split.

    Raises:
        FileNotFoundError: if there is nothing at `path`.
        ValueError: if it is none of these; the message lists them. Also as
            `read_motionsense`, `read_wisdm_watch`, `recording_files` and
            `read_recording`; of several files that cannot be read, one error
            that lists them.
    """
    from tfds_builders.motionsense import parse as motionsense
    from tfds_builders.source_recording import find_members
    from tfds_builders.wisdm_watch import parse as wisdm_watch

    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"`path` must be {ACCEPTED}. "
            f"Received: path={str(path)!r}, which does not exist. "
            "Check its name and folder."
        )
    if path.is_dir():
        recordings = read_folder(
            path,
            subject_pattern,
            on_failure,
            sample_rate_hz=sample_rate_hz,
            unit=unit,
            on_clock_change=on_clock_change,
            labels=labels,
            **options,
        )
        if not recordings:
            raise ValueError(
                f"`path` must be {ACCEPTED}. Received: path={str(path)!r}, a "
                "folder without such files."
            )
        return recordings
    given = {
        "sample_rate_hz": sample_rate_hz,
        "unit": None if unit == "g" else unit,
        "on_clock_change": None if on_clock_change == "error" else "split",
        "subject_pattern": subject_pattern,
        "on_failure": None if on_failure == "error" else on_failure,
        "labels": labels,
        **options,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if given and path.suffix != ".npz" and is_readable(path):
        raise ValueError(
            message(
                f"`path` must be {ACCEPTED}.",
                f"path={str(path)!r}, one recording",
                "Put it into a folder, or read it with `read_recording`.",
            )
        )
    if given:
        raise ValueError(
            message(
                "What is said of the files of a folder must be left out of an "
                f"archive: {', '.join(f'`{name}`' for name in given)}.",
                f"path={str(path)!r}, which is a file",
                "Leave it out, or read the file with `read_recording`.",
            )
        )
    check_is_file(path)
    if path.suffix == ".npz":
        return list(read_corpus(path))
    if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        with open_zip(path) as archive:
            names = archive.namelist()
        if find_members(names, motionsense.MEMBER):
            return read_motionsense(path)
        if find_members(names, wisdm_watch.MEMBER):
            return read_wisdm_watch(path)
        inner = [name for name in names if name.lower().endswith(".zip")]
        if inner:
            raise ValueError(
                f"`path` must be {ACCEPTED}. Received: path={str(path)!r}, "
                f"which holds {inner[0]!r}. Unpack it once."
            )
    raise ValueError(
        f"`path` must be {ACCEPTED}. Received: path={str(path)!r}, with none "
        "of their layouts. Read other files with `read_recording`."
    )


def read_motionsense(zip_path: PathLike) -> list[Recording]:
    """Reads the recordings of MotionSense's `A_DeviceMotion_data.zip`.

    [Malekzadeh et al., 2019](https://doi.org/10.1145/3302505.3310068): a
    phone in the front pocket, 24 subjects, 50 Hz. Acceleration is the total:
    the phone's gravity estimate plus its user acceleration, in g.

    A number of recordings other than 360 is warned of.

    Args:
        zip_path: str or path. Members `<act>_<trial>/sub_<k>.csv`.

    Returns:
        list of `Recording`, by trial then subject. Subjects are `"1"` to
        `"24"`; labels are downstairs, upstairs, walking, jogging, standing,
        sitting; ids are `<act>_<trial>/sub_<k>`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the archive is damaged or has no such member, or one
            lacks a column or holds no numbers.
    """
    from tfds_builders.motionsense import parse
    from tfds_builders.source_recording import find_members

    recordings = []
    with open_zip(zip_path) as archive:
        matches = find_members(archive.namelist(), parse.MEMBER)
        if not matches:
            raise ValueError(
                f"A MotionSense archive must hold {parse.LAYOUT}. "
                f"Received: {zip_path}, with none. Download "
                "`A_DeviceMotion_data.zip` of the authors."
            )
        for match in sorted(
            matches, key=lambda m: (m[2], int(m[3]), int(m[4]))
        ):
            with archive.open(match.string) as file:
                source = parse.parse_device_motion(file, match)
            recordings.append(
                Recording(
                    source.acceleration,
                    sample_rate_hz=source.sample_rate_hz,
                    subject=source.subject_id,
                    labels=parse.CLASS_NAMES[source.labels[0]],
                    recording_id=source.recording_id,
                )
            )
    if len(recordings) != parse.NUM_RECORDINGS:
        warnings.warn(
            f"MotionSense has {parse.NUM_RECORDINGS} recordings; this archive "
            f"has {len(recordings)}.",
            stacklevel=2,
        )
    return recordings


def read_wisdm_watch(zip_path: PathLike) -> list[Recording]:
    """Reads the watch acceleration of `wisdm-dataset.zip`.

    [Weiss et al., 2019](https://doi.org/10.1109/ACCESS.2019.2940729): a watch
    on the wrist, 18 activities of about three minutes, nominally 20 Hz with
    irregular times, m/s2. Each run of one activity is split where time goes
    back or a step is longer than a second, and put on a regular grid of 20 Hz.
    Pieces shorter than 5 s, and rows of another form, are left out, with a
    warning.

    Args:
        zip_path: str or path. Members `raw/watch/accel/
            data_<subject>_accel_watch.txt` and `activity_key.txt`.

    Returns:
        list of `Recording`, in g, by subject and time. Labels are the names of
        `activity_key.txt`; ids are `<subject>/<activity>_<n>`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the archive is damaged or has no such members, or one
            has no rows.
    """
    from tfds_builders.source_recording import find_members
    from tfds_builders.wisdm_watch import parse

    recordings, num_short = [], 0
    with open_zip(zip_path) as archive:
        matches = find_members(archive.namelist(), parse.MEMBER)
        keys = find_members(archive.namelist(), parse.ACTIVITY_KEY)
        if not matches or not keys:
            raise ValueError(
                f"A WISDM archive must hold {parse.LAYOUT} members. "
                f"Received: {zip_path}, without them. Download "
                "`wisdm-dataset.zip` of the UCI repository."
            )
        activities = parse.parse_activity_key(archive.read(keys[0].string))
        for match in matches:
            content = archive.read(match.string)
            rows = parse.parse_rows(content, match[1])
            if not len(rows):
                raise ValueError(
                    f"{match.string} must hold rows "
                    "`subject,activity,time,x,y,z`. Received: "
                    f"{len(content.splitlines())} rows of another form. "
                    "Download the archive again."
                )
            found, short = _split_watch(rows, match[1], activities)
            recordings += found
            num_short += short
    if num_short:
        warnings.warn(
            f"{num_short} pieces are shorter than {MIN_SECONDS:g} s and are "
            "left out.",
            stacklevel=2,
        )
    return recordings


@contextmanager
def open_zip(path):
    """Yields the `zipfile.ZipFile` of a path.

    Raises:
        ValueError: if it is no zip, or if a member that is read is damaged or
            encrypted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_expansion(path, sum(each.file_size for each in members))
            yield archive
    except UNREADABLE as error:
        raise ValueError(
            "`path` must be a complete zip archive. "
            f"Received: path={str(path)!r}: {error}. Download it again."
        ) from error


def _split_watch(rows, subject, activities):
    """Recordings of one file, and how many pieces were too short."""
    from tfds_builders.source_recording import MAX_GAP_SECONDS
    from tfds_builders.wisdm_watch.parse import SAMPLE_RATE_HZ

    steps = np.diff(rows["time_ns"])
    is_break = (
        (rows["activity"][1:] != rows["activity"][:-1])
        | (steps < 0)
        | (steps > MAX_GAP_SECONDS * 1e9)
    )
    recordings, num_short, num_of_label = [], 0, {}
    for piece in np.split(rows, np.flatnonzero(is_break) + 1):
        # A repeated time brings no new sample: keep the first.
        is_new = np.diff(piece["time_ns"], prepend=-1) != 0
        piece = piece[is_new]
        seconds = (piece["time_ns"] - piece["time_ns"][0]) / 1e9
        if seconds[-1] < MIN_SECONDS:
            num_short += 1
            continue
        label = activities.get(piece["activity"][0], piece["activity"][0])
        number = num_of_label[label] = num_of_label.get(label, 0) + 1
        axes = np.stack([piece[axis] for axis in "xyz"], axis=1)
        acceleration, rate, _ = regularize(seconds, axes, SAMPLE_RATE_HZ)
        recordings.append(
            Recording(
                to_g(acceleration, "m/s2"),
                sample_rate_hz=rate,
                subject=subject,
                labels=label,
                recording_id=f"{subject}/{label}_{number}",
            )
        )
    return recordings, num_short
