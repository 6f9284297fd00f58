import csv
import io

import pytest

from keras_relcon.evaluation import PublishedRow, Report
from keras_relcon.evaluation.report import tables

QUOTED = PublishedRow(
    "Other | method",
    {"macro_f1": (0.8123, 0.0107), "kappa": (0.7, None), "f2": (0.1, 0.2)},
    "Some paper, Table 9",
    "Five folds.",
    "Other data.",
)


def rows_of(report):
    return list(csv.DictReader(io.StringIO(tables.to_csv(report))))


def with_recordings(make_result, name, scores):
    results = []
    for fold, score in enumerate(scores):
        metrics = {"macro_f1": score - 0.3, "accuracy": 0.5}
        metrics |= {"recording_macro_f1": score, "recording_accuracy": 0.75}
        results.append(make_result(name, fold, 0.0, metrics=metrics))
    return results


def test_table_holds_mean_std_and_folds(report):
    lines = report.table().split("\n\n")[0].splitlines()
    assert "macro-F1" in lines[0] and "fold 2" in lines[0]
    assert lines[2].startswith("encoder ")
    assert "80.00 ± 8.16" in lines[2]
    assert lines[2].split()[-3:] == ["80.00", "90.00", "70.00"]
    assert len({len(line) for line in lines}) == 1  # aligned


def test_one_fold_has_no_spread(make_report):
    report = make_report({"a": (0.5,)})
    assert "±" not in report.table() + tables.to_markdown(report)
    assert "50.00" in report.table()


def test_text_states_the_difference_with_both_intervals(report):
    line = report.table().splitlines()[-1]
    assert line == (
        "encoder - untrained encoder: +10.00 points of macro-F1, 95 % interval "
        "-29.28 to +49.28 (plain t -14.84 to +34.84); includes 0"
    )


def test_recordings_have_a_table_of_their_own(make_result):
    report = Report(with_recordings(make_result, "a", (0.8, 0.9)))
    first, second = report.table().split("\n\n")
    assert "55.00 ± 5.00" in first and "85.00" not in first
    assert second.startswith("by recording (%)")
    assert "85.00 ± 5.00" in second
    assert second.splitlines()[2].split()[-2:] == ["80.00", "90.00"]
    markdown = tables.to_markdown(report)
    assert "| a | 85.00 ± 5.00 | 75.00 ± 0.00 | 80.00 | 90.00 |" in markdown
    assert rows_of(report)[0]["recording_macro_f1"] == "0.8"


def test_regression_is_not_in_percent(regression_report):
    lines = regression_report.table().splitlines()
    titles = ("MSE", "SDSE", "MAE", "SDAE", "correlation")
    assert all(title in lines[0] for title in titles)
    assert "%" not in lines[0]
    mae = regression_report.mean("hand-made features")
    assert f"{mae:.4f} ± " in lines[3]
    assert "of MAE, lower is better, 95 % interval -" in lines[-1]
    assert "points" not in regression_report.table()


def test_quoted_rows_stand_below_and_say_so(make_report):
    report = make_report({"a": (0.8, 0.9)}, published=[QUOTED])
    line = report.table().split("\n\n")[0].splitlines()[3]
    assert line.startswith("Other | method (quoted)")
    assert line.split()[-8:] == ["81.23", "±", "1.07", "70.00"] + ["-"] * 4
    markdown = tables.to_markdown(report)
    row = "| Other \\| method (quoted) | 81.23 ± 1.07 | 70.00 | - | - | - | - |"
    assert row in markdown
    assert "(quoted). Some paper, Table 9. Five folds. Other data." in markdown
    quoted = [r for r in rows_of(report) if r["row"].startswith("quoted")]
    assert [r["macro_f1"] for r in quoted] == ["0.8123", "0.0107"]
    assert [r["kappa"] for r in quoted] == ["0.7", ""]
    assert quoted[0]["source"] == "Some paper, Table 9"
    saved = report.to_dict()["published"][0]
    assert saved["metrics"]["macro_f1"] == [0.8123, 0.0107]


def test_csv_has_folds_then_mean_and_std(report):
    rows = rows_of(report)
    assert [row["row"] for row in rows] == 2 * [
        *("fold", "fold", "fold", "mean", "std")
    ]
    assert float(rows[3]["macro_f1"]) == pytest.approx(0.8)
    assert float(rows[4]["macro_f1"]) == pytest.approx((0.02 / 3) ** 0.5)
    assert rows[0]["choice"] == "0.1"


def test_only_a_clear_winner_is_bold(make_report):
    clear = make_report({"a": (0.8, 0.9, 0.7), "b": (0.5, 0.6, 0.4)})
    markdown = tables.to_markdown(clear)
    assert "| **a** | **80.00 ± 8.16** |" in markdown
    assert markdown.count("**") == 4
    unclear = make_report({"a": (0.8, 0.9, 0.7), "b": (0.6, 0.95, 0.4)})
    assert "**" not in tables.to_markdown(unclear)


def test_bold_in_a_regression_is_the_mae(regression_report):
    line = tables.to_markdown(regression_report).splitlines()[2].split(" | ")
    assert line[0] == "| **encoder**"
    assert [cell.startswith("**") for cell in line[1:6]] == [
        *(False, False, True, False, False)
    ]


def test_a_leak_is_told_in_every_table(make_report):
    leak = "test windows stand in the training part"
    report = make_report({"a": (0.8, 0.9)}, leak=leak)
    told = f"Leak in every fold: {leak}"
    assert report.table().startswith(told)
    assert tables.to_markdown(report).startswith(f"> **{told}**")
    assert [row["leak"] for row in rows_of(report)[:2]] == [leak, leak]
    assert report.to_dict()["leaks"] == [told]
    fold = report.to_dict()["representations"]["a"]["folds"][1]
    assert fold["leak"] == leak


def test_markdown_takes_no_markup_from_names(make_report):
    report = make_report({"a|b <i> *c*": (0.8, 0.9)})
    assert "| a\\|b &lt;i> \\*c\\* |" in tables.to_markdown(report)
