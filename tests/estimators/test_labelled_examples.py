import numpy as np
import pytest
from motion_recordings import LENGTH, make_recording

from keras_relcon.data import make_windows
from keras_relcon.estimators.examples import (
    examples_of,
    labels_of,
    thin_rows,
)

WINDOW = (100.0, LENGTH)


def test_recordings_are_windows_without_overlap(recordings):
    examples = examples_of(recordings[:2], WINDOW, labels_of)
    assert examples.inputs.shape == (42, LENGTH, 3)
    assert set(examples.groups) == {"s0", "s1"}
    assert examples.values[:8].tolist() == ["still"] * 6 + ["walk"] * 2
    assert np.unique(examples.sequences).tolist() == [0, 1]
    windows = make_windows(recordings[:2], 100, LENGTH, LENGTH)
    same = examples_of(windows, WINDOW, labels_of)
    np.testing.assert_array_equal(same.inputs, examples.inputs)
    np.testing.assert_array_equal(same.sequences, examples.sequences)


def test_missing_samples_and_labels_are_left_out_and_counted():
    recording = make_recording("s0", [("still", 4), ("walk", 4)])
    signal, labels = recording.acceleration.copy(), recording.labels.copy()
    signal[LENGTH + 3] = np.nan
    labels[3 * LENGTH : 4 * LENGTH] = ""
    with pytest.warns(UserWarning, match="not finite"):
        recording = type(recording)(signal, 100, "s0", labels)
    with pytest.warns(UserWarning, match="2 of 8 windows"):
        examples = examples_of(recording, WINDOW, labels_of)
    assert examples.values.tolist() == ["still"] * 2 + ["walk"] * 4
    assert examples.sequences.tolist() == [0, 1, 2, 2, 2, 2]


def test_recordings_without_labels_are_named():
    bouts = [("still", 4), ("walk", 4)]
    some = [
        make_recording("s0", bouts, placement="wrist"),
        make_recording("s1", bouts, labelled=False),
    ]
    with pytest.warns(UserWarning, match="1 of 2 recordings.*s1_0"):
        examples = examples_of(some, WINDOW, labels_of)
    assert set(examples.groups) == {"s0"}
    assert examples.placements == ("wrist",)
    with pytest.raises(ValueError, match=r"must be labelled recordings\."):
        examples_of(some[1:], WINDOW, labels_of)
    with pytest.raises(ValueError, match="`groups` are for arrays"):
        examples_of(some[:1], WINDOW, labels_of, groups=["s0"])


def test_thinned_rows_are_even_over_people_and_classes():
    labels = np.repeat(["a", "b"], [90, 10])
    groups = np.tile(["p", "q"], 50)
    rows = thin_rows(labels, groups, 40)
    assert len(rows) <= 40 and (np.diff(rows) > 0).all()
    counts = [
        np.sum((labels[rows] == c) & (groups[rows] == p))
        for c in "ab"
        for p in "pq"
    ]
    assert counts == [15, 15, 5, 5]
    spread = rows[labels[rows] == "a"]
    assert spread.min() < 5 and spread.max() > 80
    np.testing.assert_array_equal(thin_rows(labels, None, 100), range(100))
    assert len(thin_rows(labels, None, 20)) == 20
