import numpy as np
import pytest

from keras_relcon.evaluation import expected_calibration_error
from keras_relcon.evaluation.metrics.calibration import reliability


def by_loop(y_true, probabilities, classes, num_bins):
    """Window by window, with bins (low, high]."""
    bins = {}
    for label, row in zip(y_true, probabilities):
        best = max(range(len(classes)), key=lambda index: row[index])
        for index in range(num_bins):
            if index / num_bins < row[best] <= (index + 1) / num_bins:
                right = classes[best] == label
                bins.setdefault(index, []).append((row[best], right))
    total = 0.0
    for rows in bins.values():
        confidence = sum(c for c, _ in rows) / len(rows)
        accuracy = sum(r for _, r in rows) / len(rows)
        total += len(rows) * abs(confidence - accuracy)
    return total / len(y_true), len(bins)


@pytest.mark.parametrize("num_bins", (1, 7, 10))
def test_error_is_that_of_a_loop_over_windows(num_bins):
    generator = np.random.default_rng(num_bins)
    classes = ["a", "b", "c", "d"]
    probabilities = generator.dirichlet([0.5] * 4, 200)
    y_true = generator.choice(classes, 200)
    expected, num_filled = by_loop(
        y_true.tolist(), probabilities.tolist(), classes, num_bins
    )
    found = expected_calibration_error(y_true, probabilities, classes, num_bins)
    assert found == pytest.approx(expected, abs=1e-12)
    parts = reliability(y_true, probabilities, classes, num_bins)
    assert [len(part) for part in parts] == [num_filled] * 3
    assert parts[2].sum() == 200


def test_numbers_worked_by_hand():
    probabilities = np.array([[0.95, 0.05], [0.91, 0.09], [0.4, 0.6], [1, 0]])
    confidence, accuracy, counts = reliability(
        ["a", "b", "b", "a"], probabilities, ["a", "b"]
    )
    assert confidence == pytest.approx([0.6, (0.95 + 0.91 + 1) / 3])
    assert accuracy == pytest.approx([1, 2 / 3])
    assert counts.tolist() == [1, 3]
    error = expected_calibration_error(
        ["a", "b", "b", "a"], probabilities, ["a", "b"]
    )
    assert error == pytest.approx((0.4 + (0.95 + 0.91 + 1) - 2) / 4)


def test_bins_are_closed_above():
    probabilities = np.array([[0.5, 0.5], [0.9, 0.1]])
    _, _, counts = reliability(["a", "a"], probabilities, ["a", "b"], 2)
    assert counts.tolist() == [1, 1]


def test_sure_and_right_is_calibrated():
    assert expected_calibration_error(["a"], [[1.0, 0.0]], ["a", "b"]) == 0.0


def test_a_label_the_classifier_does_not_know_is_wrong():
    error = expected_calibration_error(["new"], [[0.8, 0.2]], ["a", "b"])
    assert error == pytest.approx(0.8)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="`num_bins` must be .* least 1"):
        expected_calibration_error(["a"], [[1.0, 0.0]], ["a", "b"], 0)
    with pytest.raises(ValueError, match=r"shape \(rows, classes\)"):
        expected_calibration_error(["a"], [[1.0, 0.0]], ["a"])
    with pytest.raises(ValueError, match="1 values that are not"):
        expected_calibration_error(["a"], [[np.nan, 1.0]], ["a", "b"])
    with pytest.raises(ValueError, match="at least 1"):
        expected_calibration_error([], np.ones((0, 2)), ["a", "b"])
