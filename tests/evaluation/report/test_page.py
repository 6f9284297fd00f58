import re

import pytest
from html_outline import Outline

from keras_relcon.evaluation import published_rows
from keras_relcon.evaluation.report.page import to_html
from keras_relcon.evaluation.report.pictures import Picture, Section

EVIL = "<script>alert('1')</script> & \"me\""


@pytest.fixture
def drawn():
    from keras_relcon.evaluation.report.plots import drawing, svg

    figure, _ = drawing.panels(1, 2.0, 2.0)
    return svg.to_svg(figure, "a", "A map.")


def test_page_asks_nothing_of_the_network(report, drawn):
    sections = [Section("Maps", "Maps.", [Picture("a", drawn)])]
    outline = Outline(to_html(report, sections))
    names = {tag for tag, _ in outline.tags}
    assert not names & {"script", "link", "iframe", "object", "base"}
    for _, attributes in outline.tags:
        for name in ("src", "href", "srcset", "action", "onload"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:image/png;base64,"))
        for value in filter(None, attributes.values()):
            assert "url(" not in value.replace("url(#", "")
            assert "://" not in value
    style = to_html(report).split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style


def test_page_can_be_read_without_seeing_it(report, drawn):
    sections = [Section("Maps", "Maps.", [Picture("a", drawn)])]
    outline = Outline(to_html(report, sections))
    assert outline.of("html") == [{"lang": "en"}]
    assert [svg["aria-label"] for svg in outline.of("svg")] == ["A map."]
    assert len(outline.of("h1")) == 1
    assert len(outline.of("caption")) == len(outline.of("table")) > 2
    assert all(head.get("scope") for head in outline.of("th"))
    anchors = {s["id"] for s in outline.of("section")}
    assert {link["href"][1:] for link in outline.of("a")} == anchors
    viewport = [m for m in outline.of("meta") if m.get("name") == "viewport"]
    assert "width=device-width" in viewport[0]["content"]


def test_text_from_data_is_escaped_everywhere(make_report):
    report = make_report(
        {EVIL: (0.8, 0.9), "untrained encoder": (0.5, 0.6)},
        settings={EVIL: {EVIL: EVIL}, "subjects": [EVIL]},
        subjects=(EVIL,),
        choice={EVIL: EVIL},
        leak=EVIL,
    )
    picture = Picture(EVIL, None, EVIL)
    page = to_html(report, [Section("Maps", EVIL, [picture])])
    assert "<script" not in page
    outline = Outline(page)
    assert outline.text.count("<script>alert('1')</script>") > 10


def test_page_says_the_result_in_plain_words(make_report):
    report = make_report(
        {
            "encoder": (0.8, 0.9, 0.7),
            "untrained encoder": (0.5, 0.6, 0.4),
            "hand-made features": (0.6, 0.95, 0.7),
        }
    )
    text = Outline(to_html(report)).text
    assert "3 representations, 3 folds, 6 tested subjects, 90 test" in text
    assert (
        "encoder: macro-F1 80.00 %; 30.00 points better than untrained "
        "encoder; no clear difference from hand-made features." in text
    )
    assert "95 % interval" in text


def test_only_a_clear_winner_is_strong(make_report):
    clear = make_report({"a": (0.8, 0.9, 0.7), "b": (0.5, 0.6, 0.4)})
    assert "<strong>a</strong>" in to_html(clear)
    assert "<strong>80.00 ± 8.16</strong>" in to_html(clear)
    unclear = make_report({"a": (0.8, 0.9, 0.7), "b": (0.6, 0.95, 0.4)})
    scores = to_html(unclear).split('id="confusion-matrices"')[0]
    assert "<strong>" not in scores


def test_a_leak_is_a_banner_above_the_scores(make_report):
    page = to_html(make_report({"a": (0.8, 0.9)}, leak="rows are shared"))
    banner = page.index("Leak in every fold: rows are shared")
    assert banner < page.index("<h2>Scores</h2>")
    assert 'class="leak" role="note"' in page
    assert 'class="leak"' not in to_html(make_report({"a": (0.8, 0.9)}))


def test_quoted_rows_are_apart_and_name_their_source(make_report):
    rows = published_rows("table4_motionsense")
    text = Outline(to_html(make_report({"a": (0.8,)}, published=rows))).text
    assert "Quoted from publications, not measured here" in text
    assert "SimCLR (quoted)" in text
    assert "89.25 ± 0.50" in text
    assert "Haresamudram et al. 2022" in text


def test_folds_tell_what_was_tested_and_chosen(make_result, make_report):
    report = make_report(
        {"a": (0.8, 0.9)},
        settings={
            "folds": [
                {"train": list("abc"), "validation": ["d"], "test": ["0", "1"]}
            ]
        },
        y_true=["sit", "walk"] * 14 + ["swim", "run"],
        choice={"C": 0.01},
        seconds=2.5,
    )
    text = Outline(to_html(report)).text
    assert "0, 1 30 3 and 1 subjects" in text
    assert "swim" in text.split("classes unknown to the classifier")[1]
    assert "C 0.01 2.5" in text
    # 3 dirichlet draws are nowhere near calibrated: a number, not a dash
    assert re.search(r"fold 1 80\.00 C 0\.01 2\.5 \d+\.\d", text)


def test_without_probabilities_no_class_is_called_unknown(make_report):
    page = to_html(make_report({"a": (0.8,)}, probabilities=None, classes=()))
    words = Outline(page).text.split("classes unknown to the classifier")[1]
    assert "fold 1 0, 1 30 - - -" in words
    assert "expected calibration error" not in words


def test_settings_are_told_in_words(make_report):
    settings = {
        "task": {"class": "LinearProbe", "regularization": (0.1, None)},
        "standardize": True,
        "num_windows": 60,
        "versions": {"keras": "3.15"},
        "folds": [{"train_rows": list(range(50000))}],
    }
    page = to_html(make_report({"a": (0.8,)}, settings=settings))
    text = Outline(page).text
    assert "task class LinearProbe, regularization 0.1, none" in text
    assert "axes scaled by training subjects yes" in text
    assert "windows used 60" in text
    assert "versions keras 3.15" in text
    assert len(page) < 50000  # rows of a leaky fold are counted, not listed


@pytest.mark.parametrize(
    "num_windows, words",
    [(60, "in all."), (12, "in all, tested in several folds.")],
)
def test_how_many_windows_were_tested(make_report, num_windows, words):
    settings = {"num_windows": num_windows}
    page = to_html(make_report({"a": (0.8,)}, settings=settings))
    text = Outline(page).text
    assert f"30 test windows of {num_windows} {words}" in text


def test_regression_page_has_no_classes(regression_report):
    text = Outline(to_html(regression_report)).text
    assert "Scores by subject" in text
    assert "lower is better" in text
    assert "encoder: MAE 0.0" in text
    assert "classes" not in text
