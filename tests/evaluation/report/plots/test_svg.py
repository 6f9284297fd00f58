import re

import numpy as np
import pytest
from html_outline import Outline

from keras_relcon.evaluation.report.plots import drawing, svg
from keras_relcon.evaluation.report.plots.curves import plot_roc_curves
from keras_relcon.evaluation.report.plots.embedding_map import (
    plot_embedding_map,
)


@pytest.fixture
def roc(report):
    return svg.to_svg(plot_roc_curves(report, ["encoder"]), "a", 'ROC "a"')


def test_figure_says_what_it_shows_and_scales(roc):
    (attributes,) = Outline(roc).of("svg")
    assert attributes["role"] == "img"
    assert attributes["aria-label"] == 'ROC "a"'
    assert attributes["viewbox"].startswith("0 0 ")
    assert int(attributes["width"]) == pytest.approx(
        96 * drawing.PANEL_WIDTH, abs=1
    )


def test_colours_and_font_are_those_of_the_page(roc):
    assert not re.search("#[0-9a-f]{6}", re.sub(r"#f\w+-\d+", "", roc))
    assert {"var(--text)", "var(--grid)", "var(--soft)"} <= set(
        re.findall(r"var\(--[a-z]+\)", roc)
    )
    assert "var(--series-2)" in roc and "var(--series-3)" not in roc
    assert "font-family" not in roc and "font-size: 10px" in roc


def test_figure_changes_nothing_else_of_the_page(roc):
    outline = Outline(roc)
    names = {tag for tag, _ in outline.tags}
    assert not names & {"style", "metadata", "script"}
    assert "://" not in roc
    for _, attributes in outline.tags:
        assert (attributes.get("href") or "#").startswith("#")


def test_names_of_two_figures_differ(report):
    figure = plot_roc_curves(report, ["encoder"])
    found = [
        {
            a["id"]
            for _, a in Outline(svg.to_svg(figure, n, "")).tags
            if "id" in a
        }
        for n in ("a", "b", "a")
    ]
    assert found[0] and not found[0] & found[1]
    assert found[0] == found[2]  # the same page each time


def test_points_of_a_map_are_short(make_result, monkeypatch):
    class Maps:
        method = "t-SNE"

        def describe(self):
            return "a map"

        def points(self, name):
            return np.random.default_rng(0).normal(size=(30, 2))

        def labels(self, name):
            return result.y_true

    from keras_relcon.evaluation import Report

    result = make_result("a", 0, 0.5)
    figure = plot_embedding_map(Report([result]), maps=Maps())
    points = re.findall("<use [^>]*>", svg.to_svg(figure, "a", ""))
    assert len(points) >= 30
    assert sum(len(point) < 60 for point in points) >= 30


def test_names_from_data_are_escaped(make_report):
    report = make_report({"<b>&\"'": (0.8, 0.9)})
    text = svg.to_svg(plot_roc_curves(report), "a", "<b>&\"'")
    outline = Outline(text)
    assert not outline.of("b") and "<b>&" in outline.text
    assert outline.of("svg")[0]["aria-label"] == "<b>&\"'"
