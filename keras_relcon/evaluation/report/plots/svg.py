"""Figures as SVG for the page, in its font and its colours.

The drawing has the colours of `drawing`; the page says what they are on a
light screen, on a dark one and on paper.
"""

import io
import re
import zlib
from xml.etree import ElementTree

from keras_relcon.evaluation.report.plots import drawing
from keras_relcon.markup import Html
from keras_relcon.markup.style import DARK, LIGHT, variables

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_OF_TEXT = ("fill", "font-size", "font-weight", "text-anchor")
_PIXELS = 96 / 72  # of the page, for a point
# As `drawing.COLORS`, and at least 3 : 1 against the page.
LIGHT_SERIES = (
    "#0072b2",
    "#b87a00",
    "#00805d",
    "#c24f00",
    "#b0508a",
    LIGHT["text"],
    "#3b8fc4",
)
DARK_SERIES = (
    "#4fa3e0",
    "#e69f00",
    "#1bb98a",
    "#f0803c",
    "#d78fb8",
    DARK["text"],
    "#9fdcff",
)
_NAMES = {
    color.lower(): f"var(--series-{index})"
    for index, color in enumerate(drawing.COLORS)
} | {
    "#000000": "var(--text)",
    drawing.GRID.lower(): "var(--grid)",
    drawing.GUIDE.lower(): "var(--soft)",
    drawing.LEAK.lower(): "var(--leak-line)",
}


def _series(colors):
    return {f"series-{index}": color for index, color in enumerate(colors)}


STYLE = (
    variables(
        _series(LIGHT_SERIES) | {"grid": "#e3e7eb"},
        _series(DARK_SERIES) | {"grid": "#2a323a"},
    )
    + """
.plot { display: block; width: 100%; height: auto; }
.plot * { stroke-linejoin: round; }
.plot text { fill: var(--text); font-family: inherit; }
"""
)


def to_svg(figure, name, said):
    """Returns the `Html` of an element `svg`.

    Args:
        figure: `matplotlib.figure.Figure`.
        name: str. Another one for each figure of a page.
        said: str. In words, what the figure shows.

    Returns:
        `Html`, which asks nothing of the network.
    """
    root = _drawn(figure)
    width, height = (float(x) for x in root.get("viewBox").split()[2:])
    for child in list(root):
        # Beside what is drawn: who made it, and a style of all elements.
        if (
            child.tag == f"{_SVG}metadata"
            or child.find(f"{_SVG}style") is not None
        ):
            root.remove(child)
    for each in root.iter():
        _clean(each)
    _hoist(root)
    _rename(root, f"f{zlib.crc32(name.encode()):08x}-")
    root.attrib = {
        "class": "plot",
        "role": "img",
        "aria-label": said,
        "viewBox": f"0 0 {width:g} {height:g}",
        "width": f"{_PIXELS * width:.0f}",
        "height": f"{_PIXELS * height:.0f}",
    }
    return Html(ElementTree.tostring(root, encoding="unicode"))


def _drawn(figure):
    import matplotlib

    content = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(
            content, format="svg", transparent=True, metadata={"Date": None}
        )
    return ElementTree.fromstring(content.getvalue())


def _clean(each):
    """Leaves what is drawn, in the page's names of colours."""
    each.tag = each.tag.removeprefix(_SVG)
    if each.tag == "g":
        each.attrib.pop("id", None)
    if _HREF in each.attrib:
        each.set("href", each.attrib.pop(_HREF))
    if each.get("transform", "").startswith("rotate(-0 "):
        each.attrib.pop("transform")
    if each.tag == "use":
        for name in ("x", "y"):
            each.set(name, f"{float(each.get(name, 0)):.1f}")
    if "d" in each.attrib:
        each.set("d", " ".join(each.get("d").split()))
    if "style" in each.attrib:
        style = each.get("style")
        style = _of_text(style) if each.tag == "text" else style
        each.set(
            "style",
            re.sub("#[0-9a-f]{6}", lambda m: _NAMES.get(m[0], m[0]), style),
        )
    if each.tag not in ("text", "tspan"):
        each.text = None
    each.tail = None


def _of_text(style):
    """Without the font: the page has its own."""
    kept = [
        part.strip()
        for part in style.split(";")
        if part.split(":")[0].strip() in _OF_TEXT
    ]
    return "; ".join(kept)


def _hoist(root):
    """Writes the style that all points of a group share once."""
    for group in root.iter("g"):
        styles = {point.get("style") for point in group}
        are_points = all(point.tag == "use" for point in group)
        if len(group) > 1 and are_points and len(styles) == 1 and all(styles):
            group.set("style", styles.pop())
            for point in group:
                point.attrib.pop("style")


def _rename(root, prefix):
    """Counts the names within the file: else they differ at each drawing."""
    found = [each for each in root.iter() if "id" in each.attrib]
    names = {
        each.get("id"): f"{prefix}{index}" for index, each in enumerate(found)
    }
    for each in root.iter():
        if "id" in each.attrib:
            each.set("id", names[each.get("id")])
        if each.get("href", "").startswith("#"):
            each.set("href", "#" + names[each.get("href")[1:]])
        if "clip-path" in each.attrib:
            name = each.get("clip-path").removeprefix("url(#")
            each.set("clip-path", f"url(#{names[name.removesuffix(')')]})")
