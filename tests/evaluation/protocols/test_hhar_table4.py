import numpy as np
import pytest
from protocol_oracles import (
    check_windows,
    joined_windows,
    parts_of,
    signal,
    stretches,
)

from keras_relcon.evaluation.protocols.hhar_table4 import (
    CLASSES,
    hhar_folds,
    hhar_windows,
)


def test_fold_0_is_the_released_one():
    fold = hhar_folds()[0]
    assert set(fold.train) == set("diecg")
    assert set(fold.validation) == set("fa")
    assert set(fold.test) == set("hb")


def test_other_folds_have_the_released_sizes_and_depend_on_the_seed_only():
    folds = hhar_folds()
    sizes = [tuple(map(len, (f.train, f.validation, f.test))) for f in folds]
    assert sizes == [(5, 2, 2)] * 4 + [(6, 2, 1)]
    assert folds == hhar_folds(seed=0)
    assert folds[0] == hhar_folds(seed=1)[0]
    assert folds[1:] != hhar_folds(seed=1)[1:]


def make_files(rng):
    """By user: watches with their rate, rows and labels."""
    names = [*CLASSES, "null"]
    return {
        (user, watch): (
            signal(rng, count, num_missing=5),
            stretches(rng, names, count),
        )
        for user, watch, count in (
            ("a", "gear_1", 1203),
            ("a", "gear_2", 901),
            ("a", "lgwatch_1", 1301),
            ("b", "gear_1", 700),
            ("b", "lgwatch_1", 1501),
            ("b", "lgwatch_2", 999),
        )
    }


def test_rows_are_gear_then_every_second_lg_row_counted_through(rng):
    files = make_files(rng)
    rows_of, num_lg = {"a": [], "b": []}, 0
    for wanted in ("gear", "lgwatch"):
        for (user, watch), (rows, labels) in files.items():
            if not watch.startswith(wanted):
                continue
            for row, label in zip(rows, labels):
                if label == "null" or np.isnan(row).any():
                    continue
                if wanted == "lgwatch":
                    num_lg += 1
                    if num_lg % 2 == 0:
                        continue
                rows_of[user].append((row, label))
    expected = []
    for user in "ab":
        rows, labels = map(np.array, zip(*rows_of[user]))
        expected += joined_windows(rows, labels, CLASSES)
    recordings = []
    for (user, watch), (rows, labels) in files.items():
        rate = 100 if watch.startswith("gear") else 200
        name = f"{user}/{watch}"
        recordings += parts_of(
            name, user, "wrist", rate, rows, labels, cuts=(150, 333)
        )
    windows = hhar_windows(recordings[::-1])
    check_windows(windows, expected)
    assert windows.sample_rate_hz == 100
    assert set(windows.subjects) == {"a", "b"}
    assert {name[:2] for name in windows.recordings} == {"a/", "b/"}


def test_phones_are_refused():
    rows = np.zeros((300, 3))
    phone = parts_of("a/s3_1", "a", "waist", 150, rows, ["walk"] * 300)
    with pytest.raises(ValueError, match="recordings of 'hhar/watch'"):
        hhar_windows(phone)
