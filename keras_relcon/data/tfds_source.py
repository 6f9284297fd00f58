"""Reads a prepared TFDS dataset of recordings, as of `tfds_builders`."""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_relcon.data.recording import Recording
from keras_relcon.data.resampling import regularize
from keras_relcon.data.store.window_store import WindowStore
from keras_relcon.data.streams.candidate_groups import CandidateGroups
from keras_relcon.types import PathLike

NEEDED = ("acceleration", "sample_rate_hz", "subject_id")


def tfds_recordings(
    source: Any,
    split: str = "train",
    data_dir: PathLike | None = None,
    subjects: Iterable[str] | str | None = None,
) -> Iterator[Recording]:
    """Yields the recordings of a TFDS dataset, chunks joined again.

    TensorFlow is needed only for data prepared as `tfrecord`, TFDS's default.
    Datasets of `tfds_builders` are read in order, a recording in memory at a
    time; others are read whole first, as their rows may be shuffled. Where a
    dataset has the times of its samples, these are put on a regular grid
    (`regularize`). Recordings of one sample are left out, with a warning.

    Args:
        source: str, builder or data source. A name (`"pamap2/hand"`), a
            `tfds.core.DatasetBuilder`, or what its `as_data_source(split)`
            returns.
        split: str. Defaults to `"train"`, which holds all subjects.
        data_dir: str or path. Where a named dataset was prepared. Defaults to
            TFDS's own folder.
        subjects: list of str, or str for one. Subjects to read. Defaults to
            all.

    Yields:
        `Recording`, in g. Labels are the class names; samples without one
        have `"null"`. Ids are `<recording_id>@<sensor_position>`; a part
        after missing chunks has the seconds of its start added.

    Raises:
        ImportError: if `tensorflow_datasets` is not installed.
        ValueError: if the dataset is not known, not prepared, or lacks a
            feature; when read to its end, if it has none of `subjects`.
        TypeError: if `source` is none of these.

    Example:

    >>> recordings = tfds_recordings("motionsense", data_dir=data_dir)
    >>> store = WindowStore.create("windows.h5", recordings)
    """
    data_source = _open(source, split, data_dir)
    features = data_source.dataset_info.features
    missing = sorted(set(NEEDED) - set(features))
    if missing:
        raise ValueError(
            f"The dataset must have the features {list(NEEDED)}. "
            f"Received: {data_source.dataset_info.name!r} without {missing}. "
            "Use a builder of `tfds_builders`, or make `Recording`s yourself."
        )
    names = features["label"].feature.names if "label" in features else None
    is_ordered = data_source.dataset_info.disable_shuffling
    return _read(data_source, names, is_ordered, subjects)


def store_from_tfds(
    source: Any,
    path: PathLike | None = None,
    sample_rate_hz: float = 100,
    window_length: int = 256,
    split: str = "train",
    data_dir: PathLike | None = None,
    subjects: Iterable[str] | str | None = None,
    **kwargs: Any,
) -> WindowStore:
    """Makes a `WindowStore` of a TFDS dataset.

    Args:
        source, split, data_dir, subjects: see `tfds_recordings`.
        path: str or path. The file to write, by `WindowStore.create`.
            Defaults to `None`: the signals are kept in memory.
        sample_rate_hz: float. Rate of the store. Defaults to `100`.
        window_length: int. Samples per window. Defaults to `256`.
        **kwargs: of `WindowStore.create`; in memory, `dtype` and
            `full_scale_g`.

    Returns:
        `WindowStore`.

    Raises:
        ImportError, TypeError, ValueError: see `tfds_recordings` and
            `WindowStore`.
        FileExistsError, OSError: with a `path`, see `WindowStore.create`.
    """
    recordings = tfds_recordings(source, split, data_dir, subjects)
    kwargs.update(sample_rate_hz=sample_rate_hz, window_length=window_length)
    if path is None:
        return WindowStore.from_recordings(list(recordings), **kwargs)
    return WindowStore.create(path, recordings, **kwargs)


def groups_from_tfds(
    source: Any,
    path: PathLike | None = None,
    sample_rate_hz: float = 100,
    window_length: int = 256,
    split: str = "train",
    data_dir: PathLike | None = None,
    subjects: Iterable[str] | str | None = None,
    **kwargs: Any,
) -> CandidateGroups:
    """Makes `CandidateGroups` of a TFDS dataset, through a store.

    Args:
        source, path, sample_rate_hz, window_length, split, data_dir,
            subjects: see `store_from_tfds`.
        **kwargs: of `CandidateGroups`.

    Returns:
        `CandidateGroups`.

    Raises:
        ImportError, TypeError, ValueError, OSError: see `store_from_tfds`
            and `CandidateGroups`.

    Example:

    >>> groups = groups_from_tfds("motionsense", batch_size=64)
    >>> model.fit(groups)
    """
    store = store_from_tfds(
        source, path, sample_rate_hz, window_length, split, data_dir, subjects
    )
    return CandidateGroups(store, **kwargs)


