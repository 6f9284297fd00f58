import numpy as np
import pytest
from protocol_oracles import (
    check_windows,
    joined_windows,
    parts_of,
    signal,
    stretches,
)

from keras_relcon.evaluation.protocols.pamap2 import (
    ANKLE_CLASSES as CLASSES,
)
from keras_relcon.evaluation.protocols.pamap2 import (
    pamap2_ankle_folds,
    pamap2_ankle_windows,
)


def test_folds_are_the_published_ones():
    folds = pamap2_ankle_folds()
    tests = [set(fold.test) for fold in folds]
    assert tests == [
        {"108", "102"},
        {"101", "107"},
        {"104", "109"},
        {"106", "103"},
        {"105"},
    ]
    assert [set(fold.validation) for fold in folds] == [
        {"106", "101"},
        {"102", "103"},
        {"101", "102"},
        {"101", "102"},
        {"102", "107"},
    ]
    everybody = {str(number) for number in range(101, 110)}
    for fold in folds:
        assert {*fold.train, *fold.validation, *fold.test} == everybody


def fill(axis):
    """Linear between known values, the nearest known one at the ends."""
    known = [i for i, value in enumerate(axis) if not np.isnan(value)]
    filled = axis.astype("float64")
    for i in range(len(axis)):
        before = [k for k in known if k <= i]
        after = [k for k in known if k >= i]
        if not before or not after:
            filled[i] = axis[after[0] if after else before[-1]]
        elif before[-1] != after[0]:
            share = (i - before[-1]) / (after[0] - before[-1])
            step = float(axis[after[0]]) - float(axis[before[-1]])
            filled[i] = axis[before[-1]] + share * step
    return filled


def test_windows_are_those_of_a_plain_loop(rng):
    names = [*CLASSES, "null", "house_cleaning"]
    files, expected = {}, []
    for name in ("Protocol/subject101", "Optional/subject101"):
        rows = signal(rng, 901)
        rows[rng.permutation(901)[:90], rng.integers(0, 3, 90)] = np.nan
        rows[:3] = np.nan  # before the first value, over a cut, at the end
        rows[448:455] = np.nan
        rows[-2:, 1] = np.nan
        files[name] = rows, stretches(rng, names, 901, longest=150)
    joined, kept = [], []
    for rows, labels in files.values():
        filled = np.stack([fill(axis) for axis in rows.T], axis=1)
        is_kept = [label in CLASSES for label in labels]
        joined.append(filled[is_kept])
        kept.append(labels[is_kept])
    expected = joined_windows(
        np.concatenate(joined), np.concatenate(kept), CLASSES
    )
    recordings = []
    for name, (rows, labels) in files.items():
        cut = parts_of(name, "101", "ankle", 100, rows, labels, cuts=(450,))
        recordings = cut + recordings  # the optional file comes first
    check_windows(pamap2_ankle_windows(recordings), expected)


def test_an_axis_without_a_value_makes_windows_invalid():
    rows = np.zeros((401, 3))
    rows[:, 1] = np.nan
    name = "Protocol/subject101"
    recordings = parts_of(name, "101", "ankle", 100, rows, ["lying"] * 401)
    windows = pamap2_ankle_windows(recordings)
    assert windows.valid.tolist() == [False, False]
    assert np.isfinite(windows.acceleration).all()


def test_another_sensor_is_refused():
    rows = np.zeros((300, 3))
    hand = parts_of(
        "Protocol/subject101", "101", "hand", 100, rows, ["lying"] * 300
    )
    with pytest.raises(ValueError, match="recordings of 'pamap2/ankle'"):
        pamap2_ankle_windows(hand)
