import ast
import pathlib

import numpy as np
import pytest

import keras_relcon.evaluation
from keras_relcon.evaluation import Report


def test_mean_and_population_std_over_all_folds(report):
    assert report.mean("encoder") == pytest.approx(0.8)
    # not 0.1, which is the sample's, nor the last fold's value
    assert report.std("encoder") == pytest.approx((0.02 / 3) ** 0.5)
    assert report.values("encoder", "kappa") == pytest.approx([0.7, 0.8, 0.6])
    assert report.classes == ("run", "sit", "walk")
    assert report.kind == "classification"
    assert report.main_metric == "macro_f1"


def test_a_report_says_in_a_line_what_was_scored(report, regression_report):
    assert repr(report) == (
        "<Report: classification, representations encoder, untrained encoder, "
        "3 folds, 6 subjects tested, classes run, sit, walk>"
    )
    assert repr(regression_report) == (
        "<Report: regression, representations encoder, hand-made features, "
        "3 folds, 12 subjects tested>"
    )


def test_folds_on_which_a_metric_is_undefined_are_left_out(make_result):
    nan = float("nan")
    report = Report(
        [make_result("a", 0, 0.5, auc=nan), make_result("a", 1, 0.7, auc=0.8)]
    )
    assert report.mean("a", "macro_auc") == 0.8
    fold = report.to_dict()["representations"]["a"]["folds"][0]
    assert fold["macro_auc"] is None


def test_a_metric_undefined_on_all_folds_is_a_dash(make_report):
    nan = float("nan")
    report = make_report({"a": (0.5, 0.6), "untrained a": (nan, nan)}, auc=nan)
    row = report.table().splitlines()[2].split()
    assert row[-3] == "-"  # macro-AUC stands before the two folds
    assert "nan" not in report.table()
    assert "no interval" in report.table()
    assert report.winner() is None
    assert report.to_dict()["representations"]["a"]["mean"]["macro_auc"] is None


def test_results_are_paired_by_fold_and_not_by_order(make_result):
    scores = {0: 0.5, 1: 0.7, 2: 0.6}
    results = [make_result("a", f, scores[f] + 0.1) for f in (0, 1, 2)]
    results += [make_result("b", f, scores[f] + f / 100) for f in (2, 0, 1)]
    report = Report(results)
    assert report.folds == (0, 1, 2)
    assert report.values("b") == pytest.approx([0.5, 0.71, 0.62])
    assert report.paired_difference("a", "b").mean == pytest.approx(0.09)


def test_regression_has_mae_as_main_metric(regression_report):
    assert regression_report.kind == "regression"
    assert regression_report.main_metric == "mae"
    assert regression_report.classes == ()
    assert regression_report.metrics == (
        "mse",
        "sdse",
        "mae",
        "sdae",
        "correlation",
    )
    assert regression_report.mean("encoder") < 0.05
    assert regression_report.winner() == "encoder"  # the lower


def test_paired_difference_is_students(report):
    found = report.paired_difference(
        "encoder", "untrained encoder", corrected=False
    )
    # differences 0.2, 0.1, 0.0: mean 0.1, s = 0.1, t(2, 0.975) = 4.302653
    half = 4.302653 * 0.1 / 3**0.5
    assert found.mean == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1 - half, abs=1e-6)
    assert found.high == pytest.approx(0.1 + half, abs=1e-6)


def test_default_interval_allows_for_shared_training_subjects(report):
    found = report.paired_difference("encoder", "untrained encoder")
    # 2 of 6 subjects are tested, so n_test / n_train = 2 / 4
    half = 4.302653 * 0.1 * (1 / 3 + 1 / 2) ** 0.5
    assert found.mean == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1 - half, abs=1e-6)
    assert found.high == pytest.approx(0.1 + half, abs=1e-6)


def test_sizes_of_the_parts_come_from_the_settings(make_report):
    scores = {"encoder": (0.8, 0.9, 0.7), "other": (0.6, 0.8, 0.7)}
    subjects = {"train": list("abc"), "validation": ["d"], "test": ["e"]}
    rows = {
        "train_rows": list(range(5)),
        "validation_rows": [],
        "test_rows": [5],
    }
    for is_fitted, num_fitted in ((True, 4), (False, 3)):
        settings = {
            "folds": [subjects, subjects, rows],
            "refits_on_validation": is_fitted,
        }
        report = make_report(scores, settings=settings)
        found = report.paired_difference("encoder", "other")
        ratio = (2 / num_fitted + 1 / 5) / 3
        half = 4.302653 * 0.1 * (1 / 3 + ratio) ** 0.5
        assert found.high - found.mean == pytest.approx(half, abs=1e-6)


