"""Every task through `cross_validate`, with its checks for leaks."""

import dataclasses

import numpy as np
import pytest

from keras_relcon import baselines
from keras_relcon.evaluation import (
    FineTune,
    Fold,
    FromScratch,
    LinearProbe,
    MLPProbe,
    RidgeProbe,
    cross_validate,
)

pytestmark = [pytest.mark.every_backend, pytest.mark.eager]

FOLDS = [
    Fold(("1", "2"), ("3",), ("4",)),
    Fold(("4", "3"), ("1",), ("2",)),
]


@pytest.mark.parametrize(
    "task, chosen",
    [
        (LinearProbe.preset("table4"), ["C"]),
        (MLPProbe(16, 0.01), ["alpha", "epochs"]),
        (
            MLPProbe.preset("table3_released", scale=True, patience=30),
            ["alpha", "epochs"],
        ),
        (FineTune(16, 0.02, 8, epochs=2), ["epochs", "validation_loss"]),
        (FromScratch(16, 0.02, 8, epochs=2), ["epochs", "validation_loss"]),
    ],
    ids=["linear", "mlp", "mlp-random", "fine-tune", "from-scratch"],
)
def test_classification(make_labelled_windows, make_encoder, task, chosen):
    windows = make_labelled_windows(num_subjects=4, num_each=4)
    encoder = make_encoder()
    before = [np.array(weight) for weight in encoder.get_weights()]
    report = cross_validate(task, encoder, windows, FOLDS, ("handmade",))
    assert report.representations == ("encoder", "hand-made features")
    assert report.mean("hand-made features") > 0.9
    assert len(report.results) == 4
    for result in report.results:
        own = ["alpha", "epochs"]  # the probe that stands in for FineTune
        is_encoder = result.representation == "encoder"
        assert sorted(result.choice) == (
            chosen if is_encoder or "C" in chosen else own
        )
        assert result.embeddings.shape == (12, 6 if is_encoder else 79)
    after = encoder.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(before, after))
    assert not hasattr(task, "classes_"), "each fold has its own copy"


def test_regression(make_labelled_windows, make_encoder):
    windows = make_labelled_windows(num_subjects=4, num_each=4)
    hz = np.select([windows.labels == "walk", windows.labels == "run"], [4, 12])
    windows = dataclasses.replace(windows, targets={"hz": hz.astype("float64")})
    report = cross_validate(RidgeProbe("hz"), make_encoder(), windows, FOLDS)
    assert report.mean("hand-made features", "mae") < 1.0
    assert report.settings["task"]["target"] == "hz"
    assert report.of("encoder")[0].choice["alpha"] in RidgeProbe("hz").alphas


def test_supervised_reference(make_labelled_windows):
    windows = make_labelled_windows(num_subjects=4, num_each=2)
    encoder = baselines.conv_classifier(widths=(4,), hidden=(5,))
    report = cross_validate(
        FromScratch(hidden=(), epochs=2),
        {"conv classifier": encoder},
        windows,
        FOLDS[:1],
        controls=(),
    )
    assert report.representations == ("conv classifier",)
    assert report.results[0].embeddings.shape == (6, 5)
