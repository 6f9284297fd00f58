"""Leave one subject out: as it should be, and as Table 3 was computed."""

import numpy as np

from keras_relcon.evaluation.protocols.folds import (
    LeakyFold,
    leave_one_subject_out,
    natural_order,
)

VARIANTS = ("corrected", "released")


def check_variant(variant):
    if variant not in VARIANTS:
        raise ValueError(
            f"`variant` must be one of {VARIANTS}. "
            f"Received: variant={variant!r}. Use 'corrected', unless you "
            "repeat published figures."
        )


def table3_folds(subjects, variant, validation, windows):
    """One fold per subject, which alone is tested.

    Args:
        subjects: sequence of str. The subjects of the benchmark.
        variant: str. `"corrected"` or `"released"`.
        validation: str. `"highest"` or `"lowest"`, of the corrected variant.
        windows: `Windows`, of the released variant.

    Returns:
        list of `Fold`, or of `LeakyFold` if released.

    Raises:
        ValueError: if an argument is none of these, or the released variant
            has no windows, or these lack a subject or have another one.
    """
    check_variant(variant)
    if variant == "corrected":
        return leave_one_subject_out(subjects, validation=validation)
    present = [] if windows is None else windows.subjects.tolist()
    found = natural_order(set(present))
    if found != list(subjects):
        raise ValueError(
            "The released folds are rows of the windows: `windows` must hold "
            f"those of the subjects {list(subjects)}. Received: subjects "
            f"{found}. Pass all windows of the dataset as `windows`."
        )
    return released_folds(windows.subjects)


def released_folds(subjects):
    """Leave one subject out, with the released code's mix-up of rows.

    For each tested subject that code splits the other subjects' rows again,
    the last subject of them to validation. The split gives positions among
    the rows of the others, and the code takes them for positions among all
    rows. So which subjects train depends little on who is tested, and most
    tested subjects are among them.

    Args:
        subjects: `(windows,)` str. In the order of the windows.

    Returns:
        list of `LeakyFold`, in the natural order of the tested subjects.
        `leak` says which shares of the test windows are in the other parts.
    """
    subjects = np.asarray(subjects)
    folds = []
    for tested in natural_order(set(subjects.tolist())):
        others = subjects[subjects != tested]
        is_last = others == natural_order(set(others.tolist()))[-1]
        # found among `others`, used as rows of `subjects`: the mix-up
        train, validation = np.flatnonzero(~is_last), np.flatnonzero(is_last)
        test = np.flatnonzero(subjects == tested)
        leak = _describe(tested, test, train, validation)
        folds.append(LeakyFold(train, validation, test, (tested,), leak))
    return folds


def _describe(tested, test, train, validation):
    in_train = np.isin(test, train).mean()
    in_validation = np.isin(test, validation).mean()
    return (
        f"Of the test windows of subject {tested}, {in_train:.1%} are in the "
        f"training part and {in_validation:.1%} in the validation part: rows "
        "counted among the other subjects were taken for rows of all."
    )
