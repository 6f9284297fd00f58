"""Folds: their training, validation and test subjects."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_relcon.checks import check_kind, check_number

PARTS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class Fold:
    """The training, validation and test subjects of one fold.

    Args:
        train: tuple of str. Subjects on which the classifier is fitted.
        validation: tuple of str. Subjects by which hyper-parameters are
            chosen. May be empty.
        test: tuple of str. Subjects that are scored.

    Raises:
        ValueError: if a subject is in two parts, or twice in one, or if
            `train` or `test` is empty.
        TypeError: if a part is a single str.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    leak = None  # no subject is in two parts

    def rows(self, subjects: ArrayLike) -> dict[str, np.ndarray]:
        """Indices of the windows of each part.

        Args:
            subjects: `(windows,)` str.

        Returns:
            dict of `"train"`, `"validation"` and `"test"` to `(rows,)` int.
        """
        return {
            part: np.flatnonzero(np.isin(subjects, getattr(self, part)))
            for part in PARTS
        }

    def describe(self) -> dict[str, list[str]]:
        """Returns the parts as JSON-ready values."""
        return {part: list(getattr(self, part)) for part in PARTS}

    def __post_init__(self):
        seen = {}
        for part in PARTS:
            subjects = getattr(self, part)
            if isinstance(subjects, str):
                raise TypeError(
                    f"`{part}` must be a tuple of subjects. "
                    f"Received: {part}={subjects!r}. Write ({subjects!r},)."
                )
            subjects = tuple(str(subject) for subject in subjects)
            object.__setattr__(self, part, subjects)
            if not subjects and part != "validation":
                raise ValueError(
                    f"`{part}` must hold at least one subject. "
                    f"Received: {part}=(). Use fewer folds or a smaller "
                    "validation part."
                )
            for subject in subjects:
                if subject in seen:
                    raise ValueError(
                        "A subject must be in one part of a fold, once. "
                        f"Received: subject {subject!r} in "
                        f"{seen[subject]} and in {part}. Remove it from one."
                    )
                seen[subject] = part


@dataclasses.dataclass(frozen=True, eq=False)
class LeakyFold:
    """The rows of a released evaluation, although they leak.

    Use it only to repeat published figures. Every output of a report with such
    a fold shows `leak`.

    Args:
        train_rows: `(rows,)` int. Windows on which the classifier is fitted.
        validation_rows: `(rows,)` int. Windows by which hyper-parameters are
            chosen. May be empty.
        test_rows: `(rows,)` int. Windows that are scored.
        test: tuple of str. Subjects that the fold is meant to test.
        leak: str. A sentence that says what leaks.
    """

    train_rows: np.ndarray
    validation_rows: np.ndarray
    test_rows: np.ndarray
    test: tuple[str, ...]
    leak: str

    def rows(self, subjects):
        """Indices of the windows of each part, see `Fold.rows`."""
        return {part: getattr(self, f"{part}_rows") for part in PARTS}

    def describe(self):
        """Returns the subjects, the leak and the rows, JSON-ready."""
        return {
            "test": list(self.test),
            "leak": self.leak,
            **{
                f"{part}_rows": np.asarray(rows).tolist()
                for part, rows in self.rows(None).items()
            },
        }


def few_labels(
    folds: Sequence[Fold], fraction: float, seed: int = 0
) -> list[Fold]:
    """Reduces folds to the labels of a share of the subjects.

    The same share of the training subjects and of the validation subjects is
    kept, because validation needs labels too. The test subjects stay. With the
    same seed, a smaller share is a part of a larger one.

    Args:
        folds: list of `Fold`.
        fraction: float in `(0, 1]`. Share of the subjects of each of the two
            parts, rounded up, so at least one. Usual values are 0.01, 0.05,
            0.1, 0.5 and 1.
        seed: int. Draws the subjects, separately in each fold. Defaults to
            `0`.

    Returns:
        list of `Fold`, in the order of `folds`.

    Raises:
        ValueError: if `fraction` is outside `(0, 1]`.
        TypeError: if a fold is not a `Fold`.

    Example:
    >>> from keras_relcon.evaluation.protocols import motionsense_table4
    >>> folds = motionsense_table4.motionsense_folds()
    >>> [len(fold.train) for fold in few_labels(folds, 0.1)]
    [2, 2, 2, 2, 2]
    """
    check_number(
        "fraction", fraction, above=0, most=1, advice="Use 0.01 for 1 %."
    )
    few = []
    for index, fold in enumerate(folds):
        check_kind(
            f"folds[{index}]",
            fold,
            Fold,
            "a `Fold`",
            "Use a protocol whose folds are made of subjects.",
        )
        generator = np.random.default_rng([seed, index])
        train = _keep(fold.train, fraction, generator)
        validation = _keep(fold.validation, fraction, generator)
        few.append(Fold(train, validation, fold.test))
    return few


def share(fraction, count):
    """A fraction of a count, rounded up to a whole number."""
    # 0.07 * 100 is 7.000000000000001 in floating point: round before ceil
    return math.ceil(round(fraction * count, 9))


def natural_order(subjects):
    """Sorts ids, numbers first and by value: "2", "10", "s01"."""
    return sorted(
        subjects,
        key=lambda s: (0, int(s), s) if s.isdecimal() else (1, 0, s),
    )


def _keep(subjects, fraction, generator):
    # the whole order is drawn, so a smaller share is the start of a larger one
    order = generator.permutation(len(subjects))
    num_kept = share(fraction, len(subjects))
    kept = set(order[:num_kept].tolist())
    return tuple(s for index, s in enumerate(subjects) if index in kept)
