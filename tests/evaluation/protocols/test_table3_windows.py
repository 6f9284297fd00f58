import numpy as np
import pytest
from protocol_oracles import (
    check_windows,
    half_shifted_windows,
    signal,
    stretches,
)

from keras_relcon.evaluation.protocols.table3 import (
    cut_half_shifted,
)

ORDER = ("null", "walk", "sit", "run")
KEPT = ("sit", "walk")


def cut(rows, labels, rate=100):
    labels = np.asarray(labels)
    return cut_half_shifted([("s", "file", rows, labels)], ORDER, KEPT, rate)


def test_windows_are_those_of_a_plain_loop(rng):
    rows = 5 * signal(rng, 12_900)  # some beyond 3 g
    labels = stretches(rng, ORDER, 12_900, longest=1500)
    expected = half_shifted_windows(rows, labels, ORDER, KEPT)
    windows = cut(rows, labels)
    assert len(expected) < 23  # some are left out
    check_windows(windows, expected)
    assert windows.acceleration.max() == 3 and windows.acceleration.min() == -3


def test_shifted_windows_follow_the_consecutive_ones():
    windows = cut(np.zeros((3999, 3)), ["walk"] * 3999, rate=50)
    assert windows.start_seconds.tolist() == [0, 20, 40, 10, 30]
    assert windows.sample_rate_hz == 50


@pytest.mark.parametrize(
    "num_null, num_sit, expected", [(499, 0, 1), (500, 0, 0), (400, 300, 0)]
)
def test_windows_with_half_or_most_without_activity_are_left_out(
    num_null, num_sit, expected
):
    labels = ["null"] * num_null + ["sit"] * num_sit
    labels += ["walk"] * (1000 - len(labels)) + ["sit"] * 1000
    windows = cut(np.zeros((2000, 3)), labels)
    at_first = windows.labels[windows.start_seconds == 0].tolist()
    assert at_first == ["walk"] * expected
    assert len(windows) == 2 + expected


def test_tie_goes_to_the_smaller_code():
    labels = ["sit"] * 400 + ["walk"] * 400 + ["null"] * 200
    assert cut(np.zeros((1000, 3)), labels).labels.tolist() == ["walk"]


def test_files_without_a_window_of_the_classes_are_refused():
    with pytest.raises(ValueError, match="a window of 1000 rows"):
        cut(np.zeros((999, 3)), ["walk"] * 999)
    with pytest.raises(ValueError, match="Received: 1 files without"):
        cut(np.zeros((2000, 3)), ["run"] * 2000)
