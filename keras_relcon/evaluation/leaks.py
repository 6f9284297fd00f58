"""Looks for the ways in which test windows reach what is trained on them."""

import numpy as np

from keras_relcon.checks import message

# In standard deviations: above rounding, also that of half precision, and far
# below what a scaler of the test rows moves.
_TOLERANCE = 5e-2
_MAX_ROWS = 256
_COPY = 0.999  # correlation
_MOVES = 0.05  # g
_SHIFTS = 8  # samples
_FREQUENCIES = 65
_MOST_ALIKE = 4
_ROWS_AT_A_TIME = 1024
_PAIRS_AT_A_TIME = 1 << 24
_NOISE = 1e-2  # of what is between the classes
_MIN_WINDOWS_OF_NOISE = 10


def check_names_apart(subjects):
    """Raises if two people differ by spaces in their name alone.

    Args:
        subjects: `(windows,)` str.

    Raises:
        ValueError: with the names.
    """
    by_letters = {}
    for subject in np.unique(np.asarray(subjects).astype(str)).tolist():
        by_letters.setdefault("".join(subject.split()), []).append(subject)
    alike = [names for names in by_letters.values() if len(names) > 1]
    if alike:
        raise ValueError(
            message(
                "Names of different people must differ by more than spaces: "
                "one person must not be in two parts.",
                f"subjects {', '.join(map(repr, alike[0]))}",
                "Give each person one name.",
            )
        )


def check_no_shared_windows(acceleration, rows):
    """Raises if a test window stands, sample for sample, in another part.

    Windows that are constant in time are passed over: two devices at rest may
    deliver the same.

    Args:
        acceleration: `(windows, time, 3)`.
        rows: dict of `"train"`, `"validation"` and `"test"` to indices.

    Raises:
        ValueError: with the number of such windows.
    """
    moves = np.ptp(acceleration, axis=1).max(axis=1) > 0
    test = {acceleration[row].tobytes() for row in rows["test"] if moves[row]}
    fitted = np.concatenate([rows["train"], rows["validation"]])
    num_shared = sum(
        acceleration[row].tobytes() in test for row in fitted if moves[row]
    )
    if num_shared:
        raise ValueError(
            "No window may be in the test part and in another one. Received: "
            f"{num_shared} windows of the training or validation subjects "
            "that are, sample for sample, test windows. Is one recording "
            "there under two subjects?"
        )


def check_no_near_copies(acceleration, rows):
    """Raises if a test window is all but a copy of one in another part.

    Args:
        acceleration, rows: as of `near_copies`.

    Raises:
        ValueError: with the number of such windows.
    """
    num_copies = len(near_copies(acceleration, rows))
    if num_copies:
        raise ValueError(
            message(
                "No window may be in the test part and, all but the same, in "
                "another one.",
                f"{num_copies} of {len(rows['test'])} test windows whose "
                "magnitude is that of a window of the training or validation "
                "subjects, but for noise, a turn or a few samples",
                "Look whether one recording is there under two subjects.",
            )
        )


