"""Pages for a browser: their pieces, and the style that all of them share."""

from keras_relcon.markup.elements import (
    Html,
    anchor_of,
    bullets,
    document,
    element,
    markup,
    section,
    table,
)

__all__ = [
    "Html",
    "anchor_of",
    "bullets",
    "document",
    "element",
    "markup",
    "section",
    "table",
]
