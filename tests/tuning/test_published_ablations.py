"""The ablations, against Tables 5 and 6 of the paper as printed.

Typed from [RelCon](https://arxiv.org/abs/2411.18822).
"""

import pytest

from keras_relcon.tuning import ARMS, PUBLISHED_CHANGES, TABLE_5, TABLE_6

# Velocity, DST, AHMS-Subseq, AHMS-Workout, HHAR, PAMAP2 MLP
PRINTED_5 = {
    "no_augmentation": "-5.42% -13.88% -12.5% -17.93% -8.92% -15.12%",
    "no_rev_in": "-11.66% -6.01% -3.81% -4.11% -1.61% -4.65%",
    "softmax": "-0.87% -3.7% -5.06% -7.11% -4.34% -0.62%",
    "no_within_subject": "-1.4% -1.4% -4.49% -7.25% 2.24% -0.93%",
}
# Velocity, DST, AHMS-Subseq, AHMS-Workout
PRINTED_6 = {
    "log_ratio_loss": "-3.64% -6.11% -1.45% 1.39%",
    "binary_loss": "-6.86% -9.82% -5.63% -9.03%",
}


def test_changes_are_quoted_digit_for_digit():
    printed = {**PRINTED_5, **PRINTED_6}
    assert set(PUBLISHED_CHANGES) == set(printed)
    for arm, line in printed.items():
        expected = tuple(float(cell.rstrip("%")) for cell in line.split())
        assert PUBLISHED_CHANGES[arm] == expected, arm


def test_tables_have_the_rows_of_the_paper_in_its_order():
    assert TABLE_5 == ("base", *PRINTED_5)
    assert TABLE_6 == ("base", *PRINTED_6)


@pytest.mark.parametrize(
    "arm, change",
    [
        ("base", {}),
        # Table 5: "w/o RevIN", "w/o SparseMax", "w/o Sampling Within-Subject"
        # (5.3: the others of the batch and an augmented anchor)
        ("no_rev_in", {"normalization": "none"}),
        ("softmax", {"attention": "softmax"}),
        ("no_within_subject", {"candidates": "augmented_copy"}),
        # 5.3: augmentations removed from the training of the distance
        ("no_augmentation", {"augmentation": "mask"}),
        # Table 6: Kim et al. (2019) and Xu et al. (2024)
        ("log_ratio_loss", {"loss": "log_ratio"}),
        ("binary_loss", {"loss": "binary"}),
        # A.10
        ("resnet1d18", {"encoder": "resnet1d18"}),
    ],
)
def test_an_arm_changes_what_the_paper_says(arm, change):
    assert ARMS[arm] == change
