"""Folds over any subjects: k-fold, leave one out, held out."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from keras_relcon.checks import check_number, check_one_of
from keras_relcon.evaluation.protocols.folds import Fold, natural_order, share


def grouped_k_fold(
    subjects: Sequence[str] | np.ndarray,
    num_folds: int = 5,
    validation_fraction: float = 0.2,
    seed: int = 0,
) -> list[Fold]:
    """Folds in which every subject is tested exactly once.

    Args:
        subjects: sequence of str. May repeat, e.g. one per window.
        num_folds: int. Defaults to `5`.
        validation_fraction: float in `[0, 1)`. Share of the other subjects
            that goes to validation, rounded up. Defaults to `0.2`.
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
    check_number("validation_fraction", validation_fraction, least=0, below=1)
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(subjects)
    folds = []
    for test in np.array_split(shuffled, num_folds):
        others = [subject for subject in shuffled if subject not in set(test)]
        rest = generator.permutation(others)
        num_validation = share(validation_fraction, len(rest))
        folds.append(_fold(rest[num_validation:], rest[:num_validation], test))
    return folds


def leave_one_subject_out(
    subjects: Sequence[str] | np.ndarray,
    num_validation: int = 1,
    validation: Literal["highest", "lowest"] = "highest",
) -> list[Fold]:
    """Makes one fold per subject, in which only this subject is tested.

    Args:
        subjects: sequence of str. May repeat, e.g. one per window.
        num_validation: int. Validation subjects. Defaults to `1`.
        validation: str. Which of the other subjects these are, in natural
            order ("2" before "10"): the `"highest"`, as the released code of
            RelCon intends, or the `"lowest"`. Defaults to `"highest"`.

    Returns:
        list of `Fold`, in the natural order of the tested subjects.

    Raises:
        ValueError: if there are fewer than 3 subjects, nobody is left to
            train, or `validation` is none of these.
    """
    subjects = _unique(subjects)
    check_one_of("validation", validation, ("highest", "lowest"))
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


def held_out(
    subjects: Sequence[str] | np.ndarray,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.2,
    seed: int = 0,
) -> list[Fold]:
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
    check_number("test_fraction", test_fraction, above=0, below=1)
    check_number("validation_fraction", validation_fraction, least=0, below=1)
    shuffled = np.random.default_rng(seed).permutation(subjects)
    num_test = share(test_fraction, len(subjects))
    test, rest = shuffled[:num_test], shuffled[num_test:]
    num_validation = share(validation_fraction, len(rest))
    return [_fold(rest[num_validation:], rest[:num_validation], test)]


def repeated_held_out(
    subjects: Sequence[str] | np.ndarray,
    test_fraction: float = 0.5,
    validation_fraction: float = 0.2,
    seeds: Sequence[int] = range(5),
) -> list[Fold]:
    """Several single splits, one for each seed.

    Section 4.2.1 of [RelCon](https://arxiv.org/abs/2411.18822) splits the
    subjects of its gait dataset in halves at random, and retrains five times
    with set seeds (Table 1).

    Args:
        subjects: sequence of str. May repeat, e.g. one per window.
        test_fraction: float in `(0, 1)`. Share of the subjects to test,
            rounded up. Defaults to `0.5`.
        validation_fraction: float in `[0, 1)`. Share of the others that goes
            to validation, rounded up. Defaults to `0.2`.
        seeds: sequence of int. One fold each. Defaults to `range(5)`.

    Returns:
        list of `Fold`. A subject is tested in about half of them.

    Raises:
        ValueError: if there are no seeds or a seed is there twice, and as
            `held_out`.

    Differs from the paper: it does not say whether the seeds redraw the split
    or only the probe. Here they redraw the split. The paper has no validation
    part.

    Example:
    >>> folds = keras_relcon.evaluation.repeated_held_out(windows.subjects)
    >>> len(folds)
    5
    """
    seeds = list(seeds)
    if not seeds or len(set(seeds)) != len(seeds):
        raise ValueError(
            "`seeds` must be different ints, at least one. "
            f"Received: seeds={seeds}. Use range(5)."
        )
    return [
        fold
        for seed in seeds
        for fold in held_out(subjects, test_fraction, validation_fraction, seed)
    ]


def validation_folds(
    split: Fold, num_folds: int = 5, seed: int = 0
) -> list[Fold]:
    """Makes folds of the validation subjects of a split, each scored once.

    They are for choices that must not use the test subjects: pretrain on
    `split.train`, fit the probe of `keras_relcon.tuning` on the `train` of
    these folds and score it on their `validation`. Several folds show how
    certain a choice is. They are not for `cross_validate`, which would score
    the test subjects of the split in each.

    Args:
        split: `Fold`, such as the one of `held_out`.
        num_folds: int. Defaults to `5`.
        seed: int. Defaults to `0`.

    Returns:
        list of `Fold`. `validation` is a part of the split's validation
        subjects, `train` the rest of them, and `test` that of the split.

    Raises:
        ValueError: if the split has fewer than 3 validation subjects, or fewer
            than folds.
    """
    inner = grouped_k_fold(split.validation, num_folds, 0, seed)
    return [Fold(fold.train, fold.test, split.test) for fold in inner]


def _unique(subjects):
    subjects = natural_order({str(subject) for subject in subjects})
    if len(subjects) < 3:
        raise ValueError(
            "A protocol needs at least 3 subjects, for train, validation "
            f"and test. Received: subjects={subjects}. Add subjects."
        )
    return subjects


def _fold(train, validation, test):
    parts = (
        natural_order(map(str, part)) for part in (train, validation, test)
    )
    return Fold(*map(tuple, parts))
