import math

import numpy as np
import pytest

from keras_relcon.evaluation.metrics.regression import (
    METRICS,
    regression_metrics,
    subject_means,
)


def by_loop(y_true, y_pred, subjects):
    """The five columns of Table 1, one subject at a time."""
    true, predicted = [], []
    for subject in sorted(set(subjects)):
        rows = [row for row, other in enumerate(subjects) if other == subject]
        true.append(sum(y_true[row] for row in rows) / len(rows))
        predicted.append(sum(y_pred[row] for row in rows) / len(rows))
    count = len(true)
    errors = [p - t for p, t in zip(predicted, true)]

    def mean(values):
        return sum(values) / count

    def std(values):
        return math.sqrt(mean([(v - mean(values)) ** 2 for v in values]))

    products = [
        (p - mean(predicted)) * (t - mean(true))
        for p, t in zip(predicted, true)
    ]
    return {
        "mse": mean([e**2 for e in errors]),
        "sdse": std([e**2 for e in errors]),
        "mae": mean([abs(e) for e in errors]),
        "sdae": std([abs(e) for e in errors]),
        "correlation": mean(products) / (std(predicted) * std(true)),
    }


@pytest.mark.parametrize("seed", range(3))
def test_metrics_are_those_of_a_loop_over_subjects(seed):
    generator = np.random.default_rng(seed)
    subjects = generator.integers(0, 6, 50).astype(str)
    y_true = generator.normal(1.2, 0.2, 50)
    y_pred = y_true + generator.normal(0.05, 0.1, 50)
    found = regression_metrics(y_true, y_pred, subjects)
    expected = by_loop(y_true.tolist(), y_pred.tolist(), subjects.tolist())
    assert tuple(found) == METRICS
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-10), name
    # true of any errors, as in Table 1 of the paper
    assert found["sdae"] ** 2 == pytest.approx(found["mse"] - found["mae"] ** 2)


def test_errors_of_one_subject_cancel_before_they_are_scored():
    found = regression_metrics(
        [1.0, 1.0, 2.0, 2.0], [0.5, 1.5, 2.0, 3.0], list("aabb")
    )
    # subject a: 0; subject b: 0.5
    assert found["mae"] == pytest.approx(0.25)
    assert found["mse"] == pytest.approx(0.125)
    assert found["sdae"] == pytest.approx(0.25)
    assert found["sdse"] == pytest.approx(0.125)
    assert found["correlation"] == pytest.approx(1.0)


def test_a_subject_with_many_windows_counts_once():
    found = regression_metrics(
        [1.0] * 9 + [2.0], [1.0] * 9 + [3.0], ["a"] * 9 + ["b"]
    )
    assert found["mae"] == pytest.approx(0.5)


def test_correlation_is_undefined_where_nothing_varies():
    one = regression_metrics([1.0, 2.0], [1.0, 2.0], ["a", "a"])
    assert math.isnan(one["correlation"]) and one["mae"] == 0.0
    # 0.1 + 0.1 + 0.1 is not 3 * 0.1 in floating point
    constant = regression_metrics(
        [1.0, 1.0, 1.0, 2.0, 3.0], [0.1] * 5, ["a", "a", "a", "b", "c"]
    )
    assert math.isnan(constant["correlation"])


def test_subject_means_are_in_sorted_order():
    true, predicted = subject_means(
        [3.0, 1.0, 5.0], [30.0, 10.0, 50.0], ["b", "a", "b"]
    )
    assert true.tolist() == [1.0, 4.0]
    assert predicted.tolist() == [10.0, 40.0]


def test_bad_input_raises():
    with pytest.raises(ValueError, match="of one length, at least 1"):
        regression_metrics([], [], [])
    with pytest.raises(ValueError, match="of one length.*one axis"):
        regression_metrics([1.0, 2.0], [[1.0], [2.0]], ["a", "b"])
    with pytest.raises(ValueError, match="of one length"):
        regression_metrics([1.0, 2.0], [1.0, 2.0], ["a"])
    with pytest.raises(ValueError, match="must be finite.*1 of 2"):
        regression_metrics([1.0, np.nan], [1.0, 2.0], ["a", "b"])
