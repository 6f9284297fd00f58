from keras_relcon.evaluation.protocols.half_shifted_windows import (
    cut_half_shifted,
    finite_rows,
)
from keras_relcon.evaluation.protocols.pamap2_files import (
    ACTIVITIES,
    pamap2_files,
)
from keras_relcon.evaluation.protocols.table3_folds import table3_folds

CLASSES = (
    "lying",
    "sitting",
    "standing",
    "walking",
    "ascending_stairs",
    "descending_stairs",
    "vacuum_cleaning",
    "ironing",
)
SUBJECTS = tuple(str(number) for number in range(101, 109))


def pamap2_wrist_folds(variant="corrected", validation="highest", windows=None):
    """The eight folds of PAMAP2 at the wrist in Table 3: one subject each.

    Subject 109 did none of the eight activities.

    Args:
        variant: str. `"corrected"`: leave one subject out. `"released"`: the
            rows that the released code used, with the test windows of most
            folds in training or validation. Defaults to `"corrected"`.
        validation: str. Which of the other subjects of a corrected fold is
            the validation: `"highest"`, as the released code intends, or
            `"lowest"`, as [Yuan et al.](https://arxiv.org/abs/2206.02909) do.
            Defaults to `"highest"`.
        windows: `Windows` of `pamap2_wrist_windows`, for the released
            variant, whose folds are rows of them. Defaults to `None`.

    Returns:
        list of `Fold`, or of `LeakyFold` if released, by tested subject.

    Raises:
        ValueError: if an argument is none of these, or the released variant
            has not the windows of all eight subjects.

    Differs from the released code: a corrected fold has no window of the
    tested subject elsewhere, and each fold is fitted by itself.

    Example:
    >>> keras_relcon.evaluation.pamap2_wrist_folds()[7].validation
    ('107',)
    """
    return table3_folds(SUBJECTS, variant, validation, windows)


def pamap2_wrist_windows(recordings):
    """The windows of PAMAP2 at the wrist in Table 3 of the paper.

    In each file the rows with a missing value are left out and the gaps
    closed. Of each file there are n consecutive windows of 1000 rows, 10 s,
    and n - 1 half a window on. All 18 activities take part in the vote for a
    window's label, at a tie the one of the smallest code wins, and then the
    windows of `CLASSES` are kept; one of which half or more has no activity
    never is. Values are clipped to 3 g. Both variants of `pamap2_wrist_folds`
    use these windows.

    Args:
        recordings: iterable of `Recording` of
            `keras_relcon.data.tfds_recordings("pamap2/hand")`.

    Returns:
        `Windows` `(windows, 1000, 3)`, g, 100 Hz: the files of `Protocol`,
        then those of `Optional`. `start_seconds` counts from the start of the
        file without its gaps.

    Raises:
        TypeError: if an item is no `Recording`.
        ValueError: if a recording is not of this dataset and sensor or is
            there twice, or there is no window.

    Differs from the released code: files are sorted, there in the order of
    the file system.
    """
    files = pamap2_files(recordings, "hand")
    return cut_half_shifted(
        [(f.subject, f.name, *finite_rows(f)) for f in files],
        ACTIVITIES,
        CLASSES,
        sample_rate_hz=100,
    )
