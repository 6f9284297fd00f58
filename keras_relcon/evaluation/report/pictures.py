"""The figures of the page: sections of pictures, and their style."""

import base64
import dataclasses
import struct

from keras_relcon.markup import Html, element, section

# Below these a picture can be read on a phone, or shrinks to the column.
_READABLE_SMALL = 575
_WIDEST_THAT_SHRINKS = 700
_PIXELS = 2  # of the file, for one of the page


@dataclasses.dataclass(frozen=True)
class Picture:
    """A drawn figure, or why there is none.

    Attributes:
        name: str. The representation; empty if it shows all.
        description: str. Text in place of the picture where it is not shown.
        content: bytes of a PNG file, or `None`.
        problem: str, or `None`.
    """

    name: str
    description: str
    content: bytes | None = None
    problem: str | None = None


@dataclasses.dataclass(frozen=True)
class Section:
    """Pictures under one heading.

    Attributes:
        title: str.
        caption: str.
        pictures: list of `Picture`.
    """

    title: str
    caption: str
    pictures: list


def to_section(part, extra=()):
    """The `Html` of a `Section`, with more below its pictures.

    Args:
        part: `Section`.
        extra: sequence of `Html`.
    """
    shown = [_picture(picture) for picture in part.pictures]
    return section(
        part.title,
        element("p", part.caption),
        element("div", *shown, class_="pictures"),
        *extra,
    )


def _picture(picture):
    if picture.content is None:
        of = f" for {picture.name}" if picture.name else ""
        return element("p", f"Not drawn{of}: {picture.problem}", class_="note")
    width, height = _size(picture.content)
    encoded = base64.b64encode(picture.content).decode("ascii")
    image = Html(
        element(
            "img",
            src=f"data:image/png;base64,{encoded}",
            alt=picture.description,
            width=width,
            height=height,
        ).removesuffix("</img>")
    )
    if width <= _READABLE_SMALL:
        return element("figure", element("div", image, class_="picture"))
    # It would become too small to read: below this width it scrolls.
    kind = "wide" if width > _WIDEST_THAT_SHRINKS else "roomy"
    box = element(
        "div",
        image,
        class_=f"scroll {kind}",
        role="region",
        tabindex="0",
        aria_label=picture.description,
    )
    return element("figure", box)


def _size(content):
    """Width and height on the page, from the header of a PNG file."""
    width, height = struct.unpack(">II", content[16:24])
    return round(width / _PIXELS), round(height / _PIXELS)


PICTURE_CSS = """
.pictures {
  display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr));
}
figure { margin: 0; min-width: 0; }
figure .scroll { margin: 0; }
figure:has(.wide) { grid-column: 1 / -1; }
.picture, .roomy, .wide { background: #ffffff; border-radius: 4px; }
.picture { padding: 4px; text-align: center; }
.picture img { max-width: 100%; height: auto; }
.roomy img { width: 100%; min-width: 540px; height: auto; }
.wide img { display: block; max-width: none; }
img { vertical-align: middle; }
"""
