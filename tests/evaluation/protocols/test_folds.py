import warnings

import numpy as np
import pytest

from keras_relcon.evaluation import (
    Fold,
    LinearProbe,
    cross_validate,
    grouped_k_fold,
    held_out,
    leave_one_subject_out,
    validation_folds,
)

SUBJECTS = [str(number) for number in range(1, 25)]


def _parts(fold):
    return fold.train, fold.validation, fold.test


@pytest.mark.parametrize(
    "train, validation, test",
    [
        (("1", "2"), ("3",), ("2",)),
        (("1", "2"), ("2",), ("4",)),
        (("1",), ("2", "4"), ("4",)),
        (("1", "1"), ("2",), ("4",)),
        ((1, 2), (), ("1",)),
    ],
)
def test_a_subject_in_two_parts_raises(train, validation, test):
    with pytest.raises(ValueError, match="must be in one part of a fold"):
        Fold(train, validation, test)


def test_fold_needs_someone_to_train_and_to_test():
    with pytest.raises(ValueError, match="`train` must hold at least one"):
        Fold((), ("1",), ("2",))
    with pytest.raises(ValueError, match="`test` must hold at least one"):
        Fold(("1",), ("3",), ())
    with pytest.raises(TypeError, match="must be a tuple of subjects"):
        Fold("12", (), ("3",))
    assert Fold(("1",), (), ("2",)).validation == ()


def test_fold_is_frozen():
    fold = Fold(("1",), ("2",), ("3",))
    with pytest.raises(AttributeError):
        fold.test = ("1",)


@pytest.mark.parametrize("num_folds", [2, 5, 24])
def test_k_fold_tests_each_subject_once(num_folds):
    folds = grouped_k_fold(np.repeat(SUBJECTS, 3), num_folds, seed=3)
    tested = [subject for fold in folds for subject in fold.test]
    assert sorted(tested) == sorted(SUBJECTS)
    for fold in folds:
        assert sorted(sum(_parts(fold), ())) == sorted(SUBJECTS)


def test_k_fold_sizes_and_seed():
    folds = grouped_k_fold(SUBJECTS, 5)
    assert sorted(len(fold.test) for fold in folds) == [4, 5, 5, 5, 5]
    assert {len(fold.validation) for fold in folds} == {4}  # ceil(0.2 * 19)
    assert folds == grouped_k_fold(SUBJECTS[::-1], 5)
    assert folds != grouped_k_fold(SUBJECTS, 5, seed=1)
    fifteen = grouped_k_fold([str(n) for n in range(20)], 4)
    assert {len(fold.validation) for fold in fifteen} == {3}  # 0.2 * 15
    hundred = grouped_k_fold([str(n) for n in range(200)], 2, 0.07)
    # 0.07 * 100 is 7.000000000000001
    assert {len(fold.validation) for fold in hundred} == {7}


def test_leave_one_out_validates_on_the_highest_other():
    folds = leave_one_subject_out(["10", "9", "2", "9"])
    assert [fold.test for fold in folds] == [("2",), ("9",), ("10",)]
    assert [fold.validation for fold in folds] == [("10",), ("10",), ("9",)]
    assert [fold.train for fold in folds] == [("9",), ("2",), ("2",)]
    assert leave_one_subject_out("abc", num_validation=0)[0].validation == ()


def test_held_out_is_one_fold_of_everybody():
    (fold,) = held_out(SUBJECTS, 0.25, 0.5, seed=1)
    assert [len(part) for part in _parts(fold)] == [9, 9, 6]
    assert held_out(SUBJECTS, seed=1) != held_out(SUBJECTS, seed=2)
    # 0.07 * 100 is a little over 7 in floating point
    (fold,) = held_out([str(number) for number in range(100)], 0.07)
    assert len(fold.test) == 7


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="at least 3 subjects"):
        grouped_k_fold(["1", "2"], 2)
    with pytest.raises(ValueError, match="at least 3 subjects"):
        leave_one_subject_out(["1", "1", "2"])
    with pytest.raises(ValueError, match="between 2 and the number of subj"):
        grouped_k_fold(["1", "2", "3"], 4)
    with pytest.raises(ValueError, match="between 2 and the number of subj"):
        grouped_k_fold(["1", "2", "3"], 1)
    with pytest.raises(ValueError, match="and whole.*num_folds=2.5"):
        grouped_k_fold(SUBJECTS, num_folds=2.5)
    with pytest.raises(ValueError, match="`validation_fraction` must be"):
        grouped_k_fold(SUBJECTS, 5, validation_fraction=1.0)
    with pytest.raises(ValueError, match="`train` must hold at least one"):
        grouped_k_fold(["1", "2", "3"], 3, validation_fraction=0.9)
    with pytest.raises(ValueError, match="be whole.*num_validation=0.5"):
        leave_one_subject_out(SUBJECTS, num_validation=0.5)
    with pytest.raises(ValueError, match="`num_validation` must leave"):
        leave_one_subject_out(["1", "2", "3"], num_validation=2)
    with pytest.raises(ValueError, match="`test_fraction` must be"):
        held_out(SUBJECTS, test_fraction=0)


def test_validation_folds_score_each_validation_subject_once():
    (split,) = held_out(SUBJECTS, 0.25, 0.5, seed=1)
    folds = validation_folds(split, num_folds=3)
    scored = [name for fold in folds for name in fold.validation]
    assert sorted(scored) == sorted(split.validation)
    for fold in folds:
        assert fold.test == split.test
        rest = set(split.validation) - set(fold.validation)
        assert set(fold.train) == rest
    with pytest.raises(ValueError, match="`num_folds` must be between"):
        validation_folds(split, num_folds=20)


def test_folds_that_test_the_same_people_are_warned_of(make_labelled_windows):
    windows = make_labelled_windows(num_subjects=8, num_each=2)
    (split,) = held_out(windows.subjects, 0.25, 0.5)
    folds = validation_folds(split, num_folds=2)
    with pytest.warns(UserWarning, match="2 folds, all of which test"):
        cross_validate(LinearProbe((0.1,)), None, windows, folds)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Folds must test different")
        cross_validate(LinearProbe((0.1,)), None, windows, folds[:1])
