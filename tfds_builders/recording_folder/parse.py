"""Reads the `.csv` files of your own recordings."""

import itertools

import numpy as np

from tfds_builders.source_recording import (
    STANDARD_GRAVITY,
    SourceRecording,
    split_at_gaps,
)

ROWS_PER_BLOCK = 200_000
MAX_STEP_RATIO = 20  # of a step of `time` to that of the rate, or the reverse
G_PER_UNIT = {"g": 1.0, "m/s2": 1.0 / STANDARD_GRAVITY}


def parse_csv(file, subject, recording_id, config):
    """Reads one file.

    Args:
        file: binary file. A header, then rows.
        subject: str.
        recording_id: str.
        config: `RecordingFolderConfig`.

    Returns:
        list of `SourceRecording`, cut where time jumps.

    Raises:
        ValueError: if a column is missing, a cell is no number, the unit is
            not known, a label is not among the config's class names, or times
            are not in seconds.
    """
    header = file.readline().decode("utf-8-sig").strip().split(",")
    _check(header, recording_id, config)
    blocks = list(_read_blocks(file, header, recording_id, config))
    if not blocks:
        return []
    seconds, axes, labels = (np.concatenate(part) for part in zip(*blocks))
    if "time" in header:
        _check_times(seconds, recording_id, config)
    else:
        seconds = np.arange(len(axes)) / config.sample_rate_hz
    recording = SourceRecording(
        acceleration=(axes * G_PER_UNIT[config.unit]).astype(np.float32),
        labels=labels,
        sample_rate_hz=config.sample_rate_hz,
        subject_id=subject,
        recording_id=recording_id,
        sensor_position=config.sensor_position,
        time_seconds=seconds,
    )
    return split_at_gaps(recording, seconds)


def _check(header, recording_id, config):
    missing = sorted(set("xyz") - set(header))
    if missing or config.unit not in G_PER_UNIT:
        raise ValueError(
            f"{recording_id}.csv must have the columns x, y, z, and `unit` "
            f"must be one of {sorted(G_PER_UNIT)}. Received: a file without "
            f"{missing}, unit={config.unit!r}. Name the columns in its first "
            "row."
        )


def _check_times(seconds, recording_id, config):
    if not np.isfinite(seconds).all():
        raise ValueError(
            "`time` must be a number in each row. Received: "
            f"{np.count_nonzero(~np.isfinite(seconds))} rows of "
            f"{recording_id}.csv without one. Mend or leave out those rows."
        )
    if len(seconds) < 2:
        return
    step = np.percentile(np.diff(seconds), 50, method="lower")
    expected = 1 / config.sample_rate_hz
    # Clocks that tell whole seconds alone have many steps of none.
    if step > 0 and not 1 / MAX_STEP_RATIO < step / expected < MAX_STEP_RATIO:
        raise ValueError(
            "`time` must be in seconds, at about `sample_rate_hz`. Received: "
            f"{recording_id}.csv with a median step of {step:g}, where "
            f"{expected:g} is that of {config.sample_rate_hz:g} Hz. Divide "
            "milliseconds by 1000, or correct `sample_rate_hz`."
        )


def _read_blocks(file, header, recording_id, config):
    """Yields (times, axes, labels) of blocks of rows."""
    kinds = {"x": "f8", "y": "f8", "z": "f8", "time": "f8", "label": "U64"}
    names = [name for name in kinds if name in header]
    dtype = [(name, kinds[name]) for name in names]
    columns = [header.index(name) for name in names]
    while lines := list(itertools.islice(file, ROWS_PER_BLOCK)):
        try:
            rows = np.loadtxt(
                lines,
                dtype,
                delimiter=",",
                usecols=columns,
                ndmin=1,
                comments=None,
                encoding="utf-8",
            )
        except ValueError as error:
            raise ValueError(
                f"Each row of {recording_id}.csv must have numbers in "
                f"{names}. Received: {error}. Mend or leave out that row."
            ) from error
        axes = np.stack([rows[axis] for axis in "xyz"], axis=1)
        times = rows["time"] if "time" in names else np.zeros(len(rows))
        yield times, axes, _class_of(rows, names, recording_id, config)


def _class_of(rows, names, recording_id, config):
    classes = config.all_classes
    if "label" not in names:
        return np.full(len(rows), classes.index("null"))
    found, codes = np.unique(rows["label"], return_inverse=True)
    found = [str(name).strip() or "null" for name in found]
    unknown = sorted(set(found) - set(classes))
    if unknown:
        raise ValueError(
            f"Labels must be among `class_names`, {config.class_names}. "
            f"Received: {unknown} in {recording_id}.csv. Name them in the "
            "`RecordingFolderConfig`."
        )
    return np.array([classes.index(name) for name in found])[codes]
