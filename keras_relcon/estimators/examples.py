"""What an estimator is fitted on: windows, their labels, and whose they are."""

import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from keras_relcon.checks import message, some_of
from keras_relcon.data import (
    Recording,
    Windows,
    load_recordings,
    make_windows,
    read_recording,
)
from keras_relcon.data.readers.file_kinds import stem_of
from keras_relcon.data.windows import recording_name
from keras_relcon.estimators.hidden_markov import number_sequences
from keras_relcon.evaluation.embed_input import check_gravity


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows to fit a head on.

    Attributes:
        inputs: `(rows, time, 3)` float32, windows in g; or `(rows, columns)`,
            embeddings.
        values: `(rows,)`, labels or numbers.
        groups: `(rows,)`, the person of each row, or `None` where nobody says.
        sequences: `(rows,)` int: rows of one number follow one another in
            time. `None` where their order in time is not known.
        placements: tuple of str. Where the devices were worn, as far as the
            recordings say.
        sample_rate_hz: float, of the windows, or `None` where nobody says.
    """

    inputs: np.ndarray
    values: np.ndarray
    groups: np.ndarray | None = None
    sequences: np.ndarray | None = None
    placements: tuple[str, ...] = ()
    sample_rate_hz: float | None = None

    def __len__(self):
        return len(self.values)

    def with_values(self, values):
        """The same rows, with other values."""
        return replace(self, values=values)

    @property
    def are_windows(self):
        return self.inputs.ndim == 3


def is_array(x):
    """Whether `x` is rows, and no recordings, files or `Windows`."""
    return not (is_one(x) or isinstance(x, Windows) or _is_list_of(x))


def is_one(x):
    """Whether `x` is a single recording, file or folder."""
    return isinstance(x, (Recording, str, os.PathLike))


def _is_list_of(x):
    return isinstance(x, (list, tuple)) and len(x) and is_one(x[0])


def examples_of(x, window, values_of, groups=None, read_options=None):
    """Cuts labelled recordings into windows without overlap.

    A window has the most frequent label of its samples. Windows with missing
    samples or without a label are left out, and recordings without labels,
    with warnings that count them.

    Args:
        x: `Recording`, file, folder, a list of these, or `Windows`.
        window: `(sample_rate_hz, window_length)`.
        values_of: callable from `Windows` to their values, `(windows,)`, and
            where there is one, `(windows,)` bool: `labels_of` or `numbers_of`.
        groups: must be `None`: recordings name their subjects.
        read_options: dict. Arguments of `load_recordings` for folders, and of
            `read_recording` for files.

    Returns:
        `Examples`.

    Raises:
        ValueError: if nothing is labelled, or `groups` are given.
    """
    if groups is not None:
        raise ValueError(
            message(
                "`groups` are for arrays: recordings and `Windows` name their "
                "subjects.",
                "groups",
                "Leave it out.",
            )
        )
    placements = ()
    windows = x
    if not isinstance(x, Windows):
        recordings = _labelled(_read_all(x, read_options))
        for index, recording in enumerate(recordings):
            check_gravity(recording, recording_name(recording, index))
        found = {r.placement for r in recordings if r.placement}
        placements = tuple(sorted(found))
        rate_hz, length = window
        windows = make_windows(recordings, rate_hz, length, stride=length)
    values, is_known = values_of(windows)
    is_usable = np.asarray(windows.valid, bool) & is_known
    if not is_usable.any():
        raise _nothing_labelled(
            f"{len(windows)} windows, none of them valid with a label"
        )
    if not is_usable.all():
        warnings.warn(
            f"{int(np.sum(~is_usable))} of {len(windows)} windows have missing "
            "samples or no label, and are left out.",
            stacklevel=4,
        )
    windows = windows.select(is_usable)
    seconds = windows.acceleration.shape[1] / windows.sample_rate_hz
    return Examples(
        windows.acceleration,
        values[is_usable],
        np.asarray(windows.subjects),
        number_sequences(windows.recordings, windows.start_seconds, seconds),
        placements,
        float(windows.sample_rate_hz),
    )


def labels_of(windows):
    """The labels of windows, and where there is one."""
    if windows.labels is None:
        raise _nothing_labelled("windows without labels")
    labels = np.asarray(windows.labels).astype(str)
    return labels, labels != ""


def numbers_of(windows, target=None):
    """The numbers that belong to windows, and where there is one.

    Args:
        windows: `Windows`.
        target: str. Key of `Windows.targets`. Defaults to `None`: the only
            target, or where there is none the labels, read as numbers.

    Returns:
        `(windows,)` float64, and `(windows,)` bool.

    Raises:
        ValueError: if there is no such target, or a label is no number.
    """
    names = list(windows.targets)
    if target is not None or len(names) > 1:
        if target not in names:
            raise ValueError(
                message(
                    "`target` must be one of the targets of the windows, "
                    f"{some_of(names) or 'of which there are none'}.",
                    {"target": target},
                    "Choose one.",
                )
            )
        names = [target]
    if names:
        numbers = np.asarray(windows.targets[names[0]], "float64")
        return numbers, np.isfinite(numbers)
    labels, is_known = labels_of(windows)
    numbers = np.full(len(labels), np.nan)
    texts, codes = np.unique(labels[is_known], return_inverse=True)
    numbers[is_known] = np.array([_number(text) for text in texts.tolist()])[
        codes
    ]
    return numbers, is_known


def check_no_none(expected, values):
    """Raises a ValueError where one is `None` or NaN."""
    import pandas

    is_missing = pandas.isna(np.asarray(values))
    if is_missing.any():
        raise ValueError(
            message(
                expected,
                f"{is_missing.sum()} of {len(values)} rows without one",
                "Leave these rows out, or name them.",
            )
        )


def check_people(groups):
    """Raises a ValueError unless all are numbers, or all texts."""
    check_no_none("`groups` must name the person of each row.", groups)
    is_text = {isinstance(each, str) for each in groups.tolist()}
    if len(is_text) > 1:
        raise ValueError(
            message(
                "`groups` must be all numbers or all texts.",
                "an array of both",
                "Pass `groups.astype(str)`.",
            )
        )


def _number(text):
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise ValueError(
            message(
                "Labels must be numbers, such as '1.25'.",
                f"the label {text!r}",
                "Use `MotionClassifier` for names, and leave the label empty "
                "where there is no number.",
            )
        )
    return number


def _read_all(x, read_options):
    """Reads recordings, files and folders into a list of `Recording`."""
    options = dict(read_options or {})
    recordings, subjects = [], set()
    for item in [x] if is_one(x) else x:
        if isinstance(item, Recording):
            recordings.append(item)
        elif Path(item).is_dir() or Path(item).suffix.lower() == ".zip":
            recordings += load_recordings(item, **options)
        else:
            name = {"subject": stem_of(item), "recording_id": stem_of(item)}
            if "subject" not in options and name["subject"] in subjects:
                raise ValueError(
                    message(
                        "Files must have different names, because the name "
                        "is taken for the subject.",
                        f"{name['subject']!r} twice",
                        "Pass their folder, or a `Recording` with its subject "
                        "for each.",
                    )
                )
            subjects.add(name["subject"])
            recordings.append(read_recording(item, **{**name, **options}))
    return recordings


def _labelled(recordings):
    labelled = [r for r in recordings if r.labels is not None]
    names = [
        r.recording_id or r.subject for r in recordings if r.labels is None
    ]
    if not labelled:
        raise _nothing_labelled(f"{len(recordings)} recordings without labels")
    if names:
        warnings.warn(
            f"{len(names)} of {len(recordings)} recordings have no labels, and "
            f"are left out: {some_of(names)}.",
            stacklevel=5,
        )
    return labelled


def _nothing_labelled(received):
    return ValueError(
        message(
            "There must be labelled recordings.",
            received,
            "Give each a column `label`, or a file `<name>.labels.csv` beside "
            "it.",
        )
    )


def thin_rows(labels, groups, max_rows):
    """Picks at most `max_rows` rows, evenly over people and classes.

    Of each class of each person as many are taken, as far as there are so
    many, at even distances in their order.

    Args:
        labels, groups: `(rows,)`; `groups` may be `None`.
        max_rows: int.

    Returns:
        `(picked,)` int, rising.
    """
    num_rows = len(labels)
    if num_rows <= max_rows:
        return np.arange(num_rows)
    _, codes = np.unique(np.asarray(labels).astype(str), return_inverse=True)
    if groups is not None:
        _, people = np.unique(
            np.asarray(groups).astype(str), return_inverse=True
        )
        codes = codes * (people.max() + 1) + people
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    sizes = np.array([len(part) for part in parts])
    least, most = 1, int(sizes.max())
    while least < most:  # the largest share that fits
        middle = (least + most + 1) // 2
        fits = np.minimum(sizes, middle).sum() <= max_rows
        least, most = (middle, most) if fits else (least, middle - 1)
    picked = [
        part[
            np.arange(min(len(part), least))
            * len(part)
            // min(len(part), least)
        ]
        for part in parts
    ]
    return np.sort(np.concatenate(picked))
