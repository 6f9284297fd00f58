import numpy as np
import pytest
from protocol_oracles import joined_windows, signal, stretches

from keras_relcon.evaluation.protocols.table4 import (
    cut_joined_rows,
    parse_folds,
)

CLASSES = ("walk", "sit", "bike")


def test_windows_and_labels_are_those_of_a_plain_loop(rng):
    rows = signal(rng, 2345)
    labels = stretches(rng, CLASSES, 2345, longest=150)
    windows = cut_joined_rows({"s": (rows, labels, labels)}, CLASSES)
    expected = joined_windows(rows, labels, CLASSES)
    assert len(windows) == len(expected) == 11
    assert windows.labels.tolist() == [label for _, label in expected]
    np.testing.assert_array_equal(
        windows.acceleration, np.stack([w for w, _ in expected])
    )


@pytest.mark.parametrize("count, expected", [(201, 1), (400, 1), (401, 2)])
def test_last_full_window_is_lost_at_a_multiple_of_200(count, expected):
    rows = np.zeros((count, 3)), *2 * [np.full(count, "walk")]
    assert len(cut_joined_rows({"s": rows}, CLASSES)) == expected


@pytest.mark.parametrize("num_sit, label", [(99, "walk"), (101, "sit")])
def test_tie_goes_to_the_first_class_not_the_first_sample(num_sit, label):
    rows = np.zeros((201, 3))
    labels = np.array(["sit"] * num_sit + ["walk"] * (201 - num_sit))
    windows = cut_joined_rows({"s": (rows, labels, labels)}, CLASSES)
    assert windows.labels.tolist() == [label]
    labels = np.array(["sit"] * 100 + ["walk"] * 101)
    windows = cut_joined_rows({"s": (rows, labels, labels)}, CLASSES)
    assert windows.labels.tolist() == ["walk"]


def test_recording_is_that_of_most_samples_and_first_at_a_tie():
    rows, labels = np.zeros((601, 3)), np.full(601, "walk")
    recordings = np.array(["b"] * 300 + ["c"] * 210 + ["a"] * 91)
    windows = cut_joined_rows({"s": (rows, labels, recordings)}, CLASSES)
    assert windows.recordings.tolist() == ["b", "b", "c"]


def test_subjects_are_named_timed_and_in_natural_order():
    rows_of = {
        "10": (np.full((401, 3), 0.1), *2 * [np.full(401, "sit")]),
        "2": (np.full((201, 3), 0.2), *2 * [np.full(201, "bike")]),
        "3": (np.zeros((200, 3)), *2 * [np.full(200, "walk")]),
    }
    windows = cut_joined_rows(rows_of, CLASSES)
    assert windows.subjects.tolist() == ["2", "10", "10"]
    assert windows.recordings.tolist() == ["bike", "sit", "sit"]
    assert windows.start_seconds.tolist() == [0.0, 0.0, 2.0]
    assert windows.sample_rate_hz == 100


def test_rows_for_no_window_are_refused():
    rows = np.zeros((200, 3)), *2 * [np.full(200, "walk")]
    with pytest.raises(ValueError, match="more rows .* than a window, 200"):
        cut_joined_rows({"s": rows}, CLASSES)


def test_folds_are_parsed_with_a_prefix():
    (fold,) = parse_folds(["1 2 | 3 | 4"], prefix="10")
    assert (fold.train, fold.validation, fold.test) == (
        ("101", "102"),
        ("103",),
        ("104",),
    )