def _open(source, split, data_dir):
    if isinstance(source, str):
        source = _load(source, data_dir)
    if hasattr(source, "as_data_source"):
        if split not in source.info.splits:
            raise ValueError(
                "The dataset must be prepared, and have the split. Received: "
                f"{source.info.full_name!r} in {source.data_dir} with the "
                f"splits {list(source.info.splits)}, split={split!r}. Run "
                "`builder.download_and_prepare()`, or pass its `data_dir`."
            )
        source = _Rows(source, split)
    if not hasattr(source, "dataset_info"):
        raise TypeError(
            "`source` must be a name, a TFDS builder or a TFDS data source. "
            f"Received: source of type {type(source).__name__}. Pass "
            "`builder.as_data_source(split)`."
        )
    return source


def _load(name, data_dir):
    import tfds_builders

    tfds_builders.check_tfds()
    import tensorflow_datasets as tfds

    return tfds.builder(name, data_dir=data_dir)


class _Rows:
    """Examples of a builder, one after another, of any file format."""

    def __init__(self, builder, split):
        self.dataset_info = builder.info
        self._builder = builder
        self._split = split

    def __iter__(self):
        try:
            return iter(self._builder.as_data_source(self._split))
        except NotImplementedError:  # tfrecord is read by TensorFlow
            import tensorflow_datasets as tfds

            return iter(tfds.as_numpy(self._builder.as_dataset(self._split)))


@dataclass
class _Chunks:
    """Consecutive chunks of one recording."""

    key: tuple[Any, ...]
    rate_hz: float
    suffix: str = ""
    end: float = 0.0  # s, when the next regular chunk begins
    signals: list[Any] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    times: list[Any] = field(default_factory=list)

    def follows(self, key, rate_hz, start, is_timed):
        is_near = is_timed or abs(start - self.end) < 1.0 / rate_hz
        return self.key == key and self.rate_hz == rate_hz and is_near

    def add(self, example, start):
        signal = np.asarray(example["acceleration"], np.float32)
        self.signals.append(signal)
        self.end = start + len(signal) / self.rate_hz
        if "label" in example:
            self.labels.append(np.asarray(example["label"], np.int64))
        if "time_seconds" in example:
            times = np.asarray(example["time_seconds"], np.float64)
            self.times.append(start + times)


def _read(data_source, names, is_ordered, subjects):
    if isinstance(subjects, str):
        subjects = [subjects]
    wanted = None if subjects is None else {str(s) for s in subjects}
    examples = iter(data_source)
    if not is_ordered:
        examples = sorted(examples, key=lambda e: (_key(e), _start(e)))
    num_short, is_found = 0, wanted is None
    for chunks in _join(examples, wanted):
        is_found = True
        if sum(map(len, chunks.signals)) < 2:
            num_short += 1
            continue
        yield _to_recording(chunks, names)
    if num_short:
        warnings.warn(
            f"{num_short} recordings of one sample are left out.",
            stacklevel=2,
        )
    if not is_found:
        raise ValueError(
            "`subjects` must be in the dataset. Received: "
            f"subjects={sorted(wanted)}, none of which "
            f"{data_source.dataset_info.name!r} has. Leave it out to read all."
        )


def _join(examples, wanted):
    chunks = None
    for example in examples:
        key, start = _key(example), _start(example)
        if wanted is not None and key[0] not in wanted:
            continue
        rate_hz = float(example["sample_rate_hz"])
        is_timed = "time_seconds" in example
        if chunks is None or not chunks.follows(key, rate_hz, start, is_timed):
            is_part = chunks is not None and chunks.key == key
            if chunks is not None:
                yield chunks
            chunks = _Chunks(key, rate_hz, f"+{start:g}s" if is_part else "")
        chunks.add(example, start)
    if chunks is not None:
        yield chunks


def _to_recording(chunks, names):
    subject, recording_id, position = chunks.key
    acceleration = np.concatenate(chunks.signals)
    labels = np.concatenate(chunks.labels) if chunks.labels else None
    if chunks.times:
        # Packets that came late, or twice: in order of time, each once.
        times, rows = np.unique(np.concatenate(chunks.times), return_index=True)
        acceleration = acceleration[rows]
        labels = None if labels is None else labels[rows]
        if len(times) > 1:
            acceleration, _, labels = regularize(
                times, acceleration, chunks.rate_hz, labels
            )
    if labels is not None and (labels == labels[0]).all():
        labels = names[labels[0]]  # one str: no memory for long recordings
    elif labels is not None:
        labels = np.asarray(names)[labels]
    name = f"{recording_id}@{position}" if position else recording_id
    return Recording(
        acceleration,
        sample_rate_hz=chunks.rate_hz,
        subject=subject,
        labels=labels,
        recording_id=name + chunks.suffix,
    )


def _key(example):
    return tuple(
        _text(example.get(name, b""))
        for name in ("subject_id", "recording_id", "sensor_position")
    )


def _start(example):
    return float(example.get("start_seconds", 0.0))


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)
