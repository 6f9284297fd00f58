"""A report of one vote per recording, RelCon's Table 2, Figures 4 and 5."""

import os

import numpy as np
import pytest
from html_outline import Outline

from keras_relcon.evaluation import Report, classification_metrics
from keras_relcon.evaluation.report.confusion import confusion_counts
from keras_relcon.evaluation.report.plots.curves import mean_roc_curves

CLASSES = ("run", "sit", "walk")
# Six recordings of five windows in each fold, their windows not in order.
BOUTS = np.arange(30) * 5 % 6
LABELS = np.array(["sit", "walk", "run", "sit", "walk", "run"])


@pytest.fixture
def report(make_result):
    def result(name, fold):
        generator = np.random.default_rng([len(name), fold])
        y_true = LABELS[BOUTS]
        probabilities = generator.dirichlet([1.0] * 3, 30)
        truth = np.searchsorted(CLASSES, y_true)
        probabilities[np.arange(30), truth] += 0.3
        probabilities /= probabilities.sum(1, keepdims=True)
        metrics = {"macro_f1": 0.5, "kappa": 0.4}
        votes = {f"recording_{k}": v + 0.25 for k, v in metrics.items()}
        return make_result(
            name,
            fold,
            0.5,
            metrics={**metrics, **votes},
            y_true=y_true,
            y_pred=np.array(CLASSES)[probabilities.argmax(1)],
            probabilities=probabilities,
            window_subjects=np.where(BOUTS < 3, f"a{fold}", f"b{fold}"),
            bouts=BOUTS + 10,
        )

    names = ("encoder", "untrained encoder")
    results = [result(name, fold) for name in names for fold in (0, 1)]
    return Report(results, controls=["encoder"])


def votes_by_loops(result):
    """Of each recording: its label, its vote and its mean probabilities."""
    rows = []
    for number in sorted(set(result.bouts.tolist())):
        inside = [i for i in range(30) if result.bouts[i] == number]
        mean = sum(result.probabilities[i] for i in inside) / len(inside)
        predicted = [result.y_pred[i] for i in inside]
        most = max(predicted.count(c) for c in CLASSES)
        best = [c for c in CLASSES if predicted.count(c) == most]
        vote = max(best, key=lambda c: mean[CLASSES.index(c)])
        rows.append((result.y_true[inside[0]], vote, mean))
    return rows


def test_each_recording_is_a_row_of_the_vote_of_its_windows(report):
    votes = report.by_recording()
    assert votes.representations == report.representations
    assert votes.controls == report.controls
    assert votes.mean("encoder") == pytest.approx(0.75)
    for result, whole in zip(votes.results, report.results, strict=True):
        expected = votes_by_loops(whole)
        assert result.y_true.tolist() == LABELS.tolist()
        assert result.y_pred.tolist() == [vote for _, vote, _ in expected]
        np.testing.assert_allclose(
            result.probabilities, [mean for *_, mean in expected]
        )
        first = str(whole.fold)
        assert result.window_subjects.tolist() == [
            letter + first for letter in "aaabbb"
        ]
        np.testing.assert_allclose(
            result.embeddings[2],
            whole.embeddings[BOUTS == 2].mean(axis=0),
            rtol=1e-5,
        )
        assert result.subjects == whole.subjects


def test_matrix_and_areas_are_of_recordings(report):
    votes = report.by_recording()
    expected = np.zeros((3, 3), int)
    areas = []
    for whole in report.of("encoder"):
        labels, predicted, means = zip(*votes_by_loops(whole))
        for one, other in zip(labels, predicted):
            expected[CLASSES.index(one), CLASSES.index(other)] += 1
        areas.append(
            classification_metrics(labels, predicted, means, CLASSES)[
                "macro_auc"
            ]
        )
    np.testing.assert_array_equal(confusion_counts(votes, "encoder"), expected)
    assert expected.sum() == 12 and 0 < np.trace(expected) < 12
    found = mean_roc_curves(votes, "encoder").values()
    assert np.mean([area for *_, area in found]) == pytest.approx(
        np.mean(areas)
    )


def test_page_and_folder_have_both_levels(report, tmp_path):
    report.save(tmp_path)
    files = os.listdir(tmp_path)
    for name in ("confusion_matrix.png", "roc_curves.png"):
        assert {name, f"recording_{name}"} <= set(files)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    matrices = page.split("Confusion matrices by recording</h2>")[1]
    assert "the number of recordings. Each recording has one vote" in matrices
    assert "macro-F1 75.0 %" in matrices.split("</section>")[0]
    assert "ROC curves by recording</h2>" in page
    outline = Outline(page)
    links = [link["href"] for link in outline.of("a")]
    assert "#confusion-matrices-by-recording" in links
    assert "#roc-curves-by-recording" in links


def test_there_is_none_where_it_says_nothing_new(make_result, make_report):
    assert make_report({"encoder": (0.5, 0.6)}).by_recording() is None
    one_each = make_result("encoder", 0, 0.5, bouts=np.arange(30))
    assert Report([one_each]).by_recording() is None


def test_there_is_none_without_its_metrics(make_result, tmp_path):
    result = make_result("encoder", 0, 0.5, bouts=BOUTS)
    report = Report([result])
    assert report.by_recording() is None
    report.save(tmp_path, figures=False)
    assert (tmp_path / "report.html").is_file()


def test_there_is_none_of_a_regression(make_regression_result):
    result = make_regression_result("encoder", 0, 0.1)
    assert Report([result]).by_recording() is None
