from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from keras_relcon.data.clock_time import clock_texts
from keras_relcon.data.file_limits import bounded_npz
from keras_relcon.data.windows import fill_clock
from keras_relcon.kept_files import DAMAGED_NPZ, replacing
from keras_relcon.reprs import counted, described
from keras_relcon.types import PathLike

FORMATS = (".npz", ".parquet")
KEY = "key"
VECTOR_COLUMN = "embedding_{:03d}"
# Column of the table, attribute of the class.
TEXT_COLUMNS = {"recording": "recordings", "subject": "subjects"}
CLOCK = ("start_times", "time_zones")  # not in files of earlier versions


@dataclasses.dataclass(frozen=True)
class Embeddings:
    """The embedding of every window of one or more recordings, in order.

    Attributes:
        embeddings: `(windows, dim)` float32, unitless. A row is NaN where
            `valid` is False: an invalid window has no embedding.
        start_seconds: `(windows,)`. Start of each window, seconds from the
            start of its recording.
        valid: `(windows,)` bool.
        subjects: `(windows,)` str.
        recordings: `(windows,)` str. The recording that a window is from.
        start_times: `(windows,)` float64. Unix seconds of the start of each
            window, as of `Recording.start_time`; NaN without a clock, the
            default.
        time_zones: `(windows,)` str. As of `Recording.time_zone`; `""` where
            it is unknown, the default: `start_times` are then what the
            recording's own clock showed, counted as if that were UTC.

    Example:
    ```python
    result = keras_relcon.evaluation.embed(encoder, "walk.csv")
    result.save("walk.parquet")
    result = keras_relcon.evaluation.Embeddings.load("walk.parquet")
    ```
    """

    embeddings: np.ndarray
    start_seconds: np.ndarray
    valid: np.ndarray
    subjects: np.ndarray
    recordings: np.ndarray
    # `None` is replaced.
    start_times: np.ndarray = None  # type: ignore[assignment]
    time_zones: np.ndarray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        fill_clock(self)

    def __len__(self) -> int:
        return len(self.embeddings)

    def __repr__(self) -> str:
        return described(
            self,
            f"{counted(len(self), 'window')} of {self.embeddings.shape[1]} "
            "numbers",
            f"{np.sum(self.valid):,} valid",
            counted(len(np.unique(self.subjects)), "subject"),
            counted(len(np.unique(self.recordings)), "recording"),
        )

    def save(self, path: PathLike, key: str | None = None) -> Path:
        """Writes a file, completely or not at all.

        An NPZ file has one array for each attribute, with its name. A Parquet
        file is a table with one row per window: `recording`, `subject`,
        `start_seconds`, `valid`, `start` (clock time in ISO 8601, with the
        offset from UTC where that is known, or `""`), `start_unix_seconds`,
        `time_zone`, then `embedding_000`, `embedding_001`, ...

        Args:
            path: str or path, ending in `.npz` or `.parquet`. Its folder is
                made if it does not exist.
            key: str. Says what made the embeddings, so that a second run
                knows whether they are its own. Defaults to `None`.

        Returns:
            `Path`.

        Raises:
            ValueError: if the path ends otherwise.
            OSError: if the path is a symbolic link.
        """
        path = _checked(path)
        write = _write_parquet if path.suffix == ".parquet" else _write_npz
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            write(self, temporary, key)
        return path

    @classmethod
    def load(cls, path: PathLike) -> Embeddings:
        """Reads what `save` wrote.

        Files of earlier versions are without clock times.

        Args:
            path: str or path, ending in `.npz` or `.parquet`.

        Returns:
            `Embeddings`.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if the path ends otherwise, or the file is damaged or
                holds something else.
        """
        path = _checked(path)
        if not path.exists():
            raise FileNotFoundError(
                "`path` must be a file that `Embeddings.save` wrote. "
                f"Received: {str(path)!r}, which does not exist."
            )
        read = _read_parquet if path.suffix == ".parquet" else _read_npz
        try:
            return cls(**read(path))
        except DAMAGED_NPZ as error:
            raise ValueError(
                "`path` must be a file that `Embeddings.save` wrote. "
                f"Received: {str(path)!r}, which is damaged or holds "
                f"something else ({error}). Embed the recording again."
            ) from error


