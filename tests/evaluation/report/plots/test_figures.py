import sys
import types

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from keras_relcon.evaluation import Report
from keras_relcon.evaluation.report.plots import drawing
from keras_relcon.evaluation.report.plots.curves import (
    mean_roc_curves,
    plot_calibration,
    plot_loss_curves,
    plot_roc_curves,
)
from keras_relcon.evaluation.report.plots.embedding_map import (
    EmbeddingMaps,
    plot_embedding_map,
)
from keras_relcon.evaluation.report.plots.figures import FILES, drawings
from keras_relcon.evaluation.report.plots.predictions import (
    confusion_counts,
    plot_confusion_matrix,
    plot_predictions,
)


def test_confusion_counts_are_those_of_all_folds(report):
    expected = np.zeros((3, 3), int)
    for result in report.of("encoder"):
        for true, predicted in zip(result.y_true, result.y_pred):
            row, column = map(report.classes.index, (true, predicted))
            expected[row, column] += 1
    assert confusion_counts(report, "encoder").tolist() == expected.tolist()
    figure = plot_confusion_matrix(report, ["encoder"])
    shares = np.asarray(figure.axes[0].images[0].get_array())
    assert shares.sum(axis=1) == pytest.approx([100] * 3)


def test_roc_is_the_mean_over_folds(report):
    curves = mean_roc_curves(report, "encoder")
    assert tuple(curves) == report.classes
    for column, (name, (rates, heights, area)) in enumerate(curves.items()):
        areas, at_half = [], []
        for result in report.of("encoder"):
            scores = result.probabilities[:, column]
            positive = result.y_true == name
            areas.append(roc_auc_score(positive, scores))
            # smallest threshold that lets half of the negatives pass
            ordered = np.sort(scores[~positive])[::-1]
            at_half.append(np.mean(scores[positive] > ordered[10]))
        assert area == pytest.approx(np.mean(areas))
        assert (heights[0], heights[-1]) == (0.0, 1.0)
        assert (np.diff(heights) >= -1e-12).all()
        assert heights[rates.tolist().index(0.5)] == pytest.approx(
            np.mean(at_half), abs=0.11
        )
        assert np.trapezoid(heights, rates) == pytest.approx(area, abs=0.02)


def test_roc_leaves_out_folds_without_the_class(make_result):
    whole = make_result("a", 0, 0.5)
    lacking = np.where(whole.y_true == "run", "sit", whole.y_true)
    report = Report([whole, make_result("a", 1, 0.5, y_true=lacking)])
    column = whole.classes.index("run")
    expected = roc_auc_score(
        whole.y_true == "run", whole.probabilities[:, column]
    )
    assert mean_roc_curves(report, "a")["run"][2] == pytest.approx(expected)


def test_roc_of_a_class_the_classifier_does_not_know_is_the_diagonal(
    make_result,
):
    unknown = make_result("a", 0, 0.5).y_true.copy()
    unknown = np.where(unknown == "run", "swim", unknown)
    curves = mean_roc_curves(
        Report([make_result("a", 0, 0.5, y_true=unknown)]), "a"
    )
    rates, heights, area = curves["swim"]
    assert area == 0.5 and heights == pytest.approx(rates)


def test_curves_need_probabilities(make_result):
    report = Report([make_result("a", 0, 0.5, probabilities=None)])
    with pytest.raises(ValueError, match="ROC curve needs probabilities"):
        plot_roc_curves(report)
    with pytest.raises(ValueError, match="calibration curve needs prob"):
        plot_calibration(report)
    same = Report([make_result("a", 0, 0.5, y_true=np.array(["sit"] * 30))])
    with pytest.raises(ValueError, match="a fold that tests two classes"):
        plot_roc_curves(same)


def test_calibration_has_a_curve_per_fold(report):
    axis, other = plot_calibration(report).axes
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert [label.split(" (")[0] for label in labels] == [
        "fold 1",
        "fold 2",
        "fold 3",
    ]
    assert "untrained encoder" in other.get_title()


def test_map_has_perplexity_100_or_a_third_of_the_points(
    make_result, monkeypatch
):
    given = []

    class TSNE:
        def __init__(self, **arguments):
            given.append(arguments)

        def fit_transform(self, x):
            given[-1]["num_rows"] = len(x)
            return x[:, :2]

    monkeypatch.setattr("sklearn.manifold.TSNE", TSNE)
    small = Report([make_result("a", 0, 0.5)])
    maps = EmbeddingMaps(small)
    plot_embedding_map(small, maps=maps)
    plot_embedding_map(small, maps=maps)
    assert len(given) == 1  # made once
    assert given[0]["perplexity"] == pytest.approx(29 / 3)
    assert maps.describe() == (
        "t-SNE of 30 of 30 test windows, perplexity 9.67"
    )
    rows = np.arange(2500)
    large = Report(
        [
            make_result(
                "a",
                0,
                0.5,
                y_true=np.array(["sit", "walk"])[rows % 2],
                y_pred=np.array(["sit", "walk"])[rows % 2],
                embeddings=np.stack([rows, rows % 2], 1).astype("float32"),
                probabilities=None,
            )
        ]
    )
    maps = EmbeddingMaps(large)
    points, labels = maps.points("a"), maps.labels("a")
    assert given[1]["perplexity"] == 100 and given[1]["num_rows"] == 2000
    assert "2,000 of 2,500 test windows, perplexity 100" in maps.describe()
    # labels go with their points
    assert ((points[:, 1] > 0) == (labels == "walk")).all()


