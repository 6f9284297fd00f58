"""What people read: pages for a browser, and text from data that is safe."""

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
from keras_relcon.markup.escaping import (
    csv_text,
    markdown,
    markdown_table,
    printable,
    spreadsheet_cell,
)

__all__ = [
    "Html",
    "anchor_of",
    "bullets",
    "csv_text",
    "document",
    "element",
    "markdown",
    "markdown_table",
    "markup",
    "printable",
    "section",
    "spreadsheet_cell",
    "table",
]
