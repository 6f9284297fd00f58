"""Steps in time of just a limit, on whose side nothing else decides."""

import numpy as np
import pytest

from keras_relcon.data import regularize
from keras_relcon.data.readers.timestamps import split_at_gaps, to_seconds


def test_a_step_of_just_the_gap_does_not_split():
    """The longest step that is allowed is still one: "longer than"."""
    seconds = np.array([0.0, 0.5, 1.5, 2.0, 3.25, 3.5])
    assert split_at_gaps(seconds, 1.0) == [slice(0, 4), slice(4, 6)]
    assert split_at_gaps(seconds, 1.25) == [slice(0, 6)]


def test_a_clock_put_back_goes_on_after_a_step_of_just_the_gap():
    """Once the hour is added, the step is "not above" the longest one."""
    start = np.datetime64("2023-10-29T02:59:58")
    back = start + np.timedelta64(1, "s") - np.timedelta64(1, "h")
    with pytest.warns(UserWarning, match="back by an hour at row 1 "):
        seconds = to_seconds(np.array([start, back]), "iso", 1.0)
    assert np.diff(seconds).tolist() == [1.0]
    # Above it, the step back stays one, for `regularize` to refuse.
    seconds = to_seconds(np.array([start, back]), "iso", 0.9)
    assert np.diff(seconds).tolist() == [1.0 - 3600]


def test_a_gap_of_just_the_longest_is_filled():
    """Grid points are missing "inside a longer gap" only."""
    seconds = np.array([0.0, 0.5, 1.5, 2.0])
    signal = np.arange(4.0)[:, None] * np.ones(3)
    on_grid, _, _ = regularize(seconds, signal, 4.0, max_gap_seconds=1.0)
    assert np.isfinite(on_grid).all()
    on_grid, _, _ = regularize(seconds, signal, 4.0, max_gap_seconds=0.9)
    is_missing = np.isnan(on_grid).all(axis=1)
    assert np.flatnonzero(is_missing).tolist() == [3, 4, 5]


def test_half_way_between_two_samples_the_earlier_label_holds():
    """As `resample_labels` has it: "of two, the earlier"."""
    seconds = np.array([0.0, 0.5, 1.0, 1.5])
    labels = np.array(["a", "b", "c", "d"])
    _, _, found = regularize(seconds, np.zeros((4, 3)), 4.0, labels=labels)
    assert found.tolist() == ["a", "a", "b", "b", "c", "c", "d"]