def saved_key(path):
    """Reads what was given to `Embeddings.save` as `key`.

    Args:
        path: str or path, ending in `.npz` or `.parquet`.

    Returns:
        str, or `None` where there is no such file, it has no key, or it is
        damaged.
    """
    path = _checked(path)
    read = _parquet_key if path.suffix == ".parquet" else _npz_key
    try:
        return read(path)
    except DAMAGED_NPZ:
        return None


def _checked(path: PathLike) -> Path:
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ValueError(
            f"`path` must end in one of {FORMATS}. "
            f"Received: {str(path)!r}. Rename it."
        )
    return path


def _names():
    return [field.name for field in dataclasses.fields(Embeddings)]


def _write_npz(embeddings, path, key):
    arrays = {name: getattr(embeddings, name) for name in _names()}
    for name in (*TEXT_COLUMNS.values(), "time_zones"):
        arrays[name] = np.asarray(arrays[name]).astype(str)
    if key is not None:
        arrays[KEY] = np.array(key)
    np.savez(path, **arrays)


def _npz_key(path):
    with bounded_npz(path) as archive:
        return str(archive[KEY])


def _read_npz(path):
    with bounded_npz(path) as archive:
        return {
            name: archive[name]
            for name in _names()
            if name in archive or name not in CLOCK
        }


def _write_parquet(embeddings, path, key):
    import pyarrow
    from pyarrow import parquet

    columns = {
        name: pyarrow.array(np.asarray(getattr(embeddings, attribute), object))
        for name, attribute in TEXT_COLUMNS.items()
    }
    columns["start_seconds"] = embeddings.start_seconds
    columns["valid"] = embeddings.valid
    starts = clock_texts(embeddings.start_times, embeddings.time_zones)
    columns["start"] = pyarrow.array(starts.astype(object))
    columns["start_unix_seconds"] = embeddings.start_times
    zones = np.asarray(embeddings.time_zones, object)
    columns["time_zone"] = pyarrow.array(zones)
    for index, values in enumerate(embeddings.embeddings.T):
        columns[VECTOR_COLUMN.format(index)] = np.ascontiguousarray(values)
    table = pyarrow.table(columns)
    if key is not None:
        table = table.replace_schema_metadata({KEY: key})
    parquet.write_table(table, path)


def _parquet_key(path):
    from pyarrow import parquet

    metadata = parquet.read_schema(path).metadata or {}
    return metadata[KEY.encode()].decode()


def _read_parquet(path):
    from pyarrow import parquet

    table = parquet.read_table(path)
    prefix = VECTOR_COLUMN.split("{")[0]
    vectors = [name for name in table.column_names if name.startswith(prefix)]
    if not vectors:
        raise ValueError(f"there is no column {VECTOR_COLUMN.format(0)!r}")
    # Column by column, so that the table is never in memory a second time.
    embeddings = np.empty((table.num_rows, len(vectors)), np.float32)
    for index, name in enumerate(vectors):
        embeddings[:, index] = table[name].to_numpy()
    attributes = {
        attribute: np.array(table[name].to_pylist(), dtype=str)
        for name, attribute in TEXT_COLUMNS.items()
    }
    if "time_zone" in table.column_names:
        attributes["start_times"] = table["start_unix_seconds"].to_numpy()
        zones = table["time_zone"].to_pylist()
        attributes["time_zones"] = np.array(zones, dtype=str)
    return {
        "embeddings": embeddings,
        "start_seconds": table["start_seconds"].to_numpy(),
        "valid": table["valid"].to_numpy(),
        **attributes,
    }
