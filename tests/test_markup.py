import os

import pytest
from html_outline import Outline

from keras_relcon.markup import Html, csv_text, element, table
from keras_relcon.markup.style import variables


@pytest.mark.parametrize(("number", "is_turned"), [(12, False), (13, True)])
def test_titles_of_many_columns_are_turned(number, is_turned):
    head = [f"column {index}" for index in range(number)]
    outline = Outline(table("Many", head, [["row", *range(number - 1)]]))
    assert len(outline.of("span")) == (number - 1 if is_turned else 0)
    (box,) = outline.of("div")
    assert ("upright" in box["class"]) == is_turned
    assert all(title["scope"] for title in outline.of("th"))


def test_only_markup_is_not_escaped():
    text = element("p", "<b>", Html("<b>a</b>"), title='"')
    assert text == '<p title="&quot;">&lt;b&gt;<b>a</b></p>'


def test_a_file_name_of_any_bytes_can_be_in_a_table():
    name = os.fsdecode(b"bad\xff.csv")
    text = csv_text([{"file": name, "error": "ä"}])
    assert text == "file,error\nbad\\udcff.csv,ä\n"
    assert text.encode()


def test_dark_colours_are_for_screens():
    css = variables({"page": "#ffffff"}, {"page": "#000000"})
    assert css.startswith(":root { --page: #ffffff; }")
    assert "@media screen and (prefers-color-scheme: dark)" in css
