"""Contrast by WCAG 2.2, from the palettes alone."""

import numpy as np
import pytest

from keras_relcon.evaluation.report import confusion_tables
from keras_relcon.evaluation.report.plots import svg
from keras_relcon.markup import style

TEXT, GRAPHICS = 4.5, 3.0
THEMES = {
    "light": (style.LIGHT, confusion_tables.LIGHT, svg.LIGHT_SERIES),
    "dark": (style.DARK, confusion_tables.DARK, svg.DARK_SERIES),
}


def rgb(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def luminance(colour):
    linear = np.where(
        colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4
    )
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#767676"), rgb("#ffffff")) == pytest.approx(4.54, 1e-3)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read(theme):
    colours = {name: rgb(value) for name, value in THEMES[theme][0].items()}
    for ground in ("page", "stripe"):
        for name in ("text", "soft", "link"):
            assert contrast(colours[name], colours[ground]) >= TEXT, name
    assert contrast(colours["text"], colours["leak"]) >= TEXT
    assert contrast(colours["leak-line"], colours["page"]) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
def test_cells_of_a_matrix_can_be_read(theme):
    page, full = rgb(THEMES[theme][0]["page"]), rgb(THEMES[theme][1]["full"])
    grounds = []
    for level in range(11):
        share, is_white = confusion_tables.look(level)
        text = "#ffffff" if is_white else THEMES[theme][1]["cell-text"]
        ground = share * full + (1 - share) * page
        grounds.append(luminance(ground))
        assert contrast(rgb(text), ground) >= TEXT, level
    assert np.all(np.diff(grounds) < 0) or np.all(np.diff(grounds) > 0)


@pytest.mark.parametrize("theme", THEMES)
def test_curves_can_be_seen(theme):
    page = rgb(THEMES[theme][0]["page"])
    for colour in THEMES[theme][2]:
        assert contrast(rgb(colour), page) >= GRAPHICS, colour
    assert len(set(THEMES[theme][2])) == 7


def test_dark_and_light_name_the_same_colours():
    for light, dark in zip(*THEMES.values()):
        assert len(light) == len(dark)
    assert style.LIGHT.keys() == style.DARK.keys()
    assert confusion_tables.LIGHT.keys() == confusion_tables.DARK.keys()
