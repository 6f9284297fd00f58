import re

import numpy as np
from html_outline import Outline

from keras_relcon.evaluation import Report
from keras_relcon.evaluation.report.confusion import confusion_counts
from keras_relcon.evaluation.report.confusion_tables import to_sections


def matrices(report):
    (section,) = to_sections(report).values()
    return section


def cells(page, name):
    body = page.split(f"<strong>{name}</strong>")[1].split("</table>")[0]
    return re.findall(r'<td class="l(\d+)">(.*?)</td>', body)


def test_a_cell_is_the_share_of_its_true_class(report):
    counts = confusion_counts(report, "encoder")
    shares = counts / counts.sum(axis=1, keepdims=True)
    found = cells(matrices(report), "encoder")
    assert len(found) == counts.size
    for (level, text), share, count in zip(
        found, shares.ravel(), counts.ravel()
    ):
        assert int(level) == np.ceil(10 * share)
        if count:
            assert text == f"{100 * share:.1f}<br><small>{count}</small>"
        else:
            assert text == ""


def test_matrices_have_names_and_can_be_reached_by_keyboard(report):
    outline = Outline(matrices(report))
    assert len(outline.of("table")) == len(outline.of("caption")) == 2
    boxes = [div for div in outline.of("div") if div.get("role") == "region"]
    assert [box["tabindex"] for box in boxes] == ["0", "0"]
    assert "encoder, macro-F1 80.0 %" in boxes[0]["aria-label"]


def test_many_classes_have_their_numbers_apart(make_result):
    names = np.array([f"class {i}" for i in range(10)])
    result = make_result(
        "a",
        0,
        0.5,
        y_true=np.repeat(names, 30),
        y_pred=np.repeat(names[::-1], 30),
        probabilities=None,
        classes=tuple(names),
    )
    page = matrices(Report([result]))
    assert ("10", "100") in cells(page, "a")
    details = page.split("<details>")[1]
    assert "Numbers of windows: a" in details and "<td>30</td>" in details


def test_without_windows_of_a_class_a_row_is_empty(make_result):
    result = make_result(
        "a", 0, 0.5, y_true=["sit"] * 30, y_pred=["sit", "run"] * 15
    )
    found = cells(matrices(Report([result])), "a")
    assert [level for level, _ in found] == ["0", "0", "5", "5"]
