from collections.abc import Sequence

import numpy as np

from keras_relcon.checks import check_one_of
from keras_relcon.data.windows import make_windows
from keras_relcon.evaluation.protocols.folds import Fold

# Drawn once, with np.random.default_rng(0).permutation of the sorted ids of
# the 46 subjects (of 51 in the dataset) that have a watch file in the copy of
# the archive that was used. The first ten are held out, the next six validate.
HELD_OUT = (
    "1601",
    "1602",
    "1604",
    "1611",
    "1618",
    "1619",
    "1620",
    "1621",
    "1647",
    "1648",
)
VALIDATION = ("1603", "1606", "1610", "1623", "1627", "1636")


def wisdm_watch_pretraining_subjects(
    subjects: Sequence[str] | np.ndarray,
) -> list[str]:
    """The subjects on which an encoder may be pretrained.

    Args:
        subjects: sequence of str. May repeat, e.g. one per recording.

    Returns:
        sorted list of str: all subjects but the ten that are held out for
        testing and the six to choose by.

    Raises:
        ValueError: if one of these sixteen is not among `subjects`: then
            this is not the archive of the benchmark.

    Example:
    >>> recordings = keras_relcon.data.read_wisdm_watch("wisdm-dataset.zip")
    >>> subjects = wisdm_watch_pretraining_subjects(
    ...     [recording.subject for recording in recordings]
    ... )
    """
    present = {str(subject) for subject in subjects}
    _check_present(HELD_OUT + VALIDATION, present)
    return sorted(present - set(HELD_OUT + VALIDATION))


def wisdm_watch_windows(recordings, window_length=256, stride=256):
    """Windows of WISDM's watch at 100 Hz, with its 18 activities.

    Args:
        recordings: list of `Recording` of
            `keras_relcon.data.read_wisdm_watch`, at 20 Hz.
        window_length: int. Samples at 100 Hz. Defaults to `256`, 2.56 s.
        stride: int. Samples from one window's start to the next. Defaults to
            `256`: no overlap.

    Returns:
        `Windows` `(windows, window_length, 3)`, g, 100 Hz. Each has one
        activity, because each recording has one.

    Raises:
        TypeError, ValueError: as `make_windows`.
    """
    return make_windows(recordings, 100, window_length, stride)


def wisdm_watch_folds(part="held_out", subjects=None):
    """Folds over the subjects that must not be used in pretraining.

    Each fold tests two neighbours in the list of subjects, and validates on
    those that follow, continuing at the start of the list. The rest train.

    Args:
        part: str. `"held_out"`: five folds over the ten subjects of
            `HELD_OUT`, where two test, two validate and six train; for the
            figures of the benchmark. `"validation"`: three folds over the six
            of `VALIDATION`, where two test, one validates and three train;
            for choices about pretraining, which must never be made on the
            ten. Defaults to `"held_out"`.
        subjects: sequence of str. Subjects of the archive, to check that
            those of the folds are among them. Defaults to `None`, no check.

    Returns:
        list of `Fold`; each subject of the part is tested once.

    Raises:
        ValueError: if `part` is neither, or one of its subjects is missing.

    Example:
    >>> keras_relcon.evaluation.wisdm_watch_folds()[4].validation
    ('1601', '1602')
    """
    check_one_of(
        "part",
        part,
        ("held_out", "validation"),
        "Use 'validation' for choices, 'held_out' for the final figures.",
    )
    named, num_validation = (HELD_OUT, 2)
    if part == "validation":
        named, num_validation = (VALIDATION, 1)
    if subjects is not None:
        _check_present(named, {str(subject) for subject in subjects})
    folds = []
    for start in range(0, len(named), 2):
        turned = named[start:] + named[:start]
        last = 2 + num_validation
        train = tuple(sorted(turned[last:]))
        folds.append(Fold(train, turned[2:last], turned[:2]))
    return folds


def _check_present(named, present):
    absent = sorted(set(named) - present)
    if absent:
        raise ValueError(
            "Every subject of the WISDM benchmark must be present. Received: "
            f"{len(present)} subjects without {absent}. Read the whole "
            "`wisdm-dataset.zip`, or make other folds with `grouped_k_fold`."
        )
