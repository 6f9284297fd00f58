import numpy as np

from keras_relcon.data.resampling import resample, resample_labels
from keras_relcon.evaluation.protocols.source_files import (
    SourceLayout,
    join_parts,
)
from keras_relcon.evaluation.protocols.table3 import (
    check_variant,
    cut_half_shifted,
    finite_rows,
    table3_folds,
)

CLASSES = ("stand", "walk", "lie", "sit")  # released: 0 to 3
SUBJECTS = ("1", "2", "3", "4")
_SOURCE_HZ, _CORRECTED_HZ, _RELEASED_HZ = 30, 100, 90
# by the dataset's codes: 0, 1, 2, 4, 5
_LABELS_IN_ORDER = ("null", "stand", "walk", "sit", "lie")
_LAYOUT = SourceLayout(
    builder="opportunity/right_wrist",
    name=r"S\d-(ADL\d|Drill)",
    position="right_wrist",
    rates_hz=(_SOURCE_HZ,),
    classes=_LABELS_IN_ORDER,
)


def opportunity_folds(variant="corrected", validation="highest", windows=None):
    """The four folds of Opportunity in Table 3: one subject tested in each.

    Args:
        variant: str. `"corrected"`: leave one subject out. `"released"`: the
            rows of the released code, where the test windows of three of the
            four folds are in training or validation. Defaults to
            `"corrected"`.
        validation: str. Which of the other subjects is the validation subject
            of a corrected fold: `"highest"`, as the released code intends, or
            `"lowest"`, as [Yuan et al.](https://arxiv.org/abs/2206.02909) do.
            Defaults to `"highest"`.
        windows: `Windows` of `opportunity_windows`. Needed for the released
            variant, whose folds are rows of them. Defaults to `None`.

    Returns:
        list of `Fold`, or of `LeakyFold` if released, by tested subject.

    Raises:
        ValueError: if an argument is none of these, or the released variant
            does not have the windows of all four subjects.

    Differs from the released code: a corrected fold has no window of the
    tested subject elsewhere, and each fold is fitted by itself.

    Example:
    >>> keras_relcon.evaluation.opportunity_folds()[0].validation
    ('4',)
    """
    return table3_folds(SUBJECTS, variant, validation, windows)


def opportunity_windows(recordings, variant="corrected"):
    """The windows of Opportunity's right wrist in Table 3 of the paper.

    In each file the rows with a missing value are left out and the gaps
    closed. The corrected variant is then resampled from 30 to 100 Hz by
    `keras_relcon.data.resample`, so that 1000 rows are the 10 s of the paper
    at the rate for which an encoder is trained. The released variant inserts
    two rows after each row, which gives 90 Hz; its 1000 rows are 11.1 s.
    Correct weights in that interpolation, `(2a + b) / 3` and `(a + 2b) / 3`,
    would not correct the rate: the encoder would see every motion a ninth too
    fast.

    Each file has n consecutive windows, and n - 1 windows that are shifted by
    half a window. The label is the most frequent one; at a tie, the one of the
    smallest code. Windows are left out if they have no locomotion, or if half
    of their rows or more have none. Values are clipped to 3 g.

    Args:
        recordings: iterable of `Recording` of
            `keras_relcon.data.tfds_recordings("opportunity/right_wrist")`.
        variant: str. `"corrected"` or `"released"`. Defaults to
            `"corrected"`.

    Returns:
        `Windows` `(windows, 1000, 3)`, g, at 100 Hz, or 90 Hz if released.
        `start_seconds` counts from the start of the file without its gaps.

    Raises:
        TypeError: if an item is not a `Recording`.
        ValueError: if `variant` is none of these, a recording is not of this
            dataset and sensor or is given twice, or there is no window.

    Differs from the released code: that code inserts `(a + b) / 3` and
    `2 (a + b) / 3` between the rows a and b, so a constant 0.9 g becomes 0.9,
    0.6, 1.2; two zeros end each file; and 90 Hz is called 100 Hz. The
    `"released"` variant keeps the first two, and states 90 Hz. Files are
    sorted here; that code uses the order of the file system. Rows without a
    label count here as rows without locomotion, and are left out there; the
    data have no such rows.
    """
    check_variant(variant)
    files = join_parts(recordings, _LAYOUT)
    files.sort(key=lambda file: file.name)
    is_released = variant == "released"
    convert = _triple if is_released else _resample
    return cut_half_shifted(
        [(f.subject, f.name, *convert(*finite_rows(f))) for f in files],
        _LABELS_IN_ORDER,
        CLASSES,
        _RELEASED_HZ if is_released else _CORRECTED_HZ,
    )


def _resample(rows, labels):
    if len(rows) < 2:
        return rows, labels
    resampled = resample(rows, _SOURCE_HZ, _CORRECTED_HZ)
    return resampled, resample_labels(
        labels, _SOURCE_HZ, _CORRECTED_HZ, len(resampled)
    )


def _triple(rows, labels):
    rows = rows.astype("float64")
    tripled = np.zeros((len(rows), 3, 3))  # (row, copy, axis)
    tripled[:, 0] = rows
    sums = rows[:-1] + rows[1:]
    tripled[:-1, 1], tripled[:-1, 2] = sums / 3, sums * 2 / 3
    return tripled.reshape(-1, 3), np.repeat(labels, 3)
