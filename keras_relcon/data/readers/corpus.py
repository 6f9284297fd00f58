"""Reads the `.npz` files of the corpus: many recordings of one dataset each."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.file_limits import bounded_npz
from keras_relcon.data.recording import Recording
from keras_relcon.kept_files import DAMAGED_NPZ
from keras_relcon.types import PathLike

# Name of the array of samples, and how many of its steps make 1 g.
STEPS_PER_G = {"acc": 4096, "acc_64": 64}
RECORDING_LABELS = ("label_per_recording", "label")


def read_corpus(
    path: PathLike, subjects: Iterable[str] | None = None
) -> Iterator[Recording]:
    """Reads a `.npz` file of many recordings.

    It is the form in which this project keeps public sets.

    The file is a `.npz` of these arrays:

    - `acc`: `(num_samples, 3)` int16, 1/4096 g, all recordings in a row. Or
      `acc_64`, int8, 1/64 g.
    - `starts`: `(recordings,)` int. First sample of each recording.
    - `subject`: `(recordings,)` str.
    - `rate_hz`: float.
    - `recording`: `(recordings,)` str, names. May be absent.
    - Labels, where there are any: `label_per_recording` or `label`,
      `(recordings,)` str; or `labels`, `(num_samples,)`, an index into
      `label_names`.

    Args:
        path: str or path.
        subjects: sequence of str. Whose recordings are read. Defaults to
            `None`: everybody's.

    Yields:
        `Recording`, in g. Its labels are `None` where the file has none.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, lacks an array, or its arrays do
            not fit each other.

    Example:

    >>> recordings = list(keras_relcon.data.read_corpus("geotec_sw.npz"))
    """
    arrays = _load(path)
    name = next(name for name in STEPS_PER_G if name in arrays)
    samples, steps = arrays[name], STEPS_PER_G[name]
    bounds = np.append(arrays["starts"], len(samples))
    for index, subject in enumerate(arrays["subject"]):
        if subjects is not None and subject not in subjects:
            continue
        rows = slice(bounds[index], bounds[index + 1])
        yield Recording(
            samples[rows] / np.float32(steps),
            sample_rate_hz=float(arrays["rate_hz"]),
            subject=str(subject),
            labels=_labels(arrays, index, rows),
            recording_id=_name(arrays, index, path),
        )


def _labels(arrays, index, rows):
    for name in RECORDING_LABELS:
        if name in arrays:
            return str(arrays[name][index])
    if "labels" in arrays:
        return arrays["label_names"][arrays["labels"][rows]]
    return None


def _name(arrays, index, path):
    if "recording" in arrays:
        return str(arrays["recording"][index])
    return f"{Path(path).stem}/{index}"


def _load(path):
    if not Path(path).exists():
        raise FileNotFoundError(
            message(
                "`path` must be a file of the corpus.",
                f"path={str(path)!r}, which does not exist",
            )
        )
    try:
        with bounded_npz(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except DAMAGED_NPZ as error:
        raise ValueError(
            message(
                "`path` must be a complete `.npz` file of the corpus.",
                f"path={str(path)!r}, which cannot be read: {error}",
                "Copy it again.",
            )
        ) from error
    problem = _problem(arrays)
    if problem:
        raise ValueError(
            message(
                "A file of the corpus must hold `acc` or `acc_64`, `starts`, "
                "`subject` and `rate_hz`, which fit each other.",
                f"path={str(path)!r}, where {problem}",
                "See `read_corpus` for the format.",
            )
        )
    return arrays


def _problem(arrays):
    """What is wrong with the arrays, in words, or `None`."""
    has_samples = [name for name in STEPS_PER_G if name in arrays]
    absent = {"starts", "subject", "rate_hz"} - set(arrays)
    if not has_samples or absent:
        return f"{sorted(absent) or list(STEPS_PER_G)} are absent"
    samples, starts = arrays[has_samples[0]], arrays["starts"]
    if samples.ndim != 2 or samples.shape[1] != 3 or samples.dtype.kind != "i":
        return f"the samples are {samples.dtype} of shape {samples.shape}"
    lengths = np.diff(np.append(starts, len(samples)))
    if not len(starts) or starts[0] != 0 or lengths.min() < 2:
        return "`starts` does not rise from 0 to the end of the samples"
    for name in ("subject", "recording", *RECORDING_LABELS):
        if name in arrays and arrays[name].shape != starts.shape:
            return f"`{name}` has not one value for each of `starts`"
    if "labels" in arrays:
        labels, names = arrays["labels"], arrays.get("label_names", ())
        is_index = labels.dtype.kind in "iu" and labels.min() >= 0
        if (
            not is_index
            or labels.shape != samples.shape[:1]
            or labels.max() >= len(names)
        ):
            return "`labels` is no index into `label_names` for each sample"
    return None
