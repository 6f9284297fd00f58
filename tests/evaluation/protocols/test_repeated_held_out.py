import pytest

from keras_relcon.evaluation import (
    held_out,
    repeated_held_out,
)

SUBJECTS = [str(k) for k in range(1, 40)]


def test_each_seed_gives_the_single_split_of_that_seed():
    folds = repeated_held_out(SUBJECTS)
    assert folds == [held_out(SUBJECTS, 0.5, 0.2, seed)[0] for seed in range(5)]
    assert len({fold.test for fold in folds}) == 5


def test_half_of_the_subjects_are_tested_and_none_is_lost():
    for fold in repeated_held_out(SUBJECTS):
        sizes = len(fold.train), len(fold.validation), len(fold.test)
        assert sizes == (15, 4, 20)
        assert {*fold.train, *fold.validation, *fold.test} == set(SUBJECTS)
    (fold,) = repeated_held_out(SUBJECTS, 0.25, 0, seeds=[7])
    assert (len(fold.test), fold.validation) == (10, ())


@pytest.mark.parametrize("seeds", [[], [1, 2, 1]])
def test_repeated_or_no_seeds_are_refused(seeds):
    with pytest.raises(ValueError, match="`seeds` must be different ints"):
        repeated_held_out(SUBJECTS, seeds=seeds)
