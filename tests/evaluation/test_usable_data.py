"""Labels and people of any type, and the bouts of what is left out."""

import dataclasses

import numpy as np
import pytest

from keras_relcon.evaluation import (
    LinearProbe,
    cross_validate,
    grouped_k_fold,
)
from keras_relcon.evaluation.usable_data import usable_windows

PROBE = LinearProbe((0.1,))


def _scored(windows):
    folds = grouped_k_fold(windows.subjects, 3)
    return cross_validate(PROBE, None, windows, folds)


def test_people_may_be_numbers(make_labelled_windows):
    windows = make_labelled_windows()
    numbers = dataclasses.replace(
        windows, subjects=windows.subjects.astype(int)
    )
    found, expected = _scored(numbers), _scored(windows)
    for one, other in zip(found.results, expected.results, strict=True):
        assert one.metrics == other.metrics
        np.testing.assert_array_equal(
            one.window_subjects, other.window_subjects
        )


@pytest.mark.parametrize("kind", [int, bool, np.int64])
def test_labels_may_be_objects_of_one_type(make_labelled_windows, kind):
    windows = make_labelled_windows()
    labels = np.empty(len(windows), object)
    labels[:] = [kind(label == "run") for label in windows.labels]
    plain = dataclasses.replace(windows, labels=labels.astype(kind))
    labels[0] = ""
    windows = dataclasses.replace(windows, labels=labels)
    with pytest.warns(UserWarning, match="without a label"):
        found = _scored(windows)
    plain = plain.select(labels.astype(str) != "")
    assert found.results[0].metrics == _scored(plain).results[0].metrics


def test_windows_without_a_label_end_a_bout(make_labelled_windows):
    windows = make_labelled_windows(num_subjects=1, num_each=4, invalid=[1])
    labels = np.array(["walk"] * 4 + [""] * 2 + ["walk"] * 3 + ["run"] * 3)
    windows = dataclasses.replace(windows, labels=labels)
    with pytest.warns(UserWarning, match="3 of 12 windows"):
        _, y, bouts = usable_windows(PROBE, windows)
    assert y.tolist() == ["walk"] * 6 + ["run"] * 3
    assert bouts.tolist() == [0] * 3 + [2] * 3 + [3] * 3


def test_votes_are_of_these_bouts(make_labelled_windows):
    windows = make_labelled_windows()
    labels = np.tile(["walk"] * 9 + [""] * 3 + ["walk"] * 6 + ["run"] * 6, 6)
    windows = dataclasses.replace(windows, labels=labels)
    with pytest.warns(UserWarning, match="18 of 144 windows"):
        report = _scored(windows)
    for result in report.results:
        assert len(np.unique(result.bouts)) == 3 * len(result.subjects)
