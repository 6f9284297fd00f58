import pytest

from keras_relcon.evaluation.report.paired_difference import paired_difference


def test_correction_of_nadeau_and_bengio_by_hand():
    # differences 0.01, 0.05, 0.03, 0.07, 0.04: mean 0.04,
    # s**2 = (9 + 1 + 1 + 9 + 0) * 1e-4 / 4 = 5e-4; t(4, 0.975) = 2.776445
    a = [0.81, 0.75, 0.83, 0.77, 0.84]
    b = [0.80, 0.70, 0.80, 0.70, 0.80]
    plain = paired_difference(a, b)
    assert plain.mean == pytest.approx(0.04)
    half = 2.776445 * (5e-4 / 5) ** 0.5
    assert plain.low == pytest.approx(0.04 - half, abs=1e-7)
    corrected = paired_difference(a, b, test_train_ratio=1 / 4)
    half = 2.776445 * ((1 / 5 + 1 / 4) * 5e-4) ** 0.5
    assert corrected.mean == pytest.approx(0.04)
    assert corrected.low == pytest.approx(0.04 - half, abs=1e-7)
    assert corrected.high == pytest.approx(0.04 + half, abs=1e-7)
    # five equal folds: 1.5 times as wide
    assert corrected.high - corrected.low == pytest.approx(
        1.5 * (plain.high - plain.low)
    )


def test_folds_where_one_is_undefined_are_left_out():
    nan = float("nan")
    found = paired_difference([0.5, nan, 0.7, 0.9], [0.4, 0.1, nan, 0.6])
    assert found == paired_difference([0.5, 0.9], [0.4, 0.6])
    with pytest.raises(ValueError, match="at least 2 folds.*Received: 1"):
        paired_difference([0.5, nan], [0.4, 0.1])


@pytest.mark.parametrize(
    "a, excludes", [([0.5, 0.51], True), ([0.1, 0.9], False), ([0, 0.01], True)]
)
def test_interval_excludes_zero_on_either_side(a, excludes):
    assert paired_difference(a, [0.3, 0.31]).excludes_zero is excludes


def test_equal_rows_include_zero():
    found = paired_difference([0.1, 0.2], [0.1, 0.2])
    assert (found.low, found.high) == (0.0, 0.0)
    assert not found.excludes_zero
