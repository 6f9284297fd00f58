"""Reads the sets of the suite, and cuts their windows and folds."""

import dataclasses
import warnings
from pathlib import Path

import numpy as np

from keras_relcon.checks import message
from keras_relcon.data.windows import Windows, make_windows
from keras_relcon.evaluation.protocols.folds import Fold
from keras_relcon.evaluation.protocols.splits import (
    grouped_k_fold,
    leave_one_subject_out,
    repeated_held_out,
)
from keras_relcon.evaluation.protocols.wisdm_watch import (
    wisdm_watch_pretraining_subjects,
)
from keras_relcon.evaluation.suite.sets import SAME_PEOPLE

PROTOCOLS = ("suite", "biopm")
SAMPLE_RATE_HZ = 100
WINDOW_LENGTH = 256
MAX_WINDOWS = 2500
NUM_FOLDS = 5
# A class of fewer people may be in no training part, or in no test part.
MIN_PEOPLE_OF_CLASS = 3
MIN_WINDOWS_OF_CLASS = 20


@dataclasses.dataclass(frozen=True, eq=False)
class LoadedSet:
    """The windows and the folds of a set.

    Attributes:
        name: str.
        archive: str. Sets with an equal one share their people.
        windows: `Windows`, at 100 Hz, all with a label.
        folds: list of `Fold`, without validation subjects.
    """

    name: str
    archive: str
    windows: Windows
    folds: list[Fold]

    @property
    def people(self):
        """Sorted list of str, who is tested in a fold."""
        return sorted({s for fold in self.folds for s in fold.test})

    def describe(self):
        """Facts for a result, JSON-ready."""
        return {
            "windows": len(self.windows),
            "people": len(self.people),
            "classes": np.unique(self.windows.labels).tolist(),
            "folds": [fold.describe() for fold in self.folds],
        }


