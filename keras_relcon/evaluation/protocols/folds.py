import dataclasses
import math

import numpy as np

PARTS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class Fold:
    """Which subjects train, which choose, and which are tested.

    Args:
        train: tuple of str. Subjects the classifier is fitted on.
        validation: tuple of str. Subjects that choose hyper-parameters; may
            be empty.
        test: tuple of str. Subjects that are scored.

    Raises:
        ValueError: if a subject is in two parts, or twice in one, or if
            `train` or `test` is empty.
        TypeError: if a part is a single str.
    """

    train: tuple
    validation: tuple
    test: tuple

    leak = None  # no subject is in two parts

    def rows(self, subjects):
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

    def describe(self):
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
    """Rows as a released evaluation took them, though they leak.

    Only for repeating published figures: every output of a report that has
    such a fold carries `leak`.

    Args:
        train_rows: `(rows,)` int. Windows the classifier is fitted on.
        validation_rows: `(rows,)` int. Windows that choose; may be empty.
        test_rows: `(rows,)` int. Windows that are scored.
        test: tuple of str. Subjects the fold is meant to test.
        leak: str. What leaks, in a sentence.
    """

    train_rows: np.ndarray
    validation_rows: np.ndarray
    test_rows: np.ndarray
    test: tuple
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


def grouped_k_fold(subjects, num_folds=5, validation_fraction=0.2, seed=0):
    """Folds in which every subject is tested exactly once.

    Args:
        subjects: sequence of str. May repeat, e.g. one per window.
        num_folds: int. Defaults to `5`.
        validation_fraction: float in `[0, 1)`. Share of the subjects that
            are not tested which goes to validation, rounded up. Defaults to
            `0.2`.
        seed: int. Defaults to `0`.

    Returns:
        list of `Fold`.

    Raises:
        ValueError: if there are fewer than 3 subjects, or fewer subjects
            than folds, or fewer than 2 folds, or the fraction is out of its
            range, or nobody is left to train.
    """
    subjects = _unique(subjects)
    if not 2 <= num_folds <= len(subjects) or num_folds % 1:
        raise ValueError(
            "`num_folds` must be between 2 and the number of subjects, "
            f"{len(subjects)}, and whole. Received: num_folds={num_folds}. "
            "Use fewer folds, or `held_out` for a single split."
        )
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(subjects)
    folds = []
    for test in np.array_split(shuffled, num_folds):
        rest = [subject for subject in shuffled if subject not in set(test)]
        rest = generator.permutation(rest)
        num_validation = _num_validation(len(rest), validation_fraction)
        folds.append(_fold(rest[num_validation:], rest[:num_validation], test))
    return folds


def leave_one_subject_out(subjects, num_validation=1, validation="highest"):
    """One fold per subject, which alone is tested.

    Args:
        subjects: sequence of str. May repeat, e.g. one per window.
        num_validation: int. Validation subjects. Defaults to `1`.
        validation: str. Which of the other subjects these are, in natural
            order ("2" before "10"): the `"highest"`, what the released code
            of RelCon intends, or the `"lowest"`. Defaults to `"highest"`.

    Returns:
        list of `Fold`, in the natural order of the tested subjects.

    Raises:
        ValueError: if there are fewer than 3 subjects, nobody is left to
            train, or `validation` is none of these.
    """
    subjects = _unique(subjects)
    if validation not in ("highest", "lowest"):
        raise ValueError(
            "`validation` must be 'highest' or 'lowest'. "
            f"Received: validation={validation!r}. Use 'highest'."
        )
    is_whole = isinstance(num_validation, (int, np.integer))
    if not is_whole or not 0 <= num_validation <= len(subjects) - 2:
        raise ValueError(
            "`num_validation` must leave a subject to train and one to test "
            f"of {len(subjects)}, and be whole. "
            f"Received: num_validation={num_validation}. Use fewer "
            "validation subjects."
        )
    folds = []
    for test in subjects:
        rest = [subject for subject in subjects if subject != test]
        if validation == "lowest":
            rest = rest[num_validation:] + rest[:num_validation]
        num_train = len(rest) - num_validation
        folds.append(_fold(rest[:num_train], rest[num_train:], [test]))
    return folds


def held_out(subjects, test_fraction=0.2, validation_fraction=0.2, seed=0):
    """A single split: one fold whose test subjects are drawn at random.

    Args:
        subjects: sequence of str. May repeat, e.g. one per window.
        test_fraction: float in `(0, 1)`. Share of the subjects to test,
            rounded up. Defaults to `0.2`.
        validation_fraction: float in `[0, 1)`. Share of the others that goes
            to validation, rounded up. Defaults to `0.2`.
        seed: int. Defaults to `0`.

    Returns:
        list with one `Fold`.

    Raises:
        ValueError: if there are fewer than 3 subjects, a fraction is out of
            its range, or nobody is left to train.
    """
    subjects = _unique(subjects)
    if not 0 < test_fraction < 1:
        raise ValueError(
            "`test_fraction` must be between 0 and 1. "
            f"Received: test_fraction={test_fraction}. Use 0.2."
        )
    shuffled = np.random.default_rng(seed).permutation(subjects)
    num_test = share(test_fraction, len(subjects))
    test, rest = shuffled[:num_test], shuffled[num_test:]
    num_validation = _num_validation(len(rest), validation_fraction)
    return [_fold(rest[num_validation:], rest[:num_validation], test)]


def validation_folds(split, num_folds=5, seed=0):
    """Folds among the validation subjects of a split, each scored once.

    For choices made without the test subjects, of which several folds say how
    sure they are: pretrain on `split.train`, score on these.

    Args:
        split: `Fold`, such as the one of `held_out`.
        num_folds: int. Defaults to `5`.
        seed: int. Defaults to `0`.

    Returns:
        list of `Fold`: `validation` is a part of the split's, `train` the rest
        of it, `test` that of the split.

    Raises:
        ValueError: if the split has fewer than 3 validation subjects, or fewer
            than folds.
    """
    inner = grouped_k_fold(split.validation, num_folds, 0, seed)
    return [Fold(fold.train, fold.test, split.test) for fold in inner]


def share(fraction, count):
    """A fraction of a count, rounded up to a whole number."""
    # 0.07 * 100 is 7.000000000000001 in floating point: round before ceil
    return math.ceil(round(fraction * count, 9))


def natural_order(subjects):
    """Sorts ids with numbers first and by value: "2", "10", "s01"."""
    return sorted(
        subjects,
        key=lambda s: (0, int(s), s) if s.isdecimal() else (1, 0, s),
    )


def _unique(subjects):
    subjects = natural_order({str(subject) for subject in subjects})
    if len(subjects) < 3:
        raise ValueError(
            "A protocol needs at least 3 subjects, for train, validation "
            f"and test. Received: subjects={subjects}. Add subjects."
        )
    return subjects


def _num_validation(num_rest, fraction):
    if not 0 <= fraction < 1:
        raise ValueError(
            "`validation_fraction` must be at least 0 and below 1. "
            f"Received: validation_fraction={fraction}. Use 0.2."
        )
    return share(fraction, num_rest)


def _fold(train, validation, test):
    parts = (
        natural_order(map(str, part)) for part in (train, validation, test)
    )
    return Fold(*map(tuple, parts))
