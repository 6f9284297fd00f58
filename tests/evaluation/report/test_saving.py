import csv
import json
import os
import pathlib
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from keras_relcon.evaluation import (
    LinearProbe,
    Report,
    cross_validate,
    grouped_k_fold,
)
from keras_relcon.evaluation.report.plots import figures

TABLES = ["table.csv", "table.json", "table.md"]
PICTURES = [
    "calibration.png",
    "confusion_matrix.png",
    "embedding_map.png",
    "roc_curves.png",
]


def test_files_exist_and_parse(report, tmp_path):
    directory = tmp_path / "made" / "report"
    histories = {"relcon": {"loss": [3.0, 2.0], "val_loss": [3.1, 2.4]}}
    paths = report.save(directory, histories)
    expected = sorted([*PICTURES, "loss_curves.png", "report.html", *TABLES])
    assert sorted(os.listdir(directory)) == expected
    assert sorted(map(os.path.basename, paths)) == sorted(os.listdir(directory))
    with open(directory / "table.csv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["row"] == "fold"]
    assert len(rows) == 6
    assert [float(row["macro_f1"]) for row in rows[:3]] == [0.8, 0.9, 0.7]
    assert rows[1]["test_subjects"] == "2 3"
    assert [row["fold"] for row in rows[:3]] == ["1", "2", "3"]
    text = (directory / "table.json").read_text(encoding="utf-8")
    saved = json.loads(text, parse_constant=pytest.fail)  # no NaN in JSON
    assert saved == report.to_dict()
    assert saved["representations"]["encoder"]["mean"]["macro_f1"] == (
        pytest.approx(0.8)
    )
    markdown = (directory / "table.md").read_text(encoding="utf-8")
    assert "| encoder | 80.00 ± 8.16 |" in markdown
    for path in paths:
        if path.endswith(".png"):
            image = imread(path)
            assert min(image.shape[:2]) > 200 and image.std() > 0.01


def test_regression_has_its_own_figures(regression_report, tmp_path):
    regression_report.save(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [
        *("embedding_map.png", "predictions.png", "report.html"),
        *TABLES,
    ]


def test_figures_of_another_report_do_not_stay(
    report, regression_report, tmp_path
):
    histories = {"relcon": {"loss": [3.0, 2.0]}}
    report.save(tmp_path, histories)
    (tmp_path / "mine.png").write_bytes(b"")
    paths = regression_report.save(tmp_path)
    names = [*map(os.path.basename, paths), "mine.png"]
    assert sorted(os.listdir(tmp_path)) == sorted(names)
    paths = report.save(tmp_path, figures=False)
    names = [*map(os.path.basename, paths), "mine.png"]
    assert sorted(os.listdir(tmp_path)) == sorted(names)


def test_tables_alone_need_no_matplotlib(report, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    report.save(tmp_path / "tables", figures=False)
    assert sorted(os.listdir(tmp_path / "tables")) == ["report.html", *TABLES]
    with pytest.warns(UserWarning, match=r"no figures.*keras-relcon\[report\]"):
        report.save(tmp_path / "all")
    # tables are not lost
    assert sorted(os.listdir(tmp_path / "all")) == ["report.html", *TABLES]


def test_a_figure_that_cannot_be_drawn_is_a_sentence(
    report, tmp_path, monkeypatch
):
    class Broken:
        def __init__(self, report, method):
            pass

        def describe(self):
            return "a map"

        def points(self, name):
            raise RuntimeError("the map is <broken>")

    monkeypatch.setattr(figures, "EmbeddingMaps", Broken)
    (tmp_path / "embedding_map.png").write_bytes(b"of another report")
    with pytest.warns(UserWarning, match="embedding_map.png is left out"):
        paths = report.save(tmp_path)
    names = sorted(map(os.path.basename, paths))
    assert sorted(os.listdir(tmp_path)) == names
    assert names == sorted(
        [*TABLES, "report.html", *(p for p in PICTURES if "map" not in p)]
    )
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Not drawn for encoder: the map is &lt;broken&gt;" in page
    assert "ROC curves of encoder. Areas:" in page


def test_results_without_probabilities_lack_only_their_curves(
    make_result, tmp_path
):
    results = [
        make_result("a", fold, 0.5, probabilities=None, classes=())
        for fold in range(2)
    ]
    with pytest.warns(UserWarning, match="needs probabilities"):
        Report(results).save(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [
        *("confusion_matrix.png", "embedding_map.png", "report.html"),
        *TABLES,
    ]


def test_a_class_with_one_row_and_one_class_folds_are_saved(
    make_result, tmp_path
):
    part = {
        "y_true": np.array(["sit"] * 3),
        "y_pred": np.array(["sit", "sit", "walk"]),
    }
    results = [
        make_result(
            "a",
            0,
            0.5,
            **part,
            embeddings=make_result("a", 0, 0.5).embeddings[:3],
            probabilities=make_result("a", 0, 0.5).probabilities[:3],
        )
    ]
    with (
        pytest.warns(UserWarning, match="at least 5 windows"),
        pytest.warns(UserWarning, match="tests two classes"),
    ):
        Report(results).save(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Not drawn for a: A map needs at least 5 windows" in page
    assert "Not drawn for a: A ROC curve needs a fold that tests two" in page


def test_a_failed_write_leaves_the_old_file(report, tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_bytes(b"old")

    def fail(*args):
        raise OSError("disk")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk"):
        report.save(tmp_path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_tables_are_written_before_anything_is_drawn(
    report, tmp_path, monkeypatch
):
    seen = []

    def drawings(report, histories):
        seen.extend(sorted(os.listdir(tmp_path)))
        return []

    monkeypatch.setattr(figures, "drawings", drawings)
    report.save(str(pathlib.Path(tmp_path)))
    assert seen == TABLES


def test_a_real_run_can_be_saved(make_labelled_windows, make_encoder, tmp_path):
    windows = make_labelled_windows()
    report = cross_validate(
        LinearProbe((1.0,)),
        {"mine": make_encoder()},
        windows,
        grouped_k_fold(windows.subjects, 3),
    )
    assert report.controls == ("untrained encoder", "hand-made features")
    assert report.compared_pairs() == [
        ("mine", "untrained encoder"),
        ("mine", "hand-made features"),
    ]
    report.save(tmp_path, figures=False)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "class LinearProbe" in page and "by recording (%)" in page
    # 2 of 6 subjects tested, 3 fitted on and 1 to choose
    assert "3 and 1 subjects" in page
