"""Reads all recordings of a known archive, or of a folder of .csv files."""

import zipfile
from pathlib import Path

from keras_relcon.data.readers.motionsense import (
    is_motionsense,
    read_motionsense,
)
from keras_relcon.data.readers.read_recording import read_recording
from keras_relcon.data.readers.tables import list_columns
from keras_relcon.data.readers.timestamp_columns import guess_timestamp_unit
from keras_relcon.data.readers.wisdm_watch import (
    is_wisdm_watch,
    read_wisdm_watch,
)
from keras_relcon.data.readers.zip_archive import open_zip

ACCEPTED = (
    "a MotionSense zip (`A_DeviceMotion_data.zip`), a WISDM zip "
    "(`wisdm-dataset.zip`), or a folder of `<subject>/<name>.csv` files"
)


def load_recordings(path, sample_rate_hz=None, unit="g"):
    """Reads every recording below a path, whatever is known there.

    A folder holds `<subject>/<name>.csv` files with the columns `x`, `y`, `z`
    and, where there are, `time` and `label`. Times are in seconds, unless the
    first of them fit ms, us or ns alone, or are ISO 8601 dates.

    Args:
        path: str or path. A MotionSense zip, a WISDM zip, or a folder.
        sample_rate_hz: float. For a folder, rate of the files without a `time`
            column. Defaults to `None`.
        unit: str. For a folder, `"g"` or `"m/s2"`. Defaults to `"g"`.

    Returns:
        list of `Recording`, in g. Ids of a folder are `<subject>/<name>`.

    Raises:
        FileNotFoundError: if there is nothing at `path`.
        ValueError: if it is none of these; the message lists them. Also as
            `read_motionsense`, `read_wisdm_watch` and `read_recording`.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"`path` must be {ACCEPTED}. "
            f"Received: path={str(path)!r}, which does not exist."
        )
    if path.is_dir():
        return _read_folder(path, sample_rate_hz, unit)
    if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        with open_zip(path) as archive:
            names = archive.namelist()
        if is_motionsense(names):
            return read_motionsense(path)
        if is_wisdm_watch(names):
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


def _read_folder(folder, sample_rate_hz, unit):
    files = sorted(
        file
        for file in folder.glob("*/*.csv")
        if not file.name.startswith(".") and file.parent.name[0] != "."
    )
    if not files:
        raise ValueError(
            f"`path` must be {ACCEPTED}. "
            f"Received: path={str(folder)!r}, a folder without such files."
        )
    return [_read_file(file, sample_rate_hz, unit) for file in files]


def _read_file(file, sample_rate_hz, unit):
    columns = list_columns(file)
    has_time = "time" in columns
    time_unit = guess_timestamp_unit(file, "time", ",") if has_time else None
    return read_recording(
        file,
        subject=file.parent.name,
        sample_rate_hz=None if has_time else sample_rate_hz,
        unit=unit,
        timestamp_column="time" if has_time else None,
        timestamp_unit=time_unit,
        label_column="label" if "label" in columns else None,
        recording_id=f"{file.parent.name}/{file.stem}",
    )
