"""The figures of the page: sections of drawings."""

import dataclasses
from typing import Any

from keras_relcon.markup import Html, element, section


@dataclasses.dataclass(frozen=True)
class Picture:
    """A drawn figure, or why there is none.

    Attributes:
        name: str. What it shows; empty if it shows all.
        content: `Html` of an `svg` with its description, or `None`.
        problem: str, or `None`.
    """

    name: str
    content: Html | None = None
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
    pictures: list[Any]


def to_section(part):
    """The `Html` of a `Section`."""
    shown = [_picture(picture) for picture in part.pictures]
    return section(
        part.title,
        element("p", part.caption, class_="soft"),
        element("div", *shown, class_="pictures"),
    )


def _picture(picture):
    if picture.content is None:
        of = f" for {picture.name}" if picture.name else ""
        return element("p", f"Not drawn{of}: {picture.problem}", class_="note")
    return element("figure", picture.content)


# As wide as they are drawn, or as the column of a phone.
PICTURE_CSS = """
.pictures {
  display: grid; gap: 1.5rem 1rem; align-items: start; margin: 1rem 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr));
}
.pictures figure { max-width: 30rem; }
@media print {
  .pictures { grid-template-columns: 1fr 1fr; gap: 0.75rem; }
}
"""
