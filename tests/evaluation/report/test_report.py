import ast
import csv
import json
import os
import pathlib
import sys

import numpy as np
import pytest
from matplotlib.image import imread

import keras_relcon.evaluation
from keras_relcon.evaluation import FoldResult, Report
from keras_relcon.evaluation.report.plots import plot_loss_curves
from keras_relcon.evaluation.report.report import write_file


def _result(name, fold, score, seed=0, auc=0.9):
    generator = np.random.default_rng(seed)
    y_true = np.array(["sit", "walk", "run"])[np.arange(30) % 3]
    y_pred = np.where(generator.random(30) < 0.8, y_true, "sit")
    return FoldResult(
        representation=name,
        fold=fold,
        metrics={
            "macro_f1": score,
            "kappa": score - 0.1,
            "accuracy": score,
            "macro_auc": auc,
        },
        y_true=y_true,
        y_pred=y_pred,
        embeddings=generator.normal(size=(30, 5)).astype("float32"),
        subjects=(str(2 * fold), str(2 * fold + 1)),
        choice=0.1,
    )


@pytest.fixture
def report():
    scores = {"encoder": (0.8, 0.9, 0.7), "untrained encoder": (0.6, 0.8, 0.7)}
    return Report(
        [
            _result(name, fold, score, seed=fold)
            for name, values in scores.items()
            for fold, score in enumerate(values)
        ],
        settings={"seed": 0},
    )


def test_mean_and_population_std_over_all_folds(report):
    assert report.mean("encoder") == pytest.approx(0.8)
    # not 0.1, which is the sample's, nor the last fold's value
    assert report.std("encoder") == pytest.approx((0.02 / 3) ** 0.5)
    assert report.values("encoder", "kappa") == pytest.approx([0.7, 0.8, 0.6])
    assert report.classes == ("run", "sit", "walk")


def test_folds_on_which_a_metric_is_undefined_are_left_out():
    nan = float("nan")
    report = Report(
        [_result("a", 0, 0.5, auc=nan), _result("a", 1, 0.7, auc=0.8)]
    )
    assert report.mean("a", "macro_auc") == 0.8
    fold = report.to_dict()["representations"]["a"]["folds"][0]
    assert fold["macro_auc"] is None


def test_table_holds_mean_std_and_folds(report):
    lines = report.table().splitlines()
    assert "macro-F1" in lines[0] and "fold 2" in lines[0]
    assert lines[2].startswith("encoder ")
    assert "80.00 ± 8.16" in lines[2]
    assert lines[2].split()[-3:] == ["80.00", "90.00", "70.00"]
    assert len({len(line) for line in lines}) == 1  # aligned


def test_paired_difference_is_students(report):
    found = report.paired_difference("encoder", "untrained encoder")
    # differences 0.2, 0.1, 0.0: mean 0.1, s = 0.1, t(2, 0.975) = 4.302653
    half = 4.302653 * 0.1 / 3**0.5
    assert found.mean == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1 - half, abs=1e-6)
    assert found.high == pytest.approx(0.1 + half, abs=1e-6)


def test_files_exist_and_parse(report, tmp_path):
    directory = tmp_path / "made" / "report"
    histories = {"relcon": {"loss": [3.0, 2.0], "val_loss": [3.1, 2.4]}}
    paths = report.save(directory, histories)
    assert sorted(os.listdir(directory)) == [
        "confusion_matrix.png",
        "embedding_map.png",
        "loss_curves.png",
        "table.csv",
        "table.json",
        "table.md",
    ]
    assert sorted(map(os.path.basename, paths)) == sorted(os.listdir(directory))
    with open(directory / "table.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert [float(row["macro_f1"]) for row in rows[:3]] == [0.8, 0.9, 0.7]
    assert rows[1]["test_subjects"] == "2 3"
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


def test_tables_alone_need_no_matplotlib(report, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    report.save(tmp_path / "tables", figures=False)
    assert len(os.listdir(tmp_path / "tables")) == 3
    with pytest.raises(ImportError, match=r"keras-relcon\[report\]"):
        report.save(tmp_path / "all")
    assert len(os.listdir(tmp_path / "all")) == 3  # tables are not lost


def test_loss_curves_pair_training_with_validation():
    figure = plot_loss_curves(
        {
            "relcon": {"loss": [3, 2, 1], "val_loss": [3, 2, 2]},
            "simclr": {"loss": [5, 4, 4]},
        }
    )
    (axis,) = figure.axes
    labels = [line.get_label() for line in axis.lines]
    assert labels == [
        "relcon, training",
        "relcon, validation",
        "simclr, training",
    ]
    assert axis.lines[0].get_color() == axis.lines[1].get_color()
    assert axis.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert axis.get_xlabel() == "epoch"


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    write_file(path, b"old")

    def fail(*args):
        raise OSError("disk")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_unknown_names_raise(report):
    with pytest.raises(ValueError, match="must be one of .*encoder"):
        report.of("encodre")
    with pytest.raises(ValueError, match="`metric` must be one of"):
        report.mean("encoder", "f1")
    single = Report([_result("a", 0, 0.5), _result("b", 0, 0.6)])
    with pytest.raises(ValueError, match="at least 2 folds"):
        single.paired_difference("a", "b")


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
            assert not roots & {"sklearn", "matplotlib", "scipy"}, path
