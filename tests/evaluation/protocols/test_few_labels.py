import math

import pytest

from keras_relcon.evaluation import (
    Fold,
    few_labels,
    grouped_k_fold,
)
from keras_relcon.evaluation.protocols.folds import LeakyFold
from keras_relcon.evaluation.protocols.motionsense_table4 import (
    motionsense_folds,
)
from keras_relcon.evaluation.protocols.opportunity_table3 import (
    opportunity_folds,
)

FRACTIONS = (0.01, 0.05, 0.1, 0.5, 1)
FOLDS = grouped_k_fold([str(k) for k in range(100)], 5, seed=2)


@pytest.mark.parametrize("fraction", FRACTIONS)
def test_a_share_of_train_and_validation_is_kept_and_all_of_test(fraction):
    for fold, whole in zip(few_labels(FOLDS, fraction), FOLDS):
        assert len(whole.train) == 64 and len(whole.validation) == 16
        assert len(fold.train) == math.ceil(64 * fraction)
        assert len(fold.validation) == math.ceil(16 * fraction)
        assert set(fold.train) <= set(whole.train)
        assert set(fold.validation) <= set(whole.validation)
        assert fold.test == whole.test


def test_smaller_shares_are_inside_larger_ones():
    nested = [few_labels(FOLDS, fraction, seed=4) for fraction in FRACTIONS]
    for less, more in zip(nested[:-1], nested[1:]):
        for few, many in zip(less, more):
            assert set(few.train) < set(many.train)
            assert set(few.validation) <= set(many.validation)
    assert nested[-1] == FOLDS


def test_draw_depends_on_the_seed_and_on_the_fold():
    assert few_labels(FOLDS, 0.1) == few_labels(FOLDS, 0.1, seed=0)
    assert few_labels(FOLDS, 0.1) != few_labels(FOLDS, 0.1, seed=1)
    twins = few_labels([FOLDS[0]] * 2, 0.1)
    assert twins[0].train != twins[1].train


def test_product_with_rounding_error_is_not_rounded_up():
    names = tuple(str(k) for k in range(100))
    (fold,) = few_labels([Fold(names, (), ("x",))], 0.07)
    assert len(fold.train) == 7  # 0.07 * 100 is 7.000000000000001
    assert fold.validation == ()


def test_sizes_are_those_of_the_example():
    folds = few_labels(motionsense_folds(), 0.1)
    assert [len(fold.train) for fold in folds] == [2] * 5


@pytest.mark.parametrize("fraction", [0, -0.1, 1.01, float("nan")])
def test_fractions_outside_0_to_1_are_refused(fraction):
    with pytest.raises(
        ValueError, match="`fraction` must be .*above 0 and at most 1"
    ):
        few_labels(opportunity_folds(), fraction)


def test_folds_of_rows_are_refused():
    fold = LeakyFold([0], [1], [2], ("1",), "all")
    with pytest.raises(TypeError, match="must be a `Fold`.*LeakyFold"):
        few_labels([fold], 0.5)
