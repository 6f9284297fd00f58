import numpy as np
import pytest

from keras_relcon.evaluation import Report, regression_metrics
from keras_relcon.evaluation.report.fold_result import FoldResult

CLASSES = ("run", "sit", "walk")


def classification_result(name, fold, score, seed=0, auc=0.9, **changes):
    """A fold with given scores; its predictions are drawn apart from them."""
    generator = np.random.default_rng(seed)
    y_true = np.array(["sit", "walk", "run"])[np.arange(30) % 3]
    y_pred = np.where(generator.random(30) < 0.8, y_true, "sit")
    fields = {
        "representation": name,
        "fold": fold,
        "metrics": {
            "macro_f1": score,
            "kappa": score - 0.1,
            "accuracy": score,
            "macro_auc": auc,
        },
        "y_true": y_true,
        "y_pred": y_pred,
        "embeddings": generator.normal(size=(30, 5)).astype("float32"),
        "subjects": (str(2 * fold), str(2 * fold + 1)),
        "choice": 0.1,
        "probabilities": generator.dirichlet([1.0] * 3, 30),
        "classes": CLASSES,
    }
    return FoldResult(**{**fields, **changes})


def regression_result(name, fold, bias, seed=0, **changes):
    generator = np.random.default_rng(seed)
    subjects = np.repeat([f"p{4 * fold + i}" for i in range(4)], 5)
    y_true = np.repeat(generator.normal(1.2, 0.2, 4), 5)
    y_pred = y_true + bias + np.repeat(generator.normal(0, 0.02, 4), 5)
    fields = {
        "representation": name,
        "fold": fold,
        "metrics": regression_metrics(y_true, y_pred, subjects),
        "y_true": y_true,
        "y_pred": y_pred,
        "embeddings": generator.normal(size=(20, 3)).astype("float32"),
        "subjects": tuple(np.unique(subjects)),
        "window_subjects": subjects,
    }
    return FoldResult(**{**fields, **changes})


@pytest.fixture(scope="session")
def make_result():
    return classification_result


@pytest.fixture
def make_regression_result():
    return regression_result


@pytest.fixture(scope="session")
def make_report():
    """From a dict of representation to the main metric of each fold."""

    def make(scores, *, settings=None, published=(), controls=None, **changes):
        results = [
            classification_result(name, fold, score, seed=fold, **changes)
            for name, values in scores.items()
            for fold, score in enumerate(values)
        ]
        return Report(results, settings, published, controls)

    return make


@pytest.fixture
def report(make_report):
    scores = {"encoder": (0.8, 0.9, 0.7), "untrained encoder": (0.6, 0.8, 0.7)}
    return make_report(scores, settings={"seed": 0})


@pytest.fixture
def regression_report():
    return Report(
        [
            regression_result(name, fold, bias, seed=fold)
            for name, bias in (("encoder", 0.01), ("hand-made features", 0.3))
            for fold in range(3)
        ],
        settings={"task": {"class": "RidgeProbe", "target": "speed_m_s"}},
    )