def near_copies(acceleration, rows):
    """Finds test windows that are all but copies of one in another part.

    Two windows are copies if the magnitude of their acceleration correlates by
    at least 0.999 where one is shifted by at most eight samples. So noise,
    rounding, axes that are swapped or turned, and a start a little later hide
    none. Windows that hardly move (a standard deviation of the magnitude below
    0.05 g) are passed over. Of each test window only the four windows with the
    most similar spectrum are compared.

    Args:
        acceleration: `(windows, time, 3)`, g.
        rows: dict of `"train"`, `"validation"` and `"test"` to indices.

    Returns:
        `(any,)` int, indices of the test windows.
    """
    fitted = np.concatenate([rows["train"], rows["validation"]])
    test, test_spectra = _spectra(acceleration, rows["test"])
    fitted, fitted_spectra = _spectra(acceleration, fitted)
    is_copy = np.zeros(len(test), bool)
    if not len(fitted):
        return test[is_copy]
    num_rows = max(1, _PAIRS_AT_A_TIME // len(fitted))
    for first in range(0, len(test), num_rows):
        some = slice(first, first + num_rows)
        likeness = test_spectra[some] @ fitted_spectra.T
        own = _magnitude(acceleration[test[some]])
        for _ in range(min(_MOST_ALIKE, len(fitted))):
            nearest = likeness.argmax(axis=1)
            others = _magnitude(acceleration[fitted[nearest]])
            is_copy[some] |= _largest_correlation(own, others) >= _COPY
            likeness[np.arange(len(own)), nearest] = -np.inf
    return test[is_copy]


def _magnitude(windows):
    return np.linalg.norm(np.asarray(windows, "float32"), axis=-1)


def _spectra(acceleration, rows):
    """Those of the rows that move, and their spectra, all of length 1."""
    kept, spectra = [], []
    for first in range(0, len(rows), _ROWS_AT_A_TIME):
        some = rows[first : first + _ROWS_AT_A_TIME]
        size = _magnitude(acceleration[some])
        moves = size.std(axis=1) > _MOVES
        size = size[moves] - size[moves].mean(axis=1, keepdims=True)
        spectrum = np.abs(np.fft.rfft(size, axis=1))[:, 1:_FREQUENCIES]
        spectrum /= np.linalg.norm(spectrum, axis=1, keepdims=True) + 1e-9
        kept.append(some[moves])
        spectra.append(spectrum.astype("float32"))
    if not kept:
        return np.array([], int), np.empty((0, 1), "float32")
    return np.concatenate(kept), np.concatenate(spectra)


def _largest_correlation(one, other):
    """Of each pair of rows, over all shifts up to the largest."""
    best = np.full(len(one), -1.0)
    length = one.shape[1]
    for shift in range(-_SHIFTS, _SHIFTS + 1):
        a = one[:, max(shift, 0) : length + min(shift, 0)]
        b = other[:, max(-shift, 0) : length + min(-shift, 0)]
        a, b = (x - x.mean(axis=1, keepdims=True) for x in (a, b))
        product = np.einsum("rt,rt->r", a, b)
        scale = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        best = np.maximum(best, product / np.maximum(scale, 1e-9))
    return best


def check_no_label_inside(columns, labels, name):
    """Raises if a column is a code of the labels.

    A column is a code of the labels if 19 of 20 windows of each class lie
    within a hundredth of the range of the classes, and the classes apart.
    Examples are the label itself and a one-hot column of it, with or without
    some noise. The other windows may lie across two activities. Where a class
    has fewer than ten windows, these may differ by a millionth only: so few
    may be close by chance.

    Args:
        columns: `(windows, columns)`, embeddings or features.
        labels: `(windows,)` str. Nothing is checked if a class has a single
            window.
        name: str. What the columns are, for the message.

    Raises:
        ValueError: with the columns.
    """
    classes, codes, counts = np.unique(
        labels, return_inverse=True, return_counts=True
    )
    if len(classes) < 2 or counts.min() < 2:
        return
    low, high = _central_ranges(columns, codes, len(classes))
    scale = np.abs(columns).max(axis=0)
    between = low.max(axis=0) - high.min(axis=0)
    within = 1e-6 * scale
    if counts.min() >= _MIN_WINDOWS_OF_NOISE:
        within = np.maximum(within, _NOISE * between)
    is_fixed = (high - low <= within).all(axis=0)
    is_several = between > 1e-3 * scale
    found = np.flatnonzero(is_fixed & is_several)
    if len(found):
        raise ValueError(
            f"No column of the {name} may be a code of the label. Received: "
            f"columns {found.tolist()[:10]}, which have one value for the "
            "windows of a class and another for another class. Is a label "
            "column read as acceleration?"
        )


def _central_ranges(columns, codes, num_classes):
    """Range of the central 19 of 20 windows of each class, by column."""
    low = np.empty((num_classes, columns.shape[1]))
    high = np.empty_like(low)
    for code in range(num_classes):
        rows = np.sort(columns[codes == code], axis=0)
        cut = int(0.025 * len(rows))
        low[code], high[code] = rows[cut], rows[len(rows) - 1 - cut]
    return low, high


def check_rows_apart(predict, x, name):
    """Raises if the output for a row depends on the other rows.

    The half of the rows with the smaller values is also passed on its own. A
    scaler or a batch norm that uses the statistics of the given rows then
    returns something else for them. Outputs of NaN are not compared.

    Args:
        predict: callable from `(rows, ...)` to `(rows,)` or `(rows, dim)`.
        x: `(rows, ...)`. At most 256 of them, evenly spaced, are used.
        name: str. What `predict` does, for the message.

    Raises:
        ValueError: with how many rows differ.
    """
    x = x[:: -(-len(x) // _MAX_ROWS)]
    if len(x) < 4:
        return
    size = np.abs(x).reshape(len(x), -1).mean(axis=1)
    rows = np.sort(np.argsort(size, kind="stable")[: len(x) // 2])
    together = np.asarray(predict(x), "float64").reshape(len(x), -1)
    apart = np.asarray(predict(x[rows]), "float64").reshape(len(rows), -1)
    spread = np.where(np.isnan(together), 0, together).std(axis=0)
    scale = np.maximum(spread, 1e-2 * np.sqrt(np.mean(spread**2)) + 1e-9)
    moved = np.abs(apart - together[rows]) > _TOLERANCE * scale
    num_moved = int(moved.any(axis=1).sum())
    if num_moved:
        raise ValueError(
            f"{name} must depend on the window alone. Received: "
            f"{num_moved} of {len(rows)} test windows for which it changes "
            "when other windows are beside them. Take statistics from the "
            "training windows only, and keep batch norm in inference mode."
        )
