"""Errors are better lower, shares and correlations higher."""

import numpy as np
import pytest

from keras_relcon.evaluation import Report
from keras_relcon.evaluation.report import statements
from keras_relcon.evaluation.report.fold_result import FoldResult

HIGHER = ("macro_f1", "kappa", "accuracy", "macro_auc", "correlation")
LOWER = ("mse", "sdse", "mae", "sdae")


def report_of(main, metric, better, worse, controls=("worse",)):
    """Three folds of two rows that differ by far more than they scatter."""
    results = []
    for name, value in (("better", better), ("worse", worse)):
        for fold in range(3):
            score = value + 0.001 * fold
            results.append(
                FoldResult(
                    representation=name,
                    fold=fold,
                    metrics={main: score, metric: score},
                    y_true=np.arange(4.0),
                    y_pred=np.arange(4.0),
                    embeddings=np.zeros((4, 2), "float32"),
                    subjects=(str(fold),),
                )
            )
            # The difference is not the same in every fold.
            results[-1].metrics[metric] += 0.0001 * (name == "worse") * fold
    return Report(results, controls=controls)


@pytest.mark.parametrize("metric", LOWER)
def test_the_lowest_error_wins(metric):
    assert report_of("mae", metric, 0.2, 0.4).winner(metric) == "better"


@pytest.mark.parametrize("metric", HIGHER)
def test_the_highest_share_or_correlation_wins(metric):
    main = "mae" if metric == "correlation" else "macro_f1"
    assert report_of(main, metric, 0.8, 0.5).winner(metric) == "better"


@pytest.mark.parametrize(
    "main, better, worse", [("mae", 0.2, 0.4), ("macro_f1", 0.8, 0.6)]
)
def test_words_follow_the_direction_of_the_metric(main, better, worse):
    about = statements.summary(report_of(main, main, better, worse))[1]
    assert "better than worse" in about
    report = report_of(main, main, better, worse, controls=("better",))
    assert "worse than better" in statements.summary(report)[1]