@pytest.mark.parametrize(
    "others, winner",
    [
        ({"b": (0.5, 0.6, 0.4)}, "a"),
        ({"b": (0.5, 0.6, 0.4), "c": (0.7, 0.95, 0.6)}, None),
        ({"b": (0.9, 1.0, 0.8)}, "b"),
        ({"b": (0.8, 0.9, 0.7)}, None),  # equal
        ({}, None),
    ],
)
def test_a_winner_beats_every_other_row_beyond_its_interval(
    make_report, others, winner
):
    assert make_report({"a": (0.8, 0.9, 0.7), **others}).winner() == winner


def test_a_winner_is_ahead_on_the_folds_that_both_have(make_result):
    areas = {"a": (0.95, 0.10, 0.12, 0.11), "b": (np.nan, 0.30, 0.32, 0.31)}
    results = [
        make_result(name, fold, 0.5, auc=value)
        for name, values in areas.items()
        for fold, value in enumerate(values)
    ]
    report = Report(results)
    assert report.mean("a", "macro_auc") > report.mean("b", "macro_auc")
    assert report.winner("macro_auc") is None


def test_a_single_fold_has_no_winner(make_report):
    assert make_report({"a": (0.9,), "b": (0.1,)}).winner() is None


def test_controls_are_compared_with_every_encoder(make_report):
    scores = {"a": (0.8, 0.9), "b": (0.7, 0.8), "untrained a": (0.6, 0.5)}
    report = make_report(scores)
    assert report.controls == ("untrained a",)
    assert report.compared_pairs() == [
        ("a", "b"),
        ("a", "untrained a"),
        ("b", "untrained a"),
    ]
    named = make_report(scores, controls=("b",))
    assert named.compared_pairs() == [
        ("a", "untrained a"),
        ("a", "b"),
        ("untrained a", "b"),
    ]
    without = make_report({"a": (0.8, 0.9), "b": (0.7, 0.8), "c": (0.1, 0.2)})
    assert without.compared_pairs() == [("a", "b"), ("a", "c"), ("b", "c")]


def test_leaks_are_gathered_by_sentence(make_result):
    results = [
        make_result("a", fold, 0.5, leak="rows shared" if fold < 2 else None)
        for fold in range(3)
    ]
    assert Report(results).leaks == {"rows shared": (0, 1)}


def test_unknown_names_raise(report, make_result):
    with pytest.raises(ValueError, match="must be one of .*encoder"):
        report.of("encodre")
    with pytest.raises(ValueError, match="`metric` must be one of"):
        report.mean("encoder", "f1")
    single = Report([make_result("a", 0, 0.5), make_result("b", 0, 0.6)])
    with pytest.raises(ValueError, match="at least 2 folds"):
        single.paired_difference("a", "b")
    with pytest.raises(ValueError, match="must be one of .*'a'"):
        Report([make_result("a", 0, 0.5)], controls=("b",))


def test_results_that_do_not_belong_together_raise(
    make_result, make_regression_result
):
    with pytest.raises(ValueError, match="at least one `FoldResult`"):
        Report([])
    with pytest.raises(ValueError, match="each fold once.*fold 1 of 'a' twice"):
        Report([make_result("a", 0, 0.5), make_result("a", 0, 0.6)])
    results = [make_result("a", 0, 0.5), make_result("a", 1, 0.5)]
    with pytest.raises(ValueError, match=r"same folds.*\[1, 2\].*\[1\]"):
        Report([*results, make_result("b", 0, 0.5)])
    with pytest.raises(ValueError, match="on the same windows.*'9'"):
        Report(
            [
                make_result("a", 0, 0.5),
                make_result("b", 0, 0.5, subjects=("9",)),
            ]
        )
    with pytest.raises(ValueError, match="same metrics.*mae.*Do not mix"):
        Report([make_result("a", 0, 0.5), make_regression_result("b", 0, 0.1)])
    with pytest.raises(ValueError, match='must hold "macro_f1" or "mae"'):
        Report([make_result("a", 0, 0.5, metrics={"f1": 0.5})])


def test_settings_of_any_kind_become_plain(make_report):
    settings = {
        "scale": np.float32(0.5),
        "bad": float("nan"),
        "sizes": (1, np.int64(2)),
        3: {"inner": np.array([1, 2])},
        "object": pathlib.PurePosixPath("a/b"),
    }
    report = make_report({"a": (0.5,)}, settings=settings)
    assert report.to_dict()["settings"] == {
        "scale": 0.5,
        "bad": None,
        "sizes": [1, 2],
        "3": {"inner": [1, 2]},
        "object": "a/b",
    }


def test_scikit_learn_and_matplotlib_are_imported_inside_functions():
    folder = pathlib.Path(keras_relcon.evaluation.__file__).parent
    for path in folder.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            roots = {name.split(".")[0] for name in names}
            lazy = {"sklearn", "matplotlib", "scipy", "threadpoolctl", "umap"}
            assert not roots & lazy, path
