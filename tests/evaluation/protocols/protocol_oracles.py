"""Recordings as the builders cut them, and windows by plain loops."""

import warnings
from collections import Counter

import numpy as np

from keras_relcon.data import Recording


def parts_of(name, subject, position, rate, rows, labels, cuts=()):
    """Recordings of a source file that was cut before the given rows."""
    edges = [0, *cuts, len(rows)]
    recordings = []
    for number, (start, stop) in enumerate(zip(edges[:-1], edges[1:])):
        part = f"-{number}" if cuts else ""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*are not finite")
            recordings.append(
                Recording(
                    rows[start:stop],
                    rate,
                    subject,
                    labels=np.asarray(labels[start:stop]),
                    recording_id=f"{name}{part}@{position}",
                )
            )
    return recordings


def stretches(rng, names, count, longest=400):
    """`(count,)` str: runs of random lengths of random names."""
    labels = []
    while len(labels) < count:
        labels += [rng.choice(names)] * int(rng.integers(20, longest))
    return np.array(labels[:count])


def signal(rng, count, num_missing=0):
    rows = rng.normal(scale=0.5, size=(count, 3)).astype("float32")
    rows[rng.permutation(count)[:num_missing]] = np.nan
    return rows


def most_frequent(labels, order):
    counts = Counter(labels.tolist())
    best = max(counts.values())
    return min((n for n in counts if counts[n] == best), key=order.index)


def joined_windows(rows, labels, order, length=200):
    """`(window, label)` of the protocol of Table 4."""
    return [
        (rows[i : i + length], most_frequent(labels[i : i + length], order))
        for i in range(0, len(rows) - length, length)
    ]


def half_shifted_windows(rows, labels, order, kept, length=1000):
    """`(window, label)` of the protocol of Table 3; order[0] is no label."""
    num_windows = len(rows) // length
    starts = [k * length for k in range(num_windows)]
    starts += [k * length + length // 2 for k in range(num_windows - 1)]
    found = []
    for i in starts:
        inside = labels[i : i + length]
        if np.sum(inside == order[0]) > 0.5 * length:
            continue
        label = most_frequent(inside, order)
        if label in kept:
            found.append((np.clip(rows[i : i + length], -3, 3), label))
    return found


def check_windows(windows, expected, atol=1e-6):
    """Raises unless windows and labels are those of an oracle, in order."""
    assert len(expected) > 3
    assert windows.labels.tolist() == [label for _, label in expected]
    np.testing.assert_allclose(
        windows.acceleration, np.stack([w for w, _ in expected]), atol=atol
    )
    assert windows.acceleration.dtype == np.float32
    assert windows.valid.all()