class DataFolder:
    """A folder with the files of the sets, each of which is read once.

    Args:
        path: str or path. It, or its folder `corpus`, holds the files.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._recordings = {}

    def find(self, file):
        """Returns the path of a file, or `None`."""
        for path in (self.path / file, self.path / "corpus" / file):
            if path.exists():
                return path
        return None

    def recordings(self, each):
        """Returns the recordings of the file of a `SuiteSet`."""
        if each.file not in self._recordings:
            recordings = list(each.read(self.find(each.file)))
            self._recordings[each.file] = recordings
        return self._recordings[each.file]


def load_sets(
    sets, folder, protocol="suite", seed=0, window_length=WINDOW_LENGTH
):
    """Reads sets from a folder and cuts their windows.

    Args:
        sets: list of `SuiteSet`.
        folder: `DataFolder`.
        protocol: str. `"suite"` or `"biopm"`, see `make_folds`.
        seed: int. Draws the windows and the folds.
        window_length: int. Samples at 100 Hz.

    Returns:
        `(list of LoadedSet, list of the names of absent sets)`.

    Raises:
        FileNotFoundError: if none of the files is there.
    """
    present = [each for each in sets if folder.find(each.file) is not None]
    absent = [each.name for each in sets if each not in present]
    if not present:
        raise FileNotFoundError(
            message(
                "`data` must be a folder with at least one of the files "
                f"{sorted({each.file for each in sets})}.",
                {"data": str(folder.path)},
                "Pass the folder that holds them.",
            )
        )
    loaded = [
        _load(each, folder, protocol, seed, window_length) for each in present
    ]
    return loaded, absent


def make_folds(subjects, protocol="suite", seed=0):
    """Folds of subjects without a validation part.

    Args:
        subjects: sequence of str. May repeat.
        protocol: str. `"suite"`: five folds, or as many as there are people;
            each person is tested once. `"biopm"`, as BioPM
            ([arXiv 2603.10961](https://arxiv.org/abs/2603.10961)) is scored:
            with ten people or fewer each is left out once, else five random
            splits test 20 % of the people.
        seed: int.

    Returns:
        list of `Fold`.
    """
    num_people = len(np.unique(subjects))
    if protocol == "suite":
        return grouped_k_fold(subjects, min(NUM_FOLDS, num_people), 0, seed)
    if num_people <= 10:
        return leave_one_subject_out(subjects, num_validation=0)
    seeds = range(seed, seed + NUM_FOLDS)
    return repeated_held_out(subjects, 0.2, 0, seeds)


def wisdm_training_windows(recordings, seed=0, window_length=WINDOW_LENGTH):
    """2,500 windows of the people of WISDM who may be pretrained on."""
    allowed = wisdm_watch_pretraining_subjects([r.subject for r in recordings])
    return draw_windows(
        recordings, allowed, seed=seed, window_length=window_length
    )


def draw_windows(
    recordings,
    subjects=None,
    no_class=(),
    seed=0,
    window_length=WINDOW_LENGTH,
    name="a set",
):
    """Draws at most 2,500 windows of classes with enough windows.

    Windows at 100 Hz begin every half of their length. A class needs 20
    windows and three people.

    Args:
        recordings: list of `Recording`, labelled.
        subjects: sequence of str. Whose windows, or `None`.
        no_class: sequence of str. Labels that are no class.
        seed: int.
        window_length: int. Samples.
        name: str. What the error calls the recordings.

    Returns:
        `Windows`, in the order of the recordings.

    Raises:
        ValueError: if fewer than two classes have enough windows.
    """
    chosen = [
        recording
        for recording in recordings
        if subjects is None or recording.subject in subjects
    ]
    with warnings.catch_warnings():
        # Short recordings are common here, and each run would name them.
        warnings.filterwarnings("ignore", message=".*shorter than a window")
        windows = make_windows(
            chosen, SAMPLE_RATE_HZ, window_length, window_length // 2
        )
    classes = [
        label
        for label in np.unique(windows.labels).tolist()
        if label and label not in no_class and _is_enough(windows, label)
    ]
    if len(classes) < 2:
        raise ValueError(
            message(
                f"There must be two classes of {MIN_WINDOWS_OF_CLASS} windows "
                f"of {window_length / SAMPLE_RATE_HZ:g} s and "
                f"{MIN_PEOPLE_OF_CLASS} people in {name}.",
                f"{classes} of {np.unique(windows.labels).tolist()}",
                "Pass a folder with the whole files, a shorter "
                "`window_length`, or the names of other `sets`.",
            )
        )
    rows = np.flatnonzero(windows.valid & np.isin(windows.labels, classes))
    if len(rows) > MAX_WINDOWS:
        generator = np.random.default_rng(seed)
        rows = np.sort(generator.choice(rows, MAX_WINDOWS, replace=False))
    return windows.select(rows)


def _is_enough(windows, label):
    is_class = windows.valid & (windows.labels == label)
    num_people = len(np.unique(windows.subjects[is_class]))
    return (
        num_people >= MIN_PEOPLE_OF_CLASS
        and is_class.sum() >= MIN_WINDOWS_OF_CLASS
    )


def _load(each, folder, protocol, seed, window_length):
    recordings = folder.recordings(each)
    windows = draw_windows(
        recordings,
        each.subjects,
        each.no_class,
        seed,
        window_length,
        each.name,
    )
    if each.split == "folds":
        folds = make_folds(windows.subjects, protocol, seed)
    elif each.split == "leave_one_out":
        folds = leave_one_subject_out(windows.subjects, 0)
    else:
        others = wisdm_training_windows(recordings, seed, window_length)
        train, test = np.unique(others.subjects), np.unique(windows.subjects)
        windows = _join(others, windows)
        folds = [Fold(tuple(train), (), tuple(test))]
    archive = SAME_PEOPLE.get(each.file, each.file)
    return LoadedSet(each.name, archive, windows, folds)


def _join(first, second):
    columns = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in (
            "acceleration",
            "subjects",
            "labels",
            "recordings",
            "start_seconds",
            "valid",
        )
    }
    return Windows(**columns, sample_rate_hz=first.sample_rate_hz)
