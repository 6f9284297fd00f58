import csv
import io
import math

import numpy as np
import pytest


def trial(arm, seed, score, folds=(), reason=""):
    scores = {"validation_macro_f1": score} if not reason else {}
    for index, value in enumerate(folds):
        scores[f"validation_macro_f1_fold_{index}"] = value
    return {
        "trial": f"{arm}{seed}",
        "values": {"arm": arm, "seed": seed},
        "status": "FAILED" if reason else "COMPLETED",
        "scores": scores,
        "reason": reason,
    }


@pytest.fixture
def results():
    from keras_relcon.tuning import AblationResults

    return AblationResults(
        [
            trial("base", 0, 0.80),
            trial("base", 1, 0.84),
            trial("base", 2, 0.82),
            trial("softmax", 0, 0.78),
            trial("softmax", 1, 0.80),
            trial("softmax", 2, 0.82),
            trial("no_rev_in", 0, 0.0, reason="ValueError: a | b"),
            trial("no_rev_in", 1, 0.60),
        ]
    )


def student(values):
    """95 % interval of a mean of three; 4.3027 is Student's 0.975 quantile."""
    values = np.array(values)
    half = 4.302653 * values.std(ddof=1) / math.sqrt(3)
    return values.mean(), values.mean() - half, values.mean() + half


def test_intervals_over_seeds_are_students(results):
    assert results.unit == "seed"
    np.testing.assert_allclose(
        results.mean("base"), student([0.80, 0.84, 0.82]), rtol=1e-5
    )
    np.testing.assert_allclose(
        results.difference("softmax"), student([-0.02, -0.04, 0]), rtol=1e-5
    )
    row = results.rows()[1]
    assert row["arm"] == "softmax"
    np.testing.assert_allclose(
        row["relative_change_percent"], -100 * 0.02 / 0.82
    )


def test_a_single_unit_has_no_interval_and_pairs_with_its_own_seed(results):
    mean, low, high = results.difference("no_rev_in")
    np.testing.assert_allclose(mean, 0.60 - 0.84)
    assert math.isnan(low) and math.isnan(high)
    row = results.rows()[2]
    np.testing.assert_allclose(
        row["relative_change_percent"], 100 * (0.60 - 0.84) / 0.84
    )


def test_a_relative_change_is_to_the_base_of_the_same_units():
    from keras_relcon.tuning import AblationResults

    results = AblationResults(
        [
            trial("base", 0, 0.6),
            trial("softmax", 0, 0.5),
            trial("softmax", 1, 0.7),
        ]
    )
    row = results.rows()[1]
    np.testing.assert_allclose(row["mean"], 0.6)
    np.testing.assert_allclose(row["relative_change_percent"], -100 / 6)


def test_one_seed_is_spread_over_folds_with_a_wider_interval():
    from keras_relcon.tuning import AblationResults

    trials = [
        trial("base", 7, 0.82, (0.80, 0.84, 0.82)),
        trial("softmax", 7, 0.80, (0.78, 0.80, 0.82)),
    ]
    results = AblationResults(trials, validation_train_ratio=0.25)
    assert results.unit == "fold"
    mean, low, high = results.difference("softmax")
    plain = student([-0.02, -0.04, 0])
    wider = math.sqrt((1 / 3 + 0.25) / (1 / 3))
    np.testing.assert_allclose(mean, plain[0])
    np.testing.assert_allclose(mean - low, wider * (plain[0] - plain[1]), 1e-5)


def test_tables_and_plot(results, tmp_path):
    text = results.to_markdown()
    assert "| softmax | 3 | 80.00 | 75.03 to 84.97 | -2.00 |" in text
    assert "-7.1 to -0.6 %" in text  # the paper's, of its tasks
    assert "1 of 8 trials failed" in text and "a \\| b" in text
    assert "Without the arm" not in text
    rows = list(csv.DictReader(io.StringIO(results.to_csv())))
    assert [row["arm"] for row in rows] == ["base", "softmax", "no_rev_in"]
    assert float(rows[1]["difference"]) == pytest.approx(-0.02)
    assert rows[2]["difference_low"] == ""
    pytest.importorskip("matplotlib")
    results.save(tmp_path)
    assert (tmp_path / "ablation.png").read_bytes()[:4] == b"\x89PNG"
    macro_f1, axis = results.plot().axes
    assert macro_f1.get_xlabel() == "macro-F1, %"
    assert axis.get_xlabel() == "difference to base, points"
    points = axis.lines[0].get_xdata()
    np.testing.assert_allclose(points, [0, -2, -24], atol=1e-6)


def test_without_a_base_there_is_no_difference():
    from keras_relcon.tuning import AblationResults

    results = AblationResults([trial("softmax", 0, 0.5)])
    assert math.isnan(results.difference("softmax")[0])
    text = results.to_markdown()
    assert "| softmax | 1 | 50.00 | - | - |" in text
    assert "Without the arm `base` there are no differences." in text


def test_intervals_over_seeds_are_not_widened():
    from keras_relcon.tuning import AblationResults

    trials = [trial("base", seed, 0.8 + seed / 100) for seed in range(3)]
    results = AblationResults(trials, validation_train_ratio=0.25)
    np.testing.assert_allclose(
        results.mean("base"), student([0.80, 0.81, 0.82]), rtol=1e-5
    )


def test_the_mean_over_folds_is_widened_too():
    from keras_relcon.tuning import AblationResults

    trials = [trial("base", 7, 0.82, (0.80, 0.84, 0.82))]
    results = AblationResults(trials, validation_train_ratio=0.25)
    mean, low, high = results.mean("base")
    plain = student([0.80, 0.84, 0.82])
    wider = math.sqrt((1 / 3 + 0.25) / (1 / 3))
    np.testing.assert_allclose(high - mean, wider * (plain[2] - plain[0]), 1e-5)


@pytest.mark.parametrize("values", [None, {"temperature": 0.1}])
def test_what_is_no_ablation_is_refused(values):
    from keras_relcon.tuning import AblationResults

    trials = [] if values is None else [{**trial("a", 0, 1), "values": values}]
    with pytest.raises(ValueError, match="an arm and a seed.*run_ablation"):
        AblationResults(trials)
