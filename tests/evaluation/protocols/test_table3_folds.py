import dataclasses

import numpy as np
import pytest

from keras_relcon.data import Windows
from keras_relcon.evaluation.protocols.folds import (
    LeakyFold,
)
from keras_relcon.evaluation.protocols.opportunity_table3 import (
    opportunity_folds,
)
from keras_relcon.evaluation.protocols.pamap2 import (
    pamap2_wrist_folds,
)
from keras_relcon.evaluation.protocols.table3 import released_folds


def windows_of(subjects):
    count = len(subjects)
    return Windows(
        acceleration=np.zeros((count, 4, 3), "float32"),
        subjects=np.asarray(subjects),
        labels=None,
        recordings=np.full(count, "r"),
        start_seconds=np.zeros(count),
        valid=np.ones(count, bool),
        sample_rate_hz=100.0,
    )


OPPORTUNITY = np.repeat(["1", "2", "3", "4"], 5)
PAMAP2 = np.repeat([str(number) for number in range(101, 109)], 5)


def shares(fold):
    """Of the test windows, in training and in validation."""
    return [
        float(np.isin(fold.test_rows, rows).mean())
        for rows in (fold.train_rows, fold.validation_rows)
    ]


def test_released_opportunity_tests_what_it_trained_on_in_folds_1_and_2():
    folds = opportunity_folds("released", windows=windows_of(OPPORTUNITY))
    assert [fold.test for fold in folds] == [("1",), ("2",), ("3",), ("4",)]
    assert list(map(shares, folds)) == [[1, 0], [1, 0], [0, 1], [0, 0]]


def test_released_pamap2_is_clean_in_fold_8_alone():
    folds = pamap2_wrist_folds("released", windows=windows_of(PAMAP2))
    assert list(map(shares, folds)) == [[1, 0]] * 6 + [[0, 1], [0, 0]]


def test_released_rows_are_positions_among_the_others(rng):
    subjects = rng.permutation(np.repeat(["1", "2", "10"], [4, 6, 5]))
    for fold in released_folds(subjects):
        (tested,) = fold.test
        others = [s for s in subjects if s != tested]
        last = max(others, key=int)
        train = [i for i, s in enumerate(others) if s != last]
        validation = [i for i, s in enumerate(others) if s == last]
        test = [i for i, s in enumerate(subjects) if s == tested]
        rows = fold.rows(subjects)
        assert rows["train"].tolist() == train
        assert rows["validation"].tolist() == validation
        assert rows["test"].tolist() == test


def test_released_folds_say_what_leaks():
    folds = released_folds(OPPORTUNITY)
    assert all(isinstance(fold, LeakyFold) for fold in folds)
    first, third, last = folds[0].leak, folds[2].leak, folds[3].leak
    assert "subject 1, 100.0% are in the training part" in first
    assert "0.0% are in the training part and 100.0% in the vali" in third
    assert "0.0% are in the training part and 0.0% in the valid" in last


def test_corrected_folds_leave_one_subject_out():
    folds = opportunity_folds()
    assert [fold.test for fold in folds] == [("1",), ("2",), ("3",), ("4",)]
    assert [fold.validation for fold in folds] == [("4",)] * 3 + [("3",)]
    lowest = opportunity_folds(validation="lowest")
    assert [fold.validation for fold in lowest] == [("2",)] + [("1",)] * 3
    assert lowest[0].train == ("3", "4")
    folds = pamap2_wrist_folds()
    assert [fold.test for fold in folds] == [(str(k),) for k in range(101, 109)]
    assert [fold.validation for fold in folds] == [("108",)] * 7 + [("107",)]


def test_errors_say_what_is_expected():
    with pytest.raises(ValueError, match="`variant` must be one of"):
        opportunity_folds("published")
    with pytest.raises(
        ValueError, match="`validation` must be one of .*'highest'"
    ):
        pamap2_wrist_folds(validation="last")
    with pytest.raises(ValueError, match="`windows` must hold those of"):
        opportunity_folds("released")
    windows = windows_of(PAMAP2)
    fewer = windows.select(windows.subjects != "103")
    with pytest.raises(ValueError, match="`windows` must hold those of"):
        pamap2_wrist_folds("released", windows=fewer)
    wrong = dataclasses.replace(windows, subjects=np.full(40, "9"))
    with pytest.raises(ValueError, match=r"subjects \['9'\]"):
        pamap2_wrist_folds("released", windows=wrong)
