import numpy as np

from keras_relcon.evaluation.protocols.folds import Fold, natural_order
from keras_relcon.evaluation.protocols.source_files import (
    SourceLayout,
    join_parts,
)
from keras_relcon.evaluation.protocols.table4 import (
    cut_joined_rows,
    parse_folds,
    rows_by_subject,
)

CLASSES = ("bike", "sit", "stairsdown", "stairsup", "stand", "walk")
SUBJECTS = tuple("abcdefghi")
_GEAR_HZ, _LG_HZ = 100, 200
_LAYOUT = SourceLayout(
    builder="hhar/watch",
    name=r"\w+/(gear|lgwatch)_\d+",
    position="wrist",
    rates_hz=(_GEAR_HZ, _LG_HZ),
    classes=(*CLASSES, "null"),
)
# train | validation | test, as in the released code
_FOLD_0 = "d i e c g | f a | h b"
_NUM_TEST = (2, 2, 2, 1)  # of folds 1 to 4
_NUM_VALIDATION = 2


def hhar_folds(seed=0):
    """The five folds of HHAR in Table 4 of the paper, as far as they exist.

    Fold 0 is the released one. Folds 1 to 4 of the release depend on Python's
    hash randomisation and differ from run to run. Here
    `np.random.default_rng(seed)` shuffles the seven subjects that fold 0 does
    not test. Folds 1 to 4 test two, two, two and one of them, as many as in
    the release. For each fold the same generator then draws two validation
    subjects from those that it does not test.

    Args:
        seed: int. Draws folds 1 to 4. Defaults to `0`.

    Returns:
        list of `Fold` over the subjects "a" to "i"; each is tested once.

    Differs from the released code: folds 1 to 4 are the same in every run.
    Scores of single folds cannot be compared with the paper's; the mean over
    folds can, with care.

    Example:
    >>> keras_relcon.evaluation.hhar_folds()[0].test
    ('h', 'b')
    """
    folds = parse_folds([_FOLD_0])
    generator = np.random.default_rng(seed)
    untested = [s for s in SUBJECTS if s not in folds[0].test]
    shuffled = generator.permutation(untested).tolist()
    for test in np.split(np.array(shuffled), np.cumsum(_NUM_TEST)[:-1]):
        rest = [s for s in SUBJECTS if s not in test]
        rest = generator.permutation(rest).tolist()
        parts = rest[_NUM_VALIDATION:], rest[:_NUM_VALIDATION], test.tolist()
        folds.append(Fold(*(tuple(natural_order(part)) for part in parts)))
    return folds


def hhar_windows(recordings):
    """The windows of HHAR's watches in Table 4 of the paper.

    Rows without an activity (`null`) or with a missing value are left out.
    The rows of the Gear watches are used unchanged, as 100 Hz. Of the rows of
    the LG watches, counted over all of them, every second one is used. A
    subject's rows, Gear before LG, are joined and cut into windows of 200 rows
    without overlap, so a window may contain several activities, sessions and
    watches. Starts are strictly below `rows - 200`. The label is the most
    frequent one; at a tie, the first in the order of `CLASSES`.

    Args:
        recordings: iterable of `Recording` of
            `keras_relcon.data.tfds_recordings("hhar/watch")`.

    Returns:
        `Windows` `(windows, 200, 3)`, g. `start_seconds` counts rows of the
        subject's joined signal at 100 Hz, which `recordings` names.

    Raises:
        TypeError: if an item is not a `Recording`.
        ValueError: if there is no recording, one is not of this dataset or is
            given twice, or no subject has enough rows for a window.

    Differs from the released code: rows are in g, not m/s2; the standardisation
    of the protocol removes this difference. Watches are sorted by subject and
    name, with the rows of a watch in file order. The recordings do not have the
    order of watches in the file, which also decides which of two LG rows is
    kept.
    """
    files = join_parts(recordings, _LAYOUT)
    files.sort(key=lambda file: (file.subject, file.name))
    gear = [_known_rows(f) for f in files if f.sample_rate_hz == _GEAR_HZ]
    lg, num_before = [], 0
    for file in files:
        if file.sample_rate_hz == _LG_HZ:
            subject, *columns = _known_rows(file)
            # rows are counted over all watches, which decides the parity
            kept = slice(num_before % 2, None, 2)
            lg.append((subject, *(column[kept] for column in columns)))
            num_before += len(columns[0])
    return cut_joined_rows(rows_by_subject(gear + lg), CLASSES)


def _known_rows(file):
    is_known = (file.labels != "null") & np.isfinite(file.acceleration).all(1)
    rows, labels = file.acceleration[is_known], file.labels[is_known]
    return file.subject, rows, labels, np.full(len(rows), file.name)
