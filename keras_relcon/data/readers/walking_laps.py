"""Reads recordings with a table of walked laps and their targets."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_relcon.data.readers.read_recording import read_recording
from keras_relcon.data.store.intervals import Interval
from keras_relcon.data.target_windows import cut_intervals
from keras_relcon.data.windows import Windows
from keras_relcon.types import PathLike

TABLE = "laps.csv"
COLUMNS = ("subject", "recording", "start_seconds", "end_seconds")


def read_walking_laps(
    folder: PathLike,
    sample_rate_hz: float = 100,
    window_length: int = 256,
    stride: int = 128,
    recording_options: Mapping[str, Any] | None = None,
) -> Windows:
    """Reads any dataset of laps that have a target each, such as a speed.

    Section 4.2.1 of [RelCon](https://arxiv.org/abs/2411.18822) matches each
    2.56 s to the target of the lap it is in. The folder holds:

    - `laps.csv` with the columns `subject`, `recording`, `start_seconds`,
      `end_seconds`, and one for each target, with its unit in the name:
      `stride_velocity_m_s`, `double_support_time_s`. An empty cell is a
      target that is not known. Seconds count from the recording's start.
    - `<subject>/<recording>.csv`, or another file that `read_recording`
      reads.

    Args:
        folder: str or path. See above.
        sample_rate_hz: float. Rate of the windows. Defaults to `100`.
        window_length: int. Samples per window. Defaults to `256`.
        stride: int. Samples from one window's start to the next. Defaults to
            `128`.
        recording_options: dict. Arguments of `read_recording` for all files,
            such as `{"sample_rate_hz": 50, "unit": "m/s2"}`. Defaults to
            none.

    Returns:
        `Windows` without labels. Each lies inside one lap and has its
        targets; `recordings` are `<subject>/<recording>`.

    Raises:
        FileNotFoundError: if there is no `laps.csv`.
        ImportError: as `read_recording`.
        ValueError: if a column is missing or there is none with a target, a
            cell is not a number, a recording is not there or there in two
            files, a lap is outside its recording or overlaps another one, or
            no lap is as long as a window; and as `read_recording`.

    Example:

    >>> windows = read_walking_laps("gait/")
    >>> folds = keras_relcon.evaluation.repeated_held_out(windows.subjects)
    """
    folder = Path(folder)
    laps_of: dict[tuple[str, str], list[Any]] = {}
    for line, row in _read_rows(folder / TABLE):
        key = row["subject"], row["recording"]
        laps_of.setdefault(key, []).append((line, _interval(line, row)))
    items = []
    for (subject, name), laps in laps_of.items():
        recording = read_recording(
            _find(folder, subject, name, laps[0][0]),
            subject=subject,
            recording_id=f"{subject}/{name}",
            **(recording_options or {}),
        )
        laps.sort(key=lambda lap: lap[1].start_seconds)
        _check_laps(recording, laps)
        items.append((recording, [lap for _, lap in laps]))
    return cut_intervals(items, sample_rate_hz, window_length, stride)


def _read_rows(path):
    if not path.exists():
        raise FileNotFoundError(
            f"`folder` must hold `{TABLE}`. Received: {str(path.parent)!r}, "
            "without it. Write one row per lap."
        )
    with open(path, newline="", encoding="utf-8-sig") as file:
        table = csv.DictReader(file, skipinitialspace=True)
        header = [name.strip() for name in table.fieldnames or []]
        table.fieldnames = header
        rows = [(table.line_num, row) for row in table]
    missing = [name for name in COLUMNS if name not in header]
    targets = [name for name in header if name not in COLUMNS]
    if missing or not targets or len(set(header)) < len(header) or not rows:
        raise ValueError(
            f"`{TABLE}` must have the columns {list(COLUMNS)}, each once, at "
            "least one with a target, and rows. Received: the columns "
            f"{header} and {len(rows)} rows. Add what is missing: {missing}."
        )
    too_long = [line for line, row in rows if None in row]
    if too_long:
        raise ValueError(
            f"A line of `{TABLE}` must have at most {len(header)} cells, one "
            f"per column. Received: more in line {too_long[0]}. Use a point "
            "for decimals, and quotes around a name with a comma."
        )
    return rows


def _interval(line, row):
    numbers = {
        name: _number(line, name, cell)
        for name, cell in row.items()
        if name not in COLUMNS[:2]
    }
    start, end = (numbers.pop(name) for name in COLUMNS[2:])
    if not 0 <= start < end:
        raise ValueError(
            "A lap must begin at or after 0 s and end later. Received: "
            f"start_seconds={start}, end_seconds={end} in line {line} of "
            f"`{TABLE}`. Count from the start of the recording."
        )
    return Interval(start, end, targets=numbers)


def _number(line, name, cell):
    text = cell.strip() if isinstance(cell, str) else ""
    if not text and name not in COLUMNS:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(
            f"`{name}` must be a number in every line, or an empty cell if it "
            f"is a target that is not known. Received: {cell!r} in line "
            f"{line} of `{TABLE}`. Correct the cell."
        )
    return number


def _find(folder, subject, name, line):
    inside = folder / subject
    there = sorted(inside.iterdir()) if inside.is_dir() else []
    found = [file for file in there if name in (file.stem, file.name)]
    if len(found) != 1:
        raise ValueError(
            f"A recording of `{TABLE}` must be one file "
            f"`<subject>/<recording>.csv`, or of another kind. Received: "
            f"{subject}/{name} in line {line}, and the files "
            f"{[file.name for file in found or there]}. Name the file with "
            "its ending if there are several."
        )
    return found[0]


def _check_laps(recording, laps):
    # half a sample, for rounded seconds
    end = recording.duration_seconds + 0.5 / recording.sample_rate_hz
    for line, lap in laps:
        if lap.stop_seconds > end:
            raise ValueError(
                "A lap must be inside its recording. Received: line "
                f"{line} of `{TABLE}` ends at {lap.stop_seconds} s, and "
                f"{recording.recording_id!r} at "
                f"{recording.duration_seconds:g} s. Correct the seconds, or "
                "the rate of the recording."
            )
    for (line, lap), (other, after) in zip(laps[:-1], laps[1:]):
        if after.start_seconds < lap.stop_seconds:
            raise ValueError(
                "Laps of a recording must not overlap. Received: lines "
                f"{line} and {other} of `{TABLE}`, of "
                f"{recording.recording_id!r}. Correct the seconds."
            )