def test_umap_is_drawn_where_it_is_installed(report, monkeypatch):
    class UMAP:
        def __init__(self, n_neighbors, random_state):
            assert n_neighbors == 15

        def fit_transform(self, x):
            return x[:, :2]

    names = [drawing.file for drawing in drawings(report)]
    module = types.ModuleType("umap")
    module.UMAP = UMAP
    module.__spec__ = types.SimpleNamespace(name="umap")
    monkeypatch.setitem(sys.modules, "umap", module)
    added = drawings(report)[-1]
    assert added.file == "umap_map.png" and added.file not in names
    assert {*names, added.file} < set(FILES)
    figure = added.draw(None)
    assert "UMAP of 90 of 90 test windows" in figure.axes[0].get_title()
    assert figure.axes[0].get_xlabel() == "UMAP 1 (no unit)"


@pytest.mark.parametrize("bad", ("few", "alike", "not finite"))
def test_embeddings_that_cannot_be_mapped_raise(make_result, bad):
    whole = make_result("a", 0, 0.5)
    count = 4 if bad == "few" else 30
    embeddings = whole.embeddings[:count].copy()
    if bad == "alike":
        embeddings[:] = 1.0
    if bad == "not finite":
        embeddings[3, 2] = np.inf
    result = make_result(
        "a",
        0,
        0.5,
        y_true=whole.y_true[:count],
        y_pred=whole.y_pred[:count],
        embeddings=embeddings,
        probabilities=None,
    )
    with pytest.raises(ValueError, match="at least 5 windows with finite"):
        plot_embedding_map(Report([result]))


def test_predictions_are_a_point_per_subject_and_fold(regression_report):
    axis, _ = plot_predictions(regression_report).axes
    assert len(axis.collections) == 3
    for points, result in zip(
        axis.collections, regression_report.of("encoder")
    ):
        expected = [
            (
                np.mean(result.y_true[result.window_subjects == subject]),
                np.mean(result.y_pred[result.window_subjects == subject]),
            )
            for subject in sorted(set(result.window_subjects))
        ]
        assert np.asarray(points.get_offsets()) == pytest.approx(
            np.array(expected)
        )
    assert axis.get_xlim() == axis.get_ylim()
    assert "speed_m_s" in axis.get_xlabel()
    assert "correlation" in axis.get_title()


def test_predictions_need_the_subjects(make_regression_result):
    result = make_regression_result("a", 0, 0.1, window_subjects=None)
    with pytest.raises(ValueError, match="subject of each window"):
        plot_predictions(Report([result]))


def test_a_figure_of_another_kind_says_so(report, regression_report):
    with pytest.raises(ValueError, match="of a classification.*a regression"):
        plot_confusion_matrix(regression_report)
    with pytest.raises(ValueError, match="of a regression.*a classification"):
        plot_predictions(report)


def test_a_leak_is_the_title_of_every_figure(make_report):
    report = make_report({"a": (0.8, 0.9)}, leak="rows are shared")
    for drawn in drawings(report):
        title = drawn.draw(None).get_suptitle()
        assert "Leak in every fold: rows are shared" in title, drawn.file


def test_names_are_never_read_as_formulas(make_report):
    report = make_report({"a$b_{": (0.8, 0.9), "$\\frac$": (0.7, 0.6)})
    for drawn in drawings(report):
        assert len(drawing.to_png(drawn.draw(None), dpi=20)) > 1000


def test_a_class_with_an_underscore_is_in_the_legend(make_result):
    whole = make_result("a", 0, 0.5)
    result = make_result(
        "a",
        0,
        0.5,
        y_true=np.where(whole.y_true == "sit", "_sit", whole.y_true),
        y_pred=np.where(whole.y_pred == "sit", "_sit", whole.y_pred),
        classes=("_sit", "run", "walk"),
    )
    legend = plot_roc_curves(Report([result])).axes[0].get_legend()
    assert len(legend.get_texts()) == 3


HISTORIES = {
    "motif distance": {"loss": [9000, 7000, 5000]},
    "relcon": {"loss": [3, 2, 1], "val_loss": [3, 2, 2], "lr": []},
}


def test_losses_of_different_units_have_their_own_scales():
    motif, relcon = plot_loss_curves(HISTORIES).axes
    assert motif.get_title() == "motif distance: loss"
    assert relcon.get_title() == "relcon: loss"
    for axis, (low, high) in ((motif, (5000, 9000)), (relcon, (1, 3))):
        bottom, top = axis.get_ylim()
        assert high - low > 0.8 * (top - bottom)  # not flat
    labels = [line.get_label() for line in relcon.lines]
    assert labels == ["training", "validation"]
    training, validation = relcon.lines
    assert training.get_color() != validation.get_color()
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert relcon.get_xlabel() == "epoch"


def test_the_page_has_a_picture_for_each_loss(report):
    losses = drawings(report, HISTORIES)[-1]
    assert losses.names == ("motif distance: loss", "relcon: loss")
    assert losses.describe("relcon: loss") == (
        "relcon: loss, by epoch: training from 3 to 1; validation from 3 to 2."
    )
    assert len(losses.draw(losses.names[:1]).axes) == 1


def test_no_two_of_28_curves_look_the_same():
    looks = {
        (drawing.color(i), drawing.line(i), drawing.marker(i))
        for i in range(28)
    }
    assert len(looks) == 28
    blues = [i for i, c in enumerate(drawing.COLORS) if c in BLUES]
    assert np.diff(blues) > 4


BLUES = ("#0072B2", "#56B4E9")


def test_a_figure_of_a_phone_is_as_wide_as_its_column(report):
    for drawn in drawings(report, HISTORIES):
        if drawn.describe:
            figure = drawn.draw(drawn.names[:1])
            assert 96 * figure.get_figwidth() <= 390 - 2 * 12, drawn.file


def test_loss_curves_need_a_curve():
    with pytest.raises(ValueError, match="`histories` must hold curves"):
        plot_loss_curves({"relcon": {}})
