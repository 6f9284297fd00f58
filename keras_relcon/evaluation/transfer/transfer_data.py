"""The windows of both sides of a transfer, checked and split by person."""

import dataclasses
import warnings

import numpy as np

from keras_relcon.checks import check_kind, message, some_of
from keras_relcon.data.units import check_windows_in_g
from keras_relcon.data.windows import Windows
from keras_relcon.evaluation import leaks
from keras_relcon.evaluation.people import names_of_people
from keras_relcon.evaluation.protocols.splits import held_out

TEST_FRACTION = 0.2


@dataclasses.dataclass(frozen=True, eq=False)
class Side:
    """The source, or the target.

    Attributes:
        name: str.
        windows: `Windows`, all valid ones.
        y: `(windows,)` int. Classes; -1 for those of no class.
        train: `(any,)` int. Windows of a class, of the training people.
        test: `(any,)` int. Windows of a class, of the test people.
        unlabelled: `(any,)` int. All windows of the training people.
        people: list of str. The test people, sorted.
    """

    name: str
    windows: Windows
    y: np.ndarray
    train: np.ndarray
    test: np.ndarray
    unlabelled: np.ndarray
    people: list[str]

    @property
    def subjects(self):
        return self.windows.subjects

    @property
    def num_train_people(self):
        return len(np.unique(self.subjects[self.train]))

    def counts(self, predicted, num_classes):
        """Counts of the test windows.

        Args:
            predicted: `(any,)` int. Classes, in the order of `test`.
            num_classes: int.

        Returns:
            `(people, true, predicted)` int.
        """
        counts = np.zeros((len(self.people), num_classes, num_classes), int)
        person = np.searchsorted(self.people, self.subjects[self.test])
        np.add.at(counts, (person, self.y[self.test], predicted), 1)
        return counts

    def describe(self):
        """Facts for a result, JSON-ready."""
        return {
            "name": self.name,
            "test": self.people,
            "train": np.unique(self.subjects[self.train]).tolist(),
            "train_windows": len(self.train),
            "test_windows": len(self.test),
            "unlabelled_windows": len(self.unlabelled),
        }


def make_side(name, argument, windows, codes_of, classes, test, seed):
    """Splits the windows of a data set.

    Args:
        name: str. Of the data set.
        argument: str. `"source"` or `"target"`, for messages.
        windows: `Windows`, labelled.
        codes_of: callable from labels to classes, as of `LabelMap`.
        classes: tuple of str.
        test: sequence of str, the test people; `None` for a fifth of all who
            have a class.
        seed: int. Draws them.

    Returns:
        `Side`.

    Raises:
        TypeError: if `windows` are no `Windows`.
        ValueError: if there are no labels, a test person is unknown, fewer
            than two people test, or a class is absent from a part.
    """
    check_kind(argument, windows, Windows, "`Windows`")
    if windows.labels is None:
        raise ValueError(
            message(
                f"`{argument}` must have labels.",
                "labels=None",
                "Read the recordings with their labels.",
            )
        )
    windows = windows.select(np.asarray(windows.valid, bool))
    subjects = windows.subjects.astype(str)
    windows = dataclasses.replace(windows, subjects=subjects)
    leaks.check_names_apart(windows.subjects)
    check_windows_in_g(windows.acceleration, "")
    y = codes_of(windows.labels)
    known = np.unique(subjects[y >= 0]).tolist()
    if test is None and len(known) > 2:
        test = held_out(known, TEST_FRACTION, 0.0, seed)[0].test
        if len(test) < 2:
            test = held_out(known, 2 / len(known), 0.0, seed)[0].test
    people = sorted({str(person) for person in test or ()})
    if not set(people) <= set(known) or len(people) < 2:
        raise ValueError(
            message(
                f"`{argument}_test` must name two people or more of "
                f"`{argument}` who have windows of a shared class.",
                {f"{argument}_test": people},
                f"They are {known}.",
            )
        )
    is_test = np.isin(subjects, people)
    side = Side(
        name,
        windows,
        y,
        np.flatnonzero(~is_test & (y >= 0)),
        np.flatnonzero(is_test & (y >= 0)),
        np.flatnonzero(~is_test),
        people,
    )
    for part in ("train", "test"):
        rows = getattr(side, part)
        absent = [
            label
            for code, label in enumerate(classes)
            if not np.any(y[rows] == code)
        ]
        if absent:
            raise ValueError(
                message(
                    "Each class must have windows of training and of test "
                    "people, in source and target.",
                    f"no windows of {absent} in the {part} part of "
                    f"`{argument}`",
                    "Leave the class out of the label map, or choose other "
                    "test people.",
                )
            )
    return side


def check_apart(source, target):
    """Raises if a test window is, all but the same, in what is fitted on.

    Args:
        source, target: `Side`.

    Raises:
        ValueError: if rates or lengths differ, or test windows of either side
            are in its training part, or those of the target in the source; or
            both are of the same people, and one tests where another trains.
    """
    forms = [
        (side.windows.sample_rate_hz, side.windows.acceleration.shape[1])
        for side in (source, target)
    ]
    if forms[0] != forms[1]:
        raise ValueError(
            message(
                "Windows of source and target must have one rate and length.",
                f"{forms[0][0]:g} and {forms[1][0]:g} Hz, {forms[0][1]} and "
                f"{forms[1][1]} samples",
                "Cut both with the same arguments of `make_windows`.",
            )
        )
    _check_people_apart(source, target)
    none = np.array([], int)
    first = len(source.windows)
    both = np.concatenate(
        [source.windows.acceleration, target.windows.acceleration]
    )
    fitted_on = np.concatenate([np.arange(first), first + target.unlabelled])
    for rows in (
        {"train": source.unlabelled, "test": source.test},
        {"train": fitted_on, "test": first + target.test},
    ):
        rows["validation"] = none
        leaks.check_no_shared_windows(both, rows)
        leaks.check_no_near_copies(both, rows)


def _check_people_apart(source, target):
    """No test person of the target may train in the source."""
    train = set(np.unique(source.subjects[source.unlabelled]).tolist())
    shared = sorted(train & set(target.people))
    if not shared:
        return
    expected = (
        "Test people of the target must not be training people of the source."
    )
    advice = (
        "Pass the same people as `source_test` and `target_test`, where the "
        "two are of the same people"
    )
    if target.name in names_of_people(source.name):
        raise ValueError(message(expected, some_of(shared), f"{advice}."))
    found = f"{some_of(shared)} in both, by their names"
    warnings.warn(
        message(expected, found, f"{advice}; else pass their `names`."),
        stacklevel=4,
    )
